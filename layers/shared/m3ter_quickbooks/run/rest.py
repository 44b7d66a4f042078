"""How an attempt comes to rest: the run is over (`Ending`), or it waits (`Pause`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from m3ter_quickbooks.problems import BillProblem, ProblemKind, Refused
from m3ter_quickbooks.run import words
from m3ter_quickbooks.run.answer import RemoteDocument
from m3ter_quickbooks.run.refusal import About, cause_of_read, explain_read
from m3ter_quickbooks.run.run import Outcome, RunStatus

GIVE_UP_AFTER = timedelta(hours=24)
FIRST_BACKOFF = timedelta(seconds=20)
LONGEST_BACKOFF = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Ending:
    """The run is over.

    `counts` says whether a failure speaks against the configuration (design section 9: waiting, a closed period, a paid
    invoice, a lost race or a lost connection do not). `cause` is a stable key for grouping failures.
    """

    status: RunStatus
    outcome: Outcome | None = None
    reason: str | None = None
    problems: tuple[BillProblem, ...] = ()
    cause: str = ""
    counts: bool = False
    finished: bool = False
    """QuickBooks now shows this version, or nothing of the bill is wanted any more: repeats have nothing to do."""
    keep_op: bool = False
    intuit_tid: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """The run waits until a moment. `attempt`: this was one of its tries (a 429 and a busy lease are not)."""

    status: RunStatus
    until: datetime
    reason: str
    attempt: bool = False


Rest = Ending | Pause


def failed(message: str, cause: str, *, intuit_tid: str | None = None) -> Ending:
    """A failed run with one problem that QuickBooks, not the bill, brought up."""
    return Ending(
        RunStatus.ERROR,
        problems=(BillProblem(ProblemKind.PERFORM, message),),
        cause=cause,
        counts=True,
        intuit_tid=intuit_tid,
    )


def failed_reading(no: Refused, about: About) -> Ending:
    """A failed run because something that it had to know could not be read."""
    return failed(explain_read(no, about), cause_of_read(no), intuit_tid=no.intuit_tid)


def failed_as_paid(document: RemoteDocument, about: About) -> Ending:
    """A document with a payment on it is not changed; that says nothing against the configuration."""
    failure = failed(words.already_paid(document, about.document), "invoice_already_paid")
    return replace(failure, status=RunStatus.INVOICE_ALREADY_PAID, counts=False)


def backoff(attempts: int, jitter: float) -> timedelta:
    """Full jitter over the upper half of an exponential step: 20 s, 40 s, … at most 15 minutes."""
    step: timedelta = min(FIRST_BACKOFF * (1 << min(attempts, 10)), LONGEST_BACKOFF)
    return step / 2 + step / 2 * jitter
