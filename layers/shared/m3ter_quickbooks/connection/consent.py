"""Consent: how a credential gets its company, and how it loses it.

    begin       a random state, kept as its hash for ten minutes, leads to the authorize URL
    finish      the state is taken away first, whatever comes of it; then, in this order:
                the company must be the credential's own (if it has one), the code is exchanged, and the company
                must answer to the new token: a company id that was put into the address by hand does not;
                the credential takes the company id for good; the tokens are stored; the credential is CONNECTED
    disconnect  the credential says so first, so that nobody sends; then Intuit and the secret

Two consents for one credential at once: the first to write the company id decides, the other one must have the same.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256

from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.connection.ports import (
    Clock,
    Companies,
    ConnectionBook,
    ConsentStates,
    Grant,
    InvalidGrant,
    OAuth,
    Pause,
    PendingConsent,
    RandomBytes,
    Renewal,
    Renewals,
    TokenSecret,
    TokenStore,
)
from m3ter_quickbooks.connection.sealing import KEY_BYTES, TokenPair, seal, unseal
from m3ter_quickbooks.connection.tokens import IDLE_AFTER, LEASE
from m3ter_quickbooks.invoice.company import Company
from m3ter_quickbooks.problems import BadRequest, Clash, Missing, Refused, TryLater

STATE_LIVES = timedelta(minutes=10)
_STATE_BYTES = 32
_LONGEST_STATE = 200
_LONGEST_CODE = 512
_COMPANY_ID = re.compile(r"[0-9]{1,20}")
_PATIENCE = timedelta(seconds=8)
_LOOK_EVERY = timedelta(milliseconds=250)
_TRIES = 20
_AGAIN = "Begin again with a new authorize URL."


@dataclass(frozen=True, slots=True)
class Callback:
    """What Intuit's redirect carries; all of it comes from the browser and nothing of it is to be trusted."""

    state: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    realm_id: str | None = None
    error: str | None = None


