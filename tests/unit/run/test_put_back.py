"""Retry messages that are due together leave together, and none is lost when that does not work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.run.put_back import PutBack
from m3ter_quickbooks.run.run import Run
from tests.fakes.queue import MemoryQueue
from tests.unit.run.builders import NOON, a_run

SECOND = timedelta(seconds=1)


@dataclass
class Counted(MemoryQueue):
    """Remembers how many runs each request had; takes at most `most` of them."""

    most: int = 100
    requests: list[int] = field(default_factory=list)

    def retry(self, runs: Sequence[Run], delay: timedelta) -> None:
        self.requests.append(len(runs))
        if len(runs) > self.most:
            raise TryLater("The queue did not take them.")
        super().retry(runs, delay)


@pytest.fixture
def queue() -> Counted:
    return Counted(lambda: NOON)


def guarded(run: Run, step: Callable[[], None]) -> bool:
    try:
        step()
    except TryLater:
        return False
    return True


def test_runs_that_are_due_in_the_same_second_leave_in_one_request(queue: Counted) -> None:
    put_back = PutBack(queue, lambda: NOON)
    for number in range(3):
        put_back.retry([a_run()], SECOND * (7 + number / 10))
    put_back.retry([a_run()], SECOND * 9)

    put_back.send(guarded)

    assert queue.requests == [1, 2, 1]
    assert [(at - NOON).total_seconds() for at, _ in queue.messages] == [7, 8, 8, 9]


def test_nothing_leaves_before_it_is_sent_and_nothing_twice(queue: Counted) -> None:
    put_back = PutBack(queue, lambda: NOON)
    put_back.retry([a_run()], SECOND)
    assert queue.requests == []

    put_back.send(guarded)
    put_back.send(guarded)

    assert queue.requests == [1]


def test_who_need_not_wait_goes_at_once(queue: Counted) -> None:
    PutBack(queue, lambda: NOON).retry([a_run()], timedelta(0))

    assert queue.requests == [1]


def test_runs_that_could_not_leave_together_are_tried_one_by_one(queue: Counted) -> None:
    queue.most = 1
    put_back = PutBack(queue, lambda: NOON)
    put_back.retry([a_run(), a_run(), a_run()], SECOND)

    put_back.send(guarded)

    # The first one's message is not acknowledged: it comes again by itself.
    assert queue.requests == [3, 1, 1]
