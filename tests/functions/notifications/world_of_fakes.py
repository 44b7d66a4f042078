"""The notices' world without AWS: what was published, ordered and sent, and what may go wrong on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId, UserId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.messaging.bus import Outgoing
from m3ter_quickbooks.messaging.mail import MailRefused
from m3ter_quickbooks.messaging.mail_orders import MailOrder
from m3ter_quickbooks.problems import Clash, TryLater
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.trouble import EventName, Notice, NoticeKind, Trouble
from notifications.gather import Places
from notifications.world import World
from tests.functions.notifications.incidents import AT
from tests.leaks import nothing_leaks

ORGANIZATION = OrganizationId("0f0e0d0c-0000-4000-8000-000000000001")
CONFIGURATION = ConfigurationId("0192f0aa-7c3e-7d6b-9c1a-3f2a1b4c5d6e")
CREDENTIAL = CredentialId("0192f0ab-11d2-7a90-8f00-5a6b7c8d9e0f")
ANNA, BEN, CARA = UserId("anna"), UserId("ben"), UserId("cara")


def integration(*readers: UserId, id_: str = CONFIGURATION, enabled: bool = False, errors: int = 10) -> Integration:
    return Integration(
        id=ConfigurationId(id_),
        organization_id=ORGANIZATION,
        name="Bills to QuickBooks",
        destination=Destination.QUICKBOOKS_SANDBOX,
        settings=Settings.read({"integrationDisabledNotificationUsers": list(readers)}),
        enabled=enabled,
        credential_id=CREDENTIAL,
        ever_connected=True,
        error_count=errors,
    )


def trouble(number: int = 1, name: EventName = EventName.PERFORM, cause: str = "quickbooks.6000") -> Trouble:
    return Trouble(
        id=f"event-{number}",
        organization_id=ORGANIZATION,
        name=name,
        at=AT + timedelta(seconds=number),
        dto={"integrationConfigId": CONFIGURATION, "entityType": "Bill", "message": f"Bill {number} was refused."},
        cause=cause,
        configuration_id=CONFIGURATION,
    )


def notice(kind: NoticeKind = NoticeKind.DISABLED, id_: str = "notice-1") -> Notice:
    about_credential = kind in {NoticeKind.RECONNECT, NoticeKind.CONSENT_ENDING}
    return Notice(
        id=id_,
        organization_id=ORGANIZATION,
        kind=kind,
        at=AT,
        configuration_id=None if about_credential else CONFIGURATION,
        credential_id=CREDENTIAL if about_credential else None,
        facts={"ends": (AT + timedelta(days=14)).isoformat()} if kind is NoticeKind.CONSENT_ENDING else {},
    )


@dataclass
class FakeBook:
    """What the table holds; a test changes it as people would."""

    notices: dict[str, Notice] = field(default_factory=dict)
    configurations: list[Integration] = field(default_factory=lambda: [integration(ANNA, BEN)])
    addresses: dict[UserId, str] = field(
        default_factory=lambda: {ANNA: "anna@example.com", BEN: "ben@example.com", CARA: "cara@example.com"}
    )
    credential: Connection | None = field(
        default_factory=lambda: Connection(
            ORGANIZATION, CREDENTIAL, Destination.QUICKBOOKS_SANDBOX, ConnectionStatus.CONNECTED
        )
    )
    errors: list[Trouble] = field(default_factory=list)
    history: list[Run] = field(default_factory=list)
    down: bool = False

    def notice(self, _organization_id: OrganizationId, notice_id: str) -> Notice | None:
        return self.notices.get(notice_id)

    def organization_name(self, _organization_id: OrganizationId) -> str:
        return "Acme Ltd"

    def integrations(self, _organization_id: OrganizationId) -> Sequence[Integration]:
        if self.down:
            raise TryLater("The table is busy.")
        return self.configurations

    def connection(self, _organization_id: OrganizationId, _credential_id: CredentialId) -> Connection | None:
        return self.credential

    def address(self, _organization_id: OrganizationId, user_id: UserId, _now: datetime) -> str | None:
        return self.addresses.get(user_id)

    def errors_in_a_row(
        self, _organization_id: OrganizationId, configuration_id: ConfigurationId, until: datetime, count: int
    ) -> Sequence[Trouble]:
        mine = [one for one in self.errors if one.configuration_id == configuration_id and one.at <= until]
        return mine[-count:]

    def with_summary(self) -> Sequence[Integration]:
        return [one for one in self.configurations if one.settings.daily_summary]

    def runs(
        self, _organization_id: OrganizationId, _configuration_id: ConfigurationId, *, since: datetime, until: datetime
    ) -> Sequence[Run]:
        assert until - since == timedelta(days=1)
        return self.history

    def order(self, notice: Notice) -> bool:
        new = notice.id not in self.notices
        self.notices.setdefault(notice.id, notice)
        return new


@dataclass
class FakeOutbox:
    """The bus. Refuses the next `refusals` events."""

    published: list[Outgoing] = field(default_factory=list)
    refusals: int = 0

    def put(self, events: Sequence[Outgoing]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise TryLater("The bus is busy.")
        nothing_leaks("An outgoing event", str(events))
        self.published.extend(events)


@dataclass
class FakeOrders:
    """The queue of mails. `full` after that many orders in one call, as a batch that was taken in part."""

    placed: list[MailOrder] = field(default_factory=list)
    full: int | None = None

    def place(self, orders: Sequence[MailOrder]) -> None:
        self.placed.extend(orders[: self.full])
        if self.full is not None:
            self.full = None
            raise TryLater("The queue took only some.")


Mark = tuple[str, str, str]


@dataclass
class FakeMarks:
    """The marks, with the lease's arithmetic."""

    leases: dict[Mark, datetime] = field(default_factory=dict)
    done: set[Mark] = field(default_factory=set)

    def claim_mail(
        self, organization_id: OrganizationId, notice_id: str, recipient: str, now: datetime, lease: timedelta
    ) -> bool:
        mark = (organization_id, notice_id, recipient)
        if mark in self.done:
            return False
        if mark in self.leases and now < self.leases[mark]:
            raise Clash("Another worker is sending this mail.")
        self.leases[mark] = now + lease
        return True

    def mail_sent(self, organization_id: OrganizationId, notice_id: str, recipient: str, at: datetime) -> None:
        assert at >= AT
        self.done.add((organization_id, notice_id, recipient))

    def mail_failed(self, organization_id: OrganizationId, notice_id: str, recipient: str) -> None:
        del self.leases[organization_id, notice_id, recipient]


