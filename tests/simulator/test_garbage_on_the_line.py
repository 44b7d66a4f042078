"""Bytes that are no request, half a request, or one that no client would send: answered or dropped, and forgotten."""

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.quickbooks.seed import SAMPLE
from tests.simulator.caller import invoice
from tests.simulator.process import Process, started

PATIENCE = 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder: Path = tmp_path_factory.mktemp("server")
    with started(folder) as process:
        yield process


@pytest.fixture(scope="module")
def head(server: Process) -> bytes:
    """The headers of an app that is connected."""
    token = httpx.post(f"{server.base}/_simulator/tokens", json={"companyId": SAMPLE}).json()["access_token"]
    return f"Host: q\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\nConnection: close\r\n".encode()


def exchanged(server: Process, sent: bytes) -> bytes:
    """What comes back until the server closes the line, or breaks it off because it reads no further."""
    came = b""
    with (
        socket.create_connection(("127.0.0.1", server.port), PATIENCE) as line,
        contextlib.suppress(ConnectionResetError, BrokenPipeError),
    ):
        line.sendall(sent)
        while more := line.recv(65536):
            came += more
    return came


def all_is_well(server: Process) -> bool:
    """It answers, and nothing was printed: a stack trace would be."""
    return httpx.get(f"{server.base}/_simulator/clock").status_code == 200 and server.errors.read_text() == ""


BODY = json.dumps(invoice()).encode()
POST = f"POST /v3/company/{SAMPLE}/invoice HTTP/1.1\r\n".encode()
GET = b"GET / HTTP/1.1\r\nHost: q\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    "half",
    [
        b"", b"G", b"GET /", GET, POST + b"Content-Length: 1000\r\nHost: q\r\n\r\n{",
        POST + b"Host: q\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"POST /oauth2/v1/tokens/bearer HTTP/1.1\r\nHost: q\r\nContent-Length: 50\r\n\r\ngrant_type",
        b"GET / HTTP/1.1\r\nHost: q\r\n\r\n" * 3,
    ],
)  # fmt: skip
@pytest.mark.parametrize("reset", [False, True])
def test_a_client_may_hang_up_at_any_place(server: Process, half: bytes, reset: bool) -> None:
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as line:
        line.sendall(half)
        if reset:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    assert all_is_well(server)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff\x00\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 200 + b"\r\n\r\n",
        b"GET /\r\n\r\n", b"G@T / HTTP/1.1\r\nHost: q\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: q\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: q\r\n\r\n",
        GET + b"X: a\x00b\r\n\r\n", GET + b"X" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n",
        POST + b"Host: q\r\nContent-Length: -5\r\n\r\n{}", POST + b"Host: q\r\nContent-Length: 5e3\r\n\r\n{}",
        POST + b"Host: q\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n{}",
        POST + b"Host: q\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        POST + b"Host: q\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        POST + b"Host: q\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        POST + b"Host: q\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
    ],
    ids=lambda one: repr(one)[:40],
)  # fmt: skip
def test_what_is_no_request_is_a_400(server: Process, sent: bytes) -> None:
    assert exchanged(server, sent).split()[1:2] in ([b"400"], [])
    assert all_is_well(server)


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"GET /%00 HTTP/1.1", 404), (b"GET /" + b"a" * 60_000 + b" HTTP/1.1", 404),
        (b"GET /" + b"/a" * 20_000 + b" HTTP/1.1", 404),
        (b"OPTIONS * HTTP/1.1", 404), (b"CONNECT a:443 HTTP/1.1", 404), (b"GET q HTTP/1.1", 404),
        (b"TRACE / HTTP/1.1", 405), (b"FETCH / HTTP/1.1", 405), (b"GET http://other/ HTTP/1.1", 404),
        (b"HEAD / HTTP/1.1", 200),
        (b"GET /app/calls?" + b"a=1&" * 12_000 + b" HTTP/1.1", 200), (b"GET / HTTP/1.1\r\nX: a\r\n b", 200),
        (b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 5000 + b"Y: b", 200), (b"GET / HTTP/1.1\r\nUser-Agent: \xff\xfe", 200),
        (b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13", 200),
    ],
    ids=lambda one: repr(one)[:40],
)  # fmt: skip
def test_an_odd_request_is_answered(server: Process, start: bytes, status: int) -> None:
    sent = start + b"\r\nHost: q\r\nConnection: close\r\n\r\n"
    assert int(exchanged(server, sent).split()[1]) == status
    assert all_is_well(server)


@pytest.mark.parametrize(
    ("framing", "status"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY), 200),
        (b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY), 200),
        (b"Content-Length: %d\r\nExpect: 200-maybe\r\n\r\n%b" % (len(BODY), BODY), 200),
        (b"Content-Length: 5\r\n\r\n" + BODY, 400), (b"\r\n", 400),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
)  # fmt: skip
def test_a_body_is_read_as_it_is_framed(server: Process, head: bytes, framing: bytes, status: int) -> None:
    assert int(exchanged(server, POST + head + framing).split()[1]) == status
    assert all_is_well(server)


@pytest.mark.parametrize(
    "authorization", [b"Basic \xff\xff", b"Basic ====", b"Basic", b"Bearer " + b"\xff" * 40, b"\xff", b"Basic OnB3"]
)
@pytest.mark.parametrize("path", ["oauth2/v1/tokens/bearer", "v2/oauth2/tokens/revoke"])
def test_an_authorization_that_cannot_be_read_is_refused(server: Process, path: str, authorization: bytes) -> None:
    sent = f"POST /{path} HTTP/1.1\r\nHost: q\r\nConnection: close\r\nContent-Length: 0\r\nAuthorization: ".encode()
    assert exchanged(server, sent + authorization + b"\r\n\r\n").split()[1] == b"401"
    assert all_is_well(server)


PART = b'--x\r\nContent-Disposition: form-data; name="file_%b_0"; filename="a"\r\n%b\r\n%b\r\n'
FILE = PART % (b"content", b"", b"abc")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"--x", b"--x--", b"--x\r\n\r\n\r\n--x--", PART % (b"metadata", b"", b"{}"),
        PART % (b"metadata", b"", b"[1]") + FILE, PART % (b"metadata", b"", b"{") + FILE,
        PART % (b"metadata", b"", b"[" * 50_000) + FILE,
        PART % (b"metadata", b"", b'{"FileName":[1],"ContentType":{},"AttachableRef":7}') + FILE,
        PART % (b"content", b"Content-Transfer-Encoding: base64\r\nContent-Type: \xff\x00\r\n", b"!!!a"),
        FILE + b"--x--" * 1000, FILE.replace(b"\r\n", b"\n"), FILE * 40,
    ],
    ids=lambda one: repr(one)[:40],
)  # fmt: skip
@pytest.mark.parametrize(
    "kind", [b"multipart/form-data; boundary=x", b"multipart/form-data", b'multipart/x; boundary=""']
)
def test_a_malformed_upload_is_told_so(server: Process, head: bytes, body: bytes, kind: bytes) -> None:
    start = f"POST /v3/company/{SAMPLE}/upload HTTP/1.1\r\n".encode()
    sent = start + head + b"Content-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (kind, len(body), body)
    assert exchanged(server, sent).split()[1] in (b"200", b"400")
    assert all_is_well(server)
