"""What everything comes to: one document per bill, newest fence wins, total right. One verdict for every test here."""

from __future__ import annotations

from decimal import Decimal

from m3ter_quickbooks.run.run import Outcome, Run, RunStatus
from tests.protocol.stage import ELSEWHERE, INTEGRATION, Stage


def damage(stage: Stage, bill: str, *, meddled: bool = False, paid: bool = False) -> str | None:
    """What is wrong with a bill once everything has come to rest; None if nothing is.

    `meddled`: a person deleted or voided its document. `paid`: a person paid some of it, and it may not be changed.
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
    if total is None:
        return f"NOT TAKEN BACK {bill}" if living else None
    if not living:
        return None if meddled else f"LOST {bill}: {run.outcome} {run.log}"
    [(entity, document)] = living
    home = stage.person_elsewhere if run.organization_id == ELSEWHERE.organization_id else stage.person
    if document not in home.all(entity):
        return f"WRONG COMPANY {bill}: {document['Id']}"
    shown = Decimal(str(document["TotalAmt"])) * (-1 if entity == "CreditMemo" else 1)
    return None if shown == total else f"STALE {bill}: {shown} in place of {total} {run.log}"


def newest_run(stage: Stage, bill: str) -> Run | None:
    """The ended run of the newest telling."""
    runs = [
        run
        for integration in (INTEGRATION, ELSEWHERE)
        for run in stage.stores.runs.ended(integration.organization_id, integration.id, list(RunStatus))
        if run.bill_id == bill
    ]
    return max(runs, key=lambda run: run.fence, default=None)
