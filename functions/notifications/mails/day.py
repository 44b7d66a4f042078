"""What became of one day's bills in one integration: the daily summary, off unless `dailySummary` is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from m3ter_quickbooks.bill.identifiers import BillId
from m3ter_quickbooks.problems import ProblemKind
from m3ter_quickbooks.run.run import Outcome, Run, RunStatus
from notifications.mails.phrases import NOT_ACCEPTED, NOT_AN_INVOICE, NOT_MAPPED, NOT_TAKEN

_SENT = {
    Outcome.CREATED: "created",
    Outcome.UPDATED: "updated",
    Outcome.ADOPTED: "found again after a lost answer",
    Outcome.VOIDED: "voided",
}
_FAILED = {
    RunStatus.AUTH_FAILED: "Held: the connection to QuickBooks is lost",
    RunStatus.DISABLED: "Held: the integration is disabled",
    RunStatus.ACCOUNTING_PERIOD_CLOSED: "The books of that period are closed",
    RunStatus.INVOICE_ALREADY_PAID: "The invoice has a payment on it",
    RunStatus.TIMEOUT_LIMIT_EXCEEDED: "QuickBooks did not answer for a day",
}
_PROBLEMS = {
    ProblemKind.MISSING_ACCOUNT_MAPPING: NOT_MAPPED,
    ProblemKind.VALIDATION: NOT_AN_INVOICE,
    ProblemKind.AUTHENTICATION: NOT_ACCEPTED,
    ProblemKind.PERFORM: NOT_TAKEN,
}


@dataclass(slots=True)
class Day:
    """Runs counted: `sent` by what was done, `not_sent` by reason, `failed` by cause.

    What failed and was mended within the day is no failure any more: only what is left to do is told as one.
    """

    sent: Counter[str] = field(default_factory=Counter)
    not_sent: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """The facts of a summary mail. `until` is when the day of 24 hours ended."""

    organization: str
    integration: str
    until: datetime
    day: Day
    address: str
    link: str | None = None


def count(runs: Iterable[Run]) -> Day:
    """The runs of a day, newest first."""
    day = Day()
    repeated: set[BillId] = set()
    for run in runs:
        if run.status.open:
            day.waiting += 1
        elif run.status is not RunStatus.COMPLETE:
            day.failed[_failure(run)] += run.bill_id not in repeated
        elif run.outcome in _SENT:
            day.sent[_SENT[run.outcome]] += 1
        else:
            day.not_sent[run.reason or "no reason was kept"] += 1
        if run.outcome is not Outcome.SUPERSEDED:  # an older version that came late says nothing of the newest
            repeated.add(run.bill_id)
    day.failed = +day.failed
    return day


def _failure(run: Run) -> str:
    if run.status in _FAILED:
        return _FAILED[run.status]
    return _PROBLEMS[run.problems[0].kind] if run.problems else "The run failed"
