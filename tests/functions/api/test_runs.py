from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from api.configurations import replayed
from bills.messages import read_message
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, EventId, OrganizationId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.problems import BillProblem, ProblemKind
from m3ter_quickbooks.run.gate import Reason
from m3ter_quickbooks.run.ports import Closing, Snapshot
from m3ter_quickbooks.run.replay import Found, next_of
from m3ter_quickbooks.run.replay_order import ReplayOrder
from m3ter_quickbooks.run.run import Happening, Outcome, Run, RunId, RunStatus
from m3ter_quickbooks.storage.audit import new_id
from tests.functions.api.conftest import Place
from tests.functions.api.test_bills import bill_dto
from tests.functions.api.test_the_main_job import connected, consent

CONFIGURATION = {"entityType": "Bill", "destination": "QuickBooksSandbox"}


def configured(place: Place, **more: Any) -> str:
    return str(place.http().post("integrationconfigs", json={**CONFIGURATION, **more}).json()["id"])


def ended_run(
    place: Place,
    configuration_id: str | None = None,
    *,
    bill_id: str = "b1",
    status: RunStatus = RunStatus.ERROR,
    **changes: Any,
) -> str:
    """A run that is over, with the bill that it was about."""
    at = place.clock()
    dto = {**bill_dto(), "id": bill_id}
    run = Run(
        id=RunId(new_id(at)),
        organization_id=OrganizationId(place.organization_id),
        configuration_id=ConfigurationId(configuration_id or configured(place)),
        configuration_version=1,
        destination=Destination.QUICKBOOKS_SANDBOX,
        bill_id=BillId(bill_id),
        account_id=AccountId(dto["accountId"]),
        event_id=EventId(f"e-{at.isoformat()}"),
        happening=Happening.CREATED,
        fence=Fence.of(Bill.parse(dto), at),
        snapshot=f"{at.isoformat()}#e",
        created_at=at,
        give_up_at=at + timedelta(days=1),
        due_at=at,
    )
    snapshot = Snapshot(run.snapshot, run.organization_id, run.bill_id, run.account_id, at, dto)
    house = place.gateway.house
    house.runs.open(snapshot, [run])
    closed = replace(run, status=status, due_at=None, started_at=at, completed_at=place.clock(), **changes)
    house.runs_world.deliveries.close(Closing(closed))
    return run.id


def messages(place: Place, kind: str) -> list[dict[str, Any]]:
    """What the queue was told about this organization."""
    queue, url = place.gateway.house._client("sqs"), place.gateway.house.environment.queue_url
    got = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
    bodies = [json.loads(message["Body"]).get(kind, {}) for message in got]
    return [body for body in bodies if body.get("organizationId") == place.organization_id]


def reopened(place: Place) -> list[str]:
    """The ended runs that the last ordered replay opens anew, as functions/bills does."""
    world = place.gateway.house.runs_world
    order = read_message(json.dumps({"replay": messages(place, "replay")[-1]}))
    assert isinstance(order, ReplayOrder)
    in_hand, _ = next_of(order, world, place.clock())
    return [str(one.run.parent_run_id) for one in in_hand]


def test_a_run_tells_what_became_of_the_bill(place: Place) -> None:
    run_id = ended_run(
        place,
        problems=(BillProblem(ProblemKind.VALIDATION, "Line 2 has no item.", {"line": 2}),),
        error="Line 2 has no item.",
        log=("2026-11-22 sent", "2026-11-22 refused"),
    )
    told = place.http("viewer").get(f"integrationruns/{run_id}").json()
    assert (told["entityType"], told["entityId"], told["status"]) == ("Bill", "b1", "ERROR")
    assert told["destinationId"] == told["integrationConfigId"]
    assert told["problems"] == [{"kind": "validation", "message": "Line 2 has no item.", "detail": {"line": 2}}]
    assert "outcome" not in told
    log = place.http("viewer").get(f"integrationruns/logs/{run_id}").json()
    assert base64.b64decode(log["Payload"]).decode().splitlines() == ["2026-11-22 sent", "2026-11-22 refused"]
    assert place.http().get("integrationruns/nobody").status_code == 404


def test_the_runs_of_a_bill_newest_first_and_filtered(place: Place) -> None:
    configuration_id = configured(place)
    first = ended_run(place, configuration_id)
    place.clock.move(timedelta(hours=1))
    between = place.clock.at.isoformat()
    second = ended_run(place, configuration_id, status=RunStatus.COMPLETE, outcome=Outcome.CREATED)
    ended_run(place, configuration_id, bill_id="b2")
    http = place.http("viewer")

    def found(path: str, **params: Any) -> list[str]:
        return [run["id"] for run in http.get(path, params=params).json()["data"]]

    assert found("integrationruns/Bill/b1") == [second, first]
    assert found("integrationruns/bill/b1", order="ASC") == [first, second]
    assert found("integrationruns/Bill/b1", status="ERROR") == [first]
    assert found("integrationruns/Bill/b1", startDate=between) == [second]
    assert found("integrationruns/Bill/b1", endDate=between) == [first]
    assert found("integrationruns/Notification/b1") == []
    assert http.get("integrationruns/Bill/latest/b1").json()["id"] == second
    assert http.get("integrationruns/Bill/latest/nobody").status_code == 404
    assert http.get("integrationruns/Notification/latest/b1").status_code == 404
    assert http.get("integrationruns/Bill/b1", params={"status": "GOOD"}).status_code == 400