class Consents:
    """Begin, finish, disconnect. Problems are sentences for the person in front of the browser."""

    def __init__(
        self,
        states: ConsentStates,
        book: ConnectionBook,
        oauth: OAuth,
        companies: Companies,
        store: TokenStore,
        renewals: Renewals,
        clock: Clock,
        pause: Pause,
        random_bytes: RandomBytes,
    ) -> None:
        self._states = states
        self._book = book
        self._oauth = oauth
        self._companies = companies
        self._store = store
        self._renewals = renewals
        self._clock = clock
        self._pause = pause
        self._random_bytes = random_bytes

    def begin(self, connection: Connection) -> str:
        """The authorize URL for a new credential, or to reconnect one. An earlier URL stays good until it is used."""
        state = urlsafe_b64encode(self._random_bytes(_STATE_BYTES)).rstrip(b"=").decode()
        pending = PendingConsent(connection.organization_id, connection.credential_id, self._clock() + STATE_LIVES)
        self._states.keep(_digest(state), pending)
        return self._oauth.authorize_url(state)

    def finish(self, callback: Callback) -> Connection:
        """The connected credential. Raises BadRequest with a sentence, TryLater; the state is used up in any case."""
        connection = self._whose(callback)
        company_id, code = _read(callback)
        if connection.company_id is not None and connection.company_id != company_id:
            raise BadRequest(_other_company(connection))
        grant = self._exchange(code)
        company = self._confirm(connection, company_id, grant)
        connection = self._fix_company(connection, company)
        self._store_tokens(connection, grant)
        return self._connect(connection, company, grant)

    def disconnect(self, connection: Connection) -> Connection:
        """The credential as DISCONNECTED; doing it again finishes what an outage cut short.

        Intuit ends the connection of the app to the company as a whole, so it is told only if no other credential of
        this installation leads there. Raises TryLater, Clash, Missing.
        """
        connection = self._book.write(replace(connection, status=ConnectionStatus.DISCONNECTED))
        place = connection.organization_id, connection.credential_id
        secret = self._store.get(*place)
        if secret is not None:
            if not self._book.shared(connection):
                self._oauth.revoke(secret.refresh_token)
            self._store.delete(*place)
        self._renewals.forget(*place)
        return connection

    def _whose(self, callback: Callback) -> Connection:
        state = callback.state or ""
        pending = self._states.take(_digest(state)) if 0 < len(state) <= _LONGEST_STATE else None
        if pending is None or pending.expires_at <= self._clock():
            raise BadRequest(f"This consent link is not ours, was used already, or is older than ten minutes. {_AGAIN}")
        try:
            connection = self._book.get(pending.organization_id, pending.credential_id)
        except Missing as gone:
            raise BadRequest("The credential that this consent was for has been deleted.") from gone
        if connection.status is ConnectionStatus.DISCONNECTED:
            raise BadRequest("The credential that this consent was for has been disconnected. Create a new one.")
        return connection

    def _exchange(self, code: str) -> Grant:
        try:
            return self._oauth.exchange(code)
        except InvalidGrant as refusal:
            raise BadRequest(
                f"Intuit did not accept the consent: it was used already or is too old. {_AGAIN}"
            ) from refusal

    def _confirm(self, connection: Connection, company_id: str, grant: Grant) -> Company:
        try:
            return self._companies.facts(connection.destination, company_id, grant.access_token)
        except Refused as refusal:
            raise BadRequest(
                f"QuickBooks does not confirm that this consent is for company {company_id} in "
                f"{connection.destination.value}. Check that the destination is right and that you are an admin there. "
                f"{_AGAIN}"
            ) from refusal

    def _fix_company(self, connection: Connection, company: Company) -> Connection:
        """From here on no consent for another company can be finished for this credential."""
        if connection.company_id == company.company_id:
            return connection
        try:
            return self._book.write(replace(connection, company_id=company.company_id))
        except (Clash, Missing) as lost:
            return self._read_again(connection, company.company_id, lost)

    def _store_tokens(self, connection: Connection, grant: Grant) -> None:
        """A new key with each consent: what an earlier one left in the table opens no more."""
        place = connection.organization_id, connection.credential_id
        key, now = self._random_bytes(KEY_BYTES), self._clock()
        holder, secret = self._random_bytes(16).hex(), TokenSecret(grant.refresh_token, key, now)
        pair = TokenPair(grant.access_token, grant.refresh_token)
        brought = Renewal(
            *place,
            sealed=seal(pair, key, self._random_bytes, *place),
            renewed_at=now,
            expires_at=now + grant.expires_in,
            idle_at=now + IDLE_AFTER,
        )
        patience_ends = now + _PATIENCE
        for _ in range(_TRIES):
            renewal = self._renewals.get(*place)
            while renewal.leased(self._clock()) and renewal.holder != holder and self._clock() < patience_ends:
                # Somebody is renewing the old tokens. Who takes longer is overtaken, and then writes nothing.
                self._pause(_LOOK_EVERY)
                renewal = self._renewals.get(*place)
            if renewal.sealed is not None and unseal(renewal.sealed, key, *place) is not None:
                return  # Somebody has renewed what we had put into the secret: theirs are newer.
            try:
                held = self._renewals.write(replace(renewal, holder=holder, lease_until=self._clock() + LEASE))
                self._put_secret(connection, secret)
                self._renewals.write(replace(brought, rev=held.rev))
            except Clash:
                self._pause(_LOOK_EVERY)
                continue
            return
        raise TryLater("The tokens of this consent could not be stored.", _PATIENCE)

    def _put_secret(self, connection: Connection, secret: TokenSecret) -> None:
        """Unless it is there: who has renewed it since may have left a newer token. Raises Clash."""
        place = connection.organization_id, connection.credential_id
        stored = self._store.get(*place)
        if stored is None or stored.key != secret.key:
            self._store.put(*place, replace(secret, version=stored.version if stored else None))

    def _connect(self, connection: Connection, company: Company, grant: Grant) -> Connection:
        ends = self._clock() + grant.ends_in if grant.ends_in is not None else None
        while True:
            connected = replace(connection, status=ConnectionStatus.CONNECTED, company=company, consent_ends=ends)
            try:
                return self._book.write(connected)
            except (Clash, Missing) as lost:
                connection = self._read_again(connection, company.company_id, lost)

    def _read_again(self, connection: Connection, company_id: str, lost: Exception) -> Connection:
        """After somebody else changed the credential. Raises BadRequest if this consent no longer fits it."""
        try:
            current = self._book.get(connection.organization_id, connection.credential_id)
        except Missing as gone:
            self._leave_nothing(connection)
            raise BadRequest("The credential that this consent was for has been deleted.") from gone
        if current.status is ConnectionStatus.DISCONNECTED:
            self._leave_nothing(connection)
        if current.status is ConnectionStatus.DISCONNECTED or current.company_id not in {company_id, None}:
            raise BadRequest(f"The credential was changed while you gave consent. {_other_company(current)}") from lost
        return replace(current, company_id=company_id)

    def _leave_nothing(self, connection: Connection) -> None:
        self._store.delete(connection.organization_id, connection.credential_id)
        self._renewals.forget(connection.organization_id, connection.credential_id)


def _read(callback: Callback) -> tuple[str, str]:
    """Company id and code. Raises BadRequest."""
    if callback.error is not None:
        # The error's text comes from the address bar and is not repeated.
        raise BadRequest(f"Consent was not given in QuickBooks, so nothing was connected. {_AGAIN}")
    company_id, code = callback.realm_id or "", callback.code or ""
    if not _COMPANY_ID.fullmatch(company_id) or not 0 < len(code) <= _LONGEST_CODE or not code.isprintable():
        raise BadRequest(f"QuickBooks sent back an address without a company or a code. {_AGAIN}")
    return company_id, code


def _other_company(connection: Connection) -> str:
    name = connection.company.name if connection.company is not None else "another company"
    return (
        f"This credential belongs to {name} (company {connection.company_id}) and stays with it: "
        "consent to that company, or create a new credential for another one."
    )


def _digest(state: str) -> str:
    return sha256(state.encode("utf-8", "replace")).hexdigest()
