"""Bills of several companies in one invocation: who may leave first, leaves first."""

from __future__ import annotations

from datetime import timedelta

from tests.bench.deliveries import Bench
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
