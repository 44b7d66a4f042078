"""Intuit, the stores and a clock for the tests of `connection`, all in memory, each telling its `turn` what is next.

`turn(name)` is called at every step into the outside world: a test can look, interleave another worker, or die there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.connection.ports import (
    Grant,
    InvalidGrant,
    PendingConsent,
    Renewal,
    TokenSecret,
)
from m3ter_quickbooks.connection.tokens import Tokens
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.invoice.company import Company
from m3ter_quickbooks.problems import Clash, Missing, Refused, TryLater
from m3ter_quickbooks.run.trouble import Notice, Trouble

ORGANIZATION = OrganizationId("0f0e0d0c-0000-4000-8000-000000000001")
CREDENTIAL = CredentialId("7b0f3a52-6d0e-4b0c-9f3e-0a6c2d1f9b11")
REALM = "9130000000000001"
COMPANY = Company(REALM, "Sandbox Company_US_1", "US", "USD", multicurrency=True)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)

Place = tuple[OrganizationId, CredentialId]
Turn = Callable[[str], None]


def a_connection(status: ConnectionStatus = ConnectionStatus.CONNECTED, **changes: object) -> Connection:
    connected = status is not ConnectionStatus.DRAFT
    plain = Connection(
        ORGANIZATION,
        CREDENTIAL,
        Destination.QUICKBOOKS_SANDBOX,
        status,
        company_id=REALM if connected else None,
        company=COMPANY if connected else None,
        name="Our books",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # a test names the fields it means


def no_turn(_: str) -> None:
    pass


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pause(self, wait: timedelta) -> None:
        self.now += wait


@dataclass
class Secrets:
    """Secrets Manager, counting."""

    turn: Turn = no_turn
    held: dict[Place, TokenSecret] = field(default_factory=dict)
    gets: int = 0
    puts: int = 0
    down: bool = False
    _versions: count[int] = field(default_factory=lambda: count(1))

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> TokenSecret | None:
        self.turn("secret.get")
        self.gets += 1
        found = self.held.get((organization_id, credential_id))
        return None if found is None else replace(found, version=found.version or "first")

    def put(self, organization_id: OrganizationId, credential_id: CredentialId, secret: TokenSecret) -> None:
        self.turn("secret.put")
        if self.down:
            raise TryLater("Secrets Manager does not answer.")
        stored = self.held.get((organization_id, credential_id))
        if (None if stored is None else stored.version or "first") != secret.version:
            raise Clash("Somebody was faster.")
        self.puts += 1
        self.held[organization_id, credential_id] = replace(secret, version=str(next(self._versions)))

    def delete(self, organization_id: OrganizationId, credential_id: CredentialId) -> None:
        self.turn("secret.delete")
        self.held.pop((organization_id, credential_id), None)


@dataclass
class Items:
    """The REFRESH items."""

    turn: Turn = no_turn
    held: dict[Place, Renewal] = field(default_factory=dict)
    reads: int = 0

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Renewal:
        self.turn("item.get")
        self.reads += 1
        return self.held.get((organization_id, credential_id), Renewal(organization_id, credential_id))

    def write(self, renewal: Renewal) -> Renewal:
        self.turn("item.write")
        place = renewal.organization_id, renewal.credential_id
        stored = self.held.get(place, Renewal(*place))
        own = renewal.holder is not None and (stored.rev, stored.holder) == (renewal.rev + 1, renewal.holder)
        if stored.rev != renewal.rev and not own:
            raise Clash("Somebody was faster.")
        self.held[place] = replace(renewal, rev=renewal.rev + 1)
        return self.held[place]

    def forget(self, organization_id: OrganizationId, credential_id: CredentialId) -> None:
        self.turn("item.forget")
        self.held.pop((organization_id, credential_id), None)

    def idle(self, now: datetime, limit: int) -> list[Place]:
        due = [item for item in self.held.values() if item.idle_at is not None and item.idle_at <= now]
        due.sort(key=lambda item: item.idle_at or now)
        return [(item.organization_id, item.credential_id) for item in due[:limit]]


@dataclass
class Intuit:
    """Its OAuth and its companies: a refresh token changes after a day, the one before lives for `grace`."""

    clock: Clock
    turn: Turn = no_turn
    grace: timedelta = DAY
    rotate_after: timedelta = DAY
    ends_in: timedelta = timedelta(days=101)
    down: bool = False
    """No answer, and nothing done."""
    refreshes: int = 0
    refusals: int = 0
    revoked: list[str] = field(default_factory=list)
    withdrawn: bool = False
    codes: dict[str, str] = field(default_factory=dict)
    companies: dict[str, Company] = field(default_factory=lambda: {REALM: COMPANY})
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _newest: str = "RT1-0"
    _issued: datetime = NOON
    _dies: dict[str, datetime] = field(default_factory=dict)
    _realm_of: dict[str, str] = field(default_factory=dict)

    def authorize_url(self, state: str) -> str:
        return f"https://appcenter.test/connect?state={state}"

    def consents(self, realm: str = REALM) -> str:
        """An admin says yes; the code that the browser brings back."""
        code = f"code-{next(self._numbers)}"
        self.codes[code] = realm
        return code

    def exchange(self, code: str) -> Grant:
        self.turn("intuit.exchange")
        realm = self.codes.pop(code, None)
        if realm is None:
            raise InvalidGrant
        self.withdrawn = False
        self._newest, self._issued = f"RT1-{next(self._numbers)}", self.clock()
        return self._grant(realm)

    def refresh(self, refresh_token: str) -> Grant:
        self.turn("intuit.refresh")
        if self.down:
            raise TryLater("Intuit did not answer.")
        dead = refresh_token != self._newest and self._dies.get(refresh_token, self.clock()) <= self.clock()
        if self.withdrawn or dead:
            self.refusals += 1
            raise InvalidGrant
        self.refreshes += 1
        if self.clock() - self._issued >= self.rotate_after:
            self._dies[self._newest] = self.clock() + self.grace
            self._newest, self._issued = f"RT1-{next(self._numbers)}", self.clock()
        grant = self._grant(REALM)
        self.turn("intuit.answer")
        return grant

    def revoke(self, token: str) -> None:
        self.turn("intuit.revoke")
        if self.down:
            raise TryLater("Intuit did not answer.")
        self.revoked.append(token)

    def facts(self, destination: Destination, company_id: str, access_token: str) -> Company:
        self.turn("company.facts")
        assert destination is Destination.QUICKBOOKS_SANDBOX
        if self._realm_of.get(access_token) != company_id:
            raise Refused("QuickBooks does not let this app into the company.", "3100")
        return self.companies[company_id]

    def accepts(self, access_token: str) -> bool:
        return access_token in self._realm_of

    def _grant(self, realm: str) -> Grant:
        access_token = f"AT-{next(self._numbers)}"
        self._realm_of[access_token] = realm
        return Grant(access_token, self._newest, timedelta(hours=1), self.ends_in)


@dataclass
class Book:
    """The credentials, with what was committed beside them."""

    turn: Turn = no_turn
    held: dict[Place, Connection] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    is_shared: bool = False

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection:
        self.turn("book.get")
        found = self.held.get((organization_id, credential_id))
        if found is None:
            raise Missing("There is no such credential.")
        return found

    def write(self, connection: Connection) -> Connection:
        self.turn("book.write")
        place = connection.organization_id, connection.credential_id
        if place not in self.held:
            raise Missing("There is no such credential.")
        if self.held[place].version != connection.version:
            raise Clash("Somebody was faster.")
        self.held[place] = replace(connection, version=connection.version + 1)
        return self.held[place]

    def break_(self, connection: Connection, trouble: Trouble, notice: Notice) -> bool:
        self.turn("book.break")
        place = connection.organization_id, connection.credential_id
        stored = self.held[place]
        if stored.status is not ConnectionStatus.CONNECTED or stored.version != connection.version:
            return False
        self.held[place] = replace(stored, status=ConnectionStatus.NEEDS_RECONNECT, version=stored.version + 1)
        self.troubles.append(trouble)
        self.notices.append(notice)
        return True

    def consent_ends(self, connection: Connection, ends: datetime) -> None:
        self.turn("book.ends")
        place = connection.organization_id, connection.credential_id
        self.held[place] = replace(self.held[place], consent_ends=ends)

    def announce(self, connection: Connection, notice: Notice) -> bool:
        self.turn("book.announce")
        assert notice.credential_id == connection.credential_id
        if any(notice.id == told.id for told in self.notices):
            return False
        self.notices.append(notice)
        return True

    def shared(self, connection: Connection) -> bool:
        assert connection.company_id is not None
        return self.is_shared


@dataclass
class States:
    held: dict[str, PendingConsent] = field(default_factory=dict)

    def keep(self, digest: str, pending: PendingConsent) -> None:
        self.held[digest] = pending

    def take(self, digest: str) -> PendingConsent | None:
        return self.held.pop(digest, None)


class Everything:
    """One connected company, and as many workers as a test wants."""

    def __init__(self, turn: Turn = no_turn) -> None:
        self.clock = Clock()
        self.secrets, self.items, self.book, self.states = Secrets(turn), Items(turn), Book(turn), States()
        self.intuit = Intuit(self.clock, turn)
        self._random = count(1)
        self.book.held[ORGANIZATION, CREDENTIAL] = a_connection()
        self.secrets.held[ORGANIZATION, CREDENTIAL] = TokenSecret("RT1-0", bytes(32), NOON)

    @property
    def connection(self) -> Connection:
        return self.book.held[ORGANIZATION, CREDENTIAL]

    @property
    def item(self) -> Renewal:
        return self.items.held[ORGANIZATION, CREDENTIAL]

    @property
    def newest_refresh_token(self) -> str:
        return self.intuit._newest

    @property
    def secret(self) -> TokenSecret:
        return self.secrets.held[ORGANIZATION, CREDENTIAL]

    def random_bytes(self, size: int) -> bytes:
        return next(self._random).to_bytes(size)

    def worker(self) -> Tokens:
        """A process that knows nothing yet."""
        return Tokens(self.secrets, self.items, self.intuit, self.book, self.clock, self.clock.pause, self.random_bytes)
