"""A run, a snapshot and a later look as the table keeps them."""

from __future__ import annotations

from datetime import date, timedelta

from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, EventId, OrganizationId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.problems import BillProblem, ProblemKind
from m3ter_quickbooks.run.delivery import Doubt
from m3ter_quickbooks.run.ports import Snapshot
from m3ter_quickbooks.run.run import Happening, Outcome, Run, RunId, RunStatus
from m3ter_quickbooks.run.trouble import LookAgain
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.wire import (
    Item,
    epoch,
    moment_of,
    moment_or_none,
    moment_text,
    pack,
    unpack,
    written,
)

KEPT = timedelta(days=400)
"""How long runs that ended and the bills they were about can be looked at."""


def run_item(run: Run) -> Item:
    """The run, in all its places. What it has to say is packed: a bill may have a thousand of them."""
    key = keys.run(run.organization_id, run.id)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "type": "run",
        "id": run.id,
        "organization_id": run.organization_id,
        "configuration_id": run.configuration_id,
        "configuration_version": run.configuration_version,
        "destination": str(run.destination),
        "bill_id": run.bill_id,
        "account_id": run.account_id,
        "event_id": run.event_id,
        "happening": str(run.happening),
        "fence": run.fence.to_text(),
        "snapshot": run.snapshot,
        "created_at": moment_text(run.created_at),
        "give_up_at": moment_text(run.give_up_at),
        "status": str(run.status),
        "is_open": run.status.open,
        "due_at": written(run.due_at),
        "attempts": run.attempts,
        "outcome": written(run.outcome),
        "reason": run.reason,
        "told": told_packed(run),
        "external_id": run.external_id,
        "url": run.url,
        "request_id": run.request_id,
        "intuit_tid": run.intuit_tid,
        "started_at": written(run.started_at),
        "completed_at": written(run.completed_at),
        "parent_run_id": run.parent_run_id,
        "version": run.version,
        **places(run),
    }


def told_packed(run: Run) -> bytes | None:
    """What a run has to say, compressed; None if nothing."""
    if not run.warnings and not run.problems and not run.log and run.error is None:
        return None
    return pack(
        {
            "log": run.log,
            "error": run.error,
            "warnings": run.warnings,
            "problems": [
                {"kind": str(problem.kind), "message": problem.message, "detail": problem.detail}
                for problem in run.problems
            ],
        }
    )


def places(run: Run) -> Item:
    """Where the run stands in the indexes, as long as it is as it is."""
    made = keys.at_time(run.created_at, run.id)
    found: Item = {
        "gsi1pk": keys.runs_of_bill(run.organization_id, run.bill_id),
        "gsi1sk": made,
        "gsi2pk": keys.runs_of_configuration(run.organization_id, run.configuration_id),
        "gsi2sk": made,
    }
    if not run.status.open:
        found["gsi3pk"] = keys.ended_runs(run.organization_id, run.configuration_id, run.status)
        found["gsi3sk"] = made
        found["ttl"] = epoch((run.completed_at or run.created_at) + KEPT)
    elif run.due_at is not None:
        found["gsi3pk"] = keys.open_runs(keys.shard_of(run.id))
        found["gsi3sk"] = keys.at_time(run.due_at, run.id)
    return found


