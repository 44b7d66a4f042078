"""Workers that run side by side in virtual time: what they wait for costs nothing, what they do is real.

A worker is a thread, but one runs at a time. Whenever it waits (for QuickBooks, for DynamoDB, for its slot) it says for
how long and gives the turn back; the turn goes to whoever wakes up first, and the clock moves there. So a minute of
QuickBooks' limits passes as fast as Python can think, and the figures do not depend on how busy this machine is.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class VirtualTime:
    """The clock, and whose turn it is."""

    def __init__(self) -> None:
        self.now = START
        self._wakes: list[tuple[datetime, int, threading.Semaphore]] = []
        self._turns = 0
        self._director = threading.Semaphore(0)
        self._living = 0
        self._bugs: list[BaseException] = []
        self.working = False
        """Whether `run` is on: what is set up before it takes no time."""

    def __call__(self) -> datetime:
        return self.now

    @property
    def seconds(self) -> float:
        return (self.now - START).total_seconds()

    def start(self, work: Callable[[], None], after: float = 0.0) -> None:
        turn = threading.Semaphore(0)
        self._living += 1
        self._wake_at(after, turn)
        threading.Thread(target=self._live, args=(work, turn), daemon=True).start()

    def sleep(self, seconds: float) -> None:
        """For a worker: wait, and let the others go on."""
        turn = threading.Semaphore(0)
        self._wake_at(max(seconds, 0.0), turn)
        self._director.release()
        turn.acquire()

    def sleep_until(self, moment: datetime) -> None:
        if moment > self.now:
            self.sleep((moment - self.now).total_seconds())

    def run(self) -> None:
        """Until every worker has ended. Raises the first bug."""
        self.working = True
        while self._living:
            moment, _, turn = heapq.heappop(self._wakes)
            self.now = max(self.now, moment)
            turn.release()
            self._director.acquire()
            if self._bugs:
                raise self._bugs[0]
        self.working = False

    def _wake_at(self, after: float, turn: threading.Semaphore) -> None:
        self._turns += 1
        heapq.heappush(self._wakes, (self.now + timedelta(seconds=after), self._turns, turn))

    def _live(self, work: Callable[[], None], turn: threading.Semaphore) -> None:
        turn.acquire()
        try:
            work()
        except BaseException as bug:  # noqa: BLE001  raised by `run` in the main thread
            self._bugs.append(bug)
        self._living -= 1
        self._director.release()


class Timed:
    """A port whose every call takes a while."""

    def __init__(self, port: object, time: VirtualTime, seconds: float) -> None:
        self._port = port
        self._time = time
        self._seconds = seconds

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._time.sleep(self._seconds)
            return method(*args, **kwargs)

        return call
