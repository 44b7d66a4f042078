"""What the table says to the notices, from the stores that the other functions use too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId, UserId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.problems import Missing
from m3ter_quickbooks.run.run import Run, RunStatus
from m3ter_quickbooks.run.trouble import Notice, Trouble
from m3ter_quickbooks.storage.configurations import Configurations
from m3ter_quickbooks.storage.credentials import Credentials
from m3ter_quickbooks.storage.events import Events
from m3ter_quickbooks.storage.members import Organizations, Users
from m3ter_quickbooks.storage.notices import Notices
from m3ter_quickbooks.storage.runs import RunHistory

_PAGE: Final = 200
_CLOCK_SKEW: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class TableBook:
    """Implements `ports.Book`."""

    notices: Notices
    organizations: Organizations
    configurations: Configurations
    credentials: Credentials
    users: Users
    events: Events
    history: RunHistory

    def notice(self, organization_id: OrganizationId, notice_id: str) -> Notice | None:
        """See the port."""
        try:
            return self.notices.get(organization_id, notice_id)
        except Missing:
            return None

    def organization_name(self, organization_id: OrganizationId) -> str:
        """See the port."""
        try:
            return self.organizations.get(organization_id).value.name or organization_id
        except Missing:
            return organization_id

    def integrations(self, organization_id: OrganizationId) -> Sequence[Integration]:
        """See the port."""
        return self.configurations.for_bills(organization_id)

    def connection(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection | None:
        """See the port."""
        try:
            return self.credentials.get(organization_id, credential_id).value
        except Missing:
            return None

    def address(self, organization_id: OrganizationId, user_id: UserId, now: datetime) -> str | None:
        """See the port."""
        try:
            user = self.users.get(organization_id, user_id).value
        except Missing:
            return None
        ended = user.ends_at is not None and user.ends_at <= now
        return None if ended else user.email or None

    def errors_in_a_row(
        self, organization_id: OrganizationId, configuration_id: ConfigurationId, until: datetime, count: int
    ) -> Sequence[Trouble]:
        """See the port. Only a run that ended as ERROR counts against its configuration; the event says so.

        Workers close their runs by their own clocks: the last error of the row need not carry its latest time.
        """
        newest_first = self.events.of_configuration(organization_id, configuration_id, until=until + _CLOCK_SKEW)
        counted = (one for one in newest_first if one.dto.get("status") == RunStatus.ERROR.value)
        return list(islice(counted, count))

    def with_summary(self) -> Iterator[Integration]:
        """See the port."""
        return self.configurations.with_summary()

    def runs(
        self, organization_id: OrganizationId, configuration_id: ConfigurationId, *, since: datetime, until: datetime
    ) -> Iterator[Run]:
        """See the port."""
        token = None
        while True:
            page = self.history.of_configuration(
                organization_id, configuration_id, size=_PAGE, token=token, start=since, end=until
            )
            yield from page.items
            token = page.next_token
            if token is None:
                return
