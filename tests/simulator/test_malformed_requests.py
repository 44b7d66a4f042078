"""Whatever is sent, the answer is one QuickBooks could give: never a 5xx, never an exception, always readable.

QUICKBOOKS_FUZZ_EXAMPLES says how many requests to try; 3000 of each kind take about a minute.
"""

import contextlib
import copy
import json
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.quickbooks.admin import ROUTES
from local.quickbooks.entities import BY_SEGMENT
from local.quickbooks.envelope import Answer
from local.quickbooks.fields import ANY, shape_of
from local.quickbooks.mishaps import KINDS
from local.quickbooks.seed import SAMPLE, UNITED_KINGDOM
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice, line

EXAMPLES = int(os.environ.get("QUICKBOOKS_FUZZ_EXAMPLES", "200"))
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)

SIMULATOR = Simulator(seed=1, recorded_calls=10)
ADMINISTERED = Simulator(seed=1, recorded_calls=10)
COMPANIES = {realm: Caller(SIMULATOR, realm) for realm in (SAMPLE, UNITED_KINGDOM)}


@pytest.fixture(scope="module", autouse=True)
def closed_in_the_end() -> Iterator[None]:
    yield
    SIMULATOR.close()
    ADMINISTERED.close()


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30) | st.sampled_from(["", "1", "0", "-1", "1e999", "NaN", "2026-02-30", "TAX", "x" * 5000,
    "\ud800", "\x00"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
)
FULL = {
    **invoice(
        {**line(10, Qty=1, UnitPrice=10, ServiceDate="2026-01-01", TaxCodeRef={"value": "NON"}), "Description": "x"},
        {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 5}},
        {"Amount": 1, "DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": "1"},
        "Line": [line(1)]}},
    ),
    "Id": "101", "SyncToken": "0", "sparse": True, "DocNumber": "1", "TxnDate": "2026-01-01", "DueDate": "2026-02-01",
    "CurrencyRef": {"value": "USD"}, "ExchangeRate": 1, "PrivateNote": "x", "CustomerMemo": {"value": "x"},
    "BillEmail": {"Address": "a@example.com"}, "BillAddr": {"Line1": "x"}, "SalesTermRef": {"value": "3"},
    "TxnTaxDetail": {"TotalTax": 0, "TaxLine": [{"Amount": 1, "TaxLineDetail": {"TaxRateRef": {"value": "2"}}}]},
    "CustomField": [{"DefinitionId": "1",
    "StringValue": "x"}],
    "LinkedTxn": [{"TxnId": "1", "TxnType": "Estimate"}], "TotalAmt": 5, "DisplayName": "x", "Name": "y",
    "Type": "Service",
    "IncomeAccountRef": {"value": "1"}, "Active": True, "ParentRef": {"value": "1"}, "VendorRef": {"value": "30"},
    "AccountType": "Bank", "PayType": "Check", "SourceCurrencyCode": "EUR", "Rate": 1, "NameOf": "Employee",
    "TaxCode": "c", "TaxRateDetails": [{"TaxRateName": "r", "RateValue": 1, "TaxAgencyId": "1"}], "Invoice": {"x": 1},
    "SalesFormsPrefs": {"CustomTxnNumbers": False}, "OtherPrefs": {"NameValue": [{"Name": "a", "Value": "b"}]},
    "BatchItemRequest": [{"bId": "1", "operation": "create", "Invoice": invoice()}, {"bId": "2",
    "Query": "select * from Item"}],
    "Code": "EUR", "DepositToAccountRef": {"value": "4"}, "AccountRef": {"value": "1"}, "PaymentType": "Cash",
    "Amount": 1,
}  # fmt: skip
SEGMENTS = [
    *["invoice", "creditmemo", "payment", "customer", "item"] * 5,
    *BY_SEGMENT,
    "batch",
    "query",
    "upload",
    "taxservice/taxcode",
    "cdc",
    "reports/ProfitAndLoss",
    "unicorn",
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, one in value.items():
            found += places(one, (*path, key))
    if isinstance(value, list):
        for index, one in enumerate(value):
            found += places(one, (*path, index))
    return found


PLACES = places(FULL)


@st.composite
def mutated(draw: st.DrawFn, segment: str) -> bytes:
    """A body that would do for the entity, with some of its values replaced or left out."""
    entity = BY_SEGMENT.get(segment)
    shape = shape_of(entity.name) if entity else ANY
    body = {key: copy.deepcopy(value) for key, value in FULL.items() if shape.open or key in shape.readers}
    for key in draw(st.sets(st.sampled_from(["Id", "Line", *sorted(body)]), max_size=4)):
        body.pop(key, None)
    for path in draw(st.lists(st.sampled_from([one for one in PLACES if one[0] in body]), max_size=3)):
        target: Any = body
        try:
            for step in path[:-1]:
                target = target[step]
            target[path[-1]] = draw(VALUES)
        except (KeyError, TypeError, IndexError):
            continue
    return written(body)


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


class UndoneError(Exception):
    """Takes back what a request did, so that each one meets the same books."""


def check(ask: Callable[[], Answer]) -> None:
    with contextlib.suppress(UndoneError), SIMULATOR.store.transaction():
        check_answer(ask())
        raise UndoneError
    SIMULATOR.reload()
    SIMULATOR.tokens.forget_known()


def check_answer(answer: Answer) -> None:
    assert answer.status in (200, 302, 400, 401, 403, 404, 405, 409), (answer.status, answer.text)
    kind = answer.headers.get("Content-Type", "")
    if "json" in kind:
        answer.json()
    elif "xml" in kind:
        ET.fromstring(answer.body)  # noqa: S314  our own text


ACCEPT = st.sampled_from(["application/json", "", "application/pdf"])
PARAMETERS = st.dictionaries(
    st.sampled_from(["operation", "include", "minorversion", "requestid", "query", "sendTo", "entities",
    "changedSince"]),
    st.text(max_size=40) | st.sampled_from(["delete", "void", "update", "invoiceLink", "Invoice", "2026-11-01",
    "select * from Item"]),
    max_size=3,
)  # fmt: skip


@BOUNDED
@given(st.data(), st.sampled_from(SEGMENTS), PARAMETERS, ACCEPT, st.sampled_from([SAMPLE, UNITED_KINGDOM]))
def test_no_posted_body_breaks_anything(
    data: st.DataObject, segment: str, parameters: dict[str, str], accept: str, realm: str
) -> None:
    body = data.draw(mutated(segment))
    asked = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in parameters.items())
    check(lambda: COMPANIES[realm].post(f"{segment}?{asked}", body, Accept=accept))


