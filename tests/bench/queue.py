"""The queue of bills and its event source mapping, as template.yaml has them, in virtual time.

SQS promises no order; here messages come in the order in which they became available, which is the worst that can
happen to a bill that arrives behind somebody else's month-end. What SQS does by itself for fairness (groups) is left
out: it would only make the figures better.
"""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from bills.carry import Batch
from m3ter_quickbooks.connection.keep_alive import KeptAlive
from m3ter_quickbooks.run.replay_order import ReplayOrder
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.trouble import LookAgain
from m3ter_quickbooks.run.world import World
from tests.bench.virtual_time import VirtualTime

WORKERS = 8
BATCH = 30
WINDOW = 1.0
INVOCATION = timedelta(seconds=90)
VISIBLE_AGAIN = timedelta(minutes=9)
"""template.yaml: MaximumConcurrency, BatchSize, MaximumBatchingWindowInSeconds, Timeout, VisibilityTimeout."""
AT_ONCE = 10
REQUEST_SECONDS = 0.01
LONGEST_DELAY = timedelta(minutes=15)


class Queue:
    """Messages and when they may be delivered. `nap`: how often, in seconds, an idle worker looks for one."""

    def __init__(self, time: VirtualTime, nap: float = 0.1) -> None:
        self.time = time
        self._nap = nap
        self._messages: list[tuple[datetime, int, str]] = []
        self._put = 0
        self._busy = 0

    def put(self, body: str, at: datetime) -> None:
        """A message that may be delivered from then on."""
        self._put += 1
        heapq.heappush(self._messages, (at, self._put, body))

    def retry(self, runs: Sequence[Run], delay: timedelta) -> None:
        """`run.ports.Queue`, as SQS takes it: ten messages a request, delays in whole seconds."""
        seconds = timedelta(seconds=math.ceil(min(delay, LONGEST_DELAY).total_seconds()))
        for start in range(0, len(runs), AT_ONCE):
            self.time.sleep(REQUEST_SECONDS)
            for run in runs[start : start + AT_ONCE]:
                body = {"retry": {"organizationId": run.organization_id, "runId": run.id}}
                self.put(json.dumps(body), self.time.now + seconds)

    def replay(self, order: ReplayOrder) -> None:
        """Nothing is replayed here."""
        raise AssertionError(order)

    def look(self, look: LookAgain, delay: timedelta) -> None:
        """The later look has tests of its own; here the books are counted at the end."""

    def serve(self, world: World, most: int = BATCH) -> None:
        """The life of one worker: up to `most` messages at a time, until nothing waits and nobody works."""
        while self._messages or self._busy:
            taken = self._take(most)
            if not taken:
                self.time.sleep(self._nap)
                continue
            self._busy += 1
            if len(taken) < most:
                # A batch that is not full is gathered for a second, from its first message on.
                self.time.sleep(WINDOW)
                taken += self._take(most - len(taken))
            self._hand_over(taken, world)
            self._busy -= 1

    def _take(self, most: int) -> list[str]:
        taken = []
        while self._messages and len(taken) < most and self._messages[0][0] <= self.time.now:
            taken.append(heapq.heappop(self._messages)[2])
        return taken

    def _hand_over(self, taken: list[str], world: World) -> None:
        batch = Batch(world, self.time.now + INVOCATION, _nobody_asks)
        batch.carry([(f"m{number}", body) for number, body in enumerate(taken)])
        for failed in batch.failed:
            self.put(taken[int(failed[1:])], self.time.now + VISIBLE_AGAIN)


def _nobody_asks() -> KeptAlive:
    raise AssertionError
