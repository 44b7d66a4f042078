"""Workers that can be stopped, killed or left asleep at every call to the outside world.

Each worker is a thread, but only one thread ever runs: a worker stops before each call of a port and waits for the
stage director. So every interleaving is a list of decisions, and the same list plays the same way again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import Any

from m3ter_quickbooks.problems import TryLater

_THROTTLED = "The table is busy."


class Killed(BaseException):
    """The process ended here. Not an Exception: nothing in the code under test may catch it."""


class Order(Enum):
    GO = "go"
    DIE_BEFORE = "die before the call takes effect"
    DIE_AFTER = "die after the call took effect, before its answer is used"
    FAIL_BEFORE = "the store throttles: the call fails and takes no effect"
    FAIL_AFTER = "the call takes effect and fails all the same: its answer was lost"


class Worker:
    """One invocation. `at` names the call that it is about to make; None once it is over."""

    def __init__(self, name: str, work: Callable[[Worker], None]) -> None:
        self.name = name
        self.at: str | None = "start"
        self.bug: BaseException | None = None
        self.finished = False
        self.messages = 0
        self.calls: Counter[str] = Counter()
        self._order = Order.GO
        self._go = threading.Semaphore(0)
        self._rests = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._live, args=(work,), daemon=True)
        self._thread.start()

    def step(self, order: Order = Order.GO) -> None:
        """Let it make the call that it waits for, up to the next one; or kill it there."""
        self._order = order
        self._go.release()
        self._rests.acquire()

    @property
    def may_fail(self) -> bool:
        """Whether the call that comes next may raise: a write to QuickBooks answers, whatever happens."""
        return (
            self.at is not None
            and self.at.split(".")[0] not in {"start", "stage"}
            and not self.at.startswith("quickbooks.write")
        )

    def kill(self) -> None:
        if self.at is not None:
            self.step(Order.DIE_BEFORE)

    def call(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What a watched port does instead of the plain call."""
        self._wait_at(name)
        if self._order is Order.DIE_BEFORE:
            raise Killed
        if self._order is Order.FAIL_BEFORE:
            raise TryLater(_THROTTLED)
        self.calls[name] += 1
        result = method(*args, **kwargs)
        if self._order is Order.DIE_AFTER:
            raise Killed
        if self._order is Order.FAIL_AFTER:
            raise TryLater(_THROTTLED)
        return result

    def _wait_at(self, name: str) -> None:
        self.at = name
        self._rests.release()
        self._go.acquire()

    def _live(self, work: Callable[[Worker], None]) -> None:
        self._go.acquire()
        try:
            if self._order not in {Order.DIE_BEFORE, Order.DIE_AFTER}:
                work(self)
                self.finished = True
        except Killed:
            pass
        except BaseException as bug:  # noqa: BLE001  the director raises it in the test's own thread
            self.bug = bug
        self.at = None
        self._rests.release()


class Watched:
    """A port whose every call is a step of its worker."""

    def __init__(self, port: object, worker: Worker, name: str) -> None:
        self._port = port
        self._worker = worker
        self._name = name

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._worker.call(f"{self._name}.{name}", method, *args, **kwargs)

        return call
