"""What a biller reads on a run that QuickBooks refused: every object by the name that people know."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.functions.bills.conftest import Office

BILL = "b1110000-0000-4000-8000-000000000004"
ONE_EURO = {
    "id": "line",
    "lineItemType": "STANDING_CHARGE",
    "description": "Fee",
    "quantity": 1,
    "units": 1,
    "subtotal": 1,
    "convertedSubtotal": 1,
    "currency": "EUR",
}
STORAGE = "9d000000-0000-4000-8000-000000000002"
CURRENCY = "Business Validation Error: You can only use one foreign currency per transaction."
CATEGORY = "Categories cannot be used in transactions."


def sweep(office: Office) -> None:
    """What waits is taken up again."""
    office.hand_over({"source": "m3ter-quickbooks.schedule", "detail-type": "sweep"})
    while office.take_messages():
        pass


def refused(office: Office, **fault: Any) -> str:
    """The error of the demo's bill, refused with this fault."""
    office.hand_over(office.event("account-updated"))
    office.map("Product", STORAGE, "Item", "4")
    office.simulator.mishaps.add("fault", entity="invoice", operation="create", count=1, **fault)
    office.hand_over(office.event("bill-demo"))
    (run,) = office.runs()
    return str(run["error"])


def test_a_refusal_names_bill_account_and_customer(office: Office) -> None:
    error = refused(office, code="6000", detail=CURRENCY)
    assert error.startswith("The invoice for bill INV-1007 (b1110000-0000-4000-8000-000000000004) of account ")
    assert 'account "Acme Europe" (2c1d0000-0000-4000-8000-000000000001) is in EUR, ' in error
    assert 'not the currency of QuickBooks customer "Acme Europe" (101).' in error


def test_a_refusal_names_items_and_the_lines_that_use_them(office: Office) -> None:
    error = refused(office, code="2500", detail=CATEGORY)
    assert 'uses item "Design" (4) (on "Storage used: ' in error
    assert "one of them is a category" in error


def test_a_question_that_quickbooks_refuses_to_answer_is_told_with_bill_and_account(office: Office) -> None:
    office.hand_over(office.event("account-updated"))
    office.simulator.mishaps.add("lost-answer", entity="invoice", operation="create", count=1)
    office.simulator.mishaps.add("fault", operation="query", code="4002", detail="someone@customer")
    office.hand_over(office.event("bill-demo"))
    office.clock.move(timedelta(minutes=10))
    sweep(office)
    run = office.runs()[0]
    error = str(run["error"])
    assert error.startswith("The invoice for bill INV-1007 (b1110000-0000-4000-8000-000000000004) of account ")
    assert "correct it in QuickBooks and retry the run. (QuickBooks code 4002, intuit_tid " in error


def test_what_is_given_up_after_a_day_is_told_with_bill_and_account(office: Office) -> None:
    office.simulator.mishaps.add("throttle", entity="invoice", operation="create")
    office.hand_over(office.event("bill-demo"))
    office.clock.move(timedelta(hours=25))
    sweep(office)
    (run,) = office.runs()
    assert run["status"] == "TIMEOUT_LIMIT_EXCEEDED"
    assert run["error"].startswith("The invoice for bill INV-1007 (b1110000-0000-4000-8000-000000000004) of account ")
    assert "could not be brought into QuickBooks within 24 hours; the last reason was: " in run["error"]


def test_a_paid_invoice_is_told_with_bill_account_and_number(office: Office) -> None:
    office.hand_over(office.event("bill-demo"))
    (invoice,) = office.invoices()
    office.person.pay(invoice["Id"])
    office.clock.move(timedelta(minutes=1))
    office.hand_over(office.event("bill-demo-regenerated", id=BILL, billTotal=1, lineItems=[ONE_EURO]))
    run = office.runs()[0]
    assert run["status"] == "INVOICE_ALREADY_PAID"
    assert run["error"].startswith("The invoice for bill INV-1007 (b1110000-0000-4000-8000-000000000004) of account ")
    assert "is Invoice INV-1007 in QuickBooks and has payments or credits of 1078.20 on it" in run["error"]


def test_a_closed_period_is_told_with_its_day_and_the_trace_that_intuit_asks_for(office: Office) -> None:
    office.person.close_books("2026-12-31")
    office.hand_over(office.event("bill-demo"))
    (run,) = office.runs()
    assert run["status"] == "ACCOUNTING_PERIOD_CLOSED"
    assert "is dated 2026-11-01, in a period whose books are closed" in run["error"]
    assert run["intuitTid"] in run["error"]
