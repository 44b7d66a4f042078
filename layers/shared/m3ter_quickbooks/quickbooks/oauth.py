"""Intuit's OAuth 2.0, through Authlib's core client over our own httpx session.

Authlib's httpx integration is not used: it prefers another HTTP package when that is installed, and `except httpx.…`
would silently miss. No remote text gets into a message, and no error keeps the request (and its tokens) as its cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import DEFAULT_HEADERS, OAuth2Client

from m3ter_quickbooks.connection.ports import App, Grant, InvalidGrant
from m3ter_quickbooks.problems import TryLater

SCOPE = "com.intuit.quickbooks.accounting"
_HEADERS = {**DEFAULT_HEADERS, "x-include-refresh-token-hard-expires-in": "true"}
TIMEOUT = httpx.Timeout(connect=5.0, read=15.0, write=5.0, pool=5.0)
"""Together shorter than `EXCHANGE` of a renewal (connection/tokens.py)."""
_REFUSED_FOR = timedelta(minutes=5)
_LONGEST_TOKEN = 20_000


class _ClientAuth(ClientAuth, httpx.Auth):  # type: ignore[misc]  # Authlib has no types
    """Authlib's client authentication in the shape of httpx: a generator without I/O."""

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]  # one step
        _, headers, _ = self.prepare(request.method, str(request.url), dict(request.headers), request.content)
        request.headers["Authorization"] = headers["Authorization"]
        yield request


class _Client(OAuth2Client):  # type: ignore[misc]  # Authlib has no types
    client_auth_class = _ClientAuth
    SESSION_REQUEST_PARAMS = ("timeout",)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Intuit's three addresses, and where it sends the browser back to."""

    authorize: str
    token: str
    revoke: str
    redirect_uri: str


class IntuitOAuth:
    """Implements `connection.ports.OAuth`. `app` is asked only when a request is made: the warm path never reads it."""

    def __init__(self, http: httpx.Client, endpoints: Endpoints, app: Callable[[], App]) -> None:
        self._http = http
        self._endpoints = endpoints
        self._app = app

    def authorize_url(self, state: str) -> str:
        """The scope is accounting, no more."""
        url, _ = self._client().create_authorization_url(self._endpoints.authorize, state=state)
        return str(url)

    def exchange(self, code: str) -> Grant:
        """Redeem a code. A lost answer cannot be repeated: a code that is used twice ends the tokens it gave."""
        return self._grant(
            lambda client: client.fetch_token(
                self._endpoints.token, grant_type="authorization_code", code=code, headers=_HEADERS, timeout=TIMEOUT
            )
        )

    def refresh(self, refresh_token: str) -> Grant:
        """New tokens; the refresh token of the answer is the one to keep."""
        # No scope: a refresh keeps what was consented to.
        return self._grant(
            lambda client: client.refresh_token(
                self._endpoints.token, refresh_token=refresh_token, headers=_HEADERS.copy(), timeout=TIMEOUT
            ),
            scope=None,
        )

    def revoke(self, token: str) -> None:
        """Any answer but an outage is taken as done: a token that Intuit does not know is no longer good."""
        try:
            response = self._client().revoke_token(self._endpoints.revoke, token=token, timeout=TIMEOUT)
        except httpx.HTTPError as cause:
            raise TryLater(f"Intuit did not answer ({type(cause).__name__}).") from None
        if response.status_code == 429 or response.status_code >= 500:  # noqa: PLR2004  HTTP's own numbers
            raise TryLater(f"Intuit could not end the connection now (HTTP {response.status_code}).")

    def _client(self, scope: str | None = SCOPE) -> Any:  # noqa: ANN401  Authlib has no types
        app = self._app()
        return _Client(
            self._http, app.client_id, app.client_secret, scope=scope, redirect_uri=self._endpoints.redirect_uri
        )

    def _grant(self, ask: Callable[[Any], Mapping[str, object]], scope: str | None = SCOPE) -> Grant:
        try:
            return _read_grant(ask(self._client(scope)))
        except OAuth2Error as refusal:
            # Only the error's name is looked at: its description is remote text.
            if refusal.error == "invalid_grant":
                raise InvalidGrant from None
            raise TryLater(
                "Intuit refuses this installation's client id or secret: check the QuickBooks app secret.", _REFUSED_FOR
            ) from None
        except httpx.HTTPError as cause:
            raise TryLater(f"Intuit did not answer ({type(cause).__name__}).") from None
        except (ValueError, TypeError):
            raise TryLater("Intuit's token endpoint answered with something that cannot be read.") from None


def _read_grant(token: Mapping[str, object]) -> Grant:
    """Raises ValueError if what is needed is missing. Of the two ends of consent, the nearer one counts."""
    access, refresh = token.get("access_token"), token.get("refresh_token")
    expires_in = _seconds(token.get("expires_in"))
    if not _usable(access) or not _usable(refresh) or expires_in is None:
        raise ValueError("incomplete")
    ends = [
        end
        for end in (
            _seconds(token.get("x_refresh_token_expires_in")),
            _seconds(token.get("x_refresh_token_hard_expires_in")),
        )
        if end is not None
    ]
    return Grant(str(access), str(refresh), expires_in, min(ends, default=None))


def _usable(value: object) -> bool:
    """Text that can stand in a header."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_TOKEN and value.isascii() and value.isprintable()


def _seconds(value: object) -> timedelta | None:
    """Positive seconds of a sane size; Intuit sends numbers, other servers also text."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**10:
        return None
    return timedelta(seconds=value)
