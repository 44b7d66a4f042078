"""What a biller reads on a run that QuickBooks refused: every object by the name that people know."""

from __future__ import annotations

from typing import Any

from tests.functions.bills.conftest import Office

STORAGE = "9d000000-0000-4000-8000-000000000002"
CURRENCY = "Business Validation Error: You can only use one foreign currency per transaction."
CATEGORY = "Categories cannot be used in transactions."


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
