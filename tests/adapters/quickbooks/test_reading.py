"""Reads raise where a write would answer."""

from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.payload import encode
from m3ter_quickbooks.problems import ConnectionLost, Refused, TryLater
from m3ter_quickbooks.quickbooks.reading import quoted
from m3ter_quickbooks.quickbooks.wire import READ_PATIENCE
from tests.adapters.quickbooks.making import CONNECTION, Desk, an_operation, answering
from tests.adapters.quickbooks.test_write import GATEWAY_401, HTML, THROTTLED_XML, a_fault, an_entity

INVOICE = DocumentKind.INVOICE
DAY = date(2026, 3, 1)


def statement(request: httpx.Request) -> str:
    return parse_qs(urlsplit(str(request.url)).query)["query"][0]


def rows(*entities: dict[str, object]) -> httpx.Response:
    found: dict[str, object] = {"Invoice": list(entities), "startPosition": 1, "maxResults": len(entities)}
    return httpx.Response(200, content=encode({"QueryResponse": found if entities else {}}))


def test_a_document_is_read_by_its_id() -> None:
    desk = answering(200, encode({"Invoice": an_entity()}))
    document = desk.client.read(CONNECTION, INVOICE, "7")

    assert document is not None
    assert document.total == Decimal("100.10")
    assert desk.requests[0].url.path.endswith("/invoice/7")
    assert desk.requests[0].url.params["minorversion"] == "75"


def test_no_such_document_is_none() -> None:
    assert answering(400, a_fault("610", "Object Not Found")).client.read(CONNECTION, INVOICE, "7") is None
    stub = '{"Invoice":{"status":"Deleted","Id":"7"}}'
    assert answering(200, stub).client.read(CONNECTION, INVOICE, "7") is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, HTML),
        (200, HTML),
        (200, "[]"),
        (200, "{}"),
        (200, '{"Invoice":{"Id":"7"}}'),
        (400, a_fault("10000")),
        (401, GATEWAY_401),
        (403, HTML),
    ],
)
def test_a_read_that_did_not_come_through_can_be_made_later(status: int, body: str) -> None:
    with pytest.raises(TryLater) as later:
        answering(status, body).client.read(CONNECTION, INVOICE, "7")
    assert not later.value.throttled


def test_the_rate_limit_is_told_apart_with_its_wait() -> None:
    with pytest.raises(TryLater) as later:
        answering(429, THROTTLED_XML, **{"Retry-After": "9"}).client.read(CONNECTION, INVOICE, "7")
    assert later.value.throttled
    assert later.value.after == timedelta(seconds=9)


def test_a_refused_read_says_its_code_and_no_remote_text() -> None:
    with pytest.raises(Refused) as refused:
        answering(400, a_fault("4001", "Jane Doe", "Jane Doe")).client.read(CONNECTION, INVOICE, "7")
    assert (refused.value.code, refused.value.intuit_tid) == ("4001", "1-abc")
    assert "Jane" not in refused.value.message


