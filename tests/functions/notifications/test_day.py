"""How a day's runs are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, EventId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.problems import BillProblem, ProblemKind
from m3ter_quickbooks.run.run import Happening, Outcome, Run, RunId, RunStatus
from notifications.mails.day import Day, count
from tests.functions.notifications.incidents import AT
from tests.functions.notifications.world_of_fakes import CONFIGURATION, ORGANIZATION

RUN = Run(
    id=RunId("r1"),
    organization_id=ORGANIZATION,
    configuration_id=CONFIGURATION,
    configuration_version=1,
    destination=Destination.QUICKBOOKS,
    bill_id=BillId("b1"),
    account_id=AccountId("a1"),
    event_id=EventId("e1"),
    happening=Happening.CREATED,
    fence=Fence(version=1, deleted=False, date=AT, approved=True),
    snapshot="s1",
    created_at=AT,
    give_up_at=AT,
)


def ended(outcome: Outcome, reason: str | None = None) -> Run:
    return replace(RUN, status=RunStatus.COMPLETE, outcome=outcome, reason=reason)


def failed(status: RunStatus, *kinds: ProblemKind) -> Run:
    return replace(RUN, status=status, problems=tuple(BillProblem(kind, "No.") for kind in kinds))


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        ([], {}),
        ([RUN, replace(RUN, status=RunStatus.RATE_LIMIT_RETRY)], {"waiting": 2}),
        ([ended(Outcome.CREATED), ended(Outcome.CREATED)], {"sent": {"created": 2}}),
        ([ended(Outcome.VOIDED), ended(Outcome.UPDATED)], {"sent": {"voided": 1, "updated": 1}}),
        ([ended(Outcome.ADOPTED)], {"sent": {"found again after a lost answer": 1}}),
        ([ended(Outcome.SKIPPED, "bill not approved")], {"not_sent": {"bill not approved": 1}}),
        ([ended(Outcome.SUPERSEDED)], {"not_sent": {"no reason was kept": 1}}),
        ([failed(RunStatus.ERROR, ProblemKind.PERFORM)], {"failed": {"QuickBooks refused the invoice": 1}}),
        ([failed(RunStatus.ERROR)], {"failed": {"The run failed": 1}}),
        ([ended(Outcome.CREATED), failed(RunStatus.ERROR)], {"sent": {"created": 1}}),
        ([RUN, failed(RunStatus.ERROR)], {"waiting": 1}),
        ([failed(RunStatus.ERROR), failed(RunStatus.ERROR)], {"failed": {"The run failed": 1}}),
        (
            [replace(ended(Outcome.CREATED), bill_id=BillId("b2")), failed(RunStatus.ERROR)],
            {"sent": {"created": 1}, "failed": {"The run failed": 1}},
        ),
        (
            [ended(Outcome.SUPERSEDED, "older"), failed(RunStatus.ERROR)],
            {"not_sent": {"older": 1}, "failed": {"The run failed": 1}},
        ),
        ([failed(RunStatus.DISABLED)], {"failed": {"Held: the integration is disabled": 1}}),
        (
            [failed(RunStatus.ACCOUNTING_PERIOD_CLOSED, ProblemKind.PERFORM)],
            {"failed": {"The books of that period are closed": 1}},
        ),
    ],
)
def test_each_run_is_counted_under_what_became_of_it_but_for_failures_that_were_tried_again(
    runs: list[Run], told: dict[str, object]
) -> None:
    day = count(runs)
    empty: dict[str, object] = {"sent": {}, "not_sent": {}, "failed": {}, "waiting": 0}
    assert {name: getattr(day, name) for name in empty} == empty | told
    assert isinstance(day, Day)
