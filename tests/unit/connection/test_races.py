"""Any interleaving of workers that share a connection, with deaths, sleeps and outages: found by hypothesis.

Every worker is a thread that stops at each step into the outside world until the schedule lets it go on, so that a
failing order is found again and made as short as it can be.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.connection.consent import Callback, Consents
from m3ter_quickbooks.connection.tokens import LEASE
from m3ter_quickbooks.problems import ConnectionLost, TryLater
from tests.unit.connection.making import DAY, REALM, Everything, no_turn

PAST_A_LEASE = LEASE + timedelta(seconds=1)
PAST_PATIENCE = timedelta(seconds=9)
"""Longer than a consent waits for a renewal that is under way."""


class Died(BaseException):
    """The process is gone: nothing may catch this."""


class Turnstile:
    """Lets one worker at a time take one step."""

    def __init__(self) -> None:
        self._local = threading.local()

    def run(self, jobs: list[Callable[[], None]], choose: Callable[[int], tuple[int, bool]]) -> None:
        """`choose(n)`: which of n waiting workers goes on, and whether it dies instead."""
        waiting: list[_Worker] = [_Worker(job, self._local) for job in jobs]
        while waiting:
            place, dies = choose(len(waiting))
            if waiting[place].step(dies=dies):
                waiting.pop(place)

    def __call__(self, _: str) -> None:
        worker = getattr(self._local, "worker", None)
        if worker is not None:
            worker.wait()


class _Worker:
    def __init__(self, job: Callable[[], None], local: threading.local) -> None:
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._dies = self._over = False
        self._bug: BaseException | None = None

        def body() -> None:
            local.worker = self
            self._go.acquire()
            try:
                job()
            except Died:
                pass
            except BaseException as bug:  # noqa: BLE001  raised again where the test can see it
                self._bug = bug
            self._over = True
            self._back.release()

        threading.Thread(target=body, daemon=True).start()

    def step(self, *, dies: bool) -> bool:
        self._dies = dies
        self._go.release()
        self._back.acquire()
        if self._bug is not None:
            raise self._bug
        return self._over

    def wait(self) -> None:
        self._back.release()
        self._go.acquire()
        if self._dies:
            raise Died


class Schedule:
    """One drawn run: who goes on, who dies, how the time passes between steps."""

    def __init__(
        self, data: st.DataObject, world: Everything, deaths: int, naps: int, nap: timedelta = PAST_A_LEASE
    ) -> None:
        self._data, self._world, self._deaths, self._naps, self._nap = data, world, deaths, naps, nap

    def __call__(self, waiting: int) -> tuple[int, bool]:
        place = self._data.draw(st.integers(0, waiting - 1), label="who")
        what = self._data.draw(st.sampled_from(["on", "on", "on", "on", "dies", "nap"]), label="what")
        if what == "nap" and self._naps:
            self._naps -= 1
            self._world.clock.now += self._nap
        if what == "dies" and self._deaths:
            self._deaths -= 1
            return place, True
        return place, False


def _carry_on(
    world: Everything,
    workers: int,
    choose: Callable[[int], tuple[int, bool]],
    besides: tuple[Callable[[], object], ...] = (),
) -> list[str]:
    turnstile = Turnstile()
    for store in (world.secrets, world.items, world.book, world.intuit):
        store.turn = turnstile
    got: list[str] = []

    def job() -> None:
        try:
            got.append(world.worker().access_token(connection))
        except (TryLater, ConnectionLost):
            return

    connection = world.connection
    turnstile.run([*besides, *[job] * workers], choose)
    return got


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_without_faults_workers_make_one_renewal_even_where_the_old_token_dies_at_once(data: st.DataObject) -> None:
    world = Everything()
    world.intuit.grace = timedelta(0)
    world.clock.now += 2 * DAY
    got = _carry_on(world, 4, Schedule(data, world, deaths=0, naps=0))

    assert world.intuit.refreshes == 1
    assert len(set(got)) == 1
    assert world.connection.status is ConnectionStatus.CONNECTED


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_race_marks_a_connection_as_broken_and_the_next_worker_gets_a_token(data: st.DataObject) -> None:
    world = Everything()
    world.clock.now += 2 * DAY
    got = _carry_on(world, 3, Schedule(data, world, deaths=2, naps=2))

    assert world.connection.status is ConnectionStatus.CONNECTED
    assert all(world.intuit.accepts(token) for token in got)
    world.clock.now += PAST_A_LEASE
    assert world.intuit.accepts(world.worker().access_token(world.connection))
    world.clock.now += timedelta(hours=2)
    assert world.intuit.accepts(world.worker().access_token(world.connection))


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([PAST_PATIENCE, PAST_A_LEASE]))
def test_consent_given_anew_during_renewals_is_what_counts(data: st.DataObject, nap: timedelta) -> None:
    world = Everything()
    world.clock.now += 2 * DAY
    _carry_on(world, 2, Schedule(data, world, deaths=0, naps=2, nap=nap), (_an_admin(world),))

    _is_well_connected(world)


def test_a_slow_renewal_does_not_write_its_token_over_that_of_a_consent_given_meanwhile() -> None:
    """It has already had its answer from Intuit, and the consent does not wait for it any longer."""
    world = Everything()
    world.clock.now += 2 * DAY
    world.secrets.turn = _once("secret.put", world, _an_admin(world))
    world.worker().access_token(world.connection)

    _is_well_connected(world)


def test_a_renewal_that_the_table_refuses_does_not_write_its_token_over_that_of_a_consent() -> None:
    world = Everything()
    world.clock.now += 2 * DAY

    def fail(step: str) -> None:
        if step == "item.write" and world.intuit.refreshes:
            world.items.turn = no_turn
            _an_admin(world)()
            raise TryLater("The table does not answer.")

    world.items.turn = fail
    with suppress(TryLater):
        world.worker().access_token(world.connection)

    _is_well_connected(world)


def test_a_consent_does_not_write_its_token_over_the_one_that_a_renewal_has_made_of_it() -> None:
    """The consent is so slow that its lease runs out, and somebody renews with the secret that it has just written."""
    world = Everything()
    world.intuit.rotate_after, world.intuit.grace = timedelta(0), timedelta(0)
    world.clock.now += 2 * DAY
    writes: list[str] = []

    def renew(step: str) -> None:
        writes.append(step)
        if step == "item.write" and world.secrets.puts:
            world.items.turn = no_turn
            world.clock.now += PAST_A_LEASE
            world.worker().access_token(world.connection)

    world.items.turn = renew
    _an_admin(world)()

    assert world.intuit.refreshes == 1
    _is_well_connected(world)


def _an_admin(world: Everything) -> Callable[[], object]:
    """Gives consent anew; what is to be done is to come back from Intuit with a code."""
    consents = Consents(
        world.states,
        world.book,
        world.intuit,
        world.intuit,
        world.secrets,
        world.items,
        world.clock,
        world.clock.pause,
        world.random_bytes,
    )
    state = consents.begin(world.connection).split("state=")[1]
    callback = Callback(state, world.intuit.consents(), REALM)
    return lambda: consents.finish(callback)


def _once(step: str, world: Everything, act: Callable[[], object]) -> Callable[[str], None]:
    def turn(reached: str) -> None:
        if reached == step:
            world.secrets.turn = no_turn
            act()

    return turn


def _is_well_connected(world: Everything) -> None:
    for store in (world.secrets, world.items, world.book, world.intuit):
        store.turn = no_turn
    assert world.connection.status is ConnectionStatus.CONNECTED
    world.clock.now += timedelta(hours=2)
    assert world.intuit.accepts(world.worker().access_token(world.connection))
    assert world.connection.status is ConnectionStatus.CONNECTED


def test_two_renewals_300_milliseconds_apart_with_rotation_on() -> None:
    world = Everything()
    world.intuit.grace = timedelta(0)
    world.clock.now += 2 * DAY
    order = iter([0, 0, 0, 0, 0, 1])

    def choose(waiting: int) -> tuple[int, bool]:
        world.clock.now += timedelta(milliseconds=60)
        return min(next(order, 0), waiting - 1), False

    got = _carry_on(world, 2, choose)

    assert len(set(got)) == 1
    assert world.intuit.refreshes == 1
    assert world.connection.status is ConnectionStatus.CONNECTED
