"""Intuit's token endpoint, by hand and at the simulator; and the whole life of a connection over it."""

from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.quickbooks.simulator import Simulator
from local.quickbooks.transport import transport
from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.connection.consent import Callback, Consents
from m3ter_quickbooks.connection.ports import App, InvalidGrant
from m3ter_quickbooks.connection.tokens import Tokens
from m3ter_quickbooks.problems import BadRequest, ConnectionLost, TryLater
from m3ter_quickbooks.quickbooks.catalogue import CompanyFacts
from m3ter_quickbooks.quickbooks.client import QuickBooksClient
from m3ter_quickbooks.quickbooks.oauth import SCOPE, Endpoints, IntuitOAuth
from m3ter_quickbooks.quickbooks.wire import Wire
from m3ter_quickbooks.run.answer import Accepted
from tests.adapters.quickbooks.making import HOSTS, NOW, REALM, Handler, an_operation
from tests.unit.connection.making import CREDENTIAL, ORGANIZATION, Everything, a_connection

CALLBACK = "https://api.test/quickbooks/callback"
ENDPOINTS = Endpoints(
    "https://intuit.test/connect/oauth2",
    "https://intuit.test/oauth2/v1/tokens/bearer",
    "https://intuit.test/v2/oauth2/tokens/revoke",
    CALLBACK,
)
APP = App("simulator-client", "simulator-secret")
GRANT = (
    '{"token_type":"bearer","access_token":"AT-1","refresh_token":"RT1-2","expires_in":3600,'
    '"x_refresh_token_expires_in":8726400,"x_refresh_token_hard_expires_in":157680000}'
)


def intuit(handler: Handler | httpx.BaseTransport) -> tuple[IntuitOAuth, list[httpx.Request]]:
    requests: list[httpx.Request] = []

    def record(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        request.read()
        return handler.handle_request(request) if isinstance(handler, httpx.BaseTransport) else handler(request)

    return IntuitOAuth(httpx.Client(transport=httpx.MockTransport(record)), ENDPOINTS, lambda: APP), requests


def saying(status: int, content: str | bytes) -> IntuitOAuth:
    return intuit(lambda _: httpx.Response(status, content=content))[0]


def test_the_authorize_url_asks_for_accounting_only() -> None:
    url = urlsplit(saying(200, "").authorize_url("the-state"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == ENDPOINTS.authorize
    assert parse_qs(url.query) == {
        "client_id": ["simulator-client"],
        "response_type": ["code"],
        "scope": [SCOPE],
        "redirect_uri": [CALLBACK],
        "state": ["the-state"],
    }


def test_a_code_is_exchanged_with_basic_credentials_and_a_form() -> None:
    oauth, requests = intuit(lambda _: httpx.Response(200, content=GRANT))
    grant = oauth.exchange("the-code")

    assert (grant.access_token, grant.refresh_token) == ("AT-1", "RT1-2")
    assert (grant.expires_in, grant.ends_in) == (timedelta(hours=1), timedelta(days=101))
    (request,) = requests
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["the-code"],
        "redirect_uri": [CALLBACK],
    }
    expected = base64.b64encode(b"simulator-client:simulator-secret").decode()
    assert request.headers["authorization"] == f"Basic {expected}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert request.headers["content-type"].startswith("application/x-www-form-urlencoded")


def test_a_refresh_sends_the_refresh_token_and_nothing_else() -> None:
    oauth, requests = intuit(lambda _: httpx.Response(200, content=GRANT))
    oauth.refresh("RT1-1")
    assert parse_qs(requests[0].content.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["RT1-1"]}
    assert requests[0].headers["x-include-refresh-token-hard-expires-in"] == "true"


def test_the_nearer_end_of_consent_counts() -> None:
    near = GRANT.replace("157680000", "86400")
    assert saying(200, near).refresh("RT1-1").ends_in == timedelta(days=1)
    without = '{"access_token":"AT-1","refresh_token":"RT1-2","expires_in":"3600"}'
    assert saying(200, without).refresh("RT1-1").ends_in is None


@pytest.mark.parametrize(
    "body",
    ['{"error":"invalid_grant"}', '{"error_description":"Incorrect or invalid refresh token","error":"invalid_grant"}'],
)
def test_a_refused_token_is_told_apart(body: str) -> None:
    with pytest.raises(InvalidGrant):
        saying(400, body).refresh("RT1-1")
    with pytest.raises(InvalidGrant):
        saying(400, body).exchange("code")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, '{"error":"invalid_client"}'),
        (400, '{"error":"invalid_request"}'),
        (429, "<html>slow down</html>"),
        (503, "<html>down</html>"),
        (500, '{"error":"invalid_grant"}'),
        (200, "<html>login</html>"),
        (200, "{}"),
        (200, '{"access_token":"AT","refresh_token":"","expires_in":3600}'),
        (200, '{"access_token":"A\\nT","refresh_token":"RT","expires_in":3600}'),
        (200, '{"access_token":"AT","refresh_token":"RT","expires_in":-1}'),
        (200, '{"access_token":"AT","refresh_token":"RT","expires_in":true}'),
        (200, "[]"),
    ],
)
def test_whatever_else_comes_is_no_word_about_the_token(status: int, body: str) -> None:
    with pytest.raises(TryLater):
        saying(status, body).refresh("RT1-1")


