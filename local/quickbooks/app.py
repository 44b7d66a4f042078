"""The simulator over HTTP: FastAPI as a thin skin, and a server in a thread for clients that need a socket."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect

from local.quickbooks.simulator import Simulator
from local.quickbooks.traffic import LostAnswer, request_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# A client that set no timeout is let go after this time.
LONGEST_SILENCE = 120.0
WEBHOOK_PATIENCE = 3.0
WEBHOOK_PAUSE = 0.2
_CUT = "simulator.cut"
_CLOSING = "simulator.closing"


def create_app(simulator: Simulator | None = None) -> FastAPI:
    """The ASGI application. Without a simulator, one with its state in memory."""
    books = simulator or Simulator()
    app = FastAPI(title="QuickBooks Online simulator", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.simulator = books

    async def anything(request: Request) -> Response:
        try:
            body = await request.body()
        except ClientDisconnect:
            # Half a request, and nobody left to answer.
            return Response()
        headers = dict(request.headers)
        target = f"{request.scope['raw_path'].decode('latin-1')}?{request.scope['query_string'].decode('latin-1')}"
        visit = books.arrive(request_of(request.method, target, headers, body))
        try:
            await _pass(request, visit.wait)
            answer = books.carry_out(visit)
            await _pass(request, answer.seconds)
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

    # A plain route: every path is the simulator's own business, and FastAPI's parameters would cost half the speed.
    app.add_route("/{path:path}", anything, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
    return app


async def _pass(request: Request, seconds: float) -> None:
    """Let time pass, until the server is told to stop."""
    if seconds:
        closing = request.scope.get(_CLOSING) or asyncio.Event()
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), seconds)


async def _until_gone(request: Request, seconds: float) -> None:
    """Silence, until the time is over or the client has hung up."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end and not await request.is_disconnected():  # noqa: ASYNC110  there is no event to wait for
        await asyncio.sleep(min(0.05, max(end - loop.time(), 0)))


class _CutsLines:
    """Around the app: gives it the means to close a connection without a byte, for the answers that are lost.

    And for the end: whoever waits for an answer then, or has sent half a request, is let go.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.closing = asyncio.Event()
        self._busy: set[Any] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The only way to the socket: uvicorn's `send` is a method of the object that holds it.
        connection: Any = getattr(getattr(send, "__self__", None), "transport", None)
        scope[_CUT] = connection.abort if connection is not None else _no_line
        scope[_CLOSING] = self.closing
        self._busy.add(connection)
        try:
            await self.app(scope, receive, send)
        finally:
            self._busy.discard(connection)

    def let_go(self) -> None:
        self.closing.set()
        for connection in self._busy - {None}:
            connection.abort()


def _no_line() -> None:
    raise RuntimeError("this server gives no access to its connections; run the simulator with `running` or `serve`")


def _post(http: httpx.Client, url: str, headers: Mapping[str, str], body: bytes) -> int | None:
    try:
        return http.post(url, headers=headers, content=body).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


@contextmanager
def _telling(simulator: Simulator) -> Iterator[None]:
    """Webhooks are sent from a thread, about as soon as the real ones: within a second or so."""
    stop = threading.Event()

    def tell() -> None:
        with httpx.Client(timeout=WEBHOOK_PATIENCE) as http:
            while not stop.wait(WEBHOOK_PAUSE):
                simulator.webhooks.deliver(simulator.now(), partial(_post, http))

    thread = threading.Thread(target=tell, name="quickbooks-webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(WEBHOOK_PATIENCE + 1)


class _Server(uvicorn.Server):
    """Ends at once when told to, whoever waits."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self.lines = _CutsLines(app)
        super().__init__(
            uvicorn.Config(
                self.lines, host=host, port=port, log_level="error", lifespan="off", access_log=False,
                proxy_headers=False,
            )
        )  # fmt: skip

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.lines.let_go()
        await super().shutdown(sockets)


def serve(simulator: Simulator, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted. `ready` is told the base URL as soon as the port is open; port 0 takes a free one."""
    with listening(host, port) as door, _telling(simulator):
        ready(f"http://{host}:{door.getsockname()[1]}")
        _Server(create_app(simulator), host, port).run(sockets=[door])


def listening(host: str, port: int) -> socket.socket:
    """A socket whose connections send at once.

    asyncio sees to that only where a socket names its protocol, which this one does not. Without it each answer waits
    40 ms for the client's acknowledgement.
    """
    door = socket.create_server((host, port), backlog=2048)
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


@contextmanager
def running(simulator: Simulator, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """The simulator on a socket, in a thread of its own, for as long as the context lasts. Gives its base URL."""
    server = _Server(create_app(simulator), host, port)
    thread = threading.Thread(target=server.run, name="quickbooks-simulator", daemon=True)
    thread.start()
    telling = ExitStack()
    try:
        telling.enter_context(_telling(simulator))
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError(f"the simulator could not listen on {host}:{port}")
            thread.join(0.005)
        bound = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://{host}:{bound}"
    finally:
        telling.close()
        server.should_exit = True
        thread.join(10)
