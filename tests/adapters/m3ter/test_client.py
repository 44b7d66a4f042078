"""m3ter's API, by hand."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.invoice.payload import encode
from m3ter_quickbooks.m3ter.client import M3terClient
from m3ter_quickbooks.problems import BillCannotBeSent, Refused, TryLater

ORGANIZATION, BILL, ACCOUNT = OrganizationId("org/1"), BillId("b 1"), AccountId("a1")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TOKEN = '{"access_token":"m3-token","expires_in":18000,"token_type":"Bearer","scope":null}'
A_BILL: dict[str, Any] = {
    "id": "b 1",
    "accountId": "a1",
    "version": 2,
    "currency": "USD",
    "billDate": "2026-03-01",
    "billTotal": Decimal("0.10"),
    "lineItems": [{"lineItemType": "AD_HOC", "subtotal": Decimal("0.10"), "convertedSubtotal": Decimal("0.10")}],
}
AN_ACCOUNT: dict[str, Any] = {"id": "a1", "name": "Acme Europe", "version": 4, "customFields": {"country": "UK"}}


@dataclass(frozen=True)
class User:
    api_key: str = "key"
    api_secret: str = "secret"
    base_url: str | None = None


@dataclass
class Users:
    held: dict[OrganizationId, User] = field(default_factory=lambda: {ORGANIZATION: User()})
    asked: int = 0

    def get(self, organization_id: OrganizationId) -> User | None:
        self.asked += 1
        return self.held.get(organization_id)


class Desk:
    def __init__(self, answer: Callable[[httpx.Request], httpx.Response], token: httpx.Response | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.users = Users()
        self.now = NOON

        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            if request.url.path.endswith("/oauth/token"):
                return token or httpx.Response(200, content=TOKEN)
            return answer(request)

        http = httpx.Client(transport=httpx.MockTransport(handle))
        self.client = M3terClient(http, self.users, lambda: self.now, "https://api.m3ter.test/")

    def paths(self) -> list[str]:
        return [request.url.raw_path.decode() for request in self.requests]


def saying(status: int, content: bytes | str | object = b"", **headers: str) -> Desk:
    body = content if isinstance(content, bytes | str) else encode(content)
    return Desk(lambda _: httpx.Response(status, content=body, headers=headers))


def test_a_bill_comes_with_its_lines_to_the_last_digit() -> None:
    desk = saying(200, A_BILL)
    bill = desk.client.bill(ORGANIZATION, BILL)

    assert bill is not None
    assert bill.bill_total == Decimal("0.10")
    assert bill.line_items is not None
    assert len(bill.line_items) == 1
    assert desk.paths() == ["/oauth/token", "/organizations/org%2F1/bills/b%201"]


def test_the_token_is_asked_for_with_basic_credentials_and_a_json_body() -> None:
    desk = saying(200, A_BILL)
    desk.client.bill(ORGANIZATION, BILL)

    asked, read = desk.requests
    assert asked.headers["authorization"] == f"Basic {base64.b64encode(b'key:secret').decode()}"
    assert asked.content == b'{"grant_type":"client_credentials"}'
    assert read.headers["authorization"] == "Bearer m3-token"
    assert read.extensions["timeout"]["connect"] == 5.0


def test_an_account_comes_with_its_own_body() -> None:
    found = saying(200, AN_ACCOUNT).client.account(ORGANIZATION, ACCOUNT)
    assert found is not None
    assert (found[0].name, found[0].version) == ("Acme Europe", 4)
    assert found[1] == AN_ACCOUNT


def test_a_token_serves_for_its_lifetime_less_five_minutes() -> None:
    desk = saying(200, AN_ACCOUNT)
    for minutes in (0, 60, 294, 296):
        desk.now = NOON + timedelta(minutes=minutes)
        desk.client.account(ORGANIZATION, ACCOUNT)

    assert desk.paths().count("/oauth/token") == 2
    assert desk.users.asked == 2


def test_each_organization_has_its_own_user_and_address() -> None:
    desk = saying(200, AN_ACCOUNT)
    other = OrganizationId("other")
    desk.users.held[other] = User("other-key", "other-secret", "https://m3ter.elsewhere.test/prefix/")
    desk.client.account(ORGANIZATION, ACCOUNT)
    desk.client.account(other, ACCOUNT)

    assert str(desk.requests[3].url) == "https://m3ter.elsewhere.test/prefix/organizations/other/accounts/a1"
    assert desk.requests[2].headers["authorization"] != desk.requests[0].headers["authorization"]


def test_without_a_service_user_nothing_is_asked() -> None:
    desk = saying(200, AN_ACCOUNT)
    desk.users.held.clear()
    assert desk.client.bill(ORGANIZATION, BILL) is None
    assert desk.client.account(ORGANIZATION, ACCOUNT) is None
    assert desk.requests == []


def test_what_m3ter_does_not_have_is_none() -> None:
    assert saying(404, '{"message":"not found"}').client.bill(ORGANIZATION, BILL) is None
    assert saying(404, '{"message":"not found"}').client.account(ORGANIZATION, ACCOUNT) is None


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_ended_early_is_replaced_once(status: int) -> None:
    answers = iter([httpx.Response(status, content="{}"), httpx.Response(200, content=encode(AN_ACCOUNT))])
    desk = Desk(lambda _: next(answers))
    assert desk.client.account(ORGANIZATION, ACCOUNT) is not None
    assert desk.paths().count("/oauth/token") == 2


def test_a_user_taken_away_meanwhile_is_none() -> None:
    desk = saying(403, "{}")

    def take_away(request: httpx.Request) -> httpx.Response:
        desk.users.held.clear()
        return httpx.Response(403, content="{}")

    desk = Desk(take_away)
    assert desk.client.account(ORGANIZATION, ACCOUNT) is None


@pytest.mark.parametrize("status", [401, 403])
def test_a_user_that_is_not_accepted_says_what_to_do(status: int) -> None:
    with pytest.raises(Refused, match="m3tercredentials"):
        saying(status, '{"message":"Forbidden"}').client.bill(ORGANIZATION, BILL)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_key_that_gets_no_token_says_what_to_do(status: int) -> None:
    refused = Desk(lambda _: httpx.Response(200), httpx.Response(status, content="{}"))
    with pytest.raises(Refused, match="m3tercredentials"):
        refused.client.bill(ORGANIZATION, BILL)


def test_the_rate_limit_says_how_long() -> None:
    with pytest.raises(TryLater) as later:
        saying(429, "", **{"Retry-After": "2"}).client.bill(ORGANIZATION, BILL)
    assert later.value.after == timedelta(seconds=2)
    with pytest.raises(TryLater) as later:
        saying(429, "", **{"Retry-After": "tomorrow"}).client.bill(ORGANIZATION, BILL)
    assert later.value.after is None


@pytest.mark.parametrize(
    ("status", "body"), [(500, "{}"), (502, "<html>"), (200, "<html>"), (200, "[]"), (302, "{}"), (200, b"\xff")]
)
def test_an_outage_is_waited_out(status: int, body: str | bytes) -> None:
    with pytest.raises(TryLater):
        saying(status, body).client.bill(ORGANIZATION, BILL)


@pytest.mark.parametrize("body", ['{"access_token":"x"}', '{"access_token":7,"expires_in":1}', "[]", "<html>"])
def test_a_token_answer_that_cannot_be_read_is_waited_out(body: str) -> None:
    desk = Desk(lambda _: httpx.Response(200), httpx.Response(200, content=body))
    with pytest.raises(TryLater):
        desk.client.bill(ORGANIZATION, BILL)


def test_no_problem_holds_the_secret() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("gone", request=request)

    with pytest.raises(TryLater) as later:
        Desk(fail).client.bill(ORGANIZATION, BILL)
    assert later.value.__suppress_context__


def test_an_account_that_cannot_be_read_is_waited_out() -> None:
    with pytest.raises(TryLater, match="account"):
        saying(200, {"name": "no id"}).client.account(ORGANIZATION, ACCOUNT)


def test_a_bill_that_cannot_be_read_says_why() -> None:
    with pytest.raises(BillCannotBeSent):
        saying(200, {"lineItems": 7}).client.bill(ORGANIZATION, BILL)


@given(status=st.integers(200, 599), body=st.binary(max_size=80))
def test_any_bytes_with_any_status_are_a_known_problem_or_none(status: int, body: bytes) -> None:
    try:
        assert saying(status, body).client.account(ORGANIZATION, ACCOUNT) is None
    except (TryLater, Refused):
        return
    assert status == 404
