"""All that `run` and `connection` know of the outside world.

Adapters implement these Protocols; `wiring.py` chooses which. Whatever is said here about atomicity and order is what
the protocol rests on, and what the contract suite in `tests/adapters` asks of every implementation, fakes included.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mapping as ExternalMapping
from m3ter_quickbooks.integration.mapping import MappingKey
from m3ter_quickbooks.invoice.company import RateNeeded
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.run.answer import Answer, RemoteDocument
from m3ter_quickbooks.run.delivery import Delivery, Operation
from m3ter_quickbooks.run.replay_order import OwedReplay, ReplayOrder
from m3ter_quickbooks.run.run import Run, RunId, RunStatus
from m3ter_quickbooks.run.trouble import LookAgain, Notice, Trouble

Clock = Callable[[], datetime]
"""Aware UTC now. Decides nothing about order (fences do); only leases, windows and waiting."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A bill as one event told it. `name` is what `Run.snapshot` holds; `dto` is m3ter's own body."""

    name: str
    organization_id: OrganizationId
    bill_id: BillId
    account_id: AccountId | None
    seen_at: datetime
    dto: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Known:
    """What one batch read found for one run, all of it read consistently."""

    delivery: Delivery
    account: Account | None
    mappings: tuple[ExternalMapping, ...]
    rate: Decimal | None
    """Home units per unit of the bill's currency, where it was asked for and is known already."""
    connection: Connection | None = None
    """The credential that was asked for; None if it is not there any more."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a run: one transaction, all or nothing (rule 5).

    `run` is the run as it is to be stored (its status not open). `delivery`: written if not None, with the condition
    that the stored rev is the one it names. `count`: what the configuration's error count becomes, None to leave it
    alone; conditional on `count_read`. `disable` is set together with the count that reaches ten: enabled becomes
    false and the configuration's version is raised by one. `troubles` are the error events, `notices` what the
    stream will mail, `look` the later look for a create that was once unsure.
    """

    run: Run
    delivery: Delivery | None = None
    count: int | None = None
    count_read: int = 0
    disable: bool = False
    troubles: tuple[Trouble, ...] = ()
    notices: tuple[Notice, ...] = ()
    look: LookAgain | None = None
    mapping: ExternalMapping | None = None
    """The bill's own document, to be put as a `Bill` mapping (whatever is there already is replaced)."""
    unmapped: ExternalMapping | None = None
    """The `Bill` mapping of a document that was taken back, to be removed."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something due that cannot be read, such as what a newer release stored before it was rolled back.

    `what` is its kind and `why` the class of the error; `place` is for the store that named it.
    """

    what: str
    why: str
    place: tuple[str, str]
    due: str


class CountMoved(Exception):  # noqa: N818  not an error: the count was read too early; read it again and close again
    """The configuration's error count (or its being enabled) is not what the closing read."""


class Runs(Protocol):
    """The run items, and the bills they are about."""

    def open(self, snapshot: Snapshot, runs: Sequence[Run]) -> list[Run]:
        """Store the bill and its new runs in one transaction, unless they are there; the runs as stored, in order.

        A run that is there already is returned as it stands (an event delivered twice opens nothing twice).
        Raises BillCannotBeSent if the bill is too large to be stored (400 KB compressed).
        """

    def get(self, organization_id: OrganizationId, run_id: RunId) -> Run:
        """Raises Missing."""

    def snapshot(self, run: Run) -> Snapshot:
        """The bill that this run is about. Raises Missing."""

    def wait(self, run: Run) -> Run:
        """Store status, due date, attempts, reason, log while the stored run is open. Raises Clash if it is closed."""

    def due(self, now: datetime, limit: int) -> Sequence[Run | Unreadable]:
        """Open runs whose `due_at` is past, oldest first."""

    def looks_due(self, now: datetime, limit: int) -> Sequence[LookAgain | Unreadable]:
        """Later looks whose time has come (committed by `Deliveries.close`)."""

    def put_off(self, due: Run | LookAgain | Unreadable, until: datetime) -> bool:
        """Let what is due be named again only from then on, and change nothing else of it.

        False, and nothing happens, if it is done; of a run also if somebody has given it another due date meanwhile.
        A look's own `due_at` stays the first one.
        """

    def looked(self, look: LookAgain, trouble: Trouble | None) -> None:
        """The look is done: forget it, and record what it found, in one transaction. Doing it twice is harmless."""

    def owed(
        self, organization_id: OrganizationId, configuration_id: ConfigurationId, status: RunStatus
    ) -> OwedReplay | None:
        """The replay that is owed to a configuration's runs of this status. Read consistently."""

    def owed_due(self, now: datetime, limit: int) -> Sequence[OwedReplay | Unreadable]:
        """Owed replays whose `due_at` is past, oldest first (committed with a connection, or with an enabling)."""

    def ordered(self, owed: OwedReplay, again_at: datetime | None) -> None:
        """Its order was given: it is given for the last time at `again_at`, None: it is no longer owed.

        Nothing happens if another one is owed by now, under another id. Doing it twice is harmless.
        """

    def ended(
        self,
        organization_id: OrganizationId,
        configuration_id: ConfigurationId,
        statuses: Collection[RunStatus],
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Run]:
        """Ended runs of a configuration with one of these statuses, oldest first, read as they are wanted.

        Created from `since` until `until`, both included. Feeds replay.
        """

    def of_bill(self, organization_id: OrganizationId, bill_id: BillId) -> Iterator[Run]:
        """Every run of a bill, in whatever configuration and however it stands, newest first."""


