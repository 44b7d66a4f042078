"""The whole way of an app through OAuth against a running server, by the addresses that discovery names (facts 7)."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from local.quickbooks.app import running
from local.quickbooks.oauth import Client
from local.quickbooks.seed import SAMPLE, SINGLE_CURRENCY
from local.quickbooks.simulator import Simulator

DAY = 86_400
CALLBACK = "http://app.example/callback?tenant=1"
OTHER_CALLBACK = "http://app.example/other"
SECRET = "a-secret-of-the-app"


class Form(HTMLParser):
    """The consent page as a browser fills it in: what is checked, and the buttons there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.choices: list[str] = []
        self.buttons: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {key: value or "" for key, value in attrs}
        if tag == "input":
            self.choices.append(known["value"])
            if "checked" in known:
                self.fields[known["name"]] = known["value"]
        if tag == "button":
            self.buttons.append((known["name"], known["value"]))


class App:
    """A developer's app. It knows the address of a discovery document, and nothing else."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.admin("reset")
        self.at = http.get("/.well-known/openid_sandbox_configuration").json()
        self.basic: tuple[str, str] | None = ("the-app", SECRET)

    def admin(self, path: str, **body: Any) -> httpx.Response:
        return self.http.post(f"/_simulator/{path}", json=body).raise_for_status()

    def later(self, seconds: int) -> None:
        self.admin("clock", advanceSeconds=seconds)

    def asked(self, **changed: str) -> httpx.URL:
        parameters = {
            "client_id": "the-app", "response_type": "code", "scope": "com.intuit.quickbooks.accounting openid",
            "redirect_uri": CALLBACK, "state": "a b&c=\u20ac",
        }  # fmt: skip
        return httpx.URL(self.at["authorization_endpoint"], params={**parameters, **changed})

    def decided(self, decision: str, company: str | None = None, **changed: str) -> dict[str, str]:
        """What the browser brings back after a person pressed a button of the page."""
        url = self.asked(**changed)
        form = Form(self.http.get(url).text)
        assert ("decision", decision) in form.buttons
        chosen = {**form.fields, "decision": decision, **({"company": company} if company else {})}
        answer = self.http.post(url, data=chosen)
        assert answer.status_code == 302
        location = answer.headers["Location"]
        assert location.startswith(CALLBACK)
        return {key: one[0] for key, one in parse_qs(urlsplit(location).query).items()}

    def code(self, company: str = SAMPLE, **changed: str) -> str:
        return self.decided("connect", company, **changed)["code"]

    def token(self, **form: str) -> httpx.Response:
        return self.http.post(self.at["token_endpoint"], data=form, auth=self.basic or httpx.Auth())

    def exchange(self, code: str, redirect_uri: str = CALLBACK) -> httpx.Response:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=redirect_uri)

    def refresh(self, token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=token)

    def revoke(self, token: str) -> httpx.Response:
        return self.http.post(self.at["revocation_endpoint"], json={"token": token}, auth=self.basic or httpx.Auth())

    def connect(self, company: str = SAMPLE) -> Any:
        return self.exchange(self.code(company)).raise_for_status().json()

    def ask(self, tokens: Any, company: str = SAMPLE) -> httpx.Response:
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"}
        return self.http.get(f"/v3/company/{company}/companyinfo/{company}", headers=headers)


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    simulator = Simulator(seed=1, client=Client("the-app", SECRET))
    with running(simulator) as base, httpx.Client(base_url=base) as http:
        yield http
    simulator.close()


@pytest.fixture
def app(server: httpx.Client) -> App:
    return App(server)


def refused(answer: httpx.Response, error: str, status: int = 400) -> bool:
    kind = answer.headers["Content-Type"] == "application/json;charset=utf-8" and "intuit_tid" in answer.headers
    return kind and (answer.status_code, answer.json()["error"]) == (status, error)


def fault(answer: httpx.Response) -> tuple[int, str]:
    (error,) = answer.json()["fault"]["error"]
    return answer.status_code, error["code"]


def test_every_address_of_discovery_is_there(app: App) -> None:
    for document in ("openid_configuration", "openid_sandbox_configuration"):
        found = app.http.get(f"/.well-known/{document}").json()
        assert app.http.get(found["jwks_uri"]).json() == {"keys": []}
        assert app.http.get(found["userinfo_endpoint"]).status_code == 200
        assert app.http.get(found["authorization_endpoint"]).status_code == 400
        assert app.http.get(found["token_endpoint"]).status_code == 405
        assert app.http.get(found["revocation_endpoint"]).status_code == 405


def test_the_consent_page_offers_every_company_and_names_app_and_scopes(app: App) -> None:
    page = app.http.get(app.asked())
    form = Form(page.text)
    assert form.choices[:2] == [SAMPLE, SINGLE_CURRENCY]
    assert form.fields == {"company": SAMPLE}
    for shown in ("the-app", "com.intuit.quickbooks.accounting", "openid"):
        assert shown in page.text


def test_a_person_who_says_yes_connects_the_company_chosen(app: App) -> None:
    back = app.decided("connect", SINGLE_CURRENCY)
    assert set(back) == {"tenant", "code", "state", "realmId"}
    assert (back["tenant"], back["state"], back["realmId"]) == ("1", "a b&c=\u20ac", SINGLE_CURRENCY)
    assert app.ask(app.exchange(back["code"]).json(), SINGLE_CURRENCY).status_code == 200


def test_a_person_who_says_no_gives_nothing(app: App) -> None:
    assert app.decided("cancel") == {"tenant": "1", "error": "access_denied", "state": "a b&c=\u20ac"}


@pytest.mark.parametrize(
    "uri",
    ["", "app", "//app.example", "javascript:alert(1)", "http:", "http:///x", "http://[", "http://a b/", "http://a/#x",
     "http://a/\u20ac", "http://a/\r\nSet-Cookie: x=y", "http://a\x00/"],
)  # fmt: skip
@pytest.mark.parametrize("how", [{}, {"auto_consent": SAMPLE}])
def test_a_redirect_uri_that_cannot_be_is_an_error_page(app: App, uri: str, how: dict[str, str]) -> None:
    answer = app.http.get(app.asked(redirect_uri=uri, **how))
    assert answer.status_code == 400
    assert "redirect_uri" in answer.text
    assert "Location" not in answer.headers


def test_what_is_asked_is_shown_as_text(app: App) -> None:
    assert "<script>" not in app.http.get(app.asked(scope="<script>")).text
    assert "<script>" not in app.http.get(app.asked(auto_consent="<script>")).text


def test_a_code_is_good_once_and_a_second_use_ends_what_the_first_gave(app: App) -> None:
    code = app.code()
    tokens = app.exchange(code).json()
    assert app.ask(tokens).status_code == 200
    assert refused(app.exchange(code), "invalid_grant")
    assert fault(app.ask(tokens)) == (401, "3200")
    assert refused(app.refresh(tokens["refresh_token"]), "invalid_grant")


def test_a_code_is_for_its_redirect_uri_and_good_afterwards(app: App) -> None:
    code = app.code()
    assert refused(app.exchange(code, OTHER_CALLBACK), "invalid_grant")
    assert app.exchange(code).status_code == 200


def test_a_code_is_good_for_ten_minutes(app: App) -> None:
    code, other = app.code(), app.code()
    app.later(599)
    assert app.exchange(code).status_code == 200
    app.later(2)
    assert refused(app.exchange(other), "invalid_grant")


@pytest.mark.parametrize("basic", [None, ("the-app", "wrong"), ("another-app", SECRET), ("", "")])
def test_a_code_is_for_the_app_that_asked(app: App, basic: tuple[str, str] | None) -> None:
    code = app.code()
    app.basic = basic
    assert refused(app.exchange(code), "invalid_client", 401)
    assert refused(app.revoke("x"), "invalid_client", 401)
    app.basic = ("the-app", SECRET)
    assert app.exchange(code).status_code == 200


def test_credentials_may_stand_in_the_form(app: App) -> None:
    code = app.code()
    app.basic = None
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": "the-app"}
    assert refused(app.token(**form, client_secret="wrong"), "invalid_client", 401)
    assert app.token(**form, client_secret=SECRET).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"), ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"), ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "authorization_code", "redirect_uri": CALLBACK}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
    ],
)  # fmt: skip
def test_a_token_request_that_is_not_whole_is_told_so(app: App, form: dict[str, str], error: str) -> None:
    assert refused(app.token(**form), error)


def test_the_codes_and_tokens_of_another_app_are_unknown(app: App, server: httpx.Client) -> None:
    """The same books, opened again with another app: as after a change of its credentials."""
    simulator = Simulator(seed=1)
    simulator.tokens.client = Client("first", "one")
    tokens = simulator.tokens.issue(SAMPLE, simulator.now())
    with simulator.store.transaction():
        code = simulator.tokens.consent(SAMPLE, "com.intuit.quickbooks.accounting", CALLBACK, simulator.now())
    simulator.tokens.client = Client("the-app", SECRET)
    with running(simulator) as base, httpx.Client(base_url=base) as http:
        second = App.__new__(App)
        second.http, second.basic = http, ("the-app", SECRET)
        second.at = http.get("/.well-known/openid_configuration").json()
        assert refused(second.exchange(code), "invalid_grant")
        assert refused(second.refresh(tokens["refresh_token"]), "invalid_grant")
        assert refused(second.revoke(tokens["refresh_token"]), "invalid_grant")
    simulator.close()


def test_an_access_token_ends_after_an_hour_and_is_refreshed(app: App) -> None:
    tokens = app.connect()
    app.later(3600)
    assert fault(app.ask(tokens)) == (401, "3200")
    assert app.ask(app.refresh(tokens["refresh_token"]).json()).status_code == 200


def test_a_refresh_token_changes_after_a_day_and_the_old_one_dies_a_day_later(app: App) -> None:
    first = app.connect()["refresh_token"]
    app.later(DAY - 1)
    assert app.refresh(first).json()["refresh_token"] == first
    app.later(1)
    second = app.refresh(first).json()["refresh_token"]
    assert second != first
    app.later(DAY - 1)
    assert app.refresh(first).json()["refresh_token"] == second
    app.later(1)
    assert refused(app.refresh(first), "invalid_grant")
    assert app.refresh(second).status_code == 200


def test_a_refresh_token_that_is_not_used_ends_after_101_days(app: App) -> None:
    token = app.connect()["refresh_token"]
    app.later(101 * DAY - 1)
    assert app.refresh(token).json()["x_refresh_token_expires_in"] == 101 * DAY
    other = app.connect()["refresh_token"]
    app.later(101 * DAY)
    assert refused(app.refresh(other), "invalid_grant")


@pytest.mark.fact("7", "five years at most: x_refresh_token_hard_expires_in on request")
def test_consent_ends_after_five_years_however_often_it_was_refreshed(app: App) -> None:
    token = app.connect()["refresh_token"]
    for _ in range(18):
        app.later(100 * DAY)
        token = app.refresh(token).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    headers = {"x-include-refresh-token-hard-expires-in": "true"}
    answer = app.http.post(app.at["token_endpoint"], data=form, auth=app.basic or httpx.Auth(), headers=headers).json()
    assert abs(answer["x_refresh_token_hard_expires_in"] - 25 * DAY) < 60
    app.later(26 * DAY)
    assert refused(app.refresh(answer["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_ends_every_connection_to_that_company_and_no_other(app: App, which: str) -> None:
    tokens, again, elsewhere = app.connect(), app.connect(), app.connect(SINGLE_CURRENCY)
    answer = app.revoke(tokens[which])
    assert (answer.status_code, answer.content) == (200, b"")
    for one in (tokens, again):
        assert fault(app.ask(one)) == (401, "3200")
        assert refused(app.refresh(one["refresh_token"]), "invalid_grant")
    assert app.ask(elsewhere, SINGLE_CURRENCY).status_code == 200
    assert app.ask(app.connect()).status_code == 200


@pytest.mark.parametrize(("token", "error"), [("unknown", "invalid_grant"), ("", "invalid_request")])
def test_revoking_what_is_no_token_is_refused(app: App, token: str, error: str) -> None:
    assert refused(app.revoke(token), error)


def test_a_token_is_for_one_company(app: App) -> None:
    tokens = app.connect()
    assert fault(app.ask(tokens, SINGLE_CURRENCY)) == (403, "3100")
    assert fault(app.ask(tokens, "1")) == (403, "3100")


def test_a_token_without_the_accounting_scope_opens_no_books(app: App) -> None:
    tokens = app.exchange(app.code(scope="openid email")).json()
    assert fault(app.ask(tokens)) == (403, "3100")


def test_a_person_who_is_no_administrator_any_more_locks_the_app_out(app: App) -> None:
    tokens = app.connect()
    app.admin("faults", kind="lost-admin", realm=SAMPLE)
    answer = app.ask(tokens)
    assert answer.status_code == 401
    assert '<Error code="120">' in answer.text
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_an_app_that_was_removed_in_quickbooks_has_dead_tokens(app: App) -> None:
    tokens = app.connect()
    app.admin(f"companies/{SAMPLE}/disconnect")
    assert fault(app.ask(tokens)) == (401, "3200")
    assert refused(app.refresh(tokens["refresh_token"]), "invalid_grant")


def test_a_refusal_can_be_for_one_company(app: App) -> None:
    tokens, elsewhere = app.connect(), app.connect(SINGLE_CURRENCY)
    app.admin("faults", kind="invalid-grant", realm=SINGLE_CURRENCY, operation="refresh")
    assert app.refresh(tokens["refresh_token"]).status_code == 200
    assert refused(app.refresh(elsewhere["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("kind", ["form", "json", "query"])
def test_no_secret_can_be_read_back(app: App, kind: str) -> None:
    code = app.code()
    tokens = app.exchange(code).json()
    app.ask(tokens)
    said = {
        "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "the-app",
        "client_secret": SECRET, "token": tokens["access_token"], "code": code,
    }  # fmt: skip
    for endpoint in ("token_endpoint", "revocation_endpoint"):
        if kind == "form":
            app.http.post(app.at[endpoint], data=said)
        elif kind == "json":
            app.http.post(app.at[endpoint], json=said)
        else:
            app.http.post(app.at[endpoint], params=said)
    texts = [app.http.get(path).text for path in ("/_simulator/requests", "/app/calls", "/")]
    assert '"operation":"refresh"' in texts[0] or kind == "query"
    for secret in (SECRET, code, tokens["access_token"], tokens["refresh_token"]):
        assert not any(secret in text for text in texts)
