from dataclasses import replace
from datetime import timedelta

from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.connection.keep_alive import KeptAlive, keep_alive
from m3ter_quickbooks.connection.ports import Renewal
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.patience import SHORTEST_WAIT, no_longer_than, seconds_left
from m3ter_quickbooks.problems import Clash, TryLater
from tests.unit.connection.making import CREDENTIAL, DAY, ORGANIZATION, Everything, a_connection

PLACE = (ORGANIZATION, CREDENTIAL)


def _run(world: Everything) -> KeptAlive:
    return keep_alive(world.worker(), world.items, world.book, world.clock)


def _in_use(world: Everything) -> None:
    world.worker().access_token(world.connection)


def test_a_credential_in_use_is_left_alone() -> None:
    world = Everything()
    _in_use(world)
    world.clock.now += timedelta(hours=23)
    assert _run(world) == KeptAlive()
    assert world.intuit.refreshes == 1


def test_an_idle_credential_is_renewed_once_a_day_and_so_outlives_its_first_refresh_token() -> None:
    world = Everything()
    _in_use(world)
    for _ in range(12 * 120):
        world.clock.now += timedelta(hours=2)
        _run(world)

    assert world.intuit.refreshes == 121
    assert world.connection.status is ConnectionStatus.CONNECTED
    assert world.connection.consent_ends is not None
    assert world.connection.consent_ends - world.clock() > timedelta(days=99)


def test_one_that_cannot_be_renewed_now_is_postponed_and_does_not_hold_up_the_others() -> None:
    world = Everything()
    _in_use(world)
    world.clock.now += DAY
    world.intuit.down = True
    assert _run(world) == KeptAlive(postponed=1)
    assert _run(world) == KeptAlive()

    world.intuit.down = False
    world.clock.now += timedelta(hours=1)
    assert _run(world) == KeptAlive(renewed=1)


def test_in_an_outage_a_round_ends_early() -> None:
    world = Everything()
    world.intuit.down = True
    for number in range(10):
        credential = CredentialId(f"idle-{number}")
        world.book.held[ORGANIZATION, credential] = a_connection(credential_id=credential)
        world.secrets.held[ORGANIZATION, credential] = world.secret
        world.items.held[ORGANIZATION, credential] = Renewal(ORGANIZATION, credential, 1, idle_at=world.clock())

    assert _run(world) == KeptAlive(postponed=3)


def test_one_that_is_lost_is_marked_and_not_looked_at_again() -> None:
    world = Everything()
    _in_use(world)
    world.clock.now += DAY
    world.intuit.withdrawn = True
    assert _run(world) == KeptAlive(lost=1)
    assert _run(world) == KeptAlive()
    assert world.connection.status is ConnectionStatus.NEEDS_RECONNECT


def test_what_is_no_longer_connected_leaves_the_index() -> None:
    world = Everything()
    gone, off = CredentialId("gone"), CredentialId("off")
    world.book.held[ORGANIZATION, off] = a_connection(ConnectionStatus.DISCONNECTED, credential_id=off)
    for credential in (gone, off):
        world.items.held[ORGANIZATION, credential] = Renewal(ORGANIZATION, credential, 1, idle_at=world.clock())

    assert _run(world) == KeptAlive()
    assert (ORGANIZATION, gone) not in world.items.held
    assert world.items.held[ORGANIZATION, off].idle_at is None


def test_a_look_that_loses_against_a_renewal_leaves_it_its_own_time() -> None:
    world = Everything()
    _in_use(world)
    world.clock.now += DAY
    world.book.held[PLACE] = replace(world.connection, status=ConnectionStatus.NEEDS_RECONNECT)
    due = world.item.idle_at

    def lose(step: str) -> None:
        if step == "item.write":
            raise Clash("Somebody was faster.")

    world.items.turn = lose
    assert _run(world) == KeptAlive()
    assert world.item.idle_at == due


class TakesASecond:
    """Tokens, each of which takes a second to renew, as long as there is time to wait for an answer."""

    def __init__(self, world: Everything) -> None:
        self._world = world

    def access_token(self, _: Connection) -> str:
        left = seconds_left(self._world.clock())
        if left is not None and left < SHORTEST_WAIT:
            raise TryLater("Intuit did not answer (ConnectTimeout).")
        self._world.clock.now += timedelta(seconds=1)
        return "token"

    def renewed(self, connection: Connection, _: str) -> str:
        return self.access_token(connection)

    def refused(self, _: Connection, because: str) -> None:
        raise AssertionError(because)


def test_a_round_that_is_not_through_when_the_invocation_ends_postpones_nobody() -> None:
    world = Everything()
    for number in range(100):
        credential = CredentialId(f"idle-{number}")
        world.book.held[ORGANIZATION, credential] = a_connection(credential_id=credential)
        world.items.held[ORGANIZATION, credential] = Renewal(ORGANIZATION, credential, 1, idle_at=world.clock())

    with no_longer_than(world.clock() + timedelta(seconds=80)):
        kept = keep_alive(TakesASecond(world), world.items, world.book, world.clock)

    assert (kept.postponed, kept.renewed > 50) == (0, True)
