"""How long this invocation still waits for others.

Lambda ends an invocation at its deadline, in the middle of whatever it is doing: the messages in hand come back with a
receive gone, and after five of those they are dead letters. So nobody may wait beyond the moment at which there is just
time enough to put down in order what is in hand. The moment is handed down to every request of the process without
passing through the hands of all who speak (a `ContextVar`, as deadlines are in gRPC).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

SHORTEST_WAIT = 8.0
"""Seconds. What has less time than that is not begun: an answer that is given up too early is a doubt for nothing."""
_UNTIL: ContextVar[datetime | None] = ContextVar("until", default=None)


@contextmanager
def no_longer_than(until: datetime) -> Iterator[None]:
    """Within this block nobody waits beyond `until`, nor beyond what a block around it has said."""
    outer = _UNTIL.get()
    token = _UNTIL.set(until if outer is None else min(outer, until))
    try:
        yield
    finally:
        _UNTIL.reset(token)


def seconds_left(now: datetime) -> float | None:
    """How long one may wait from `now` on; None where nobody has set an end."""
    until = _UNTIL.get()
    return None if until is None else (until - now).total_seconds()


def time_is_up(now: datetime) -> bool:
    """Whether nothing more is begun: who was not asked then has not failed."""
    left = seconds_left(now)
    return left is not None and left < SHORTEST_WAIT
