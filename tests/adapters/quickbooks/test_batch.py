"""A batch is transport: one answer for each of its writes."""

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.payload import decode, encode
from m3ter_quickbooks.quickbooks.client import batchable
from m3ter_quickbooks.run.answer import Accepted, Hindrance, NotSent, RefusedWrite, Unsure
from m3ter_quickbooks.run.delivery import Operation, Verb
from tests.adapters.quickbooks.making import CONNECTION, Desk, an_operation, answering
from tests.adapters.quickbooks.test_write import GATEWAY_401, HTML, THROTTLED_XML, a_fault, an_entity

BATCH_ID = "0b1f4c1e-0000-5000-8000-00000000000b"
TWO = [an_operation(request_id="first"), an_operation(request_id="second")]


def an_item(place: int, request_id: str) -> dict[str, object]:
    return {"bId": str(place), "Invoice": an_entity(Id=str(70 + place), PrivateNote=f"m3ter-send:{request_id}")}


def a_faulty_item(place: int, code: str) -> dict[str, object]:
    return {"bId": str(place), "Fault": {"Error": [{"Message": "x", "code": code, "element": ""}], "type": "Any"}}


def batched(items: Sequence[object], status: int = 200) -> Desk:
    return answering(status, encode({"BatchItemResponse": list(items), "time": "2026-03-02T04:00:00.000-08:00"}))


def test_the_stored_bytes_travel_unchanged_each_with_its_place_and_operation() -> None:
    ops = [
        an_operation(request_id="first"),
        an_operation(Verb.UPDATE),
        an_operation(Verb.VOID, DocumentKind.CREDIT_MEMO),
    ]
    desk = batched([])
    desk.client.write_batch(CONNECTION, ops, BATCH_ID)

    (request,) = desk.requests
    url = urlsplit(str(request.url))
    assert url.path.endswith("/batch")
    assert parse_qs(url.query) == {"requestid": [BATCH_ID], "minorversion": ["75"]}
    items = decode(request.content)["BatchItemRequest"]
    assert [(item["bId"], item["operation"]) for item in items] == [("0", "create"), ("1", "update"), ("2", "delete")]
    assert ops[0].body in request.content
    assert items[2]["CreditMemo"] == decode(ops[2].body)


def test_each_write_has_its_own_answer_whatever_order_they_come_in() -> None:
    answers = batched([a_faulty_item(1, "6070"), an_item(0, "first")]).client.write_batch(CONNECTION, TWO, BATCH_ID)

    assert isinstance(answers[0], Accepted)
    assert answers[0].document is not None
    assert answers[0].document.id == "70"
    assert isinstance(answers[1], RefusedWrite)


def test_what_the_answer_does_not_name_or_names_twice_is_unsure() -> None:
    items = [an_item(0, "first"), an_item(0, "first"), {"bId": "9"}, {"no": "place"}]
    answers = batched(items).client.write_batch(CONNECTION, TWO, BATCH_ID)
    assert [type(answer) for answer in answers] == [Unsure, Unsure]


def test_an_answer_in_the_wrong_place_is_not_believed() -> None:
    answers = batched([an_item(0, "second"), an_item(1, "first")]).client.write_batch(CONNECTION, TWO, BATCH_ID)
    assert [type(answer) for answer in answers] == [Unsure, Unsure]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("10000", Unsure), ("150", Unsure), ("3001", NotSent), ("3200", NotSent), ("5010", RefusedWrite)],
)
def test_faults_of_single_bills_mean_what_they_mean_alone(code: str, expected: type) -> None:
    items = [a_faulty_item(0, code), an_item(1, "second")]
    answers = batched(items).client.write_batch(CONNECTION, TWO, BATCH_ID)
    assert isinstance(answers[0], expected)
    assert isinstance(answers[1], Accepted)


def test_a_user_who_lost_access_is_seen_inside_a_batch_too() -> None:
    desk = batched([a_faulty_item(0, "120"), a_faulty_item(1, "120")])
    answers = desk.client.write_batch(CONNECTION, TWO, BATCH_ID)
    assert all(isinstance(answer, NotSent) and answer.because is Hindrance.NOT_AUTHORIZED for answer in answers)
    assert len(desk.tokens.because) == 1


@pytest.mark.parametrize(
    ("status", "body", "because"),
    [
        (429, THROTTLED_XML, Hindrance.THROTTLED),
        (401, GATEWAY_401, Hindrance.UNAVAILABLE),
        (403, a_fault("3100"), Hindrance.NOT_AUTHORIZED),
        (400, a_fault("1040"), Hindrance.BATCH_REFUSED),
        (400, a_fault("2010"), Hindrance.BATCH_REFUSED),
    ],
)
def test_a_batch_that_was_turned_away_did_nothing(status: int, body: str, because: Hindrance) -> None:
    answers = answering(status, body).client.write_batch(CONNECTION, TWO, BATCH_ID)
    assert [answer.because for answer in answers if isinstance(answer, NotSent)] == [because, because]


@pytest.mark.parametrize(("status", "body"), [(502, HTML), (200, HTML), (200, b""), (200, b'{"BatchItemResponse":7}')])
def test_a_batch_whose_answer_is_lost_leaves_every_bill_unsure(status: int, body: bytes) -> None:
    answers = answering(status, body).client.write_batch(CONNECTION, TWO, BATCH_ID)
    assert [type(answer) for answer in answers] == [Unsure, Unsure]


def test_a_batch_that_times_out_leaves_every_bill_unsure_and_is_not_repeated() -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    desk = Desk(slow)
    answers = desk.client.write_batch(CONNECTION, TWO, BATCH_ID)
    assert [type(answer) for answer in answers] == [Unsure, Unsure]
    assert len(desk.requests) == 1


def test_the_void_of_an_invoice_travels_alone() -> None:
    void = an_operation(Verb.VOID)
    assert not batchable(void)
    with pytest.raises(ValueError, match="void"):
        batched([]).client.write_batch(CONNECTION, [void], BATCH_ID)


@pytest.mark.parametrize(
    "op", [an_operation(), an_operation(Verb.UPDATE), an_operation(Verb.VOID, DocumentKind.CREDIT_MEMO)]
)
def test_every_other_write_may_travel_with_others(op: Operation) -> None:
    assert batchable(op)


def test_a_batch_holds_thirty() -> None:
    with pytest.raises(ValueError, match="30"):
        batched([]).client.write_batch(CONNECTION, TWO * 16, BATCH_ID)
