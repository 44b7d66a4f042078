"""Runs: what became of each bill in each configuration."""

from __future__ import annotations

import base64
from typing import Any, Literal

from api.house import House
from api.request import Call
from api.route import Routes
from api.shapes import Audited, Moment, Page, Paging, Shape, Until, optional, told
from m3ter_quickbooks.bill.identifiers import BillId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.problems import Missing
from m3ter_quickbooks.run.replay import retry as retry_run
from m3ter_quickbooks.run.run import Outcome, Run, RunId, RunStatus
from m3ter_quickbooks.storage.audit import SYSTEM
from m3ter_quickbooks.storage.members import Role
from m3ter_quickbooks.storage.paging import Page as Stored

routes = Routes.of("integrationruns")

BILL = "Bill"


class ProblemAnswer(Shape):
    """One reason why a bill was not sent."""

    kind: str = told("Which sort of problem.", "missing_account_mapping")
    message: str = told("What is wrong and how to fix it.", "Account Acme has no QuickBooks customer.")
    detail: dict[str, object] | None = optional(
        "What helps a program to fix it: the mapping to create.", {"m3terEntity": "Account"}
    )


class RunAnswer(Audited):
    """One attempt to bring one bill into one QuickBooks company."""

    id: str = told("Its id.", "5f1c0000-0000-5000-8000-000000000001")
    entity_type: str = told("`Bill`.", "Bill")
    entity_id: str = told("Id of the bill.", "b1f00000-0000-4000-8000-000000000001")
    destination: str = told("`QuickBooks` or `QuickBooksSandbox`.", "QuickBooksSandbox")
    destination_id: str = told(
        "Id of the configuration, as `integrationConfigId`.", "01957f3e-6a00-7000-8000-000000000001"
    )
    integration_config_id: str = told("Id of the configuration.", "01957f3e-6a00-7000-8000-000000000001")
    configuration_version: int = told("Version of the configuration that it ran under.", 3)
    status: RunStatus = told("Where it stands.", "COMPLETE")
    outcome: Outcome | None = optional("What a completed run did.", "CREATED")
    reason: str | None = optional("Why nothing was sent, or what it waits for.", "bill not approved")
    account_id: str | None = optional("Account of the bill.", "2c1d0000-0000-4000-8000-000000000001")
    dt_started: Moment | None = optional("When it began.", "2026-03-02T10:00:00.000Z")
    dt_completed: Moment | None = optional("When it ended.", "2026-03-02T10:00:02.000Z")
    dt_due: Moment | None = optional("When a waiting run is tried next.", "2026-03-02T10:05:00.000Z")
    attempts: int = told("How often it was tried.", 1)
    error: str | None = optional("What went wrong, for people.", "Account Acme has no QuickBooks customer.")
    problems: list[ProblemAnswer] = told("Every reason why the bill was not sent.")
    warnings: list[str] = told(
        "What people should look at although it was sent.", ["QuickBooks shows 100.01, the bill 100.00."]
    )
    url: str | None = optional(
        "The document in QuickBooks, for a browser.", "https://qbo.example/app/invoice?txnId=145"
    )
    external_id: str | None = optional("Id of the document in QuickBooks.", "145")
    request_id: str | None = optional("Request id that it was sent under.", "0b0e0000-0000-5000-8000-000000000001")
    intuit_tid: str | None = optional("What Intuit's support asks for.", "1-5f733be9-1")
    parent_integration_run_id: str | None = optional(
        "Run that this one repeats.", "01957f3e-6a00-7000-8000-000000000005"
    )


class BillRunQuery(Paging):
    """Which runs of a bill."""

    start_date: Moment | None = optional("Only runs created after this.", "2026-03-01T00:00:00Z")
    end_date: Until | None = optional("Only runs created at or before this.", "2026-04-01T00:00:00Z")
    status: RunStatus | None = optional("Only runs with this status.", "ERROR")
    order: Literal["ASC", "DESC"] = told(
        "By creation: `DESC` newest first, `ASC` oldest first.", "DESC", default="DESC"
    )


class RunQuery(BillRunQuery):
    """Which runs of a configuration."""

    outcome: Outcome | None = optional("Only runs with this outcome.", "SKIPPED")


class LogAnswer(Shape):
    """The story of a run."""

    payload: str = told("Base64 of one line of text per thing that happened.", "MjAyNi0wMy0wMg==", alias="Payload")


