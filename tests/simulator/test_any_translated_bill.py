"""QuickBooks, as the simulator knows it, takes whatever a bill is translated into, and comes to the same total."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.invoice.document import Document
from m3ter_quickbooks.invoice.payload import create_body, decode, update_body
from tests.simulator.caller import Caller
from tests.unit.invoice.any_bill import cases
from tests.unit.making import mapped, translated

MARKER = "6f1f9f0e-5d5c-5a1e-9c3e-0123456789ab"
NOON = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)
CUSTOMER = mapped("Account", "a1", "Customer", "1")
ITEM = mapped("Product", "p1", "Item", "1")
GOLDEN = Path(__file__).parents[1] / "unit" / "invoice" / "golden"


def written(company: Caller, kind: str, body: bytes) -> Any:
    answer = company.post(kind.lower(), body)
    assert answer.status == 200, answer.text
    return decode(answer.body)[kind]


@settings(deadline=None, max_examples=40)
@given(cases(currencies=("USD",)))
def test_every_document_is_taken_at_its_total_and_can_be_updated(case: tuple[Bill, dict[str, Any], Decimal]) -> None:
    bill, config, _ = case
    doc = translated(bill, ITEM, customer=(CUSTOMER,), **config)
    if not isinstance(doc, Document):
        return
    simulator = Simulator(clock=lambda: NOON, seed=1)
    try:
        company = Caller(simulator, SAMPLE)
        made = written(company, doc.kind, create_body(doc, MARKER))
        again = written(company, doc.kind, update_body(doc, made["Id"], made["SyncToken"]))
    finally:
        simulator.close()

    for answer in (made, again):
        assert Decimal(answer["TotalAmt"]) == doc.total
        assert MARKER in answer["PrivateNote"]


@pytest.mark.parametrize("name", ["demo", "demo-regenerated", "credit-only", "every-line-type"])
def test_the_documents_of_the_events_folder_are_taken(company: Caller, name: str) -> None:
    golden = json.loads((GOLDEN / f"{name}.json").read_text())

    made = written(company, golden["kind"], json.dumps(golden["body"]).encode())

    assert Decimal(made["TotalAmt"]) == Decimal(golden["total"])
