"""m3ter's API as `run` sees it: the bill with its line items, the account. One organization at a time.

Reads only, so they may be repeated. m3ter answers 403 to an expired token as well as to a wrong organization (m3ter
facts 1.13): another token is tried once, then it is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote

import httpx

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.invoice.payload import decode
from m3ter_quickbooks.problems import MalformedEvent, Refused, TryLater

_TIMEOUT = httpx.Timeout(connect=5.0, read=15.0, write=5.0, pool=5.0)
_LOOK_AGAIN_IN = timedelta(minutes=1)
_RENEW_BEFORE = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(minutes=15)
_NOT_ACCEPTED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class ServiceUser(Protocol):
    """An organization's service user in m3ter. `base_url` None: m3ter's own."""

    @property
    def api_key(self) -> str:
        """Not a secret by itself."""

    @property
    def api_secret(self) -> str:
        """The secret."""

    @property
    def base_url(self) -> str | None:
        """Base URL of its API, a path included."""


class ServiceUsers(Protocol):
    """Where the service users are kept. Asked once per token, not on the warm path."""

    def get(self, organization_id: OrganizationId) -> ServiceUser | None:
        """None where the organization has stored none. Raises TryLater."""


@dataclass(frozen=True, slots=True)
class _Access:
    base_url: str
    token: str = field(repr=False)
    renew_at: datetime


class M3terClient:
    """Implements `run.ports.M3ter`. Tokens are kept in the process for as long as m3ter says they live."""

    def __init__(
        self, http: httpx.Client, service_users: ServiceUsers, clock: Callable[[], datetime], base_url: str
    ) -> None:
        self._http = http
        self._service_users = service_users
        self._clock = clock
        self._base_url = base_url
        self._accesses: dict[OrganizationId, _Access] = {}
        self._without: dict[OrganizationId, datetime] = {}

    def bill(self, organization_id: OrganizationId, bill_id: BillId) -> Bill | None:
        """Raises TryLater, Refused (the service user is not accepted), MalformedBill."""
        found = self._get(organization_id, f"bills/{quote(bill_id, safe='')}")
        return None if found is None else Bill.parse(found)

    def account(
        self, organization_id: OrganizationId, account_id: AccountId
    ) -> tuple[Account, Mapping[str, object]] | None:
        """Raises TryLater, Refused."""
        found = self._get(organization_id, f"accounts/{quote(account_id, safe='')}")
        if found is None:
            return None
        try:
            return Account.parse(found), found
        except MalformedEvent as malformed:
            raise TryLater(f"m3ter answered with an account that cannot be read: {malformed.message}") from malformed

    def _get(self, organization_id: OrganizationId, path: str) -> Mapping[str, object] | None:
        """None without credentials and for a 404. Raises TryLater, Refused."""
        access = self._access(organization_id)
        if access is None:
            return None
        response = self._read(organization_id, access, path)
        if response.status_code in _NOT_ACCEPTED:
            self._accesses.pop(organization_id, None)
            access = self._access(organization_id)
            if access is None:
                return None
            response = self._read(organization_id, access, path)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        return self._object(response)

    def _read(self, organization_id: OrganizationId, access: _Access, path: str) -> httpx.Response:
        url = f"{access.base_url}/organizations/{quote(organization_id, safe='')}/{path}"
        return self._ask("GET", url, headers={"Authorization": f"Bearer {access.token}", "Accept": "application/json"})

    def _access(self, organization_id: OrganizationId) -> _Access | None:
        access = self._accesses.get(organization_id)
        if access is not None and self._clock() < access.renew_at:
            return access
        # Most organizations store no service user: that must not cost a look at the secrets for every bill.
        if self._clock() < self._without.get(organization_id, datetime.min.replace(tzinfo=UTC)):
            return None
        user = self._service_users.get(organization_id)
        if user is None:
            self._without[organization_id] = self._clock() + _LOOK_AGAIN_IN
            return None
        base_url = (user.base_url or self._base_url).rstrip("/")
        asked_at = self._clock()
        response = self._ask(
            "POST",
            f"{base_url}/oauth/token",
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            content=b'{"grant_type":"client_credentials"}',
            auth=httpx.BasicAuth(user.api_key, user.api_secret),
        )
        if response.status_code == HTTPStatus.BAD_REQUEST:
            raise _not_accepted()
        token = self._object(response)
        text, lives = token.get("access_token"), token.get("expires_in")
        if not isinstance(text, str) or not text.isascii() or not text.isprintable() or not isinstance(lives, int):
            raise TryLater("m3ter's token endpoint answered with something that cannot be read.")
        # A token that lives shorter than that is used once.
        renew_at = asked_at + timedelta(seconds=min(lives, 10**6)) - _RENEW_BEFORE
        self._accesses[organization_id] = _Access(base_url, text, renew_at)
        return self._accesses[organization_id]

    def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        auth: httpx.Auth | None = None,
    ) -> httpx.Response:
        try:
            return self._http.request(
                method, url, headers=headers, content=content, auth=auth, timeout=_TIMEOUT, follow_redirects=False
            )
        except (httpx.HTTPError, httpx.InvalidURL) as cause:
            # The request holds the secret: it is not kept as the cause.
            raise TryLater(f"m3ter did not answer ({type(cause).__name__}).") from None

    def _object(self, response: httpx.Response) -> Mapping[str, object]:
        """The JSON object of a success. Raises TryLater, Refused."""
        status = response.status_code
        if status in _NOT_ACCEPTED:
            raise _not_accepted()
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise TryLater("m3ter asks to slow down.", _retry_after(response))
        value = _decoded(response.content)
        if not response.is_success or not isinstance(value, Mapping):
            raise TryLater(f"m3ter could not answer (HTTP {status}).")
        return value


def _not_accepted() -> Refused:
    return Refused(
        "m3ter does not accept the service user of this organization: store its API key and secret anew "
        "(PUT m3tercredentials) and retry the run.",
        "m3ter",
    )


def _decoded(body: bytes) -> object:
    try:
        return decode(body)
    except (ValueError, ArithmeticError):
        return None


def _retry_after(response: httpx.Response) -> timedelta | None:
    text = response.headers.get("Retry-After", "")
    return min(timedelta(seconds=int(text[:6])), _LONGEST_WAIT) if text.isascii() and text.isdigit() else None