@routes.get("/integrationruns/{entityType}/{entityId}")
def list_of_bill(call: Call, house: House, query: BillRunQuery) -> Page[RunAnswer]:
    """List the runs of a bill, newest first."""
    if not _is_bill(call):
        return Page[RunAnswer](data=[])
    page = house.history.of_bill(
        call.organization_id,
        BillId(call.ids["entityId"]),
        size=query.page_size,
        token=query.next_token,
        **_filters(query),
    )
    return _answers(page)


@routes.get("/integrationruns/{entityType}/latest/{id}", statuses=(404,))
def latest(call: Call, house: House) -> RunAnswer:
    """Get the newest run of a bill."""
    if not _is_bill(call):
        raise Missing("There is no run for this.")
    return answer(house.history.latest(call.organization_id, BillId(call.ids["id"])))


@routes.get("/integrationruns/destinations/{destinationId}")
def list_of_destination(call: Call, house: House, query: RunQuery) -> Page[RunAnswer]:
    """List the runs of a configuration, newest first: the id of a destination is that of its configuration."""
    return _of_configuration(call, house, query, call.ids["destinationId"])


@routes.get("/integrationconfigs/{id}/runs", statuses=(404,))
def list_of_configuration(call: Call, house: House, query: RunQuery) -> Page[RunAnswer]:
    """List the runs of a configuration, newest first. The history of a deleted one stays."""
    page = _of_configuration(call, house, query, call.ids["id"])
    if not page.data and not query.next_token:
        house.configurations.get(call.organization_id, ConfigurationId(call.ids["id"]))
    return page


@routes.get("/integrationruns/{id}", statuses=(404,))
def get(call: Call, house: House) -> RunAnswer:
    """Get a run."""
    return answer(house.history.get(call.organization_id, RunId(call.ids["id"])))


@routes.get("/integrationruns/logs/{id}", statuses=(404,))
def logs(call: Call, house: House) -> LogAnswer:
    """Get the story of a run, as base64 of text."""
    lines = house.history.logs(call.organization_id, RunId(call.ids["id"]))
    return LogAnswer(payload=base64.b64encode("".join(f"{line}\n" for line in lines).encode()).decode())


@routes.post("/integrationruns/{id}/retry", Role.OPERATOR, statuses=(404, 409, 503))
def retry(call: Call, house: House) -> RunAnswer:
    """Do an ended run again: the new run, which is on the queue already."""
    return answer(retry_run(call.organization_id, RunId(call.ids["id"]), house.runs_world))


def answer(run: Run) -> RunAnswer:
    """A run as the API tells it."""
    return RunAnswer(
        id=run.id,
        version=run.version,
        dt_created=run.created_at,
        dt_last_modified=run.completed_at or run.started_at or run.created_at,
        created_by=SYSTEM,
        last_modified_by=SYSTEM,
        entity_type=BILL,
        entity_id=run.bill_id,
        destination=run.destination.value,
        destination_id=run.configuration_id,
        integration_config_id=run.configuration_id,
        configuration_version=run.configuration_version,
        status=run.status,
        outcome=run.outcome,
        reason=run.reason,
        account_id=run.account_id,
        dt_started=run.started_at,
        dt_completed=run.completed_at,
        dt_due=run.due_at,
        attempts=run.attempts,
        error=run.error,
        problems=[
            ProblemAnswer(kind=one.kind.value, message=one.message, detail=dict(one.detail) or None)
            for one in run.problems
        ],
        warnings=list(run.warnings),
        url=run.url,
        external_id=run.external_id,
        request_id=run.request_id,
        intuit_tid=run.intuit_tid,
        parent_integration_run_id=run.parent_run_id,
    )


def _of_configuration(call: Call, house: House, query: RunQuery, configuration_id: str) -> Page[RunAnswer]:
    page = house.history.of_configuration(
        call.organization_id,
        ConfigurationId(configuration_id),
        size=query.page_size,
        token=query.next_token,
        outcomes=[query.outcome] if query.outcome else [],
        **_filters(query),
    )
    return _answers(page)


def _filters(query: BillRunQuery) -> dict[str, Any]:
    return {
        "statuses": [query.status] if query.status else [],
        "start": query.start_date,
        "end": query.end_date,
        "newest_first": query.order == "DESC",
    }


def _is_bill(call: Call) -> bool:
    return call.ids["entityType"].casefold() == BILL.casefold()


def _answers(page: Stored[Run]) -> Page[RunAnswer]:
    return Page[RunAnswer](data=[answer(run) for run in page.items], next_token=page.next_token)
