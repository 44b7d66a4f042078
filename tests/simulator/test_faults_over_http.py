"""Every fault, switched on through the admin interface of a running server, as a plain client sees it on the wire."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest

from local.quickbooks.app import running
from local.quickbooks.mishaps import KINDS
from local.quickbooks.seed import SAMPLE, SINGLE_CURRENCY
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import invoice, line

# Seconds that a client waits which expects an answer, and one which expects none.
PATIENCE, IMPATIENCE = 10, 0.15
APP = ("simulator-client", "simulator-secret")
CALLBACK = "http://app.example/callback"


@dataclass(frozen=True)
class Seen:
    """What the client saw: an answer, or "silence" until its patience ended, or a line that was "cut"."""

    status: int | str
    text: str = ""
    headers: httpx.Headers = field(default_factory=httpx.Headers)

    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> Any:
        """The one error of a business fault."""
        (error,) = self.json()["Fault"]["Error"]
        return error

    @property
    def gateway(self) -> Any:
        """The one error of a fault from in front of QuickBooks."""
        (error,) = self.json()["fault"]["error"]
        return error

    @property
    def fine(self) -> bool:
        return self.status == 200 and "Fault" not in self.json()


class App:
    """An app connected to the sample company, over a socket. It has its own admin to look behind the scenes."""

    def __init__(self, http: httpx.Client, *, anew: bool = True) -> None:
        self.http, self.patience = http, float(PATIENCE)
        if anew:
            self.admin("POST", "reset")
        self.admin("DELETE", "faults")
        self.tokens = self.admin("POST", "tokens", {"companyId": SAMPLE})
        self.requests = 0

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"/_simulator/{path}", json=body, timeout=PATIENCE)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def fault(self, kind: str, **settings: Any) -> Any:
        return self.admin("POST", "faults", {"kind": kind, **settings})

    def call(self, method: str, path: str, body: Any = None) -> Seen:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}", "Accept": "application/json"}
        return self.seen(method, f"/v3/company/{SAMPLE}/{path}", headers=headers, json=body)

    def seen(self, method: str, path: str, **more: Any) -> Seen:
        try:
            answer = self.http.request(method, path, timeout=self.patience, **more)
        except httpx.ReadTimeout:
            return Seen("silence")
        except (httpx.ReadError, httpx.RemoteProtocolError):
            return Seen("cut")
        return Seen(answer.status_code, answer.text, answer.headers)

    def _pointed(self) -> dict[str, Any]:
        """Invoice 101 as it stands, or as it stood before it was deleted, read without the API."""
        found = self.http.get(f"/_simulator/companies/{SAMPLE}/invoice/101").json()
        return {"Id": "101", "SyncToken": found.get("SyncToken", "0")}

    def create(self) -> Seen:
        return self.call("POST", "invoice", invoice(line(10, Qty=1, UnitPrice=10)))

    def repeat(self) -> Seen:
        """The second of two creates with one request id."""
        return self.call("POST", "invoice?requestid=twice", invoice())

    def update(self) -> Seen:
        self.requests += 1
        return self.call("POST", "invoice", {**self._pointed(), "sparse": True, "PrivateNote": f"{self.requests}"})

    def replace(self) -> Seen:
        """A full update, which names customer and items."""
        self.requests += 1
        return self.call("POST", "invoice", {**invoice(PrivateNote=f"{self.requests}"), **self._pointed()})

    def void(self) -> Seen:
        return self.call("POST", "invoice?operation=void", self._pointed())

    def read(self) -> Seen:
        return self.call("GET", "invoice/101")

    def query(self) -> Seen:
        return self.call("GET", f"query?query={quote('select * from Item')}")

    def changes(self) -> Seen:
        return self.call("GET", "cdc?entities=Invoice&changedSince=2026-11-29")

    def batch(self) -> Seen:
        return self.call("POST", "batch", {"BatchItemRequest": [{"bId": "1", "Invoice": invoice()}]})

    def refresh(self) -> Seen:
        form = {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]}
        return self.seen("POST", "/oauth2/v1/tokens/bearer", data=form, auth=APP)

    def exchange(self) -> Seen:
        asked = {
            "client_id": APP[0], "response_type": "code", "scope": "com.intuit.quickbooks.accounting", "state": "s",
            "redirect_uri": CALLBACK, "auto_consent": SAMPLE,
        }  # fmt: skip
        back = self.http.get("/connect/oauth2", params=asked, timeout=PATIENCE)
        code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.seen("POST", "/oauth2/v1/tokens/bearer", data=form, auth=APP)

    @property
    def invoices(self) -> int:
        return len(self.admin("GET", f"companies/{SAMPLE}/invoice")["Invoice"])


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    """One real server for the whole module."""
    simulator = Simulator(seed=1)
    with running(simulator) as base, httpx.Client(base_url=base) as http:
        yield http
    simulator.close()


@pytest.fixture
def app(server: httpx.Client) -> App:
    return App(server)


def cut(seen: Seen) -> bool:
    return seen.status == "cut"


def silent(seen: Seen) -> bool:
    return seen.status == "silence"


def throttled(seen: Seen) -> bool:
    return (
        seen.status == 429 and seen.gateway["code"] == "3001" and "Retry-After" not in seen.headers
        and "errorCode=003001; statusCode=429" in seen.gateway["message"]
    )  # fmt: skip


def throttled_in_xml(seen: Seen) -> bool:
    (fault,) = ET.fromstring(seen.text)  # noqa: S314  our own text
    return (seen.status, seen.headers["Retry-After"], fault.get("type")) == (429, "7", "SERVICE")


def broken(status: int) -> Callable[[Seen], bool]:
    return lambda seen: (
        seen.status == status and seen.headers["Content-Type"].startswith("text/html") and f"<h1>{status}" in seen.text
    )


def broken_in_json(seen: Seen) -> bool:
    return seen.status == 500 and (seen.gateway["code"], seen.gateway["message"][-14:]) == ("3100", "statusCode=500")


def broken_in_xml(seen: Seen) -> bool:
    return seen.status == 504 and 'code="3100"' in seen.text and ET.fromstring(seen.text) is not None  # noqa: S314  our own text


def half(seen: Seen) -> bool:
    """A status of success, and a body that ends in the middle although its length is as announced."""
    with pytest.raises(json.JSONDecodeError):
        seen.json()
    return seen.status == 200 and seen.text.startswith("{") and int(seen.headers["Content-Length"]) == len(seen.text)


def faulted(code: str, status: int = 400, detail: str = "") -> Callable[[Seen], bool]:
    return lambda seen: (seen.status, seen.error["code"]) == (status, code) and detail in seen.error["Detail"]


def of_kind(kind: str, code: str, status: int) -> Callable[[Seen], bool]:
    return lambda seen: faulted(code, status)(seen) and seen.json()["Fault"]["type"] == kind


def out_of_time(seen: Seen) -> bool:
    return seen.status == 401 and seen.gateway["code"] == "3200" and "Bearer" in seen.headers["WWW-Authenticate"]


def no_admin(seen: Seen) -> bool:
    return (seen.status, seen.headers["Content-Type"]) == (401, "application/xml") and (
        '<Fault type="AuthorizatonFault"><Error code="120">' in seen.text
    )


def refused(description: str | None) -> Callable[[Seen], bool]:
    said = {"error_description": description} if description else {}
    return lambda seen: (seen.status, seen.json()) == (400, {**said, "error": "invalid_grant"})


def rotated(seen: Seen) -> bool:
    """That it is another token shows in a test of its own."""
    return seen.fine and seen.json()["x_refresh_token_expires_in"] == 8_726_400


def fine(seen: Seen) -> bool:
    return seen.fine


@dataclass(frozen=True)
class Case:
    """A fault, the request that meets it, another operation that it can strike, how it shows, what was committed."""

    kind: str
    send: str
    shows: Callable[[Seen], bool]
    committed: int | None = None
    other: str | None = "delete"
    settings: dict[str, Any] = field(default_factory=dict)
    method: str = "POST"

    def __str__(self) -> str:
        return " ".join([self.kind, self.send, *(f"{key}={value}" for key, value in self.settings.items())])

    @property
    def binding(self) -> dict[str, tuple[Any, Any]]:
        """Condition -> a value that holds for the request, a value that does not."""
        oauth = self.send in ("refresh", "exchange")
        found: dict[str, tuple[Any, Any]] = {
            "path": ("tokens/bearer$" if oauth else f"^/v3/company/{SAMPLE}/", "^/v3/company/1/"),
            "method": (self.method.lower(), "DELETE"),
            "realm": (SAMPLE, SINGLE_CURRENCY),
        }
        if self.send in ("create", "repeat", "update", "replace", "void", "read"):
            found["entity"] = ("Invoice", "creditmemo")
        if self.other:
            names = {"repeat": "create", "replace": "update", "exchange": "token", "changes": "cdc"}
            found["operation"] = (names.get(self.send, self.send), self.other)
        return found


CASES = [
    Case("lost-answer", "create", silent, committed=1),
    Case("lost-answer", "create", cut, committed=1, settings={"how": "reset"}),
    Case("lost-answer", "create", cut, committed=1, settings={"seconds": 0.02}),
    Case("lost-answer", "batch", cut, committed=1, settings={"how": "reset"}),
    Case("lost-answer", "query", cut, settings={"how": "reset"}, method="GET"),
    Case("lost-answer", "refresh", cut, settings={"how": "reset"}),
    Case("lost-request", "create", silent, committed=0),
    Case("lost-request", "create", cut, committed=0, settings={"how": "reset"}),
    Case("lost-request", "exchange", cut, settings={"how": "reset"}),
    Case("late-landing", "create", silent, committed=0, settings={"seconds": 3600}),
    Case("late-landing", "update", cut, settings={"seconds": 0.02}),
    Case("slow", "create", silent, committed=1, settings={"seconds": 3600}),
    Case("slow", "create", fine, committed=1, settings={"seconds": 0.01}),
    Case("slow", "refresh", silent, settings={"seconds": 3600}),
    Case("throttle", "create", throttled, committed=0),
    Case("throttle", "query", throttled_in_xml, settings={"format": "xml", "retryAfter": 7}, method="GET"),
    Case("throttle", "changes", throttled, settings={"format": "json"}, method="GET"),
    Case("throttle", "refresh", throttled),
    Case("server-error", "create", broken(503), committed=0),
    Case("server-error", "create", broken(502), committed=1, settings={"status": 502, "committed": True}),
    Case("server-error", "batch", broken_in_json, committed=0, settings={"status": 500, "format": "json"}),
    Case("server-error", "read", broken_in_xml, settings={"status": 504, "format": "xml"}, method="GET"),
    Case("server-error", "refresh", broken(503)),
    Case("server-error", "exchange", broken_in_json, settings={"status": 500, "format": "json", "committed": True}),
    Case("unreadable", "create", half, committed=1),
    Case("unreadable", "refresh", half),
    Case("fault", "create", faulted("6000", detail="(-30003)"), committed=0),
    Case("fault", "create", of_kind("SystemFault", "10000", 500), committed=0, settings={"code": "10000"}),
    Case("fault", "read", faulted("5020", 403, "no"), settings={"code": 5020, "detail": "no"}, method="GET"),
    Case("fault-in-200", "create", of_kind("ValidationFault", "6190", 200), committed=0, settings={"code": "6190"}),
    Case("expire-access-token", "create", out_of_time, committed=0),
    Case("expire-access-token", "query", out_of_time, method="GET"),
    Case("lost-admin", "create", no_admin, committed=0),
    Case("lost-admin", "read", no_admin, method="GET"),
    Case("rotate-refresh-token", "refresh", rotated, other=None),
    Case("invalid-grant", "refresh", refused("Incorrect or invalid refresh token"), other="token"),
    Case("invalid-grant", "exchange", refused(None), other="refresh", settings={"detail": ""}),
    Case("forget-request-id", "repeat", fine, committed=1),
    Case("inactive-customer", "create", faulted("610"), committed=0, other="update"),
    Case("inactive-item", "create", faulted("610"), committed=0, other="update"),
    Case("inactive-item", "replace", faulted("610"), other="create"),
    Case("changed-document", "update", faulted("5010")),
    Case("changed-document", "void", faulted("5010")),
    Case("deleted-document", "update", faulted("610")),
    Case("closed-books", "create", faulted("6200"), committed=0),
    Case("closed-books", "update", faulted("6200"), settings={"date": "2026-12-31"}),
]
QUICK = [case for case in CASES if case.shows is not silent]
EACH_KIND = list({case.kind: case for case in QUICK}.values())
STRUCK_BY = [(case, condition) for case in QUICK for condition in case.binding]


def test_every_fault_has_a_case() -> None:
    assert {case.kind for case in EACH_KIND} == set(KINDS)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_shows_on_the_wire(app: App, case: Case) -> None:
    assert getattr(app, case.send)().fine
    before = app.invoices
    app.fault(case.kind, **case.settings)
    app.patience = IMPATIENCE if case.shows is silent else PATIENCE
    seen = getattr(app, case.send)()
    assert case.shows(seen), seen
    if case.committed is not None:
        assert app.invoices - before == case.committed
    (rule,) = app.admin("GET", "faults")["faults"]
    assert rule["happened"] == 1


@pytest.mark.parametrize(("case", "condition"), STRUCK_BY, ids=str)
def test_a_fault_strikes_only_the_requests_it_is_bound_to(server: httpx.Client, case: Case, condition: str) -> None:
    app = App(server, anew=False)
    holds, misses = case.binding[condition]
    spares = app.fault(case.kind, **case.settings, **{condition: misses})
    strikes = app.fault(case.kind, **case.settings, **{condition: holds})
    getattr(app, case.send)()
    happened = {rule["id"]: rule["happened"] for rule in app.admin("GET", "faults")["faults"]}
    assert happened == {spares["id"]: 0, strikes["id"]: 1}


def struck(app: App, case: Case, times: int) -> list[bool]:
    """Whether the fault met each of so many requests, by the calls as they are read back."""
    for _ in range(times):
        getattr(app, case.send)()
    operation = case.binding.get("operation", ("refresh", ""))[0]
    calls = app.admin("GET", f"requests?operation={operation}")["requests"]
    return [case.kind in call["mishaps"] for call in calls]


@pytest.mark.parametrize("case", EACH_KIND, ids=str)
def test_a_fault_strikes_so_often_after_so_many(app: App, case: Case) -> None:
    app.fault(case.kind, **case.settings, after=1, count=2)
    assert struck(app, case, 5) == [False, True, True, False, False]


@pytest.mark.parametrize("case", EACH_KIND, ids=str)
def test_chance_repeats_with_its_seed(server: httpx.Client, case: Case) -> None:
    def run(seed: int) -> list[bool]:
        app = App(server)
        app.admin("POST", "settings", {"seed": seed})
        app.fault(case.kind, **case.settings, probability=0.5)
        return struck(app, case, 8)

    first = run(7)
    assert first == run(7)
    assert first != run(8)
    assert True in first
    assert False in first


def test_a_late_request_lands_when_its_time_has_come(app: App) -> None:
    app.fault("late-landing", operation="create", seconds=60, count=1)
    before = app.invoices
    app.patience = IMPATIENCE
    assert app.create().status == "silence"
    assert app.admin("POST", "clock", {"advanceSeconds": 59})["onTheWay"] == 1
    assert app.admin("POST", "clock", {"advanceSeconds": 1})["onTheWay"] == 0
    assert app.invoices == before + 1
    (call,) = app.admin("GET", "requests?fault=late-landing")["requests"]
    assert call["response_body"].startswith('(nobody heard) {"Invoice":')
    assert call["landed_at"] > call["at"]


def test_a_late_request_of_a_company_that_is_gone_lands_nowhere(app: App) -> None:
    app.fault("late-landing", operation="create", seconds=60, count=1)
    app.patience = IMPATIENCE
    app.create()
    app.admin("DELETE", f"companies/{SAMPLE}")
    assert app.admin("POST", "late") == {"landed": 0}
    assert app.admin("GET", "clock")["onTheWay"] == 0


def test_a_rotated_refresh_token_dies_at_once_or_later(app: App) -> None:
    app.fault("rotate-refresh-token", count=1, seconds=60)
    first = app.refresh().json()["refresh_token"]
    assert first != app.tokens["refresh_token"]
    assert app.refresh().json()["refresh_token"] == first
    app.admin("POST", "clock", {"advanceSeconds": 60})
    assert app.refresh().json()["error"] == "invalid_grant"


def test_one_item_of_a_batch_meets_a_fault(app: App) -> None:
    app.fault("fault", entity="invoice", operation="create", code="6140", count=1)
    items = [{"bId": str(one), "operation": "create", "Invoice": invoice()} for one in (1, 2)]
    answers = app.call("POST", "batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    assert [one.get("Fault", {}).get("Error", [{}])[0].get("code") for one in answers] == ["6140", None]


def test_limits_refuse_what_is_too_much(app: App) -> None:
    app.admin("POST", "settings", {"limits": {"per_second": 2}})
    assert [app.read().status for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("kind", "operation", "able"),
    [
        ("rotate-refresh-token", "create", "refresh"), ("late-landing", "refresh", "create"),
        ("changed-document", "create", "update"), ("forget-request-id", "query", "create"),
    ],
)  # fmt: skip
def test_a_fault_that_could_never_happen_is_refused(app: App, kind: str, operation: str, able: str) -> None:
    answer = app.http.post("/_simulator/faults", json={"kind": kind, "operation": operation})
    assert answer.status_code == 400
    message = answer.json()["message"]
    assert kind in message
    assert operation in message
    assert able in message.split("it strikes")[1]
