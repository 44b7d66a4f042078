"""All that `connection` knows of the outside world.

Where the tokens live, and what makes a renewal happen once (see docs/decisions on tokens):

    Secrets Manager, one secret per credential      refresh token + a key made at consent; written at consent and
                                                    whenever the refresh token changed (about once a day)
    table, one REFRESH item per credential          lease, and the newest tokens sealed with that key; written at
                                                    each renewal, always on the condition of the `rev` that was read
    the process                                     the access token and the key; no request on the warm path

The condition on `rev` is the compare-and-set that Secrets Manager lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.invoice.company import Company
from m3ter_quickbooks.run.trouble import Notice, Trouble

Clock = Callable[[], datetime]
"""Aware UTC now."""

Pause = Callable[[timedelta], None]
"""Wait. In production `time.sleep`; a test moves its clock instead."""

RandomBytes = Callable[[int], bytes]
"""So many bytes that nobody can guess; in production `secrets.token_bytes`."""


@dataclass(frozen=True, slots=True)
class App:
    """Our registration with Intuit."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenSecret:
    """What the secret of one credential holds. `key` is 32 bytes and stays the same until the next consent.

    `version` is the store's own name of what was read; None: not stored yet. It says nothing of the content.
    """

    refresh_token: str = field(repr=False)
    key: bytes = field(repr=False)
    issued_at: datetime
    version: str | None = field(default=None, compare=False)


class TokenStore(Protocol):
    """One secret per credential."""

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> TokenSecret | None:
        """The secret as it stands, never from a cache; None if there is none. Raises TryLater."""

    def put(self, organization_id: OrganizationId, credential_id: CredentialId, secret: TokenSecret) -> None:
        """Replace the version that `secret` names (None: create it). Raises TryLater.

        Raises Clash, and nothing is written, if another version stands there by now, or none any more.
        """

    def delete(self, organization_id: OrganizationId, credential_id: CredentialId) -> None:
        """Delete it without a recovery window; nothing happens if there is none. Raises TryLater."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """The REFRESH item: who is renewing, and what the last renewal brought.

    `sealed` is ciphertext. `renewed_at` is when these tokens were issued, `expires_at` when the access token ends,
    `idle_at` from when the schedule should renew it although nobody asked (the item's place in the index of idle ones).
    `rev` 0: not stored yet.
    """

    organization_id: OrganizationId
    credential_id: CredentialId
    rev: int = 0
    holder: str | None = None
    lease_until: datetime | None = None
    sealed: str | None = field(default=None, repr=False)
    renewed_at: datetime | None = None
    expires_at: datetime | None = None
    idle_at: datetime | None = None

    def leased(self, now: datetime) -> bool:
        """Whether somebody may be renewing right now."""
        return self.holder is not None and self.lease_until is not None and now < self.lease_until


class Renewals(Protocol):
    """The REFRESH items: the lease that makes a renewal single flight."""

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Renewal:
        """Read consistently; rev 0 if there is none."""

    def write(self, renewal: Renewal) -> Renewal:
        """Store it if the stored rev is `renewal.rev` (0: none stored); returned with rev + 1. Otherwise Clash.

        A refused condition that shows one's own `holder` at rev + 1, where `holder` is set, is one's own write.
        """

    def forget(self, organization_id: OrganizationId, credential_id: CredentialId) -> None:
        """Delete the item."""

    def idle(self, now: datetime, limit: int) -> Sequence[tuple[OrganizationId, CredentialId]]:
        """Those whose `idle_at` is past, oldest first, over all organizations (one query of an index)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What Intuit answered to a code or to a refresh token. `ends_in`: the nearer of the two ends of consent."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: timedelta
    ends_in: timedelta | None = None


class InvalidGrant(Exception):  # noqa: N818  an answer, not an error: whoever tried decides whether to believe it
    """Intuit does not accept this code or refresh token. It may only be an old one."""


class OAuth(Protocol):
    """Intuit's OAuth. No method repeats a request by itself."""

    def authorize_url(self, state: str) -> str:
        """Where the operator gives consent."""

    def exchange(self, code: str) -> Grant:
        """Redeem a code, once. Raises InvalidGrant, TryLater."""

    def refresh(self, refresh_token: str) -> Grant:
        """New tokens. Raises InvalidGrant, TryLater (also where Intuit refuses the app rather than the token)."""

    def revoke(self, token: str) -> None:
        """End the connection. A token that Intuit no longer knows is fine. Raises TryLater."""


class Companies(Protocol):
    """What a company says of itself."""

    def facts(self, destination: Destination, company_id: str, access_token: str) -> Company:
        """CompanyInfo and Preferences, read once each. Raises Refused (also: a token of another company), TryLater."""


class ConnectionBook(Protocol):
    """The credentials."""

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection:
        """Read consistently, never from a cache. Raises Missing."""

    def write(self, connection: Connection) -> Connection:
        """Replace status, company, consent end on the condition of `connection.version`; returned with version + 1.

        Raises Clash, Missing. A CONNECTED one is also found by `shared`.
        """

    def break_(self, connection: Connection, trouble: Trouble, notice: Notice) -> bool:
        """CONNECTED -> NEEDS_RECONNECT with its error event and its notice, in one transaction; version + 1.

        On the condition of status CONNECTED and `connection.version`; False and nothing written if that does not hold.
        """

    def consent_ends(self, connection: Connection, ends: datetime) -> None:
        """Note when consent ends, without a new version. Nothing happens if the credential is gone."""

    def announce(self, connection: Connection, notice: Notice) -> bool:
        """Write a notice unless one of that id was ever written; whether it was written now."""

    def shared(self, connection: Connection) -> bool:
        """Whether another CONNECTED credential of the installation leads to the same company and destination."""


@dataclass(frozen=True, slots=True)
class PendingConsent:
    """What a `state` stands for."""

    organization_id: OrganizationId
    credential_id: CredentialId
    expires_at: datetime


class ConsentStates(Protocol):
    """Consents that were begun. `digest` is the SHA-256 of the state in hex: the state itself is never stored."""

    def keep(self, digest: str, pending: PendingConsent) -> None:
        """Remember it (and let the table forget it some time after it expired)."""

    def take(self, digest: str) -> PendingConsent | None:
        """Remove and return it in one step, expired or not: of two callers one gets it. None if there is none."""


class AccessTokens(Protocol):
    """What `quickbooks` needs to speak for a company. Raises ConnectionLost, TryLater."""

    def access_token(self, connection: Connection) -> str:
        """A token that is good for at least a few seconds."""

    def renewed(self, connection: Connection, tried: str) -> str:
        """Another one than `tried`, which QuickBooks answered with 401."""

    def refused(self, connection: Connection, because: str) -> None:
        """QuickBooks says that the consent itself is no good (120, 100, 110, 3100): the connection is broken."""
