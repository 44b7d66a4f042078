"""The sweep puts back what was left behind; what a worker writes meanwhile stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from m3ter_quickbooks.run.ports import Unreadable
from m3ter_quickbooks.run.run import Run, RunStatus
from m3ter_quickbooks.run.sweep import sweep
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import Stage, StageClock, a_bill

LEASE = timedelta(minutes=6)


@dataclass
class Meanwhile:
    """Runs of which something happens to each just after the sweep has read which are due."""

    runs: Any
    happens: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.runs, name)

    def due(self, now: datetime, limit: int) -> Sequence[Run | Unreadable]:
        due: Sequence[Run | Unreadable] = self.runs.due(now, limit)
        self.happens()
        return due


def test_a_sweep_that_meets_a_worker_leaves_what_he_wrote_and_sends_no_message_more() -> None:
    stage = Stage(stores_in_memory(Memory()), StageClock())
    stage.simulator.mishaps.add("lost-request", entity="invoice", operation="create")
    stage.tell(a_bill(1, "100.00"))
    first = stage.take(0)
    stage.play(first, until="quickbooks.write")
    first.kill()
    stage.pass_time(LEASE)
    written: list[Run] = []

    def a_worker_comes() -> None:
        stage.play(stage.take(0))
        written.extend(stage.open_runs())

    swept = sweep(replace(stage.world(None), runs=Meanwhile(stage.stores.runs, a_worker_comes)))  # type: ignore[arg-type]  a port in front of another

    [run] = written
    assert (run.status, run.attempts, len(run.log)) == (RunStatus.AWAITING_RETRY, 1, 1)
    assert stage.open_runs() == written
    assert swept.put_back == 0
    assert [message for _, message in stage.queue.messages] == written
