"""Tax outside the US, where the codes of the lines decide (facts 2.8)."""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.caller import Caller, invoice, line


def taxed(amount: Any, code: str = "2") -> dict[str, Any]:
    return line(amount, TaxCodeRef={"value": code})


TEN_OFF = {"Amount": 10, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}


def test_new_lines_without_tax_are_taxed_anew_in_a_sparse_update(british_company: Caller) -> None:
    made = british_company.made("Invoice", invoice(taxed(100)))
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Line": [taxed(200), taxed(100, "3")]}
    changed = british_company.made("Invoice", change)
    assert (changed["TxnTaxDetail"]["TotalTax"], changed["TotalAmt"], changed["Balance"]) == (45, 345, 345)
    assert [one["TaxLineDetail"]["NetAmountTaxable"] for one in changed["TxnTaxDetail"]["TaxLine"]] == [200, 100]


def test_a_tax_that_was_sent_stays_in_a_sparse_update_without_lines(british_company: Caller) -> None:
    made = british_company.made("Invoice", invoice(taxed(100), TxnTaxDetail={"TotalTax": 19}))
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "hello"}
    assert british_company.made("Invoice", change)["TotalAmt"] == 119


def test_an_invoice_that_becomes_untaxed_loses_its_tax(british_company: Caller) -> None:
    made = british_company.made("Invoice", invoice(taxed(100)))
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "GlobalTaxCalculation": "NotApplicable"}
    changed = british_company.made("Invoice", change)
    assert (changed["TxnTaxDetail"], changed["TotalAmt"]) == ({"TotalTax": 0}, 100)


def test_the_lines_of_a_bundle_are_taxed(british_company: Caller) -> None:
    inside = {"GroupItemRef": {"value": "1"}, "Line": [taxed(50), taxed(30, "3")]}
    bundle = {"DetailType": "GroupLineDetail", "GroupLineDetail": inside}
    made = british_company.made("Invoice", invoice(bundle, taxed(20)))
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (Decimal("15.5"), Decimal("115.5"))


@pytest.mark.parametrize(
    ("header", "tax", "total"),
    [({}, 20, 110), ({"ApplyTaxAfterDiscount": False}, 20, 110), ({"ApplyTaxAfterDiscount": True}, 18, 108)],
)
def test_tax_comes_before_the_discount_or_after_it(
    british_company: Caller, header: dict[str, Any], tax: int, total: int
) -> None:
    made = british_company.made("Invoice", invoice(taxed(100), TEN_OFF, **header))
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (tax, total)


def test_a_bundle_is_an_item_that_is_there(british_company: Caller) -> None:
    def bundle(item: str) -> dict[str, Any]:
        inside = {"GroupItemRef": {"value": item}, "Line": [taxed(50)]}
        return {"DetailType": "GroupLineDetail", "GroupLineDetail": inside}

    made = british_company.made("Invoice", invoice(bundle("6")))
    assert made["Line"][0]["GroupLineDetail"]["GroupItemRef"] == {"value": "6", "name": "Gardening"}
    assert british_company.fault("invoice", invoice(bundle("999")))["code"] == "2500"
