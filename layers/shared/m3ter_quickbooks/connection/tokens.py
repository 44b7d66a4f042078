"""Access tokens: one renewal per company and hour, whoever asks, however many ask at once.

    worker A                      table (REFRESH item)            worker B
    5 minutes left: read          rev 7, old tokens               5 minutes left: read
    take the lease, if rev is 7 ─▶ rev 8, holder A
                                        ◀──────────────────────── take the lease, if rev is 7: refused. Read again:
    secret, Intuit: new tokens                                    leased, and the old token is good: use it
    write them, if rev is 8 ─────▶ rev 9, new tokens, sealed
    secret, only if the refresh                                   (had it run out: wait a little, read again)
    token changed; give back ────▶ rev 10

What may go wrong on the way, and why it is harmless:
- A dies before Intuit answers: the lease ends, B renews.
- A dies after the answer: a rotated refresh token is lost with it, but Intuit accepts the one before it for a day; B
  renews with that, minutes later at the latest.
- A dies (or Secrets Manager fails) between table and secret: the table has the newer token; B tries the newest first.
- The table fails after Intuit's answer: the secret takes the newer token. If both fail it is as if A had died.
- Secrets Manager is slow: A asks Intuit for nothing that its lease might not outlive, and gives the lease back.
- A sleeps for longer than its lease: its write is refused, unless nobody else has renewed, and then its tokens are the
  newest and are kept. The secret, too, is written only over the version that A has read: somebody may have connected
  anew, or disconnected.
- Intuit refuses a refresh token: it is believed only if no newer one is stored, and nobody has connected anew.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.connection.endings import connection_lost, consent_ending
from m3ter_quickbooks.connection.ports import (
    Clock,
    ConnectionBook,
    Grant,
    InvalidGrant,
    OAuth,
    Pause,
    RandomBytes,
    Renewal,
    Renewals,
    TokenSecret,
    TokenStore,
)
from m3ter_quickbooks.connection.sealing import TokenPair, seal, unseal
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.problems import Clash, ConnectionLost, Missing, TryLater

RENEW_BEFORE = timedelta(minutes=5)
"""Tokens are renewed with this much left, so that nobody has to wait for a renewal."""
EXCHANGE = timedelta(seconds=45)
"""Longer than one exchange with Intuit can take, with the reading of our app's secret before it."""
LEASE = timedelta(seconds=60)
"""An exchange, and the reading of the connection's secret before it. Nothing is sent to Intuit that may outlive it."""
IDLE_AFTER = timedelta(hours=24)
_SHORTEST_USE = timedelta(seconds=30)
_YOUNG = timedelta(seconds=60)
_TRY_AGAIN_IN = timedelta(seconds=30)
_PATIENCE = timedelta(seconds=8)
_LOOK_EVERY = timedelta(milliseconds=250)


@dataclass(frozen=True, slots=True)
class _Held:
    """What this process knows. `leave_until`: a renewal is under way elsewhere, or failed; do not ask before."""

    access_token: str = field(repr=False)
    expires_at: datetime
    leave_until: datetime