@pytest.mark.parametrize("accept", ["application/json", "application/xml"])
@pytest.mark.parametrize("deep", [b"[" * 400 + b"]" * 400, b'{"a":' * 400 + b"1" + b"}" * 400])
@pytest.mark.parametrize(
    ("segment", "body"),
    [
        ("vendor", b'{"DisplayName":"Deep","Foo":%b}'), ("attachable", b'{"Note":"x","Foo":%b}'),
        ("batch", b'{"BatchItemRequest":[{"bId":"1","Vendor":{"DisplayName":"Deep","Foo":%b}}]}'),
        ("invoice", b'{"Line":%b}'), ("vendor", b"<Vendor>" * 400 + b"</Vendor>" * 400 + b"%.0b"),
    ],
)  # fmt: skip
def test_what_is_nested_too_deep_is_refused(segment: str, body: bytes, deep: bytes, accept: str) -> None:
    answer = COMPANIES[SAMPLE].post(segment, body % deep, Accept=accept)
    check_answer(answer)
    assert answer.status == 400
    assert "2010" in answer.text


def test_a_document_type_is_not_read_in_any_encoding() -> None:
    text = '<?xml version="1.0"?><!DOCTYPE v [<!ENTITY a "aaaa">]><Vendor><DisplayName>&a;</DisplayName></Vendor>'
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-16"):
        answer = COMPANIES[SAMPLE].post("vendor", text.encode(encoding), **{"Content-Type": "application/xml"})
        assert answer.status == 400, encoding


@pytest.mark.parametrize("odd", [[], {}, 7, None, True])
def test_a_field_of_another_entity_may_be_anything(odd: object) -> None:
    body = {"DisplayName": f"Odd {odd}", "DocNumber": odd, "TxnDate": odd, "CustomerRef": {"value": odd}}
    assert COMPANIES[SAMPLE].post("customer", body).status in (200, 400)