def run_of(item: Item) -> Run:
    """The run that `run_item` wrote."""
    told = unpack(item["told"]) if "told" in item else {"error": None, "warnings": [], "problems": [], "log": []}
    outcome, parent = item.get("outcome"), item.get("parent_run_id")
    account_id = item.get("account_id")
    return Run(
        id=RunId(item["id"]),
        organization_id=OrganizationId(item["organization_id"]),
        configuration_id=ConfigurationId(item["configuration_id"]),
        configuration_version=item["configuration_version"],
        destination=Destination(item["destination"]),
        bill_id=BillId(item["bill_id"]),
        account_id=None if account_id is None else AccountId(account_id),
        event_id=EventId(item["event_id"]),
        happening=Happening(item["happening"]),
        fence=Fence.from_text(item["fence"]),
        snapshot=item["snapshot"],
        created_at=moment_of(item["created_at"]),
        give_up_at=moment_of(item["give_up_at"]),
        status=RunStatus(item["status"]),
        due_at=moment_or_none(item.get("due_at")),
        attempts=item["attempts"],
        outcome=None if outcome is None else Outcome(outcome),
        reason=item.get("reason"),
        warnings=tuple(told["warnings"]),
        problems=tuple(
            BillProblem(ProblemKind(problem["kind"]), problem["message"], problem["detail"])
            for problem in told["problems"]
        ),
        error=told["error"],
        external_id=item.get("external_id"),
        url=item.get("url"),
        request_id=item.get("request_id"),
        intuit_tid=item.get("intuit_tid"),
        started_at=moment_or_none(item.get("started_at")),
        completed_at=moment_or_none(item.get("completed_at")),
        parent_run_id=None if parent is None else RunId(parent),
        log=tuple(told["log"]),
        version=item["version"],
    )


def snapshot_item(snapshot: Snapshot) -> Item:
    """A bill as one event told it; m3ter's own body is packed."""
    organization_id, bill_id = snapshot.organization_id, snapshot.bill_id
    key = keys.snapshot(organization_id, bill_id, snapshot.name)
    seen = keys.at_time(snapshot.seen_at, bill_id, snapshot.name)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "type": "bill",
        "name": snapshot.name,
        "organization_id": organization_id,
        "bill_id": bill_id,
        "account_id": snapshot.account_id,
        "seen_at": moment_text(snapshot.seen_at),
        "dto": pack(snapshot.dto),
        "gsi1pk": keys.bills(organization_id),
        "gsi1sk": seen,
        "gsi2pk": keys.of_bill(organization_id, bill_id),
        "gsi2sk": seen,
        "ttl": epoch(snapshot.seen_at + KEPT),
    }


def snapshot_of(item: Item) -> Snapshot:
    """The snapshot that `snapshot_item` wrote."""
    account_id = item.get("account_id")
    return Snapshot(
        name=item["name"],
        organization_id=OrganizationId(item["organization_id"]),
        bill_id=BillId(item["bill_id"]),
        account_id=None if account_id is None else AccountId(account_id),
        seen_at=moment_of(item["seen_at"]),
        dto=unpack(item["dto"]),
    )


def look_item(look: LookAgain) -> Item:
    """A later look, found again by when it is due."""
    key = keys.look(look.organization_id, look.run_id)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "type": "look",
        "organization_id": look.organization_id,
        "configuration_id": look.configuration_id,
        "bill_id": look.bill_id,
        "run_id": look.run_id,
        "places": [doubt_item(place) for place in look.places],
        "due_at": moment_text(look.due_at),
        "company_id": look.company_id,
        "gsi3pk": keys.LOOKS,
        "gsi3sk": keys.at_time(look.due_at, look.run_id),
    }


def look_of(item: Item) -> LookAgain:
    """The look that `look_item` wrote."""
    return LookAgain(
        organization_id=OrganizationId(item["organization_id"]),
        configuration_id=ConfigurationId(item["configuration_id"]),
        bill_id=BillId(item["bill_id"]),
        run_id=item["run_id"],
        places=tuple(doubt_of(place) for place in item["places"]),
        due_at=moment_of(item["due_at"]),
        company_id=item.get("company_id"),
    )


def doubt_item(doubt: Doubt) -> Item:
    """Where a later look has to look."""
    return {"kind": str(doubt.kind), "customer_id": doubt.customer_id, "txn_date": doubt.txn_date.isoformat()}


def doubt_of(item: Item) -> Doubt:
    """The place that `doubt_item` wrote."""
    return Doubt(DocumentKind(item["kind"]), item["customer_id"], date.fromisoformat(item["txn_date"]))