def test_a_read_can_find_that_the_connection_is_lost() -> None:
    desk = answering(403, a_fault("3100"))
    with pytest.raises(ConnectionLost):
        desk.client.read(CONNECTION, INVOICE, "7")
    assert len(desk.tokens.because) == 1


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout])
def test_a_read_without_an_answer_can_be_made_later(error: type[httpx.TransportError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("gone", request=request)

    with pytest.raises(TryLater, match=error.__name__):
        Desk(fail).client.read(CONNECTION, INVOICE, "7")


def test_a_create_is_looked_for_by_customer_day_and_marker() -> None:
    ours, other = an_entity(Id="1", PrivateNote="m3ter-bill:b1\nm3ter-send:me"), an_entity(Id="2")
    desk = Desk(lambda _: rows(ours, other))
    found = desk.client.look_for(CONNECTION, INVOICE, "1'7", DAY, "m3ter-send:me")

    assert [document.id for document in found] == ["1"]
    assert statement(desk.requests[0]) == (
        r"select * from Invoice where CustomerRef = '1\'7' and TxnDate = '2026-03-01' startposition 1 maxresults 1000"
    )


def test_the_look_goes_through_every_page() -> None:
    everything = [an_entity(Id=str(number), PrivateNote=f"n{number}") for number in range(2500)]

    def page(request: httpx.Request) -> httpx.Response:
        start = int(statement(request).split("startposition ")[1].split()[0]) - 1
        return rows(*everything[start : start + 1000])

    desk = Desk(page)
    found = desk.client.look_for(CONNECTION, INVOICE, "1", DAY, "n2499")
    assert [document.id for document in found] == ["2499"]
    assert len(desk.requests) == 3


def test_a_full_last_page_is_followed_by_an_empty_one_and_moved_rows_count_once() -> None:
    first = [an_entity(Id=str(number), PrivateNote="x") for number in range(1000)]
    pages = iter([rows(*first), rows(first[-1])])
    desk = Desk(lambda _: next(pages))
    assert len(desk.client.look_for(CONNECTION, INVOICE, "1", DAY, "x")) == 1000


def test_nothing_found_is_an_empty_answer() -> None:
    assert Desk(lambda _: rows()).client.look_for(CONNECTION, INVOICE, "1", DAY, "x") == []


@pytest.mark.parametrize(
    "body",
    ['{"QueryResponse":{"Invoice":[{"Id":"1"}]}}', '{"QueryResponse":{"Invoice":7}}', '{"QueryResponse":7}', "{}"],
)
def test_a_look_that_cannot_be_read_whole_is_not_taken_for_not_found(body: str) -> None:
    with pytest.raises(TryLater):
        answering(200, body).client.look_for(CONNECTION, INVOICE, "1", DAY, "x")


def test_documents_are_found_by_their_number() -> None:
    desk = Desk(lambda _: rows(an_entity(DocNumber="INV-1")))
    assert [document.number for document in desk.client.numbered(CONNECTION, INVOICE, "INV-1")] == ["INV-1"]
    assert statement(desk.requests[0]).startswith("select * from Invoice where DocNumber = 'INV-1' ")


def test_an_exchange_rate_is_exact() -> None:
    body = '{"ExchangeRate":{"SourceCurrencyCode":"EUR","Rate":1.08550000000000001,"AsOfDate":"2026-03-01"}}'
    desk = answering(200, body)
    assert desk.client.exchange_rate(CONNECTION, "EUR", DAY) == Decimal("1.08550000000000001")
    assert dict(desk.requests[0].url.params) == {
        "sourcecurrencycode": "EUR",
        "asofdate": "2026-03-01",
        "minorversion": "75",
    }


@pytest.mark.parametrize("body", ['{"ExchangeRate":{"Rate":0}}', '{"ExchangeRate":{}}', '{"ExchangeRate":[]}', "{}"])
def test_a_missing_exchange_rate_says_where_to_enter_it(body: str) -> None:
    with pytest.raises(Refused, match=r"EUR on 2026-03-01.*Currencies"):
        answering(200, body).client.exchange_rate(CONNECTION, "EUR", DAY)


@pytest.mark.parametrize(("value", "text"), [("O'Brien", r"'O\'Brien'"), ("a\\", r"'a\\'"), ("", "''")])
def test_apostrophes_are_escaped_as_quickbooks_wants_them(value: str, text: str) -> None:
    assert quoted(value) == text


def test_a_read_is_not_waited_for_as_long_as_a_write() -> None:
    desk = answering(200, encode({"Invoice": an_entity()}))
    desk.client.read(CONNECTION, INVOICE, "7")
    desk.client.write(CONNECTION, an_operation())

    assert [request.extensions["timeout"]["read"] for request in desk.requests] == [READ_PATIENCE, 30.0]
