"""A whole month's bills fail at once, in many workers: each failure is recorded, the integration is disabled once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest

from m3ter_quickbooks.run.run import RunStatus
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_of
from tests.protocol.stage import CONNECTION, INTEGRATION, Stage, StageClock, a_bill

BILLS = 500
AT_ONCE = 50
"""Workers, each with ten bills: as many as Lambda starts for one queue at first, and more."""


@dataclass
class House:
    memory: Memory
    stage: Stage


@pytest.fixture
def house() -> House:
    memory = Memory()
    memory.connect(CONNECTION)
    memory.configure(INTEGRATION)
    return House(memory, Stage(stores_of(memory), StageClock()))


@pytest.mark.parametrize("seed", range(3))
def test_five_hundred_runs_that_fail_at_once_disable_once_and_each_is_recorded(house: House, seed: int) -> None:
    stage, memory = house.stage, house.memory
    for number in range(BILLS):
        stage.tell(a_bill(1, "100.00", f"bill-{number}"))
    each = BILLS // AT_ONCE
    workers = [stage.take(*range(first, first + each)) for first in range(0, BILLS, each)]
    order = Random(seed)
    while working := [worker for worker in workers if worker.at is not None]:
        order.choice(working).step()
    stage.quiet()

    assert [worker.bug for worker in workers if worker.bug] == []
    runs = Counter(run.status for run in memory.runs.values())
    assert runs.total() == BILLS
    assert set(runs) <= {RunStatus.ERROR, RunStatus.DISABLED}
    assert runs[RunStatus.ERROR] >= 10
    events = Counter(trouble.name.value for trouble in memory.troubles.values())
    assert events == {
        "integration.missingaccountmapping.error": runs[RunStatus.ERROR],
        "integration.disabled.error": 1,
    }
    assert sorted(notice.kind.value for notice in memory.notices.values()) == ["disabled", "failing"]
    (integration,) = memory.configurations.values()
    assert (integration.enabled, integration.error_count) == (False, 10)