class Deliveries(Protocol):
    """The delivery records."""

    def write(self, delivery: Delivery) -> Delivery:
        """Store `delivery` if the stored rev is `delivery.rev` (0: none stored); returned with rev + 1.

        A refused condition that shows one's own claim token at rev + 1 is one's own write that arrived: that is a
        success. Otherwise raises Clash. Rule: EVERY write names the rev it read.
        """

    def get(self, organization_id: OrganizationId, configuration_id: ConfigurationId, bill_id: BillId) -> Delivery:
        """Read consistently; rev 0 if there is none."""

    def close(self, closing: Closing) -> None:
        """The transaction of rule 5. Raises CountMoved, or Clash when rev moved or the run is closed already.

        One's own closing that arrived (the run is stored exactly as closed) is a success.
        """


class Knowledge(Protocol):
    """The one batch read."""

    def about(
        self,
        run: Run,
        mappings: Sequence[MappingKey],
        rate: RateNeeded | None,
        company_id: str | None,
        credential_id: CredentialId | None = None,
    ) -> Known:
        """Delivery record, account, mappings, rate and credential, read consistently; one request up to 100 keys."""

    def keep_rate(self, company_id: str, needed: RateNeeded, rate: Decimal) -> None:
        """Remember a rate for its day."""

    def keep_account(self, organization_id: OrganizationId, account: Account, dto: Mapping[str, object]) -> bool:
        """Store an account snapshot unless a higher version is there; whether it was. A tie goes to the caller."""

    def forget_account(self, organization_id: OrganizationId, account_id: AccountId) -> None:
        """A deleted account."""


class Configurations(Protocol):
    """What the operator asked for."""

    def for_bills(self, organization_id: OrganizationId) -> list[Integration]:
        """Every configuration of the organization whose entity type is Bill, disabled ones included. One request."""

    def get(self, organization_id: OrganizationId, configuration_id: ConfigurationId) -> Integration:
        """Read consistently. Raises Missing."""


class Connections(Protocol):
    """Which company a credential leads to. Cached by the process for a short while: no request on the warm path."""

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection:
        """Raises Missing."""

    def fresh(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection:
        """The same, read consistently now. Raises Missing."""

    def to_company(self, organization_id: OrganizationId, company_id: str) -> Connection | None:
        """A CONNECTED credential of the organization that leads to this company, read now; None if none does."""


class QuickBooks(Protocol):
    """QuickBooks, one company at a time. Never repeats a write by itself (rule 3), except after a 401."""

    def write(self, connection: Connection, op: Operation) -> Answer:
        """Send one written-ahead operation: its bytes, its request id."""

    def write_batch(self, connection: Connection, ops: Sequence[Operation], request_id: str) -> list[Answer]:
        """At most 30 operations in one request; one answer each, in order. A lost batch is Unsure for each."""

    def read(self, connection: Connection, kind: DocumentKind, document_id: str) -> RemoteDocument | None:
        """The document, or None if QuickBooks has none (610). Raises TryLater, ConnectionLost, Refused."""

    def look_for(
        self, connection: Connection, kind: DocumentKind, customer_id: str, txn_date: date, marker: str
    ) -> list[RemoteDocument]:
        """Every document of that customer and day with `marker` in its PrivateNote, which cannot be queried."""

    def numbered(self, connection: Connection, kind: DocumentKind, number: str) -> list[RemoteDocument]:
        """Every document that carries this DocNumber."""

    def exchange_rate(self, connection: Connection, currency: str, on: date) -> Decimal:
        """QuickBooks' own rate of that day: home units per unit of `currency`."""


class Pacer(Protocol):
    """Keeps every Lambda together under QuickBooks' limits for one company (10/s, 500/min, 40 batches/min)."""

    def reserve(self, company_id: str, now: datetime, *, batch: bool, within: timedelta) -> datetime:
        """The moment from which one request may leave, at most `within` from `now`; one conditional update when idle.

        Raises TryLater(after=…, throttled=True), and reserves nothing, when the next free slot is later than that:
        who must wait long waits in the queue, so that a busy company does not hold the workers of the others.
        """

    def hold_back(self, company_id: str, until: datetime) -> None:
        """QuickBooks answered 429: nobody sends to this company before `until`."""


class Rush(Protocol):
    """How many bills each company has had in this minute, over all workers: what a fair share is judged by."""

    def had(self, bills: Mapping[str, int], now: datetime) -> Mapping[str, int]:
        """Add so many `bills` to each company (a negative number takes back); what these have had, these included.

        Nothing but the order of companies depends on it: a worker that dies leaves a count too high for a minute.
        Raises TryLater.
        """


class Queue(Protocol):
    """The retry messages. The run item is the truth; a message only makes it quick."""

    def retry(self, runs: Sequence[Run], delay: timedelta) -> None:
        """Put these runs back on the queue (at most 15 minutes ahead; the sweep does the rest)."""

    def replay(self, order: ReplayOrder) -> None:
        """Ask for the next few runs of a replay."""

    def look(self, look: LookAgain, delay: timedelta) -> None:
        """Ask for the later look at a create that was once unsure."""


class Witness(Protocol):
    """Sees how runs come to rest: metrics and log lines. Decides nothing, and never fails."""

    def closed(self, run: Run, cause: str) -> None:
        """A run is over; `cause` is a stable key of what failed, empty where nothing did."""

    def waits(self, run: Run) -> None:
        """A run waits."""


class M3ter(Protocol):
    """m3ter's API, for events that came without line items or with an unknown account."""

    def bill(self, organization_id: OrganizationId, bill_id: BillId) -> Bill | None:
        """The bill with its line items; None without m3ter credentials, or where m3ter has no such bill."""

    def account(
        self, organization_id: OrganizationId, account_id: AccountId
    ) -> tuple[Account, Mapping[str, object]] | None:
        """The account and its own body; None as above."""
