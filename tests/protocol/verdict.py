"""What everything comes to: one document per bill, newest fence wins, total right. One verdict for every test here."""

from __future__ import annotations

from decimal import Decimal

from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import BillId
from m3ter_quickbooks.run.aftermath import DISABLE_AT
from m3ter_quickbooks.run.run import Outcome, Run, RunStatus
from tests.protocol.stage import ELSEWHERE, INTEGRATION, Stage

SENT = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.ADOPTED, Outcome.VOIDED})
WRITES = 8
"""What one run may write in one invocation: an open create, void and create of a changed sign, a 5010 to each."""


def damage(
    stage: Stage, bill: str, *, meddled: bool = False, once_meddled: bool = False, paid: bool = False
) -> str | None:
    """What is wrong with a bill once everything has come to rest; None if nothing is.

    `meddled`: a person deleted or voided its document after the newest version was told. `once_meddled`: ever; it stays
    away then as long as nothing changes. `paid`: a person paid some of it, and it may not be changed.
    """
    try:
        stage.quiet()
    except AssertionError as stuck:
        return f"STUCK {bill}: {stuck}"
    living = stage.documents(bill)
    if len(living) > 1:
        return f"DUPLICATE {bill}: {[document['Id'] for _, document in living]}"
    fence, total = stage.newest[bill]
    run = newest_run(stage, bill)
    if run is None or run.fence != fence:
        return f"FORGOTTEN {bill}: no run of {fence}"
    if paid and run.status is RunStatus.INVOICE_ALREADY_PAID:
        return None
    if run.status is not RunStatus.COMPLETE or run.outcome is Outcome.SUPERSEDED:
        return f"RUN {bill}: {run.status} {run.outcome} {run.error} {run.log}"
    if total is None or bill in stage.unwanted:
        return f"NOT TAKEN BACK {bill}" if total is None and living and stage.voids else None
    if not living:
        excused = meddled or (once_meddled and run.outcome is Outcome.UNCHANGED)
        return None if excused else f"LOST {bill}: {run.outcome} {run.log}"
    [(entity, document)] = living
    home = stage.person_elsewhere if run.organization_id == ELSEWHERE.organization_id else stage.person
    if document not in home.all(entity):
        return f"WRONG COMPANY {bill}: {document['Id']}"
    shown = Decimal(str(document["TotalAmt"])) * (-1 if entity == "CreditMemo" else 1)
    if shown != total:
        return f"STALE {bill}: {shown} in place of {total} {run.log}"
    return None if meddled or once_meddled else unrecorded(stage, run, document["Id"])


def unrecorded(stage: Stage, run: Run, document_id: str) -> str | None:
    """At rest the record says what QuickBooks shows: the next version is planned from it."""
    record = stage.stores.deliveries.get(run.organization_id, run.configuration_id, BillId(run.bill_id))
    known = record.document.id if record.document else None
    done = record.done.fence if record.done else None
    if (known, done, record.op) == (document_id, run.fence, None):
        return None
    return f"RECORD {run.bill_id}: {known} in place of {document_id}, done {done}, open {record.op}"


def overtaken(stage: Stage) -> str | None:
    """Once a version has come to its end, no older one may do anything any more."""
    newest: dict[str, Fence] = {}
    for closing in stage.observed.closings:
        run = closing.run
        if run.status is not RunStatus.COMPLETE:
            continue
        passed = newest.get(run.bill_id)
        if passed is not None and run.fence < passed and run.outcome is not Outcome.SUPERSEDED:
            return f"OVERTAKEN {run.bill_id}: {run.fence} is {run.outcome} after {passed}"
        newest[run.bill_id] = max(run.fence, passed or run.fence)
    return None


def miscounted(stage: Stage) -> str | None:
    """Every failed run counts once, ten of them disable, and a sent bill that knew of a count ends it."""
    count, enabled, seen = 0, True, set()
    for closing in stage.observed.closings:
        run = closing.run
        if run.configuration_id != INTEGRATION.id or run.id in seen or not enabled:
            continue
        seen.add(run.id)
        if run.status is RunStatus.ERROR:
            count += 1
            enabled = count < DISABLE_AT
        elif run.outcome in SENT and closing.count_read:
            count = 0
    stored = stage.stores.configurations.get(INTEGRATION.organization_id, INTEGRATION.id)
    if (stored.error_count, stored.enabled) == (count, enabled):
        return None
    return f"COUNT: {stored.error_count}, enabled {stored.enabled}, in place of {count}, {enabled}"


def restless(stage: Stage) -> str | None:
    """No invocation goes on writing because somebody else does."""
    for worker in stage.workers:
        writes = worker.calls["quickbooks.write"]
        if writes > WRITES * max(worker.messages, 1):
            return f"RESTLESS: {worker.name} wrote {writes} times in one invocation"
    return None


def newest_run(stage: Stage, bill: str) -> Run | None:
    """The ended run of the newest telling."""
    runs = [
        run
        for integration in (INTEGRATION, ELSEWHERE)
        for run in stage.stores.runs.ended(integration.organization_id, integration.id, list(RunStatus))
        if run.bill_id == bill
    ]
    return max(runs, key=lambda run: run.fence, default=None)
