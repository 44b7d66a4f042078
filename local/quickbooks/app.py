"""The simulator over HTTP: FastAPI as a thin skin, and a server in a thread for clients that need a socket."""

import asyncio
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


class _Cut(Exception):
    """The connection is to be closed without an answer."""


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
            raise _Cut from lost
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
    """Around the app: where an answer is lost, the connection is closed without a byte."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except _Cut:
            connection = getattr(getattr(send, "__self__", None), "transport", None)
            if connection is not None:
                connection.abort()


def _server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    config = uvicorn.Config(_CutsLines(app), host=host, port=port, log_level="error", lifespan="off", access_log=False)
    return uvicorn.Server(config)


def serve(simulator: Simulator, host: str = "127.0.0.1", port: int = 9999) -> None:
    """Serve until interrupted."""
    _server(create_app(simulator), host, port).run()


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
