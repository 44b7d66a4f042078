"""The simulator at the other end of a line, in virtual time."""

from __future__ import annotations

import httpx

from local.quickbooks.simulator import Simulator
from local.quickbooks.traffic import LostAnswer, request_of
from tests.bench.virtual_time import VirtualTime


def network(simulator: Simulator, time: VirtualTime) -> httpx.MockTransport:
    """A request is under way for as long as QuickBooks takes for it, and counts among those "at once" until then.

    A lost answer is a ReadTimeout after the client's read timeout, or a RemoteProtocolError.
    """

    def handle(request: httpx.Request) -> httpx.Response:
        patience = request.extensions["timeout"]["read"]
        arrived = request_of(request.method, str(request.url), dict(request.headers), request.read())
        visit = simulator.arrive(arrived)
        try:
            time.sleep(visit.wait)
            answer = simulator.carry_out(visit)
            time.sleep(answer.seconds)
        except LostAnswer as lost:
            simulator.leave(visit)
            time.sleep(min(lost.seconds, patience))
            if lost.how == "reset":
                raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from lost
            raise httpx.ReadTimeout("The read operation timed out") from lost
        finally:
            simulator.leave(visit)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    return httpx.MockTransport(handle)
