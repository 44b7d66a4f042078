"""What the admin interface of a running server is asked and cannot do: 400 with the name and what is allowed."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.quickbooks.app import running
from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    simulator = Simulator(seed=1)
    with running(simulator) as base, httpx.Client(base_url=f"{base}/_simulator/") as client:
        yield client
    simulator.close()


def slow(**settings: Any) -> dict[str, Any]:
    return {"kind": "slow", **settings}


COMPANY = f"companies/{SAMPLE}"
REFUSED: list[tuple[str, Any, str, str]] = [
    ("faults", {}, "kind", "lost-answer"),
    ("faults", {"kind": None}, "kind", "lost-answer"),
    ("faults", {"kind": ["slow"]}, "kind", "lost-answer"),
    ("faults", {"kind": "flood"}, '"flood"', "closed-books"),
    ("faults", slow(colour=1), '"colour"', "probability"),
    ("faults", slow(self=1), '"self"', "probability"),
    ("faults", slow(id=1), '"id"', "probability"),
    ("faults", slow(probability=2), "probability", "from 0 to 1"),
    ("faults", slow(probability=-0.5), "probability", "from 0 to 1"),
    ("faults", slow(probability="0.5"), "probability", "from 0 to 1"),
    ("faults", slow(probability=True), "probability", "from 0 to 1"),
    ("faults", slow(count=-1), "count", "whole number from 0"),
    ("faults", slow(count=""), "count", "whole number from 0"),
    ("faults", slow(count=1.5), "count", "whole number from 0"),
    ("faults", slow(after=-1), "after", "whole number from 0"),
    ("faults", slow(after="x"), "after", "whole number from 0"),
    ("faults", slow(path="("), "path", "unterminated"),
    ("faults", slow(path=7), "path", "regular expression"),
    ("faults", slow(method="GRAB"), "method", "GET, POST"),
    ("faults", slow(method=5), "method", "GET, POST"),
    ("faults", slow(entity="unicorn"), "entity", "invoice, creditmemo"),
    ("faults", slow(operation="creat"), "operation", "create, update"),
    ("faults", slow(realm=[]), "realm", "digits"),
    ("faults", slow(seconds=-1), "seconds", "number from 0"),
    ("faults", slow(seconds=10**30), "seconds", "number from 0"),
    ("faults", slow(how="softly"), "how", "timeout, reset"),
    ("faults", slow(format="yaml"), "format", "html, json, xml"),
    ("faults", slow(status=200), "status", "from 400 to 599"),
    ("faults", slow(status="503"), "status", "from 400 to 599"),
    ("faults", slow(committed="yes"), "committed", "true or false"),
    ("faults", slow(code="x"), "code", "digits"),
    ("faults", slow(message=[1]), "message", "text"),
    ("faults", slow(retryAfter="soon\r\nX: y"), "retryAfter", "whole number"),
    ("faults", slow(date="2026-02-30"), "date", "YYYY-MM-DD"),
    ("faults", slow(date=20260228), "date", "YYYY-MM-DD"),
    ("settings", {"colour": 1}, '"colour"', "overlappingRequestIds"),
    ("settings", {"limits": {"per_second": "x"}}, "limits: per_second", "whole number"),
    ("settings", {"limits": {"colour": 1}}, "limits", "at_once"),
    ("settings", {"limits": 7}, "limits", "per_minute"),
    ("settings", {"latency": {"fixed": -1}}, "latency: fixed", "from 0 to 3600"),
    ("settings", {"latency": "x"}, "latency", "spread"),
    ("settings", {"seed": "x"}, "seed", "whole number"),
    ("settings", {"requestIdSeconds": -1}, "requestIdSeconds", "whole number from 0"),
    ("settings", {"overlappingRequestIds": "thrice"}, "overlappingRequestIds", "once, twice, refused"),
    ("settings", {"queryLagSeconds": None}, "queryLagSeconds", "number from 0"),
    ("settings", {"rotationGraceSeconds": 1.5}, "rotationGraceSeconds", "whole number"),
    ("clock", {"advanceSeconds": "x"}, "advanceSeconds", "number from 0"),
    ("clock", {"advanceSeconds": -1}, "advanceSeconds", "number from 0"),
    ("clock", {"advanceSeconds": 10**12}, "advanceSeconds", "number from 0"),
    ("clock", {"minutes": 1}, '"minutes"', "advanceSeconds"),
    ("tokens", {"companyId": {}}, "companyId", "digits"),
    ("tokens/expire", {"companyId": []}, "companyId", "digits"),
    ("webhooks", {}, "url", "http"),
    ("webhooks", {"url": 7}, "url", "http"),
    ("webhooks", {"url": "ftp://a"}, "url", "http"),
    ("webhooks", {"url": "http://["}, "url", "http"),
    ("webhooks", {"url": "http://a:99999/"}, "url", "http"),
    ("webhooks", {"url": "http://\u20ac/"}, "url", "http"),
    ("webhooks", {"url": "http://a", "verifier": 7}, "verifier", "text"),
    ("webhooks", {"url": "http://a", "format": "modern"}, "format", "classic, cloudevents"),
    ("companies", {"companyId": "\u00b2"}, "companyId", "digits"),
    ("companies", {"companyId": SAMPLE}, "companyId", "taken"),
    ("companies", {"companyId": "1" * 20}, "companyId", "19 digits"),
    ("companies", {"name": 7}, "name", "text"),
    ("companies", {"country": "Germany"}, "country", "two capital letters"),
    ("companies", {"homeCurrency": ["EUR"]}, "homeCurrency", "USD, EUR"),
    (COMPANY, {"companyId": "1"}, "companyId", "cannot be changed"),
    (COMPANY, {"colour": 1}, '"colour"', "bookCloseDate"),
    (COMPANY, {"self": 1}, '"self"', "bookCloseDate"),
    (COMPANY, {"bookCloseDate": 5}, "bookCloseDate", "YYYY-MM-DD"),
    (COMPANY, {"customTransactionNumbers": "no"}, "customTransactionNumbers", "true or false"),
    (COMPANY, {"defaultItem": {}}, "defaultItem", "digits"),
    (COMPANY, {"exchangeRates": ["EUR"]}, "exchangeRates", "EUR"),
    (COMPANY, {"exchangeRates": {"XXX": 1}}, "exchangeRates", "EUR"),
    (COMPANY, {"exchangeRates": {"EUR": 0}}, "exchangeRates: EUR", "above 0"),
    (COMPANY, {"exchangeRates": {"EUR": "NaN"}}, "exchangeRates: EUR", "above 0"),
    (f"{COMPANY}/pay/101", {"amount": "x"}, "amount", "above 0"),
    (f"{COMPANY}/pay/101", {"amount": -1}, "amount", "above 0"),
    (f"{COMPANY}/rates/EUR", {}, "rate", "above 0"),
    (f"{COMPANY}/rates/EUR", {"rate": "NaN"}, "rate", "above 0"),
    (f"{COMPANY}/rates/EUR", {"rate": 1, "asOf": "soon"}, "asOf", "YYYY-MM-DD"),
    (f"{COMPANY}/rates/XXX", {"rate": 1}, "currency", "USD, EUR"),
    (f"{COMPANY}/forget-request-ids", {"requestId": {}}, "requestId", "text"),
    (f"{COMPANY}/disconnect", {"really": True}, '"really"', "known"),
]


@pytest.mark.parametrize(("path", "body", "name", "allowed"), REFUSED, ids=lambda one: repr(one)[:60])
def test_a_setting_that_makes_no_sense_is_named_with_what_is_allowed(
    http: httpx.Client, path: str, body: Any, name: str, allowed: str
) -> None:
    answer = http.post(path, json=body)
    assert answer.status_code == 400, answer.text
    message = answer.json()["message"]
    assert name in message
    assert allowed in message
    assert http.get("faults").json()["faults"] == []


@pytest.mark.parametrize("path", ["faults", "settings", "companies", "clock", "tokens", "webhooks", COMPANY])
@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b"[1]", b"null", b"7", b'{"a":' + b"[" * 50_000, b"1" * 5000, b'{"count":1e400}', b'{"\\u0000":1}'],
    ids=lambda one: repr(one)[:20],
)
def test_a_body_that_is_no_json_object_is_refused(http: httpx.Client, path: str, body: bytes) -> None:
    answer = http.post(path, content=body)
    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.parametrize("query", ["after=x", "last=-1", "last=x", "status=4xx", "path=(", "operation=x", "colour=red"])
def test_a_filter_that_makes_no_sense_is_named(http: httpx.Client, query: str) -> None:
    answer = http.get(f"requests?{query}")
    assert answer.status_code == 400
    assert query.split("=", maxsplit=1)[0] in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "reset", "POST"), ("GET", "tokens", "POST"), ("DELETE", "settings", "GET, POST, PATCH"),
        ("GET", f"{COMPANY}/pay/101", "POST"), ("GET", f"{COMPANY}/disconnect", "POST"), ("GET", "faults/1", "DELETE"),
        ("PUT", "companies", "GET, POST"),
    ],
)  # fmt: skip
def test_another_method_changes_nothing_and_is_told_which(
    http: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = http.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert allowed in answer.json()["message"]


@pytest.mark.parametrize("path", ["", "nothing", "settings/x", "faults/1/2", "companies/1", f"{COMPANY}/unicorn"])
def test_what_is_not_there_is_a_404_with_a_message(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 404
    assert answer.json()["message"]


@pytest.mark.parametrize("fault", ["x", "-1", "9", "\u00b2"])
def test_a_fault_that_is_not_in_force_cannot_be_taken_away(http: httpx.Client, fault: str) -> None:
    assert http.delete(f"faults/{fault}").status_code == 404


def test_settings_are_all_changed_or_none(http: httpx.Client) -> None:
    before = http.get("settings").json()
    assert http.post("settings", json={"queryLagSeconds": 5, "seed": "x"}).status_code == 400
    assert http.get("settings").json() == before


def test_time_does_not_run_out(http: httpx.Client) -> None:
    last = [http.post("clock", json={"advanceSeconds": 10**9}).status_code for _ in range(7)]
    assert last[0] == 200
    assert last[-1] == 400
    assert http.get("clock").status_code == 200
    http.post("reset")


def test_a_reset_brings_clock_settings_and_chance_back(http: httpx.Client) -> None:
    before, now = http.get("settings").json(), http.get("clock").json()["now"]
    changed = {"limits": True, "latency": {"each": 1}, "queryLagSeconds": 5, "rotateAfterSeconds": 5, "seed": 9}
    http.post("settings", json=changed)
    http.post("clock", json={"advanceSeconds": 1_000_000})
    assert http.post("reset").status_code == 204
    assert http.get("settings").json() == before
    assert http.get("clock").json()["now"][:10] == now[:10]


def test_an_object_may_have_any_property(http: httpx.Client) -> None:
    answer = http.patch(f"{COMPANY}/vendor/30", json={"entity": "x", "id_": "y", "self": "z"})
    assert answer.status_code in (200, 409)
