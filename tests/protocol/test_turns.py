"""Bills of several companies in one invocation: who may leave first, leaves first."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bills.carry import Batch
from m3ter_quickbooks.connection.keep_alive import KeptAlive
from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.run.dispatch import ROOM_TO_ANSWER, ROOM_TO_REST
from m3ter_quickbooks.run.run import RunStatus
from tests.bench.deliveries import Bench, fairness
from tests.bench.queue import INVOCATION
from tests.bench.told import a_bill, an_event
from tests.bench.virtual_time import START
from tests.fakes import MemoryPacer


def test_nobody_waits_for_the_turn_of_another_company_that_is_busy() -> None:
    bench = Bench(2)
    busy, idle = bench.realms
    pacer = MemoryPacer(bench.memory)
    for _ in range(3):
        pacer.reserve(busy, START + timedelta(seconds=1), batch=True, within=timedelta(minutes=1))
    for company in (0, 1):
        for number in range(2):
            bench.tell(company, f"bill-{company}-{number}")

    bench.work(workers=1)

    assert [call.realm for call in bench.simulator.calls] == [idle, busy]
    ends = [bench.seconds_at(run.completed_at) for run in bench.memory.runs.values() if run.organization_id == "org-1"]
    busy_turn = bench.simulator.calls[1].at
    assert max(ends) < bench.seconds_at(busy_turn)


def test_no_company_s_slot_is_held_while_another_company_is_being_sent() -> None:
    bench = Bench(4)
    slots: list[datetime] = []
    bench.world = replace(bench.world, pacer=MemoryPacer(bench.memory, slots.append))
    for company in range(4):
        for number in range(5):
            bench.tell(company, f"bill-{company}-{number}")

    bench.work(workers=1)

    calls = bench.simulator.calls
    assert [call.operation for call in calls] == ["batch"] * 4
    late = [call.at - slot for call, slot in zip(calls, slots, strict=True)]
    assert max(late) < timedelta(seconds=0.1)


# Given a table that does not tell the slots, or tells them late, then the invocation ends in time.


class _Asked:
    """A pacer that counts how often it was asked."""

    def __init__(self, pacer: Any, before: Callable[[], object]) -> None:
        self._pacer = pacer
        self._before = before
        self.times = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pacer, name)

    def reserve(self, *args: Any, **more: Any) -> datetime:
        self.times += 1
        self._before()
        found: datetime = self._pacer.reserve(*args, **more)
        return found


def test_a_table_too_busy_to_tell_the_slots_is_asked_once_for_each_company() -> None:
    companies = 10
    bench = Bench(companies)

    def too_busy() -> None:
        text = "The table is too busy."
        if bench.time.seconds < 5:  # before those who asked come again
            raise TryLater(text)

    pacer = _Asked(MemoryPacer(bench.memory), too_busy)
    bench.world = replace(bench.world, pacer=pacer)
    for company in range(companies):
        bench.tell(company, f"bill-{company}")

    bench.work(workers=1)

    assert pacer.times == 2 * companies
    assert len(bench.simulator.calls) == companies


def test_nobody_waits_for_a_slot_from_which_nothing_could_be_sent_any_more() -> None:
    bench = Bench(2)
    begin = bench.time.now

    def late() -> None:
        # Others have had all the time but half a minute; then a 429 of another worker holds both companies back.
        bench.time.sleep_until(begin + INVOCATION - timedelta(seconds=30))
        for realm in bench.realms:
            pacer.hold_back(realm, begin + INVOCATION - timedelta(seconds=25))

    pacer = _Asked(MemoryPacer(bench.memory), late)
    bench.world = replace(bench.world, pacer=pacer)
    bills = [(f"m{company}", json.dumps(an_event(f"org-{company}", a_bill("bill", 1, "1.00")))) for company in (0, 1)]
    batch = Batch(bench.world, begin + INVOCATION, KeptAlive)

    bench.time.start(lambda: batch.carry(bills))
    bench.time.run()

    assert bench.time.now < begin + INVOCATION - ROOM_TO_REST - ROOM_TO_ANSWER
    assert {run.status for run in bench.memory.runs.values()} == {RunStatus.WAITING}
    assert not bench.memory.deliveries


# Given 20 companies whose bills come in an order of chance, then each has about its share; without it, chance decides.


@pytest.mark.parametrize(("by_chance", "fair"), [(False, True), (True, False)])
def test_in_a_rush_every_company_has_its_share(by_chance: bool, fair: bool) -> None:
    found = fairness(2, bills=50, by_chance=by_chance)

    assert (found.shares[0] >= 0.9 and found.shares[-1] <= 1.1) is fair
    assert (found.twice, found.lost) == (0, 0)