class Tokens:
    """Implements `connection.ports.AccessTokens`."""

    def __init__(
        self,
        store: TokenStore,
        renewals: Renewals,
        oauth: OAuth,
        book: ConnectionBook,
        clock: Clock,
        pause: Pause,
        random_bytes: RandomBytes,
    ) -> None:
        self._store = store
        self._renewals = renewals
        self._oauth = oauth
        self._book = book
        self._clock = clock
        self._pause = pause
        self._random_bytes = random_bytes
        self._held: dict[tuple[OrganizationId, CredentialId], _Held] = {}
        self._keys: dict[tuple[OrganizationId, CredentialId], bytes] = {}

    def access_token(self, connection: Connection) -> str:
        """From the process, else from the table, else from Intuit. Raises ConnectionLost, TryLater."""
        _must_be_connected(connection)
        held, now = self._held.get(_place(connection)), self._clock()
        if held is not None and now < held.expires_at - RENEW_BEFORE:
            return held.access_token
        if held is not None and now < min(held.leave_until, held.expires_at - _SHORTEST_USE):
            return held.access_token
        return self._obtain(connection, tried=None)

    def renewed(self, connection: Connection, tried: str) -> str:
        """Another token than `tried`, which QuickBooks refused. Raises ConnectionLost, TryLater."""
        _must_be_connected(connection)
        held = self._held.get(_place(connection))
        if held is not None and held.access_token != tried and self._clock() < held.expires_at - _SHORTEST_USE:
            return held.access_token
        return self._obtain(connection, tried)

    def refused(self, connection: Connection, because: str) -> None:
        """Mark the connection as broken, once. Raises TryLater if somebody has connected it anew in the meantime."""
        self._held.pop(_place(connection), None)
        current = self._current(connection)
        if current is None or current.status is not ConnectionStatus.CONNECTED:
            return
        if current.version != connection.version or not self._break(current, because):
            raise TryLater("The connection has just been changed; it is tried again.", _TRY_AGAIN_IN)

    def _obtain(self, connection: Connection, tried: str | None) -> str:
        """A good token that somebody else has brought, or a renewal under the lease."""
        patience_ends = self._clock() + _PATIENCE
        while True:
            renewal = self._renewals.get(*_place(connection))
            pair = self._open(connection, renewal)
            now = self._clock()
            expires_at = renewal.expires_at or now
            usable = pair is not None and pair.access_token != tried
            left = expires_at - now if usable else timedelta(0)
            if pair is not None and left > RENEW_BEFORE:
                return self._keep(connection, pair.access_token, expires_at, now)
            if renewal.leased(now) and renewal.lease_until is not None:
                if pair is not None and left > _SHORTEST_USE:
                    return self._keep(connection, pair.access_token, expires_at, renewal.lease_until)
                if now >= patience_ends:
                    raise TryLater("QuickBooks' tokens are being renewed.", renewal.lease_until - now)
                self._pause(_LOOK_EVERY)
                continue
            if tried is not None and pair is not None and not usable and now - (renewal.renewed_at or now) < _YOUNG:
                # Not worth a renewal for each of a thousand bills: a new one would be refused as well.
                raise TryLater("QuickBooks does not accept a token that it has just issued.", _YOUNG)
            try:
                lease = self._renewals.write(
                    replace(renewal, holder=self._random_bytes(16).hex(), lease_until=now + LEASE)
                )
            except Clash:
                continue
            fallback = pair.access_token if pair is not None and left > _SHORTEST_USE else None
            return self._renew(connection, lease, fallback)

    def _renew(self, connection: Connection, lease: Renewal, fallback: str | None) -> str:
        """Under the lease. `fallback` is a token that is good for a while, if Intuit cannot be reached."""
        try:
            secret = self._store.get(*_place(connection))
            grant, started = self._ask_intuit(connection, lease, secret)
        except TryLater:
            self._give_back(lease)
            if fallback is None:
                raise
            now = self._clock()
            return self._keep(connection, fallback, lease.expires_at or now, now + _TRY_AGAIN_IN)
        assert secret is not None  # noqa: S101  Intuit has just accepted what it holds
        self._save(connection, lease, secret, grant, started)
        expires_at = started + grant.expires_in
        self._held[_place(connection)] = _Held(grant.access_token, expires_at, leave_until=started)
        self._keys[_place(connection)] = secret.key
        self._note_consent(connection, grant, started)
        return grant.access_token

    def _ask_intuit(self, connection: Connection, lease: Renewal, secret: TokenSecret | None) -> tuple[Grant, datetime]:
        """Renew with the newest refresh token, else with the one before. Raises ConnectionLost if all are refused."""
        candidates = self._candidates(lease, secret)
        for refresh_token in candidates:
            started = self._clock()
            if lease.lease_until is not None and started + EXCHANGE > lease.lease_until:
                raise TryLater("Secrets Manager is too slow to renew QuickBooks' tokens now.", _TRY_AGAIN_IN)
            try:
                return self._oauth.refresh(refresh_token), started
            except InvalidGrant:
                continue
        # In this order: whoever connects anew writes the tokens first and the credential last.
        current = self._current(connection)
        stored = self._store.get(*_place(connection))
        renewal = self._renewals.get(*_place(connection))
        if renewal.rev != lease.rev or self._candidates(renewal, stored) != candidates:
            raise TryLater("QuickBooks' tokens have just been renewed elsewhere.", timedelta(seconds=1))
        if stored is None and renewal.renewed_at is not None and self._clock() - renewal.renewed_at < _YOUNG:
            # Secrets Manager may need a moment to show what was created.
            raise TryLater("The secret of a new connection is not seen yet.", _YOUNG)
        self._held.pop(_place(connection), None)
        connected = current if current is not None and current.status is ConnectionStatus.CONNECTED else None
        if connected is not None and not self._break(connected, "consent ended or was withdrawn"):
            raise TryLater("The connection has just been changed; it is tried again.", timedelta(seconds=1))
        self._give_back(replace(lease, idle_at=None))
        raise ConnectionLost(_LOST)

    def _current(self, connection: Connection) -> Connection | None:
        try:
            return self._book.get(*_place(connection))
        except Missing:
            return None

    def _candidates(self, renewal: Renewal, secret: TokenSecret | None) -> list[str]:
        """Refresh tokens, the newest first. Table and secret differ only after a crash or a restore."""
        if secret is None:
            return []
        known = [(secret.issued_at, secret.refresh_token)]
        if renewal.sealed is not None and renewal.renewed_at is not None:
            pair = unseal(renewal.sealed, secret.key, renewal.organization_id, renewal.credential_id)
            if pair is not None:
                known.append((renewal.renewed_at, pair.refresh_token))
        newest_first = [token for _, token in sorted(known, key=lambda entry: entry[0], reverse=True)]
        return list(dict.fromkeys(newest_first))

    def _save(
        self, connection: Connection, lease: Renewal, secret: TokenSecret, grant: Grant, started: datetime
    ) -> None:
        """Table first (it has the compare-and-set), then the secret if the refresh token changed, still leased."""
        changed = grant.refresh_token != secret.refresh_token
        rotated = replace(secret, refresh_token=grant.refresh_token, issued_at=started)
        pair = TokenPair(grant.access_token, grant.refresh_token)
        brought = replace(
            lease,
            holder=lease.holder if changed else None,
            lease_until=lease.lease_until if changed else None,
            sealed=seal(pair, secret.key, self._random_bytes, lease.organization_id, lease.credential_id),
            renewed_at=started,
            expires_at=started + grant.expires_in,
            idle_at=started + IDLE_AFTER,
        )
        try:
            saved = self._write_unless_renewed(brought, lease)
        except TryLater:
            if changed:
                # The only other place for a token that nobody else has; the newer of the two is tried first.
                self._write_back(connection, rotated)
            raise
        if saved is None or not changed:
            return
        self._write_back(connection, rotated)
        self._give_back(saved)

    def _write_back(self, connection: Connection, rotated: TokenSecret) -> None:
        """Where it fails, the table has the token, sealed: the next renewal finds it there and writes the secret.

        Not over a secret that is not the one which was read: a new consent has a key of its own.
        """
        with suppress(TryLater, Clash):
            self._store.put(*_place(connection), rotated)

    def _write_unless_renewed(self, brought: Renewal, lease: Renewal) -> Renewal | None:
        """None if somebody else has renewed since we took the lease: then theirs are the newest."""
        while True:
            try:
                return self._renewals.write(brought)
            except Clash:
                stored = self._renewals.get(lease.organization_id, lease.credential_id)
                if stored.rev == 0 or stored.sealed != lease.sealed:
                    return None
                brought = replace(brought, rev=stored.rev)

    def _give_back(self, lease: Renewal) -> None:
        """Nothing is to be done if the lease had run out and is somebody else's now."""
        with suppress(Clash):
            self._renewals.write(replace(lease, holder=None, lease_until=None))

    def _open(self, connection: Connection, renewal: Renewal) -> TokenPair | None:
        """With the key at hand, else with the one in the secret: it changes when somebody connects anew."""
        if renewal.sealed is None:
            return None
        place = _place(connection)
        key = self._keys.get(place)
        pair = unseal(renewal.sealed, key, *place) if key is not None else None
        if pair is None:
            secret = self._store.get(*place)
            pair = unseal(renewal.sealed, secret.key, *place) if secret is not None else None
            if secret is not None:
                self._keys[place] = secret.key
        return pair

    def _keep(self, connection: Connection, access_token: str, expires_at: datetime, leave_until: datetime) -> str:
        """Remember a token in this process."""
        self._held[_place(connection)] = _Held(access_token, expires_at, leave_until)
        return access_token

    def _note_consent(self, connection: Connection, grant: Grant, now: datetime) -> None:
        if grant.ends_in is None:
            return
        ends = now + grant.ends_in
        known = connection.consent_ends
        if known is None or abs(ends - known) >= timedelta(days=1):
            self._book.consent_ends(connection, ends)
        notice = consent_ending(connection, ends, now)
        if notice is not None:
            self._book.announce(connection, notice)

    def _break(self, connection: Connection, because: str) -> bool:
        trouble, notice = connection_lost(connection, because, self._clock())
        return self._book.break_(connection, trouble, notice)


_LOST = "QuickBooks no longer accepts the consent for this company: reconnect it."


def _must_be_connected(connection: Connection) -> None:
    if connection.status is not ConnectionStatus.CONNECTED:
        raise ConnectionLost(_LOST)


def _place(connection: Connection) -> tuple[OrganizationId, CredentialId]:
    return connection.organization_id, connection.credential_id
