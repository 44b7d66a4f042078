"""All that the notices know of the outside world; `wiring.py` builds the real ones, tests pass fakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId, UserId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.messaging.bus import Outgoing
from m3ter_quickbooks.messaging.mail_orders import MailOrder
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.trouble import Notice, Trouble

Clock = Callable[[], datetime]
"""Aware UTC now."""


class Book(Protocol):
    """What the table says, read consistently. Whatever may have been deleted meanwhile is None."""

    def notice(self, organization_id: OrganizationId, notice_id: str) -> Notice | None:
        """A committed notice."""

    def organization_name(self, organization_id: OrganizationId) -> str:
        """Its name, or its id where it has none."""

    def integrations(self, organization_id: OrganizationId) -> Sequence[Integration]:
        """Every configuration of the organization, disabled ones included."""

    def connection(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection | None:
        """A credential as it stands now."""

    def address(self, organization_id: OrganizationId, user_id: UserId, now: datetime) -> str | None:
        """Where the user gets mail; None for one who was removed, whose access has ended, or who has no address."""

    def errors_in_a_row(
        self, organization_id: OrganizationId, configuration_id: ConfigurationId, until: datetime, count: int
    ) -> Sequence[Trouble]:
        """The newest `count` error events of the configuration that spoke against it, none after `until`."""

    def with_summary(self) -> Iterable[Integration]:
        """Every configuration of the installation that wants a daily summary."""

    def runs(
        self, organization_id: OrganizationId, configuration_id: ConfigurationId, *, since: datetime, until: datetime
    ) -> Iterable[Run]:
        """The runs of a configuration that were opened in that time, newest first, read as they are wanted."""


class Outbox(Protocol):
    """The outgoing events' bus."""

    def put(self, events: Sequence[Outgoing]) -> None:
        """Raises TryLater if any was not taken."""


class NoticeBoard(Protocol):
    """Where notices are kept that nothing else is committed with."""

    def order(self, notice: Notice) -> bool:
        """Write it unless one of its id is there; the stream then orders its mails."""


class MailOrders(Protocol):
    """The queue of mails: one message for each reader, so that one bad address holds back nobody else."""

    def place(self, orders: Sequence[MailOrder]) -> None:
        """Raises TryLater if any was not taken."""


class Marks(Protocol):
    """Who got which mail.

        claim ──> lease set ──> send ──> sent, for ever        a second claim: Clash, later False
                      │
                      └─ the worker died: the lease runs out, the next claim is True

    Taken before the mail is sent, so of two workers with the same order one sends. A worker that dies between SES's
    answer and the mark costs a second mail, never a lost one.
    """

    def claim_mail(
        self, organization_id: OrganizationId, notice_id: str, recipient: str, now: datetime, lease: timedelta
    ) -> bool:
        """One conditional write. False: it was sent already. Raises Clash while another worker holds it."""

    def mail_sent(self, organization_id: OrganizationId, notice_id: str, recipient: str, at: datetime) -> None:
        """The mail is out: no claim is ever True again."""

    def mail_failed(self, organization_id: OrganizationId, notice_id: str, recipient: str) -> None:
        """The mail is certainly not out: the next claim need not wait for the lease."""


class Post(Protocol):
    """SES."""

    def send(self, to: str, subject: str, text: str, html: str) -> None:
        """One mail to one address. Raises a Problem where it is certainly not out, else it may be."""
