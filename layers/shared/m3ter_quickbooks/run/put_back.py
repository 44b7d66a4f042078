"""Retry messages of one invocation, gathered: thirty runs that wait for the same moment are three requests, not thirty.

Rule 6 holds all the same: a run's item says when it is due before it is gathered, and the door acknowledges only when
everything that was gathered has been sent. Whoever dies in between leaves it to the sweep.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from m3ter_quickbooks.run.ports import Clock, Queue
from m3ter_quickbooks.run.replay_order import ReplayOrder
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.trouble import LookAgain


@dataclass(slots=True)
class PutBack:
    """`run.ports.Queue` in front of another one: `retry` is kept until `send`, the rest goes through at once."""

    queue: Queue
    clock: Clock
    _due: list[tuple[datetime, Run]] = field(default_factory=list)

    def retry(self, runs: Sequence[Run], delay: timedelta) -> None:
        """Kept until `send`; who need not wait goes at once."""
        if delay <= timedelta(0):
            self.queue.retry(runs, delay)
            return
        self._due += [(self.clock() + delay, run) for run in runs]

    def replay(self, order: ReplayOrder) -> None:
        """See the port."""
        self.queue.replay(order)

    def look(self, look: LookAgain, delay: timedelta) -> None:
        """See the port."""
        self.queue.look(look, delay)

    def send(self, shield: Callable[[Run, Callable[[], None]], bool]) -> None:
        """Those that are due in the same second leave together; where that fails, each is tried alone."""
        due, self._due = self._due, []
        now = self.clock()
        together: dict[int, list[Run]] = defaultdict(list)
        for at, run in due:
            together[math.ceil(max(at - now, timedelta(0)).total_seconds())].append(run)
        for seconds, runs in together.items():
            delay = timedelta(seconds=seconds)
            if not shield(runs[0], partial(self.queue.retry, runs, delay)):
                for run in runs[1:]:
                    shield(run, partial(self.queue.retry, [run], delay))
