"""The simulator behind an httpx client, in process: no sockets, no waiting."""

from collections.abc import Callable

import httpx

from local.quickbooks.simulator import Simulator
from local.quickbooks.traffic import LostAnswer

Waited = Callable[[float], None]


def _nobody(seconds: float) -> None:
    pass


def transport(simulator: Simulator, waited: Waited = _nobody) -> httpx.MockTransport:
    """For `httpx.Client(transport=...)`. `waited` hears how long the client waited, so that a test's clock can follow.

    A lost answer is a ReadTimeout after the client's read timeout, or a RemoteProtocolError; so is an answer that comes
    later than that timeout, although the request was carried out.
    """

    def handle(request: httpx.Request) -> httpx.Response:
        patience = request.extensions.get("timeout", {}).get("read")
        try:
            answer = simulator.handle(request.method, str(request.url), dict(request.headers), request.read())
        except LostAnswer as lost:
            waited(lost.seconds if patience is None else min(lost.seconds, patience))
            if lost.how == "reset":
                raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from lost
            raise httpx.ReadTimeout("The read operation timed out") from lost
        if patience is not None and answer.seconds > patience:
            waited(patience)
            raise httpx.ReadTimeout("The read operation timed out")
        waited(answer.seconds)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    return httpx.MockTransport(handle)


def client(simulator: Simulator, waited: Waited = _nobody) -> httpx.Client:
    return httpx.Client(transport=transport(simulator, waited), base_url="http://quickbooks.test")
