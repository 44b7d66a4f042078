"""One request to one company, and what can be said when no answer came.

    NeverLeft      refused, no name, no route, no TLS: nothing was sent
    NoAnswer       sent, or perhaps sent, and nothing that can be read came back
    Reply          status, body, trace id; what it means is for `answers.py`

Nothing is ever repeated here but one thing: after a 401, which proves that nothing happened, the same request goes out
once more with another token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx

from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.connection.ports import AccessTokens, Clock
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.problems import ConnectionLost
from m3ter_quickbooks.quickbooks.faults import consent_refused, faults_of, says_nothing, token_refused

MINOR_VERSION = "75"
UNAUTHORIZED = 401
FIRST_SERVER_ERROR = 500
_FIRST_ERROR = 400
READ_PATIENCE = 20.0
"""Seconds for the answer to a read: it can be asked again, and what hangs must leave time for the others."""
_LONGEST_TRACE_ID = 100
_LONGEST_WAIT = timedelta(hours=1)


class NeverLeft(Exception):  # noqa: N818  a fact about one request
    """The request certainly did not reach QuickBooks."""


class NoAnswer(Exception):  # noqa: N818  a fact about one request
    """The request may have reached QuickBooks; its text is the sort of failure, without anything remote."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Base URLs without a path, one for each destination."""

    production: str
    sandbox: str

    def of(self, destination: Destination) -> str:
        """The base URL of a destination, without a slash at its end."""
        chosen = self.sandbox if destination is Destination.QUICKBOOKS_SANDBOX else self.production
        return chosen.rstrip("/")


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask; `path` is below the company."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `after` is its Retry-After, `tid` what Intuit's support asks for."""

    status: int
    body: bytes
    after: timedelta | None
    tid: str | None


class Wire:
    """HTTP to QuickBooks. `read_timeout` in seconds bounds each wait for bytes of an answer; connecting gets 5 s.

    Where `http` is that of `outgoing.py`, all three together also end before the invocation does.
    """

    def __init__(
        self, http: httpx.Client, hosts: Hosts, tokens: AccessTokens, clock: Clock, read_timeout: float = 60.0
    ) -> None:
        self._http = http
        self._hosts = hosts
        self._tokens = tokens
        self._clock = clock
        self._to_write = httpx.Timeout(connect=5.0, read=read_timeout, write=10.0, pool=5.0)
        self._to_read = httpx.Timeout(connect=5.0, read=min(read_timeout, READ_PATIENCE), write=10.0, pool=5.0)

    def speak(self, connection: Connection, request: Request) -> Reply:
        """Ask for a connected company; a 401 is met with another token, once.

        Raises NeverLeft, NoAnswer, ConnectionLost, TryLater. The last two mean that nothing happened.
        """
        if connection.company_id is None:
            raise ConnectionLost("This credential is not connected to a QuickBooks company yet: connect it first.")
        token = self._tokens.access_token(connection)
        reply = self.ask(connection.destination, connection.company_id, token, request)
        if _another_token_may_do(reply):
            token = self._tokens.renewed(connection, token)
            reply = self.ask(connection.destination, connection.company_id, token, request)
        return reply

    def ask(self, destination: Destination, company_id: str, token: str, request: Request) -> Reply:
        """One request with this very token. Raises NeverLeft, NoAnswer."""
        url = f"{self._hosts.of(destination)}/v3/company/{quote(company_id, safe='')}/{request.path}"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if request.content is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._http.request(
                request.method,
                url,
                params={**request.params, "minorversion": MINOR_VERSION},
                content=request.content,
                headers=headers,
                timeout=self._to_read if request.method == "GET" else self._to_write,
                follow_redirects=False,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as cause:
            raise NeverLeft(type(cause).__name__) from cause
        except httpx.HTTPError as cause:
            raise NoAnswer(type(cause).__name__) from cause
        return Reply(response.status_code, response.content, self._retry_after(response), _trace_id(response))

    def _retry_after(self, response: httpx.Response) -> timedelta | None:
        """Seconds or an HTTP date, bounded to an hour; None if the header is absent or cannot be read."""
        text = response.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return min(timedelta(seconds=int(text[:6])), _LONGEST_WAIT)
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, OverflowError, IndexError, TypeError):
            return None
        aware = until if until.tzinfo else until.replace(tzinfo=UTC)
        return min(max(aware - self._clock(), timedelta(0)), _LONGEST_WAIT)


def _another_token_may_do(reply: Reply) -> bool:
    """Whether the gateway turned the token away, and not the consent behind it. A success is not searched.

    Maintenance may come with 401 too (150): no token helps against it, and it does not say that nothing happened.
    """
    if not _FIRST_ERROR <= reply.status < FIRST_SERVER_ERROR:
        return False
    faults = faults_of(reply.body, reply.status)
    if any(map(consent_refused, faults)) or any(map(says_nothing, faults)):
        return False
    return reply.status == UNAUTHORIZED or any(map(token_refused, faults))


def _trace_id(response: httpx.Response) -> str | None:
    """Recorded as `intuit_tid` and as `Intuit-Tid`."""
    value = response.headers.get("intuit_tid") or response.headers.get("intuit-tid") or ""
    return value[:_LONGEST_TRACE_ID] if value.isascii() and value.isprintable() and value else None
