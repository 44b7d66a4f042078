"""Whole documents, byte for byte as QuickBooks would get them, against files that a person has read.

After a change on purpose: `REWRITE_GOLDEN=1 pytest tests/unit/invoice/test_golden.py`, then read the difference.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.integration.mapping import Mapping
from m3ter_quickbooks.invoice.document import Document
from m3ter_quickbooks.invoice.payload import create_body, decode
from tests.unit.making import CUSTOMER, ITEM, a_band, a_bill, a_line, document, event, mapped, new_dto, usage

GOLDEN = Path(__file__).with_name("golden")
MARKER = "00000000-0000-5000-8000-000000000000"

ACME = Account.parse(new_dto("account-updated"))
DEMO_SETTINGS = decode(event("api-create-configuration")["body"])["configData"]
# As in local/demo.py: the simulator's Acme Europe, and an item for each product.
DEMO_MAPPINGS = (
    mapped("Account", ACME.id, "Customer", "101"),
    mapped("Product", "9d000000-0000-4000-8000-000000000009", "Item", "1"),
    mapped("Product", "9d000000-0000-4000-8000-000000000002", "Item", "4"),
    mapped("Product", "9d000000-0000-4000-8000-000000000003", "Item", "2"),
)
USAGE_BANDS = [
    a_band("12.3456", 100, "0.123456"),
    a_band("20.005", 400, "0.05", lowerLimit=100, pricingBandId="pb2", fixedPrice="0.005"),
]
MIXED = (
    a_line("99.99", lineItemType="STANDING_CHARGE", description="Platform fee"),
    usage("32.3506", 500, "0.0647012", description="Storage", aggregationId="g2", usagePerPricingBand=USAGE_BANDS),
    usage("7.5", 75, "0.1", description="Backups", aggregationId="g1"),
    usage("-2.5", 25, "0.1", description="Storage credit", lineItemType="USAGE_CREDIT", aggregationId="g2"),
    a_line(0, quantity=0, units=0, averageUnitPrice="3.5", description="Support hours"),
    a_line(-15, lineItemType="CREDIT_MEMO", description="Goodwill"),
    a_line(4, lineItemType="DEBIT_MEMO", description="Correction of January"),
)
MAPPED = (CUSTOMER, ITEM, mapped("Aggregation", "g1", "Item", "21"), mapped("PricingBand", "pb2", "Item", "31"))


@dataclass(frozen=True)
class Case:
    bill: Bill
    settings: dict[str, Any] = field(default_factory=dict)
    account: Account | None = None
    mappings: tuple[Mapping, ...] = MAPPED
    rate: Decimal | None = None


def demo(name: str, **settings: object) -> Case:
    return Case(Bill.parse(new_dto(name)), DEMO_SETTINGS | settings, ACME, DEMO_MAPPINGS, Decimal("1.0855"))


CASES = {
    "demo": demo("bill-demo"),
    "demo-regenerated": demo("bill-demo-regenerated"),
    "created": demo("bill-created"),
    "credit-only": demo("bill-credit-only"),
    "every-line-type": demo("bill-every-line-type"),
    "split-by-band": Case(a_bill(*MIXED), {"splitUsageLineItems": "ITEM_PER_USAGE_BAND"}),
    "split-by-aggregation": Case(a_bill(*MIXED), {"splitUsageLineItems": "ITEM_PER_AGGREGATION"}),
    "split-by-product": Case(a_bill(*MIXED), {"splitUsageLineItems": "ITEM_PER_PRODUCT"}),
    "memo-items": Case(a_bill(*MIXED), {"quickBooksItemMapping": {"CREDIT_MEMO": "91", "DEBIT_MEMO": "92"}}),
    "without-memos": Case(a_bill(*MIXED), {"excludedLineItemTypes": ["CREDIT_MEMO", "DEBIT_MEMO"]}),
    "zero-quantity": Case(a_bill(*MIXED), {"sendZeroQuantityLineItems": True}),
    "sorted-by-subtotal": Case(a_bill(*MIXED), {"sortLineItemsBy": "SUBTOTAL"}),
    "sorted-by-aggregation": Case(a_bill(*MIXED), {"sortLineItemsBy": "AGGREGATION_ID"}),
    "external-account-code": Case(a_bill(*MIXED), {"useExternalMappingAccountCode": True}),
    "taxed": Case(a_bill(*MIXED), {"taxCode": "5", "globalTaxCalculation": "TaxExcluded"}),
    "yen": Case(a_bill(*MIXED, currency="JPY"), rate=Decimal("0.006667")),
}


def written(case: Case) -> dict[str, Any]:
    doc: Document = document(
        case.bill, *case.mappings, customer=(), account=case.account, rate=case.rate, **case.settings
    )
    return {
        "kind": doc.kind,
        "total": str(doc.total),
        "warnings": list(doc.warnings),
        "body": json.loads(create_body(doc, MARKER), parse_float=str, parse_int=str),
    }


@pytest.mark.parametrize("name", CASES)
def test_documents_are_as_they_were_approved(name: str) -> None:
    file = GOLDEN / f"{name}.json"
    result = written(CASES[name])
    if os.environ.get("REWRITE_GOLDEN"):
        file.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")

    assert result == json.loads(file.read_text())


def test_every_golden_file_has_a_case() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_every_golden_document_adds_up(name: str) -> None:
    golden = json.loads((GOLDEN / f"{name}.json").read_text())

    lines = golden["body"]["Line"]
    assert sum(Decimal(line["Amount"]) for line in lines) == Decimal(golden["total"])
    for line in lines:
        detail = line["SalesItemLineDetail"]
        product = Decimal(detail["Qty"]) * Decimal(detail["UnitPrice"])
        assert round(abs(product) + Decimal("1e-12"), 2) == abs(Decimal(line["Amount"]))
