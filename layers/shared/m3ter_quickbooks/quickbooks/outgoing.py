"""The one HTTP client of the process: to QuickBooks, to Intuit's token endpoint, to m3ter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import httpx

from m3ter_quickbooks.patience import seconds_left, time_is_up

_SHARE_OF_ONE_PHASE = 8


def http_client(clock: Callable[[], datetime], transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Every request of it is bounded by what `patience.py` leaves, whatever patience it was made with.

    A request that there is no time for is a `ConnectTimeout`: it never left. An answer that is still coming in when no
    time is left is a `ReadTimeout`.
    """
    timeout = httpx.Timeout(15.0, connect=5.0)
    hooks: dict[str, list[Callable[..., None]]] = {"request": [_bound_by(clock)], "response": [_cut_off_by(clock)]}
    return httpx.Client(transport=transport, timeout=timeout, event_hooks=hooks)


def _bound_by(clock: Callable[[], datetime]) -> Callable[[httpx.Request], None]:
    def bound(request: httpx.Request) -> None:
        now = clock()
        if time_is_up(now):
            message = "no time is left to wait for an answer"
            raise httpx.ConnectTimeout(message, request=request)
        left = seconds_left(now)
        if left is not None:
            request.extensions["timeout"] = _within(left, request.extensions.get("timeout", {}))

    return bound


def _within(left: float, asked: dict[str, float | None]) -> dict[str, float | None]:
    """Connecting, sending and waiting come one after the other: together they fit into what is left."""

    def at_most(phase: str, seconds: float) -> float:
        wanted = asked.get(phase)
        return seconds if wanted is None else min(wanted, seconds)

    connect = at_most("connect", left / _SHARE_OF_ONE_PHASE)
    write = at_most("write", left / _SHARE_OF_ONE_PHASE)
    # Nobody waits for the pool: a worker speaks to one at a time.
    return {"connect": connect, "write": write, "read": at_most("read", left - connect - write), "pool": connect}


def _cut_off_by(clock: Callable[[], datetime]) -> Callable[[httpx.Response], None]:
    def cut_off(response: httpx.Response) -> None:
        if isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Awaited(response.stream, clock)

    return cut_off


class _Awaited(httpx.SyncByteStream):
    """The body of an answer. A read's patience is for each piece of it; together they could take for ever."""

    def __init__(self, body: httpx.SyncByteStream, clock: Callable[[], datetime]) -> None:
        self._body = body
        self._clock = clock

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            yield piece
            left = seconds_left(self._clock())
            if left is not None and left <= 0:
                message = "the answer was still coming in when no time was left"
                raise httpx.ReadTimeout(message)

    def close(self) -> None:
        """Nothing more of it is waited for."""
        self._body.close()
