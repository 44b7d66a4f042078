"""A replay takes the newest telling of each bill, in order and once, however many steps it takes and whatever clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import BillId
from m3ter_quickbooks.run.gate import Reason
from m3ter_quickbooks.run.ports import Snapshot
from m3ter_quickbooks.run.replay import FAILED, HELD, MOST_BILLS, MOST_READ, next_of
from m3ter_quickbooks.run.replay_order import ReplayOrder
from m3ter_quickbooks.run.run import Outcome, Run, RunId, RunStatus
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import INTEGRATION, INVOCATION, Stage, StageClock
from tests.unit.run.builders import NOON, a_run

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
ENDED = [status for status in RunStatus if not status.open]
AT = NOON + HOUR
STAGE = Stage(stores_in_memory(Memory()), StageClock()).world(None)


@dataclass
class Ended:
    """One organization with runs that are over."""

    memory: Memory = field(default_factory=Memory)
    clock: StageClock = field(default_factory=StageClock)

    def __post_init__(self) -> None:
        stores = stores_in_memory(self.memory)
        self.world = replace(STAGE, runs=stores.runs, configurations=stores.configurations, clock=self.clock)

    def put(self, run: Run) -> None:
        told = Snapshot(run.snapshot, run.organization_id, run.bill_id, run.account_id, NOON, {"id": run.bill_id})
        self.world.runs.open(told, [])
        self.memory.runs[run.organization_id, run.id] = run

    def replay(self, order: ReplayOrder, ending: RunStatus, at_once: int) -> list[str]:
        """The runs that were done again, in order; each new one ends as `ending` before the next few are opened."""
        again: list[str] = []
        following: ReplayOrder | None = order
        while following is not None:
            in_hand, following = next_of(following, self.world, self.clock() + INVOCATION, at_once)
            for run in (one.run for one in in_hand):
                again.append(str(run.parent_run_id))
                self.memory.runs[run.organization_id, run.id] = replace(run, status=ending, due_at=None)
        return again


def an_ended_run(number: int, bill: str, version: int, second: int, status: RunStatus, outcome: Outcome | None) -> Run:
    return a_run(
        id=RunId(f"run-{number:05}"),
        bill_id=BillId(bill),
        fence=Fence(version, False, NOON, True),  # noqa: FBT003  version, deleted, date, approved
        created_at=NOON + second * SECOND,
        status=status,
        outcome=outcome,
        reason=Reason.NOT_CONNECTED if outcome is Outcome.SKIPPED and number % 2 else None,
    )


def an_order(**changes: Any) -> ReplayOrder:
    return replace(ReplayOrder("order", AT, INTEGRATION.organization_id, INTEGRATION.id, HELD | FAILED), **changes)


def wanted(runs: list[Run], order: ReplayOrder) -> list[str]:
    """The same said as simply as can be: all runs in memory, the newest of each bill, those asked for, sorted."""
    newest: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: (run.created_at, run.id)):
        in_time = (order.start or NOON) <= run.created_at <= min(order.end or order.at, order.at)
        if not in_time or run.status not in {*order.statuses, RunStatus.COMPLETE}:
            continue
        if run.bill_id not in newest or newest[run.bill_id].fence <= run.fence:
            newest[run.bill_id] = run
    return [run.id for run in sorted(newest.values(), key=lambda run: (run.created_at, run.id)) if asked(run, order)]


def asked(run: Run, order: ReplayOrder) -> bool:
    if run.status in order.statuses:
        return True
    never_connected = run.reason == Reason.NOT_CONNECTED and HELD.issubset(order.statuses)
    return run.status is RunStatus.COMPLETE and (run.outcome in order.outcomes or never_connected)


@some.composite
def histories(draw: some.DrawFn) -> list[Run]:
    few = some.integers(0, 4)
    told = draw(some.lists(some.tuples(few, few, few, some.sampled_from(ENDED)), max_size=25))
    outcomes = [draw(some.sampled_from(Outcome)) if status is RunStatus.COMPLETE else None for *_, status in told]
    return [
        an_ended_run(number, f"bill-{bill}", version, second, status, outcome)
        for number, ((bill, version, second, status), outcome) in enumerate(zip(told, outcomes, strict=True))
    ]


moments = some.none() | some.integers(0, 4).map(lambda second: NOON + second * SECOND)
orders = some.builds(
    an_order,
    statuses=some.sampled_from([HELD | FAILED, frozenset({RunStatus.AUTH_FAILED}), HELD, FAILED, frozenset()])
    | some.frozensets(some.sampled_from(ENDED)),
    outcomes=some.frozensets(some.sampled_from(Outcome), max_size=2),
    start=moments,
    end=moments,
    at=some.just(AT) | some.integers(0, 4).map(lambda second: NOON + second * SECOND),
)


@settings(max_examples=200, deadline=None)
@given(histories(), orders, some.sampled_from(ENDED), some.integers(1, 4), some.integers(-5, 5))
def test_a_replay_does_the_newest_telling_of_each_bill_again_in_order_and_once(
    runs: list[Run], order: ReplayOrder, ending: RunStatus, at_once: int, behind: int
) -> None:
    ended = Ended()
    for run in runs:
        ended.put(run)
    ended.clock.now = order.at - behind * SECOND

    assert ended.replay(order, ending, at_once) == wanted(runs, order)


@pytest.mark.parametrize("behind", [0, 5])
def test_what_a_replay_opened_is_no_part_of_it_also_where_the_clock_of_its_worker_is_behind(behind: int) -> None:
    ended = Ended()
    for number in range(5):
        ended.put(an_ended_run(number, f"bill-{number}", 1, number, RunStatus.ERROR, None))
    ended.clock.now = AT - behind * SECOND

    assert ended.replay(an_order(), RunStatus.ERROR, 2) == [f"run-{number:05}" for number in range(5)]


# Given a configuration with a long history, when a replay takes a step, then it reads only so much of it.


@dataclass
class Reading:
    """Runs, with how much was read of them."""

    runs: Any
    listed: int = 0
    bills: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.runs, name)

    def ended(self, *asked: Any) -> Iterator[Run]:
        for run in self.runs.ended(*asked):
            self.listed += 1
            yield run

    def of_bill(self, *asked: Any) -> Iterator[Run]:
        self.bills += 1
        yield from self.runs.of_bill(*asked)


def steps(ended: Ended, order: ReplayOrder) -> list[tuple[int, int, int]]:
    """Of each step: the runs that it listed, the bills that it asked about, what it opened."""
    found: list[tuple[int, int, int]] = []
    following: ReplayOrder | None = order
    while following is not None:
        reading = Reading(ended.world.runs)
        world = replace(ended.world, runs=reading)  # type: ignore[arg-type]  the same, and it counts
        in_hand, following = next_of(following, world, AT + INVOCATION)
        found.append((reading.listed, reading.bills, len(in_hand)))
    return found


def test_what_was_complete_is_not_read_where_only_what_was_held_is_asked_for() -> None:
    ended = Ended()
    for number in range(40):
        ended.put(an_ended_run(number, f"bill-{number}", 2, number, RunStatus.AUTH_FAILED, None))
        ended.put(an_ended_run(number + 100, f"bill-{number}", 1, number, RunStatus.COMPLETE, Outcome.CREATED))

    assert steps(ended, an_order(statuses=frozenset({RunStatus.AUTH_FAILED}))) == [(31, 30, 30), (11, 10, 10)]


def test_a_step_stops_reading_after_so_many_runs_and_the_next_one_goes_on() -> None:
    ended = Ended()
    for number in range(MOST_READ):
        ended.put(an_ended_run(number, f"bill-{number}", 1, number // 10, RunStatus.COMPLETE, Outcome.CREATED))
    ended.put(an_ended_run(MOST_READ, "bill-held", 1, MOST_READ, RunStatus.DISABLED, None))

    first, second = steps(ended, an_order())

    assert first == (MOST_READ + 1, 0, 0)
    assert second[1:] == (1, 1)
    assert second[0] <= 11


def test_a_step_asks_about_so_many_bills_that_have_been_corrected_since_and_the_next_one_goes_on() -> None:
    ended = Ended()
    for number in range(MOST_BILLS + 1):
        ended.put(an_ended_run(number, f"bill-{number}", 1, number, RunStatus.ERROR, None))
    for number in range(MOST_BILLS):
        ended.put(an_ended_run(1000 + number, f"bill-{number}", 1, 1000, RunStatus.COMPLETE, Outcome.CREATED))

    assert steps(ended, an_order(statuses=FAILED)) == [(MOST_BILLS + 1, MOST_BILLS, 0), (2, 1, 1)]


def test_what_came_after_the_order_is_no_part_of_it() -> None:
    ended = Ended()
    ended.put(an_ended_run(1, "bill", 1, 0, RunStatus.ERROR, None))
    ended.put(replace(an_ended_run(2, "bill", 2, 0, RunStatus.ERROR, None), created_at=_after(AT)))

    assert ended.replay(an_order(), RunStatus.COMPLETE, 30) == ["run-00001"]


def _after(moment: datetime) -> datetime:
    return moment + timedelta.resolution
