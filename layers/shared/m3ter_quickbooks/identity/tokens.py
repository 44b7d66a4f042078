"""Client credentials in, an access token out; the same token again for as long as it lives.

The m3ter SDK for Python asks for a new token before every request, so most answers come from the process. What is
kept of a secret is a keyed hash under a salt that dies with the process: enough to compare, useless to who reads it.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

import httpx

from m3ter_quickbooks.problems import NotRecognized, TryLater

MOST_REMEMBERED = 1000
NEARLY_OVER = timedelta(seconds=60)
"""A token with less than this left is not given out again."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and how long it still lives."""

    access_token: str = field(repr=False)
    expires_in: timedelta


class TokenEndpoint:
    """Cognito's token endpoint. `url` is its full address, `scope` what the gateway will ask of the token."""

    def __init__(self, http: httpx.Client, url: str, scope: str) -> None:
        self._http = http
        self._url = url
        self._scope = scope

    def exchange(self, client_id: str, client_secret: str) -> Token:
        """A new token. Raises NotRecognized for credentials that nobody has, TryLater if Cognito is out of reach."""
        form = {"grant_type": "client_credentials", "scope": self._scope}
        try:
            response = self._http.post(self._url, data=form, auth=(client_id, client_secret))
        except httpx.HTTPError as error:
            raise TryLater("The token service is out of reach.") from error
        if response.status_code in (400, 401, 403):
            raise NotRecognized("The client id or the client secret is wrong.")
        if response.status_code != httpx.codes.OK:
            raise TryLater(
                "The token service is out of order.", throttled=response.status_code == httpx.codes.TOO_MANY_REQUESTS
            )
        granted = response.json()
        return Token(str(granted["access_token"]), timedelta(seconds=int(granted["expires_in"])))


class RememberedTokens:
    """The tokens that this process has fetched, by client, the least recently used forgotten first."""

    def __init__(
        self, exchange: Callable[[str, str], Token], now: Callable[[], datetime], random_bytes: Callable[[int], bytes]
    ) -> None:
        self._exchange = exchange
        self._now = now
        self._salt = random_bytes(32)
        self._known: OrderedDict[bytes, tuple[Token, datetime]] = OrderedDict()

    def token(self, client_id: str, client_secret: str) -> Token:
        """A token with at least a minute left, fetched only where none is remembered. Raises as `exchange`."""
        key = hmac.digest(self._salt, f"{client_id}\0{client_secret}".encode(), sha256)
        known = self._known.get(key)
        if known:
            self._known.move_to_end(key)
            left = known[1] - self._now()
            if left > NEARLY_OVER:
                return Token(known[0].access_token, left)
        fetched = self._exchange(client_id, client_secret)
        self._known[key] = (fetched, self._now() + fetched.expires_in)
        self._known.move_to_end(key)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return fetched