@BOUNDED
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]),
    st.lists(
        st.sampled_from([*SEGMENTS, "1", "101", "x", "send", "pdf", "..", "%00", ""]) | st.text(max_size=8), max_size=3
    ),
    PARAMETERS,
    st.binary(max_size=200) | VALUES.map(written),
    st.sampled_from(["application/json", "application/xml", "multipart/form-data; boundary=x", "application/text", ""]),
)
def test_no_path_breaks_anything(
    method: str, segments: list[str], parameters: dict[str, str], body: bytes, content_type: str
) -> None:
    path = "/".join(quote(one, safe="/%.", errors="replace") for one in segments)
    asked = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in parameters.items())
    company = COMPANIES[SAMPLE]
    headers = {**company.headers, "Content-Type": content_type}
    check(lambda: SIMULATOR.handle(method, company.url(f"{path}?{asked}"), headers, body))


SETTINGS = [
    "kind", "probability", "count", "after", "path", "method", "entity", "operation", "realm", "seconds", "how",
    "format",
    "status", "committed", "code", "message", "detail", "retryAfter", "date", "limits", "latency", "seed",
    "requestIdSeconds", "overlappingRequestIds", "queryLagSeconds", "rotateAfterSeconds", "advanceSeconds", "companyId",
    "url", "verifier", "amount", "rate", "asOf", "requestId", "name", "homeCurrency", "multicurrency", "bookCloseDate",
    "exchangeRates", "defaultItem", "DisplayName", "Line", "CustomerRef", "Id", "self",
]  # fmt: skip
MEANT = st.sampled_from(
    [*KINDS, "create", "invoice", "json", SAMPLE, "EUR", "2026-01-01", 1, 0.5, True, None, {"EUR": 2},
     {"per_second": 5},
     "http://127.0.0.1:9/", "once", "classic"]
)  # fmt: skip
PARTS = st.sampled_from([SAMPLE, UNITED_KINGDOM, "1", "101", "EUR", "invoice", "customer", "preferences"]) | st.text(
    max_size=5
)


@BOUNDED
@given(
    st.data(),
    st.sampled_from(["GET", "POST", "POST", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]),
    st.sampled_from(sorted(ROUTES)),
    st.dictionaries(st.sampled_from(SETTINGS), MEANT | VALUES, max_size=4).map(written) | st.binary(max_size=20),
    st.dictionaries(st.sampled_from(["after", "last", "status", "path", "x"]), st.text(max_size=5), max_size=2),
)
def test_no_admin_request_breaks_anything(
    data: st.DataObject, method: str, path: str, body: bytes, asked: dict[str, str]
) -> None:
    filled = "/".join(
        quote(data.draw(PARTS), errors="replace") if one.startswith("{") else one for one in path.split("/")
    )
    query = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in asked.items())
    answer = ADMINISTERED.handle(method, f"http://q/_simulator/{filled}?{query}", {}, body)
    assert answer.status in (200, 201, 204, 400, 404, 405, 409), answer.text
    if answer.body:
        assert answer.status < 400 or answer.json()["message"]
    if method != "GET" and answer.status < 300:
        for page in ("/", f"/app/company?companyId={SAMPLE}", "/app/faults", "/app/calls", "/_simulator/settings"):
            assert ADMINISTERED.handle("GET", f"http://q{page}").status in (200, 404)
        check_answer(ADMINISTERED.handle("GET", f"http://q/v3/company/{SAMPLE}/companyinfo/1"))


@BOUNDED
@given(
    st.sampled_from(
        ["connect/oauth2", "oauth2/v1/tokens/bearer", "v2/oauth2/tokens/revoke", "app/invoice", "app/creditmemo", ""]
    ),
    st.sampled_from(["GET", "POST"]),
    st.dictionaries(
        st.sampled_from(
            ["client_id", "redirect_uri", "state", "code", "grant_type", "token", "txnId", "companyId", "scope"]
        ),
        st.text(max_size=30) | st.sampled_from(["simulator-client", "http://a", SAMPLE, "code", "refresh_token"]),
    ),
    st.text(max_size=40)
    | st.sampled_from(["Basic c2ltdWxhdG9yLWNsaWVudDpzaW11bGF0b3Itc2VjcmV0", "Bearer " + "x" * 30]),
)
def test_no_form_breaks_the_token_endpoints_or_the_pages(
    path: str, method: str, form: dict[str, str], authorization: str
) -> None:
    text = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in form.items())
    check(lambda: SIMULATOR.handle(method, f"http://q/{path}?{text}", {"Authorization": authorization}, text))