class UnsureError(Exception):
    """The connection to SES broke off."""


@dataclass
class FakePost:
    """SES. `refuses`: addresses that it does not take; `throttled`: so many calls; `breaks`: taken, but no answer."""

    sent: list[tuple[str, str, str, str]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    throttled: int = 0
    breaks: int = 0

    def send(self, to: str, subject: str, text: str, html: str) -> None:
        if self.throttled:
            self.throttled -= 1
            raise TryLater("SES is busy.")
        if to in self.refuses:
            raise MailRefused("SES refuses the mail (MessageRejected).")
        nothing_leaks("A mail", f"{subject}\n{text}\n{html}")
        self.sent.append((to, subject, text, html))
        if self.breaks:
            self.breaks -= 1
            raise UnsureError(f"no answer for {to}")

    @property
    def readers(self) -> list[str]:
        return [to for to, *_ in self.sent]


@dataclass
class Fakes:
    """The fakes and the world made of them. Changes and orders are passed as they are, in `record`s."""

    book: FakeBook = field(default_factory=FakeBook)
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    orders: FakeOrders = field(default_factory=FakeOrders)
    marks: FakeMarks = field(default_factory=FakeMarks)
    post: FakePost = field(default_factory=FakePost)
    now: datetime = AT

    def commit(self, one: Notice) -> Notice:
        self.book.notices[one.id] = one
        return one

    @property
    def world(self) -> World:
        return World(
            read_change=_read_change,
            read_order=lambda body: _ORDERS[body],
            book=self.book,
            outbox=self.outbox,
            orders=self.orders,
            board=self.book,
            marks=self.marks,
            post=self.post,
            clock=lambda: self.now,
            places=Places(api="https://api.example.com/prod"),
        )


_ORDERS: dict[str, MailOrder] = {}


def _read_change(record: object) -> Trouble | Notice | None:
    assert isinstance(record, dict)
    change: Trouble | Notice | None = record["change"]
    if change is None and record["broken"]:
        raise ValueError("secret of somebody: anna@example.com")
    return change


def change_record(number: int, change: Trouble | Notice | None, *, broken: bool = False) -> dict[str, object]:
    return {
        "eventID": f"e{number}",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": str(number)},
        "change": change,
        "broken": broken,
    }


def order_record(order: MailOrder) -> dict[str, object]:
    body = f"{order.notice_id}/{order.user_id}"
    _ORDERS[body] = order
    return {"eventSource": "aws:sqs", "messageId": f"message-{body}", "body": body}