@given(status=st.integers(200, 599), body=st.binary(max_size=120))
def test_any_bytes_from_the_token_endpoint_are_an_answer(status: int, body: bytes) -> None:
    with pytest.raises((TryLater, InvalidGrant)):
        saying(status, body).refresh("RT1-1")


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_no_problem_holds_a_token(error: type[httpx.TransportError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("gone", request=request)

    for ask in (intuit(fail)[0].refresh, intuit(fail)[0].exchange, intuit(fail)[0].revoke):
        with pytest.raises(TryLater) as later:
            ask("RT1-secret")
        assert "RT1" not in str(later.value)
        assert later.value.__suppress_context__


@pytest.mark.parametrize("status", [200, 400, 401])
def test_revoking_is_done_whatever_intuit_thinks_of_the_token(status: int) -> None:
    oauth, requests = intuit(lambda _: httpx.Response(status, content='{"error":"invalid_grant"}'))
    oauth.revoke("RT1-1")
    assert parse_qs(requests[0].content.decode())["token"] == ["RT1-1"]
    assert str(requests[0].url) == ENDPOINTS.revoke


@pytest.mark.parametrize("status", [429, 503])
def test_revoking_in_an_outage_is_to_be_repeated(status: int) -> None:
    with pytest.raises(TryLater):
        saying(status, "").revoke("RT1-1")


class Connected:
    """Consent, tokens and client as `wiring` puts them together, with the simulator as Intuit."""

    def __init__(self) -> None:
        self.world = Everything()
        self.world.clock.now = NOW
        self.world.secrets.held.clear()
        self.world.book.held[ORGANIZATION, CREDENTIAL] = a_connection(ConnectionStatus.DRAFT)
        self.simulator = Simulator(clock=self.world.clock, seed=3)
        self.oauth, self.asked = intuit(transport(self.simulator))
        self.http = httpx.Client(transport=transport(self.simulator))
        self.consents = Consents(
            self.world.states,
            self.world.book,
            self.oauth,
            CompanyFacts(Wire(self.http, HOSTS, self.worker_tokens(), self.world.clock)),
            self.world.secrets,
            self.world.items,
            self.world.clock,
            self.world.clock.pause,
            self.world.random_bytes,
        )

    def worker_tokens(self) -> Tokens:
        return Tokens(
            self.world.secrets,
            self.world.items,
            self.oauth,
            self.world.book,
            self.world.clock,
            self.world.clock.pause,
            self.world.random_bytes,
        )

    def worker(self) -> QuickBooksClient:
        tokens = self.worker_tokens()
        return QuickBooksClient(Wire(self.http, HOSTS, tokens, self.world.clock), tokens)

    def browser(self, url: str, company: str = REALM) -> Callback:
        """An operator who says yes."""
        answer = self.simulator.handle("GET", f"{url}&auto_consent={company}")
        query = parse_qs(urlsplit(dict(answer.headers)["Location"]).query)
        return Callback(query["state"][0], query["code"][0], query["realmId"][0])

    def connect(self) -> None:
        self.consents.finish(self.browser(self.consents.begin(self.world.connection)))

    def refreshes(self) -> int:
        return sum(b"refresh_token" in request.content for request in self.asked)


def test_from_consent_to_an_invoice() -> None:
    desk = Connected()
    desk.connect()

    assert desk.world.connection.company is not None
    assert desk.world.connection.company.name == "Sandbox Company_US_1"
    answer = desk.worker().write(desk.world.connection, an_operation())
    assert isinstance(answer, Accepted)
    assert desk.refreshes() == 0


def test_a_thousand_bills_over_twenty_workers_in_an_hour_need_one_renewal() -> None:
    desk = Connected()
    desk.connect()
    workers = [desk.worker() for _ in range(20)]
    gets = desk.world.secrets.gets
    for number in range(1000):
        desk.world.clock.now = NOW + timedelta(hours=1) + timedelta(seconds=3.3 * number)
        assert workers[number % 20].numbered(desk.world.connection, an_operation().kind, "none") == []

    assert desk.refreshes() == 1
    assert desk.world.secrets.gets - gets <= 21, "once for each worker's start, and for the renewal"


def test_a_code_used_twice_connects_once() -> None:
    desk = Connected()
    url = desk.consents.begin(desk.world.connection)
    callback = desk.browser(url)
    desk.consents.finish(callback)
    second = desk.browser(desk.consents.begin(desk.world.connection))
    with pytest.raises(BadRequest):
        desk.consents.finish(Callback(second.state, callback.code, REALM))
    assert desk.world.connection.status is ConnectionStatus.CONNECTED


def test_a_forged_company_id_is_found_out_by_quickbooks_itself() -> None:
    desk = Connected()
    callback = desk.browser(desk.consents.begin(desk.world.connection))
    with pytest.raises(BadRequest, match="does not confirm"):
        desk.consents.finish(Callback(callback.state, callback.code, "9130000000000002"))
    assert desk.world.connection.status is ConnectionStatus.DRAFT


def test_an_access_token_that_ends_early_is_replaced_and_the_bill_is_sent_once() -> None:
    desk = Connected()
    desk.connect()
    desk.world.clock.now += timedelta(minutes=10)
    desk.simulator.mishaps.add("expire-access-token", count=1)

    assert isinstance(desk.worker().write(desk.world.connection, an_operation()), Accepted)
    assert desk.refreshes() == 1
    invoices = desk.simulator.as_person(REALM).all("Invoice")
    assert sum("m3ter-send" in invoice.get("PrivateNote", "") for invoice in invoices) == 1


def test_consent_withdrawn_in_quickbooks_breaks_the_connection_once() -> None:
    desk = Connected()
    desk.connect()
    connection = desk.world.connection
    desk.simulator.tokens.end_company(REALM)
    desk.world.clock.now += timedelta(minutes=2)

    for worker in (desk.worker(), desk.worker()):
        with pytest.raises((ConnectionLost, TryLater)):
            worker.read(connection, an_operation().kind, "1")
    assert desk.world.connection.status is ConnectionStatus.NEEDS_RECONNECT
    assert len(desk.world.book.troubles) == 1


def test_rotation_every_day_for_a_month_with_two_workers() -> None:
    desk = Connected()
    desk.connect()
    workers = [desk.worker(), desk.worker()]
    for day in range(30):
        desk.world.clock.now = NOW + timedelta(days=day, hours=1)
        for worker in workers:
            worker.read(desk.world.connection, an_operation().kind, "1")
    assert desk.world.connection.status is ConnectionStatus.CONNECTED
    assert desk.refreshes() == 30


def test_a_rotation_at_each_renewal_that_kills_the_old_token_at_once_loses_nobody() -> None:
    desk = Connected()
    desk.connect()
    desk.simulator.mishaps.add("rotate-refresh-token", operation="refresh", seconds=0)
    workers = [desk.worker(), desk.worker(), desk.worker()]
    for half_hour in range(1, 49):
        desk.world.clock.now = NOW + timedelta(minutes=30 * half_hour)
        for worker in workers:
            worker.read(desk.world.connection, an_operation().kind, "1")

    assert desk.world.connection.status is ConnectionStatus.CONNECTED
    assert desk.world.secrets.puts == desk.refreshes() + 1, "one for the consent, one for each rotation"


def test_disconnecting_ends_the_tokens_at_intuit() -> None:
    desk = Connected()
    desk.connect()
    token = desk.worker_tokens().access_token(desk.world.connection)
    desk.consents.disconnect(desk.world.connection)

    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    answer = desk.simulator.handle("GET", f"http://x.test/v3/company/{REALM}/preferences", headers)
    assert answer.status == 401
