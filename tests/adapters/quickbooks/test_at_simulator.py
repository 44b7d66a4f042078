"""The client and the simulator as peers: what is written is there, what is lost is found again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from local.quickbooks.simulator import Simulator
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.payload import SEND_MARKER, decode, encode
from m3ter_quickbooks.problems import Refused, TryLater
from m3ter_quickbooks.run.answer import Accepted, Answer, Hindrance, NotSent, RefusedWrite, RemoteDocument, Unsure
from m3ter_quickbooks.run.delivery import Operation, Verb
from tests.adapters.quickbooks.making import CONNECTION, REALM, Desk, an_operation, at_simulator

CREATE = an_operation()
MEMO = an_operation(kind=DocumentKind.CREDIT_MEMO, request_id="memo-1")
MARKER = SEND_MARKER + CREATE.request_id


def ours(simulator: Simulator, entity: str = "Invoice") -> list[dict[str, object]]:
    return [one for one in simulator.as_person(REALM).all(entity) if SEND_MARKER in one.get("PrivateNote", "")]


def document_of(answer: Answer) -> RemoteDocument:
    assert isinstance(answer, Accepted), answer
    assert answer.document is not None
    return answer.document


def changed(document: RemoteDocument, verb: Verb, request_id: str = "next", **fields: object) -> Operation:
    body = {"Id": document.id, "SyncToken": document.sync_token} | ({"sparse": True} if fields else {}) | fields
    plain = an_operation(verb, document.kind, document_id=document.id, request_id=request_id)
    return replace(plain, body=encode(body))


def look(desk: Desk, op: Operation = CREATE) -> list[RemoteDocument]:
    assert op.customer_id is not None
    assert op.txn_date is not None
    return desk.client.look_for(CONNECTION, op.kind, op.customer_id, op.txn_date, SEND_MARKER + op.request_id)


@pytest.mark.parametrize("op", [CREATE, MEMO])
def test_a_create_makes_the_document_to_the_cent(op: Operation) -> None:
    desk, _ = at_simulator()
    document = document_of(desk.client.write(CONNECTION, op))

    assert (document.kind, document.total, document.balance) == (op.kind, Decimal("100.10"), Decimal("100.10"))
    assert desk.client.read(CONNECTION, op.kind, document.id) == document
    assert look(desk, op) == [document]


def test_a_repeat_under_the_same_request_id_makes_no_second_document() -> None:
    desk, simulator = at_simulator()
    first, second = (desk.client.write(CONNECTION, CREATE) for _ in range(2))
    assert document_of(first).id == document_of(second).id
    assert len(ours(simulator)) == 1


@pytest.mark.parametrize("op", [CREATE, MEMO])
def test_an_update_in_place_keeps_what_it_does_not_name(op: Operation) -> None:
    desk, _ = at_simulator()
    document = document_of(desk.client.write(CONNECTION, op))
    lines = decode(op.body)["Line"]
    lines[0]["Amount"] = Decimal("7.05")
    update = changed(document, Verb.UPDATE, Line=lines, CustomerRef={"value": "1"})
    newer = document_of(desk.client.write(CONNECTION, update))

    assert (newer.id, newer.number, newer.note) == (document.id, document.number, document.note)
    assert newer.total == Decimal("7.05")
    assert newer.sync_token != document.sync_token


def test_a_void_leaves_a_zero_and_a_delete_leaves_nothing() -> None:
    desk, _ = at_simulator()
    invoice = document_of(desk.client.write(CONNECTION, CREATE))
    memo = document_of(desk.client.write(CONNECTION, MEMO))

    void = document_of(desk.client.write(CONNECTION, changed(invoice, Verb.VOID, "void")))
    assert void.voided
    assert void.total == 0
    deletion = desk.client.write(CONNECTION, changed(memo, Verb.VOID, "delete"))
    assert isinstance(deletion, Accepted)
    assert deletion.document is None
    assert desk.client.read(CONNECTION, DocumentKind.CREDIT_MEMO, memo.id) is None


def test_a_payment_makes_the_token_stale_and_lowers_the_balance() -> None:
    desk, simulator = at_simulator()
    document = document_of(desk.client.write(CONNECTION, CREATE))
    simulator.as_person(REALM).pay(document.id, Decimal("40.10"))

    refused = desk.client.write(CONNECTION, changed(document, Verb.UPDATE, PrivateNote="x"))
    assert isinstance(refused, RefusedWrite)
    assert refused.codes == {"5010"}
    now = desk.client.read(CONNECTION, DocumentKind.INVOICE, document.id)
    assert now is not None
    assert (now.paid, now.balance) == (Decimal("40.10"), Decimal("60.00"))


@pytest.mark.parametrize("how", ["timeout", "reset"])
def test_a_lost_answer_is_unsure_and_the_document_is_found_by_its_marker(how: str) -> None:
    desk, simulator = at_simulator()
    simulator.mishaps.add("lost-answer", entity="invoice", operation="create", count=1, how=how)

    assert isinstance(desk.client.write(CONNECTION, CREATE), Unsure)
    assert [document.note.splitlines()[-1] for document in look(desk)] == [MARKER]
    assert len(ours(simulator)) == 1


def test_a_request_that_lands_late_is_unsure_and_found_only_then() -> None:
    desk, simulator = at_simulator()
    simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    assert isinstance(desk.client.write(CONNECTION, CREATE), Unsure)
    assert look(desk) == []

    simulator.advance(61)
    assert len(look(desk)) == 1


@pytest.mark.parametrize("how", ["server-error", "unreadable"])
def test_a_broken_answer_after_the_commit_is_unsure(how: str) -> None:
    desk, simulator = at_simulator()
    simulator.mishaps.add(how, entity="invoice", operation="create", count=1, committed=True, status=502)
    assert isinstance(desk.client.write(CONNECTION, CREATE), Unsure)
    assert len(look(desk)) == 1


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_throttled_write_did_not_happen(form: str) -> None:
    desk, simulator = at_simulator()
    simulator.mishaps.add("throttle", count=1, format=form, retryAfter=17)
    answer = desk.client.write(CONNECTION, CREATE)
    assert isinstance(answer, NotSent)
    assert answer.because is Hindrance.THROTTLED
    assert answer.after is not None
    assert answer.after.total_seconds() == 17
    assert ours(simulator) == []


@pytest.mark.parametrize("kind", ["fault", "fault-in-200"])
@pytest.mark.parametrize(("code", "expected"), [("6210", RefusedWrite), ("10000", Unsure)])
def test_faults_with_either_status_mean_the_same(kind: str, code: str, expected: type) -> None:
    desk, simulator = at_simulator()
    simulator.mishaps.add(kind, count=1, code=code, detail="closed")
    assert isinstance(desk.client.write(CONNECTION, CREATE), expected)


def test_closed_books_are_a_definite_no() -> None:
    desk, simulator = at_simulator()
    simulator.as_person(REALM).close_books("2026-12-31")
    answer = desk.client.write(CONNECTION, CREATE)
    assert isinstance(answer, RefusedWrite)
    assert answer.codes <= {"6200", "6210"}


def test_a_user_who_is_no_admin_any_more_breaks_the_connection() -> None:
    desk, simulator = at_simulator()
    simulator.mishaps.add("lost-admin")
    answer = desk.client.write(CONNECTION, CREATE)
    assert isinstance(answer, NotSent)
    assert answer.because is Hindrance.NOT_AUTHORIZED
    assert len(desk.tokens.because) == 1


def test_a_connection_never_reaches_another_company() -> None:
    desk, simulator = at_simulator()
    other = replace(CONNECTION, company_id="9130000000000002")
    desk.tokens.company_id = "9130000000000002"
    answer = desk.client.write(other, CREATE)

    assert isinstance(answer, NotSent)
    assert answer.because is Hindrance.NOT_AUTHORIZED
    assert not any(
        SEND_MARKER in one.get("PrivateNote", "") for one in simulator.as_person("9130000000000002").all("Invoice")
    )


def test_a_batch_of_thirty_is_thirty_documents() -> None:
    desk, simulator = at_simulator()
    ops = [an_operation(request_id=f"bill-{number}") for number in range(30)]
    answers = desk.client.write_batch(CONNECTION, ops, "batch-1")

    notes = [document_of(answer).note.splitlines()[-1] for answer in answers]
    assert notes == [SEND_MARKER + op.request_id for op in ops]
    assert len(ours(simulator)) == 30


def test_a_batch_with_updates_and_a_bad_bill_answers_each() -> None:
    desk, _ = at_simulator()
    invoice = document_of(desk.client.write(CONNECTION, CREATE))
    memo = document_of(desk.client.write(CONNECTION, MEMO))
    bad = decode(CREATE.body) | {"CustomerRef": {"value": "99999"}}
    ops = [
        changed(invoice, Verb.UPDATE, "u", PrivateNote="changed"),
        replace(an_operation(request_id="bad"), body=encode(bad), customer_id="99999"),
        changed(memo, Verb.VOID, "d"),
        an_operation(request_id="good"),
    ]
    answers = desk.client.write_batch(CONNECTION, ops, "batch-2")

    assert document_of(answers[0]).note == "changed"
    assert isinstance(answers[1], RefusedWrite)
    assert isinstance(answers[2], Accepted)
    assert answers[2].document is None
    assert document_of(answers[3]).id


def test_the_bills_of_a_batch_whose_answer_was_lost_are_found_one_by_one() -> None:
    desk, simulator = at_simulator()
    simulator.mishaps.add("lost-answer", operation="batch", count=1)
    ops = [an_operation(request_id=f"bill-{number}") for number in range(3)]

    assert all(isinstance(answer, Unsure) for answer in desk.client.write_batch(CONNECTION, ops, "batch-3"))
    assert [len(look(desk, op)) for op in ops] == [1, 1, 1]


def test_documents_are_found_by_number_and_rates_by_day() -> None:
    desk, _ = at_simulator()
    document = document_of(desk.client.write(CONNECTION, CREATE))
    assert document.number is not None
    assert desk.client.numbered(CONNECTION, DocumentKind.INVOICE, document.number) == [document]
    assert CREATE.txn_date is not None
    assert desk.client.exchange_rate(CONNECTION, "EUR", CREATE.txn_date) == Decimal("1.0855")
    with pytest.raises((Refused, TryLater)):
        desk.client.exchange_rate(CONNECTION, "XXX", CREATE.txn_date)
