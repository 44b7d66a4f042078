"""Every request of the process fits into what is left of its invocation."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from m3ter_quickbooks.patience import no_longer_than
from m3ter_quickbooks.quickbooks.outgoing import SHORTEST_WAIT, http_client
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
