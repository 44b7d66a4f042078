"""What somebody asked to be done again, and what is owed to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.run.run import Outcome, RunStatus


@dataclass(frozen=True, slots=True)
class ReplayOrder:
    """Ended runs of one configuration, by status, outcome and the time of their creation.

    `id` makes the runs of this order its own; `at` is when it was given. `after` is the last run that was opened: its
    time and id.
    """

    id: str
    at: datetime
    organization_id: OrganizationId
    configuration_id: ConfigurationId
    statuses: frozenset[RunStatus]
    outcomes: frozenset[Outcome] = frozenset()
    start: datetime | None = None
    end: datetime | None = None
    after: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class OwedReplay:
    """The replay of what one configuration held, committed with what ended the holding: a connection, an enabling.

    So whoever committed it may die: the sweep gives the order. `status` is what the held runs ended with. `id` becomes
    that of the order, `due_at` is when the sweep gives it, `last`: it was given once, and once more is enough.
    """

    id: str
    organization_id: OrganizationId
    configuration_id: ConfigurationId
    status: RunStatus
    due_at: datetime
    last: bool = False
