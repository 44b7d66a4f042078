"""The simulator over HTTP: FastAPI as a thin skin, and a server in a thread for clients that need a socket."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response

from local.quickbooks.simulator import Simulator
from local.quickbooks.traffic import LostAnswer, request_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# A client that set no timeout is let go after this time.
LONGEST_SILENCE = 120.0
_CUT = "simulator.cut"


def create_app(simulator: Simulator | None = None) -> FastAPI:
    """The ASGI application. Without a simulator, one with its state in memory."""
    books = simulator or Simulator()
    app = FastAPI(title="QuickBooks Online simulator", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.simulator = books

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
    async def anything(path: str, request: Request) -> Response:
        body = await request.body()
        headers = dict(request.headers)
        visit = books.arrive(request_of(request.method, str(request.url), headers, body))
        try:
            if visit.wait:
                await asyncio.sleep(visit.wait)
            answer = books.carry_out(visit)
            if answer.seconds:
                await asyncio.sleep(answer.seconds)
        except LostAnswer as lost:
            books.leave(visit)
            silence = lost.seconds or (0.0 if lost.how == "reset" else LONGEST_SILENCE)
            await _until_gone(request, silence)
            request.scope[_CUT]()
            await asyncio.sleep(0)
            return Response()
        finally:
            books.leave(visit)
        return Response(answer.body, answer.status, headers=dict(answer.headers))

    return app


async def _until_gone(request: Request, seconds: float) -> None:
    """Silence, until the time is over or the client has hung up."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end and not await request.is_disconnected():
        await asyncio.sleep(min(0.05, max(end - loop.time(), 0)))


class _CutsLines:
    """Around the app: gives it the means to close a connection without a byte, for the answers that are lost."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The only way to the socket: uvicorn's `send` is a method of the object that holds it.
        connection = getattr(getattr(send, "__self__", None), "transport", None)
        scope[_CUT] = connection.abort if connection is not None else _no_line
        await self.app(scope, receive, send)


def _no_line() -> None:
    raise RuntimeError("this server gives no access to its connections; run the simulator with `running` or `serve`")


def _server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    config = uvicorn.Config(_CutsLines(app), host=host, port=port, log_level="error", lifespan="off", access_log=False)
    return uvicorn.Server(config)


def serve(simulator: Simulator, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted. `ready` is told the base URL as soon as the port is open; port 0 takes a free one."""
    with socket.create_server((host, port), backlog=2048) as listening:
        ready(f"http://{host}:{listening.getsockname()[1]}")
        _server(create_app(simulator), host, port).run(sockets=[listening])


@contextmanager
def running(simulator: Simulator, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """The simulator on a socket, in a thread of its own, for as long as the context lasts. Gives its base URL."""
    server = _server(create_app(simulator), host, port)
    thread = threading.Thread(target=server.run, name="quickbooks-simulator", daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError(f"the simulator could not listen on {host}:{port}")
            thread.join(0.005)
        bound = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://{host}:{bound}"
    finally:
        server.should_exit = True
        thread.join(10)