def test_the_runs_of_a_configuration_by_status_and_outcome(place: Place) -> None:
    configuration_id = configured(place)
    failed = ended_run(place, configuration_id)
    skipped = ended_run(place, configuration_id, status=RunStatus.COMPLETE, outcome=Outcome.SKIPPED)
    http = place.http("viewer")
    for path in (f"integrationconfigs/{configuration_id}/runs", f"integrationruns/destinations/{configuration_id}"):
        assert [run["id"] for run in http.get(path).json()["data"]] == [skipped, failed]
        assert [run["id"] for run in http.get(path, params={"status": "ERROR"}).json()["data"]] == [failed]
        assert [run["id"] for run in http.get(path, params={"outcome": "SKIPPED"}).json()["data"]] == [skipped]


def test_the_runs_of_a_period_as_csv_oldest_first_and_safe_in_a_spreadsheet(place: Place) -> None:
    configuration_id = configured(place)
    failed = ended_run(place, configuration_id)
    skipped = ended_run(place, configuration_id, status=RunStatus.COMPLETE, outcome=Outcome.SKIPPED, reason="=cmd()")
    answer = place.http("viewer").get(f"integrationconfigs/{configuration_id}/runs/export")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == [failed, skipped]
    assert [row["status"] for row in rows] == ["ERROR", "COMPLETE"]
    assert rows[1]["reason"] == "'=cmd()"


def test_a_retry_is_a_new_run_on_the_queue(place: Place) -> None:
    failed = ended_run(place)
    again = place.http("operator").post(f"integrationruns/{failed}/retry")
    assert again.status_code == 200
    assert (again.json()["parentIntegrationRunId"], again.json()["status"]) == (failed, "WAITING")
    assert [message["runId"] for message in messages(place, "retry")] == [again.json()["id"]]
    open_one = place.http("operator").post(f"integrationruns/{again.json()['id']}/retry")
    assert open_one.status_code == 409


def test_a_replay_opens_what_failed_once_per_bill(place: Place) -> None:
    configuration_id = configured(place)
    ended_run(place, configuration_id)
    newest = ended_run(place, configuration_id)
    held = ended_run(place, configuration_id, bill_id="b2", status=RunStatus.DISABLED)
    ended_run(place, configuration_id, bill_id="b3", status=RunStatus.COMPLETE, outcome=Outcome.SKIPPED)
    http = place.http("operator")
    path = f"integrationconfigs/{configuration_id}/replay"
    told = http.post(path, json={"statuses": ["ERROR"]}).json()
    assert told == {"replayed": 1, "message": "1 run is done again, one after the other."}
    assert reopened(place) == [newest]
    assert http.post(path, json={"outcomes": ["SKIPPED"]}).json()["replayed"] == 1
    assert http.post(path, json={"statuses": ["ERROR"], "endDate": "2020-01-01"}).json()["replayed"] == 0
    assert http.post(path, json={"statuses": ["FINE"]}).status_code == 400
    assert http.post("integrationconfigs/nobody/replay", json={}).status_code == 404
    http.post(f"integrationconfigs/{configuration_id}/disable")
    http.post(f"integrationconfigs/{configuration_id}/enable", json={"replay": True})
    assert reopened(place) == [held]


def test_of_a_long_replay_the_first_runs_are_counted(place: Place) -> None:
    configuration_id = configured(place)
    kept = place.gateway.house.runs_world.runs.get(
        OrganizationId(place.organization_id), RunId(ended_run(place, configuration_id))
    )

    told = replayed(Found([kept, kept], (kept.created_at, kept.id)))

    assert (told.replayed, told.message) == (2, "2 runs or more are done again, one after the other.")
    none_yet = replayed(Found([], (kept.created_at, kept.id)))
    assert none_yet.message == "What is asked for is looked for, and done again, one after the other."


def test_reconnecting_replays_what_the_lost_connection_held_and_nothing_else(place: Place) -> None:
    credential = connected(place)
    configuration_id = configured(place, integrationCredentialsId=credential["id"])
    held = ended_run(place, configuration_id, status=RunStatus.AUTH_FAILED, reason=Reason.CONNECTION_LOST)
    skipped = {"status": RunStatus.COMPLETE, "outcome": Outcome.SKIPPED, "reason": Reason.NOT_CONNECTED}
    ended_run(place, configuration_id, bill_id="b2", **skipped)
    http = place.http("operator")
    again = http.post(f"integrationcredentials/{credential['id']}/reconnect").json()
    assert consent(place, again["authorizeUrl"]).status_code == 200
    assert reopened(place) == [held]


def test_deleting_a_configuration_has_its_waiting_runs_ended_at_once(place: Place) -> None:
    configuration_id = configured(place)
    ended = ended_run(place, configuration_id)
    http = place.http("operator")
    waiting = http.post(f"integrationruns/{ended}/retry").json()["id"]
    messages(place, "retry")
    assert http.delete(f"integrationconfigs/{configuration_id}").status_code == 200
    assert [message["runId"] for message in messages(place, "retry")] == [waiting, waiting]
    assert http.get(f"integrationruns/{ended}").json()["status"] == "ERROR"


def test_the_history_of_a_deleted_configuration_stays_and_that_of_none_is_not_there(place: Place) -> None:
    configuration_id = configured(place)
    ended = ended_run(place, configuration_id)
    http = place.http()
    http.delete(f"integrationconfigs/{configuration_id}")
    assert [run["id"] for run in http.get(f"integrationconfigs/{configuration_id}/runs").json()["data"]] == [ended]
    assert http.get("integrationconfigs/nobody/runs").status_code == 404
