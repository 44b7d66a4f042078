"""What people do in QuickBooks between two versions of a bill, and numbers that somebody else has used."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from m3ter_quickbooks.run.run import Outcome, Run, RunStatus
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import REALM, Stage, StageClock, a_bill
from tests.protocol.verdict import damage, newest_run

BILL = "bill-1"


@pytest.fixture
def stage() -> Stage:
    return Stage(stores_in_memory(Memory()), StageClock())


@pytest.fixture
def sent(stage: Stage) -> Stage:
    """Version 1 of the bill is an invoice of 100.00."""
    stage.tell(a_bill(1, "100.00"))
    stage.quiet()
    return stage


def document(stage: Stage) -> dict[str, Any]:
    [(_, living)] = stage.documents(BILL)
    return living


def next_version(stage: Stage, total: str, happening: str = "updated") -> Run:
    stage.tell(a_bill(2, total), happening)
    stage.quiet()
    run = newest_run(stage, BILL)
    assert run is not None
    return run


def writes(stage: Stage) -> list[str]:
    """What was asked of QuickBooks, reads and queries left out."""
    calls = [call.operation for call in stage.simulator.calls if call.realm == REALM]
    return [operation for operation in calls if operation in {"create", "update", "void", "delete", "batch"}]


def test_a_paid_invoice_is_not_changed(sent: Stage) -> None:
    sent.person.pay(document(sent)["Id"], Decimal(100))
    run = next_version(sent, "80.00")
    assert run.status is RunStatus.INVOICE_ALREADY_PAID
    assert Decimal(str(document(sent)["TotalAmt"])) == 100


@pytest.mark.parametrize(
    ("total", "status", "shown"),
    [("59.99", RunStatus.INVOICE_ALREADY_PAID, 100), ("60.00", RunStatus.COMPLETE, 60)],
)
def test_a_part_paid_invoice_is_changed_down_to_what_was_paid(
    sent: Stage, total: str, status: RunStatus, shown: int
) -> None:
    sent.person.pay(document(sent)["Id"], Decimal(60))
    run = next_version(sent, total)
    assert run.status is status
    assert Decimal(str(document(sent)["TotalAmt"])) == shown


@pytest.mark.parametrize(("total", "happening"), [("-40.00", "updated"), ("100.00", "deleted")])
def test_an_invoice_with_a_payment_is_not_voided(sent: Stage, total: str, happening: str) -> None:
    sent.person.pay(document(sent)["Id"], Decimal(1))
    run = next_version(sent, total, happening)
    assert run.status is RunStatus.INVOICE_ALREADY_PAID
    assert Decimal(str(document(sent)["TotalAmt"])) == 100


def test_after_a_payment_the_document_is_read_once_and_sent_once_more(sent: Stage) -> None:
    sent.person.edit("Invoice", document(sent)["Id"], CustomerMemo={"value": "Thank you"})
    sent.simulator.calls.clear()
    run = next_version(sent, "80.00")
    assert run.outcome is Outcome.UPDATED
    assert [call.operation for call in sent.simulator.calls] == ["update", "read", "update"]
    assert document(sent)["CustomerMemo"]["value"] == "Thank you"


@pytest.mark.parametrize("deed", ["delete", "void"])
def test_a_document_that_somebody_took_back_is_made_anew(sent: Stage, deed: str) -> None:
    former = document(sent)["Id"]
    getattr(sent.person, deed)("Invoice", former)
    run = next_version(sent, "80.00")
    assert run.outcome is Outcome.CREATED
    assert document(sent)["Id"] != former
    assert damage(sent, BILL) is None


def test_the_sign_may_change_and_change_back(sent: Stage) -> None:
    first = document(sent)["Id"]
    next_version(sent, "-40.00")
    [(entity, memo)] = sent.documents(BILL)
    assert (entity, Decimal(str(memo["TotalAmt"]))) == ("CreditMemo", Decimal(40))
    sent.tell(a_bill(3, "70.00"), "updated")
    assert damage(sent, BILL) is None
    assert document(sent)["Id"] != first
    assert writes(sent) == ["create", "void", "create", "delete", "create"]


# --- document numbers (6140)


def numbered(stage: Stage, number: str = "2026-001") -> None:
    stage.person.settings(customTransactionNumbers=True)
    stage.tell(a_bill(1, "100.00") | {"sequentialInvoiceNumber": number})


def test_a_number_of_somebody_elses_document_is_an_error_and_no_other_number_is_used(stage: Stage) -> None:
    numbered(stage, "2026-000")
    stage.quiet()
    stage.person.edit("Invoice", document(stage)["Id"], DocNumber="2026-001", PrivateNote="not ours")
    stage.tell(a_bill(1, "50.00", "bill-2") | {"sequentialInvoiceNumber": "2026-001"})
    stage.quiet()
    run = newest_run(stage, "bill-2")
    assert run is not None
    assert run.status is RunStatus.ERROR
    assert "2026-001" in str(run.error)
    assert stage.documents("bill-2") == []
    assert writes(stage) == ["create", "create"]


def with_number(stage: Stage, version: int, total: str) -> Run:
    """The next version of the bill, with the number that the bill has had from the first."""
    stage.tell(a_bill(version, total) | {"sequentialInvoiceNumber": "2026-001"}, "updated")
    stage.quiet()
    run = newest_run(stage, BILL)
    assert run is not None
    return run


def test_an_invoice_that_became_a_credit_memo_comes_back_under_its_own_number(stage: Stage) -> None:
    numbered(stage)
    stage.quiet()
    first = document(stage)["Id"]
    with_number(stage, 2, "-40.00")
    with_number(stage, 3, "70.00")
    assert damage(stage, BILL) is None
    assert (document(stage)["DocNumber"], document(stage)["Id"] != first) == ("2026-001", True)


def test_it_can_be_changed_afterwards(stage: Stage) -> None:
    numbered(stage)
    stage.quiet()
    with_number(stage, 2, "-40.00")
    with_number(stage, 3, "70.00")
    assert with_number(stage, 4, "80.00").outcome is Outcome.UPDATED
    assert damage(stage, BILL) is None


def test_an_invoice_that_a_person_voided_is_made_anew_under_its_own_number(stage: Stage) -> None:
    numbered(stage)
    stage.quiet()
    stage.person.void("Invoice", document(stage)["Id"])
    assert with_number(stage, 2, "250.00").outcome is Outcome.CREATED
    assert document(stage)["DocNumber"] == "2026-001"


def test_a_number_that_somebody_else_uses_beside_our_void_document_is_an_error(stage: Stage) -> None:
    numbered(stage)
    stage.quiet()
    body = {name: document(stage)[name] for name in ("CustomerRef", "TxnDate", "DocNumber")}
    lines = [line for line in document(stage)["Line"] if "SalesItemLineDetail" in line]
    stage.person.void("Invoice", document(stage)["Id"])
    stage.person.settings(customTransactionNumbers=False)
    stage.person.create("Invoice", body | {"Line": lines})
    stage.person.settings(customTransactionNumbers=True)
    assert with_number(stage, 2, "250.00").status is RunStatus.ERROR
    assert stage.documents(BILL) == []


def test_the_second_document_of_a_number_goes_out_alone(stage: Stage) -> None:
    """`include` belongs to a request, and a batch is one request for many bills."""
    numbered(stage)
    stage.quiet()
    with_number(stage, 2, "-40.00")
    stage.tell(a_bill(3, "70.00") | {"sequentialInvoiceNumber": "2026-001"}, "updated")
    stage.tell(a_bill(1, "10.00", "bill-2"))
    stage.play(stage.take(0, 1))
    stage.quiet()
    assert [len(stage.documents(bill)) for bill in (BILL, "bill-2")] == [1, 1]


@pytest.fixture
def landed_unseen(stage: Stage) -> Stage:
    """A create landed, nobody heard of it, its id is forgotten and the query is behind for longer than H."""
    stage.simulator.mishaps.add("lost-answer", entity="invoice", operation="create", count=1)
    stage.simulator.mishaps.add("forget-request-id", entity="invoice")
    stage.simulator.query_lag_seconds = 400
    numbered(stage)
    stage.play(stage.take(0))
    stage.pass_time(timedelta(seconds=180))
    return stage


def test_a_number_that_our_own_lost_create_has_taken_is_adopted(landed_unseen: Stage) -> None:
    landed_unseen.play(landed_unseen.take(0))
    run = newest_run(landed_unseen, BILL)
    assert run is not None
    assert run.outcome is Outcome.ADOPTED
    assert damage(landed_unseen, BILL) is None


def test_where_quickbooks_does_not_say_whose_the_number_is_a_repeat_waits_until_it_is_seen(
    landed_unseen: Stage,
) -> None:
    taken = "This number has already been used."
    landed_unseen.simulator.mishaps.add("fault", operation="create", count=1, code="6140", message=taken, detail=taken)
    landed_unseen.play(landed_unseen.take(0))
    assert len(landed_unseen.open_runs()) == 1
    landed_unseen.pass_time(timedelta(seconds=180))
    assert damage(landed_unseen, BILL) is None
    run = newest_run(landed_unseen, BILL)
    assert run is not None
    assert run.outcome is Outcome.ADOPTED
