"""Every request of the process fits into what is left of its invocation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from m3ter_quickbooks.patience import SHORTEST_WAIT, no_longer_than
from m3ter_quickbooks.quickbooks.outgoing import http_client
from tests.adapters.quickbooks.making import NOW

ASKED = httpx.Timeout(connect=5.0, read=60.0, write=10.0, pool=5.0)


def timeouts(left: float | None, asked: httpx.Timeout | None = ASKED) -> dict[str, float]:
    """What a request that is made with so much time left may wait for."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    http = http_client(lambda: NOW, httpx.MockTransport(answer))
    if left is None:
        http.get("https://quickbooks.test", timeout=asked)
    else:
        with no_longer_than(NOW + timedelta(seconds=left)):
            http.get("https://quickbooks.test", timeout=asked)
    found: dict[str, float] = seen[0].extensions["timeout"]
    return found


def test_without_an_end_a_request_waits_as_long_as_it_asked_to() -> None:
    assert timeouts(None) == {"connect": 5.0, "read": 60.0, "write": 10.0, "pool": 5.0}


def test_with_time_enough_too() -> None:
    assert timeouts(82.0) == {"connect": 5.0, "read": 60.0, "write": 10.0, "pool": 5.0}


@pytest.mark.parametrize("left", [SHORTEST_WAIT, 20.0, 41.0, 60.0])
def test_connecting_sending_and_waiting_together_fit_into_what_is_left(left: float) -> None:
    bounded = timeouts(left)
    assert bounded["connect"] + bounded["write"] + bounded["read"] <= left
    assert bounded["read"] >= left / 2


def test_who_asked_for_no_end_gets_one() -> None:
    assert timeouts(40.0, None)["read"] == 30.0


@pytest.mark.parametrize("left", [SHORTEST_WAIT - 0.1, 0.0, -5.0])
def test_what_there_is_no_time_for_never_leaves(left: float) -> None:
    with pytest.raises(httpx.ConnectTimeout):
        timeouts(left)


class Drops(httpx.SyncByteStream):
    """Three seconds from one to the next."""

    def __init__(self, number: int, waited: list[float]) -> None:
        self._number = number
        self._waited = waited
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self._number):
            self._waited[0] += 3.0
            yield b"1"

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("drops", [6, 100])
def test_an_answer_that_comes_in_drops_is_given_up_with_what_was_left(drops: int) -> None:
    waited = [0.0]
    stream = Drops(drops, waited)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=stream))
    http = http_client(lambda: NOW + timedelta(seconds=waited[0]), transport)
    with no_longer_than(NOW + timedelta(seconds=20)):
        if drops == 6:
            assert http.get("https://quickbooks.test").content == b"111111"
        else:
            with pytest.raises(httpx.ReadTimeout):
                http.get("https://quickbooks.test")
    assert waited[0] <= 21.0
    assert stream.closed
