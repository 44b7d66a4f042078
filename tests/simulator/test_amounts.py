from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.quickbooks.lines import checked_amount
from local.quickbooks.problems import Fault
from local.quickbooks.wire import half_up
from tests.simulator.caller import Caller, invoice, line


@pytest.mark.fact("2.4", "no wider tolerance")
@pytest.mark.fact("2.4", "Amount must equal round_half_up(Qty x UnitPrice, 2)")
@pytest.mark.parametrize(
    ("quantity", "price", "amount", "right"),
    [
        ("128.350", "14.50", "1861.08", True),
        ("128.350", "14.50", "1861.07", False),
        ("12.95", "75", "970.88", False),
        ("12.95", "75", "971.25", True),
        ("7", "225", "1000", False),
        ("33.33", "3", "100.00", False),
        ("33.33", "3", "99.99", True),
        ("3", "33.333333", "100.00", True),
        ("0", "5", "0", True),
        ("0", "5", "5", False),
        ("4.5", "75", "337.50", True),
    ],
)
def test_the_amount_is_quantity_times_price_rounded_half_up(
    company: Caller, quantity: str, price: str, amount: str, right: bool
) -> None:
    answer = company.post("invoice", invoice(line(Decimal(amount), Qty=Decimal(quantity), UnitPrice=Decimal(price))))
    assert (answer.status == 200) is right
    if not right:
        error = company.error_of(answer)
        assert error["code"] == "6070"
        assert error["Message"] == "Amount calculation incorrect in the request."
        assert error["element"] == "Line.Amount"


@pytest.mark.fact("1.7", "6070 amount is not UnitPrice * Qty, with thousands separators")
def test_the_refusal_names_the_amount_supplied(company: Caller) -> None:
    body = invoice(line(Decimal("1861.07"), Qty=Decimal("128.350"), UnitPrice=Decimal("14.50")))
    assert company.fault("invoice", body)["Detail"] == (
        "Amount is not equal to UnitPrice * Qty. Supplied value:1,861.07"
    )


@pytest.mark.fact("2.4", "Qty/UnitPrice may be omitted, Amount alone is enough")
def test_an_amount_alone_is_enough_and_nothing_is_added(company: Caller) -> None:
    kept = company.made("Invoice", invoice(line(100)))["Line"][0]["SalesItemLineDetail"]
    assert "Qty" not in kept
    assert "UnitPrice" not in kept


@pytest.mark.fact("2.4", "Qty:0, UnitPrice:0, Amount:100 is accepted")
def test_nought_times_nought_counts_as_not_given(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(100, Qty=0, UnitPrice=0)))
    assert made["TotalAmt"] == 100


@pytest.mark.fact("2.4", "ItemRef missing: the default item is filled in and the amount counts")
def test_a_line_without_an_item_is_booked_on_the_default_item(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(40, item=None)))
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "1", "name": "Services"}
    assert made["TotalAmt"] == 40


@pytest.mark.fact("2.4", "negative lines are accepted while the total is not below zero")
def test_negative_lines_are_accepted_while_the_total_is_not_negative(company: Caller) -> None:
    amounts = [496, 399, 125, 1575, -575]
    assert company.made("Invoice", invoice(*[line(one) for one in amounts]))["TotalAmt"] == 2020
    assert company.made("Invoice", invoice(line(10), line(-10)))["TotalAmt"] == 0


@pytest.mark.fact("2.4", "total below zero: 6000, on a credit memo too")
@pytest.mark.fact("1.7", "6000 amount must be 0 or greater")
@pytest.mark.parametrize("entity", ["Invoice", "CreditMemo"])
def test_a_negative_total_is_refused(company: Caller, entity: str) -> None:
    error = company.fault(entity.lower(), invoice(line(10), line(-11)))
    assert error["code"] == "6000"
    assert "You must specify a transaction amount that is 0 or greater." in error["Detail"]


@pytest.mark.fact("1.5", "money with two decimals, a bare 0 when zero; Qty and UnitPrice naturally")
def test_numbers_are_written_as_quickbooks_writes_them(company: Caller) -> None:
    answer = company.post("invoice", invoice(line(Decimal("337.5"), Qty=Decimal("4.50"), UnitPrice=Decimal("75.00"))))
    assert '"UnitPrice":75,"Qty":4.5,' in answer.text
    assert '"TotalAmt":337.50,' in answer.text
    assert '"TxnTaxDetail":{"TotalTax":0}' in answer.text


def test_an_amount_with_parts_of_a_cent_is_refused(company: Caller) -> None:
    assert company.fault("invoice", invoice(line(Decimal("1.005"))))["code"] == "2140"


def test_the_sum_of_many_lines_is_exact(company: Caller) -> None:
    made = company.made("Invoice", invoice(*[line(Decimal("0.10"))] * 3))
    assert made["TotalAmt"] == Decimal("0.30")
    assert made["Line"][-1] == {"Amount": Decimal("0.30"), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}


@given(st.decimals(-10_000, 10_000, places=5), st.decimals(-10_000, 10_000, places=5), st.decimals(-100, 100, places=2))
def test_only_the_exact_product_is_accepted(quantity: Decimal, price: Decimal, error: Decimal) -> None:
    right = half_up(quantity * price)
    if not (quantity or price):
        return
    assert checked_amount(right, quantity, price) == right
    if error:
        with pytest.raises(Fault) as refused:
            checked_amount(right + error, quantity, price)
        assert refused.value.code == "6070"


def test_percent_discounts_come_after_the_subtotal(company: Caller) -> None:
    discount: dict[str, Any] = {
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": Decimal("8.5")},
    }
    made = company.made("Invoice", invoice(line(200), discount))
    assert [one["DetailType"] for one in made["Line"]] == [
        "SalesItemLineDetail",
        "SubTotalLineDetail",
        "DiscountLineDetail",
    ]
    assert made["TotalAmt"] == 183


@pytest.mark.fact("1.7", "6000 discount greater than the subtotal")
def test_a_discount_above_the_subtotal_is_refused(company: Caller) -> None:
    discount = {"Amount": 101, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}
    assert "can't be greater than the subtotal" in company.fault("invoice", invoice(line(100), discount))["Detail"]
