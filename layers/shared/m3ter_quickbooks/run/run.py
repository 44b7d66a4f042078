"""A run: what became of one bill event in one configuration. The words of `status` are m3ter's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, EventId, OrganizationId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.problems import BillProblem

RunId = NewType("RunId", str)


class RunStatus(StrEnum):
    """Where a run stands (m3ter facts 6)."""

    WAITING = "WAITING"
    STARTED = "STARTED"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"
    AWAITING_RETRY = "AWAITING_RETRY"
    AUTH_FAILED = "AUTH_FAILED"
    ACCOUNTING_PERIOD_CLOSED = "ACCOUNTING_PERIOD_CLOSED"
    INVOICE_ALREADY_PAID = "INVOICE_ALREADY_PAID"
    DISABLED = "DISABLED"
    TIMEOUT_LIMIT_EXCEEDED = "TIMEOUT_LIMIT_EXCEEDED"
    RATE_LIMIT_RETRY = "RATE_LIMIT_RETRY"

    @property
    def open(self) -> bool:
        """Whether the run still has something to do."""
        return self in _OPEN


_OPEN = frozenset({RunStatus.WAITING, RunStatus.STARTED, RunStatus.AWAITING_RETRY, RunStatus.RATE_LIMIT_RETRY})


class Outcome(StrEnum):
    """What a COMPLETE run did."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    SKIPPED = "SKIPPED"
    SUPERSEDED = "SUPERSEDED"
    ADOPTED = "ADOPTED"
    VOIDED = "VOIDED"


class Happening(StrEnum):
    """What happened to the bill."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Run:
    """One bill event in one configuration.

    `id` is made of the configuration and the event (`run/opening.py`), so that an event delivered twice opens one run.
    `snapshot` names the stored bill that this run is about. `due_at` is set while the run is open: the sweep puts it
    back on the queue once that has passed. `give_up_at` ends waiting (24 h after it was opened).
    """

    id: RunId
    organization_id: OrganizationId
    configuration_id: ConfigurationId
    configuration_version: int
    destination: Destination
    bill_id: BillId
    account_id: AccountId | None
    event_id: EventId
    happening: Happening
    fence: Fence
    snapshot: str
    created_at: datetime
    give_up_at: datetime
    status: RunStatus = RunStatus.WAITING
    due_at: datetime | None = None
    attempts: int = 0
    outcome: Outcome | None = None
    reason: str | None = None
    warnings: tuple[str, ...] = ()
    problems: tuple[BillProblem, ...] = ()
    error: str | None = None
    external_id: str | None = None
    url: str | None = None
    request_id: str | None = None
    intuit_tid: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    parent_run_id: RunId | None = None
    log: tuple[str, ...] = ()
    """What was sent and what came back, line by line (`run/logbook.py`)."""
    version: int = 1
