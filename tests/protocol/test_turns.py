"""Bills of several companies in one invocation: who may leave first, leaves first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.bench.deliveries import Bench, fairness
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


# Given 20 companies whose bills come in an order of chance, then each has about its share; without it, chance decides.


@pytest.mark.parametrize(("by_chance", "fair"), [(False, True), (True, False)])
def test_in_a_rush_every_company_has_its_share(by_chance: bool, fair: bool) -> None:
    found = fairness(2, bills=50, by_chance=by_chance)

    assert (found.shares[0] >= 0.9 and found.shares[-1] <= 1.1) is fair
    assert (found.twice, found.lost) == (0, 0)
