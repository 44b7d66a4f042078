"""A Secrets Manager in any bad moment, at each call of a renewal: nothing is lost, nothing is broken, all is seen.

Real client, real stores on moto, the real renewal; only Intuit is a fake, and it honours no earlier refresh token.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.connection.ports import TokenSecret
from m3ter_quickbooks.connection.sealing import KEY_BYTES
from m3ter_quickbooks.connection.tokens import LEASE, Tokens
from m3ter_quickbooks.problems import ConnectionLost, TryLater
from m3ter_quickbooks.storage import credentials, renewals, secrets
from m3ter_quickbooks.storage.audit import Audit, Kept
from m3ter_quickbooks.storage.events import Events
from m3ter_quickbooks.storage.table import Put, Table
from tests.adapters.storage.failing_secrets import (
    BUSY,
    CUT,
    FORBIDDEN,
    SLOW_BUT_DONE,
    UNSEEN,
    FailingSecrets,
    Fault,
)
from tests.unit.connection.making import CREDENTIAL, DAY, NOON, ORGANIZATION, Clock, Intuit, a_connection

HOUR = timedelta(hours=1)
PAST_A_LEASE = LEASE + timedelta(seconds=1)
PLACE = (ORGANIZATION, CREDENTIAL)
GET, PUT, CREATE = "GetSecretValue", "PutSecretValue", "CreateSecret"


@dataclass
class Room:
    """One connected company, its stores, and as many workers as a test wants."""

    table: Table
    failing: FailingSecrets
    clock: Clock
    intuit: Intuit

    def __post_init__(self) -> None:
        self.store = secrets.Tokens(secrets.Vault(self.failing.client), "m3ter-quickbooks/test/")
        self.book = credentials.ConnectionBook(self.table, self.clock)
        self.items = renewals.Renewals(self.table)
        self._random = count(1)

    def worker(self) -> Tokens:
        return Tokens(self.store, self.items, self.intuit, self.book, self.clock, self.clock.pause, self._bytes)

    def _bytes(self, size: int) -> bytes:
        return next(self._random).to_bytes(size)

    @property
    def connection(self) -> Connection:
        return self.book.get(*PLACE)

    @property
    def connected(self) -> bool:
        return self.connection.status is ConnectionStatus.CONNECTED

    @property
    def refresh_token(self) -> str:
        """What the secret holds."""
        secret = self.store.get(*PLACE)
        assert secret is not None
        return secret.refresh_token

    def works(self) -> bool:
        """Whether a process that knows nothing yet gets a good token."""
        return self.intuit.accepts(self.worker().access_token(self.connection))


@pytest.fixture(scope="module")
def failing() -> FailingSecrets:
    return FailingSecrets()


@pytest.fixture
def room(table: Table, failing: FailingSecrets) -> Iterator[Room]:
    with mock_aws():
        failing.well()
        clock = Clock()
        room = Room(table, failing, clock, Intuit(clock, grace=timedelta(0)))
        audit = Audit.new("test", NOON)
        table.put(Put(credentials.credential_item(Kept(replace(a_connection(), version=audit.version), audit))))
        room.store.delete(*PLACE)
        room.store.put(*PLACE, TokenSecret("RT1-0", bytes(KEY_BYTES), NOON))
        yield room


busy = pytest.mark.parametrize("fault", BUSY, ids=lambda fault: fault.name)
any_loss = pytest.mark.parametrize("fault", [*BUSY, SLOW_BUT_DONE, CUT], ids=lambda fault: fault.name)


# --- reading


@busy
def test_a_secret_that_cannot_be_read_now_makes_the_bill_wait(room: Room, fault: Fault) -> None:
    room.failing.meet(GET, fault)
    with pytest.raises(TryLater):
        room.works()
    assert room.failing.met[fault.name]
    assert (room.connected, room.intuit.refreshes) == (True, 0)

    room.failing.well()
    assert room.works()


@busy
def test_a_token_that_is_still_good_serves_while_the_secret_cannot_be_read(room: Room, fault: Fault) -> None:
    warm = room.worker()
    old = warm.access_token(room.connection)
    room.clock.now += timedelta(minutes=56)
    room.failing.meet(GET, fault)

    assert warm.access_token(room.connection) == old
    assert room.connected


def test_a_secret_that_may_not_be_read_is_a_bug_and_breaks_nothing(room: Room) -> None:
    room.failing.meet(GET, FORBIDDEN)
    with pytest.raises(ClientError, match="AccessDenied"):
        room.works()
    assert room.connected

    room.failing.well()
    room.clock.now += PAST_A_LEASE
    assert room.works()


def test_a_secret_that_is_gone_breaks_the_connection_once_with_one_event(room: Room) -> None:
    connection = room.connection
    room.failing.meet(GET, UNSEEN)
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            room.worker().access_token(connection)
    assert room.connection.status is ConnectionStatus.NEEDS_RECONNECT
    events = Events(room.table).page(ORGANIZATION, size=10, token=None)
    assert len(events.items) == 1


def test_a_secret_that_is_not_seen_yet_breaks_nothing(room: Room) -> None:
    assert room.works()
    room.failing.meet(GET, UNSEEN)
    with pytest.raises(TryLater):
        room.works()
    assert room.connected

    room.failing.well()
    assert room.works()


# --- writing back, after Intuit has given another refresh token


@any_loss
def test_a_rotated_token_that_cannot_be_written_back_is_used_and_written_by_the_next_renewal(
    room: Room, fault: Fault
) -> None:
    room.clock.now += 2 * DAY
    room.failing.meet(PUT, fault)
    assert room.works()
    assert room.failing.met[fault.name]

    room.failing.well()
    room.clock.now += 2 * HOUR
    assert room.works()
    assert (room.intuit.refusals, room.connected) == (0, True)
    assert room.refresh_token != "RT1-0"


@any_loss
def test_whoever_dies_after_the_failed_write_back_loses_nothing(room: Room, fault: Fault) -> None:
    class Died(BaseException):
        """Lambda ends here."""

    def die(**_: object) -> None:
        if room.failing.met[fault.name]:
            raise Died

    room.clock.now += 2 * DAY
    room.failing.meet(PUT, fault)
    events = room.table._client.meta.events
    events.register("before-call.dynamodb", die)
    with pytest.raises(Died):
        room.works()
    events.unregister("before-call.dynamodb", die)

    room.failing.well()
    assert room.works()
    room.clock.now += 2 * HOUR
    assert room.works()
    assert (room.intuit.refusals, room.connected) == (0, True)
    assert room.refresh_token != "RT1-0"


def test_a_secret_that_may_not_be_written_is_a_bug_and_loses_nothing(room: Room) -> None:
    room.clock.now += 2 * DAY
    room.failing.meet(PUT, FORBIDDEN)
    with pytest.raises(ClientError, match="AccessDenied"):
        room.works()
    assert room.works()

    room.failing.well()
    room.clock.now += 2 * HOUR
    assert room.works()
    assert (room.intuit.refusals, room.connected) == (0, True)
    assert room.refresh_token != "RT1-0"


def test_a_secret_that_is_gone_is_not_made_again_by_who_may_not(room: Room) -> None:
    """Bills has no permission to create secrets, and its credential may have been deleted a moment ago."""
    room.clock.now += 2 * DAY
    room.failing.meet(PUT, UNSEEN)
    room.failing.meet(CREATE, FORBIDDEN)
    assert room.works()
    assert (room.connected, room.failing.met[FORBIDDEN.name]) == (True, 0)


def test_the_clients_own_repeat_of_a_write_that_had_arrived_is_no_lost_race(room: Room) -> None:
    name = "m3ter-quickbooks/test/repeat"
    vault = secrets.Vault(room.failing.client)
    vault.remove(name)
    vault.replace(name, {"a": "first"}, None)
    found = vault.read_version(name)
    assert found is not None
    for _ in range(2):
        vault.replace(name, {"a": "second"}, found[1])
    assert vault.read(name) == {"a": "second"}


# --- the vault


@any_loss
def test_no_call_of_the_vault_fails_otherwise_than_by_asking_to_come_later(room: Room, fault: Fault) -> None:
    vault = secrets.Vault(room.failing.client)
    for operation in (GET, PUT, "DeleteSecret"):
        room.failing.meet(operation, fault)
    for call in (lambda: vault.read("a"), lambda: vault.write("a", {"b": "c"}), lambda: vault.remove("a")):
        with pytest.raises(TryLater):
            call()
