"""From the lines of a bill to the lines of the document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from m3ter_quickbooks.bill.bill import CREDITS, LineItemType
from m3ter_quickbooks.invoice.document import Document, DocumentKind, NothingLeft
from m3ter_quickbooks.problems import BillCannotBeSent
from tests.unit.making import ITEM, a_band, a_bill, a_line, amounts, document, lines_of, mapped, translated, usage

D = Decimal


def problems(*lines: dict[str, object], changes: dict[str, object] | None = None, **config: Any) -> list[str]:
    with pytest.raises(BillCannotBeSent) as caught:
        translated(a_bill(*lines, **(changes or {})), ITEM, **config)
    return [problem.message for problem in caught.value.problems]


def described(doc: Document) -> list[str]:
    return [line["Description"] for line in lines_of(doc)]


def figures(doc: Document) -> list[Any]:
    return [(line["Qty"], line["UnitPrice"], line["Amount"]) for line in lines_of(doc)]


# Rule 1: what is dropped


def test_excluded_types_are_left_out_and_so_is_their_money() -> None:
    bill = a_bill(a_line(10), a_line(5, lineItemType="DEBIT_MEMO"), billTotal=15)

    doc = document(bill, ITEM, excludedLineItemTypes=["DEBIT_MEMO"])

    assert amounts(doc) == [10]
    assert doc.total == 10


def test_a_line_of_quantity_0_and_amount_0_is_dropped() -> None:
    assert amounts(document(a_bill(a_line(10), a_line(0, quantity=0)))) == [10]


def test_unless_zero_quantities_are_wanted() -> None:
    bill = a_bill(a_line(10), a_line(0, quantity=0, units=0, averageUnitPrice=3))

    assert figures(document(bill, sendZeroQuantityLineItems=True))[1] == (0, 3, 0)


def test_without_a_quantity_the_units_tell_whether_there_was_anything() -> None:
    assert amounts(document(a_bill(a_line(10), a_line(0, quantity=None, units=0)))) == [10]


@pytest.mark.parametrize("changes", [{"quantity": 0, "units": 0}, {"quantity": 0, "units": 5}])
def test_money_never_disappears_with_a_quantity_of_0(changes: dict[str, object]) -> None:
    assert amounts(document(a_bill(a_line(10, **changes)))) == [10]


@pytest.mark.parametrize("quantity", [5, None])
def test_a_line_free_of_charge_stays(quantity: int | None) -> None:
    assert amounts(document(a_bill(a_line(0, quantity=quantity, units=quantity)))) == [0]


@pytest.mark.parametrize(
    ("lines", "config", "reason"),
    [
        ([], {}, "The bill has no lines."),
        ([a_line(0, quantity=0)], {}, "quantity 0 and amount 0, and sendZeroQuantityLineItems is off"),
        ([a_line(10)], {"excludedLineItemTypes": ["AD_HOC"]}, "excluded types (AD_HOC)"),
    ],
)
def test_a_bill_of_which_nothing_is_left(lines: list[dict[str, object]], config: dict[str, Any], reason: str) -> None:
    result = translated(a_bill(*lines), **config)

    assert isinstance(result, NothingLeft)
    assert reason in result.reason


def test_a_total_without_lines_is_not_nothing() -> None:
    assert "do not add up to the bill" in problems(changes={"billTotal": 10})[0]


# Rule 2: amounts and signs


@pytest.mark.parametrize("kind", list(LineItemType))
@pytest.mark.parametrize("came", [8, -8])
def test_credits_are_negative_whatever_sign_they_came_with(kind: LineItemType, came: int) -> None:
    doc = document(a_bill(a_line(100), a_line(came, lineItemType=kind)))

    assert amounts(doc)[1] == (-8 if kind in CREDITS else came)


@pytest.mark.parametrize(
    ("line", "amount"),
    [
        ({"convertedSubtotal": 12, "subtotal": 10, "currency": "GBP", "conversionRate": D("1.2")}, 12),
        ({"convertedSubtotal": None, "subtotal": 10, "currency": "GBP", "conversionRate": D("1.3")}, 13),
        ({"convertedSubtotal": None, "subtotal": 10, "currency": "usd", "conversionRate": None}, 10),
        ({"convertedSubtotal": None, "subtotal": 10, "currency": None, "conversionRate": None}, 10),
    ],
)
def test_amounts_are_in_the_currency_of_the_bill(line: dict[str, object], amount: int) -> None:
    assert amounts(document(a_bill(a_line(0) | line))) == [amount]


@pytest.mark.parametrize("line", [{"currency": "GBP", "conversionRate": None}, {"subtotal": None}])
def test_a_line_without_an_amount_in_that_currency_is_a_problem(line: dict[str, object]) -> None:
    [message] = problems(a_line(10, convertedSubtotal=None) | line)

    assert message.startswith('Line "A day of work" (AD_HOC, l1) has no amount in the bill\'s currency')


def test_an_unknown_type_is_a_problem_and_never_dropped() -> None:
    [message] = problems(a_line(10), *[a_line(1, lineItemType="TELEPATHY", id=f"t{n}") for n in range(7)])

    assert "has the type TELEPATHY, which this integration does not know" in message
    assert "(TELEPATHY, t4) and 2 more" in message


# Rule 3: the splits

BANDS = [a_band(20, 100, "0.2"), a_band(10, 200, "0.05", lowerLimit=100, pricingBandId="pb2")]
BANDED = usage(30, 300, "0.1", usagePerPricingBand=BANDS)


def test_usage_is_one_line_for_each_usage_line_item_by_default() -> None:
    assert figures(document(a_bill(BANDED))) == [(300, D("0.1"), 30)]


def test_usage_can_be_one_line_for_each_band() -> None:
    doc = document(a_bill(BANDED), splitUsageLineItems="ITEM_PER_USAGE_BAND")

    assert figures(doc) == [(100, D("0.2"), 20), (200, D("0.05"), 10)]
    assert described(doc) == ["Storage used (from 0 GB)", "Storage used (from 100 GB)"]


def test_a_single_band_needs_no_name() -> None:
    line = usage(20, 100, "0.2", usagePerPricingBand=[a_band(20, 100, "0.2")])

    assert described(document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND")) == ["Storage used"]


def test_a_band_without_a_limit_needs_no_name() -> None:
    line = usage(20, 2, 10, usagePerPricingBand=[a_band(10, 1, 10, lowerLimit=None), a_band(10, 1, 10)])

    doc = document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND")

    assert described(doc) == ["Storage used", "Storage used (from 0 GB)"]


def test_a_band_of_nothing_is_dropped_unless_zero_quantities_are_wanted() -> None:
    line = usage(20, 100, "0.2", usagePerPricingBand=[a_band(20, 100, "0.2"), a_band(0, 0, 1, lowerLimit=100)])

    assert amounts(document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND")) == [20]
    wanted = document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND", sendZeroQuantityLineItems=True)
    assert figures(wanted) == [(100, D("0.2"), 20), (0, 1, 0)]


@pytest.mark.parametrize("bands", [[], [a_band(0, 0, 1)]])
def test_a_line_without_priced_bands_stays_whole(bands: list[dict[str, object]]) -> None:
    line = usage(0, 5, 0, usagePerPricingBand=bands)

    assert figures(document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND")) == [(5, 0, 0)]


def test_bands_are_told_in_the_currency_of_the_bill() -> None:
    band = a_band(0, 100, "0.2", bandSubtotal=20, convertedBandSubtotal=None, bandQuantity=None)
    line = usage(25, 100, "0.2", currency="GBP", conversionRate=D("1.25"), usagePerPricingBand=[band])

    assert figures(document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND")) == [(100, D("0.25"), 25)]


def test_a_band_may_have_a_quantity_but_no_units_or_price() -> None:
    band = a_band(20, 100, 0, bandUnits=None, unitPrice=None)
    line = usage(20, 100, "0.2", usagePerPricingBand=[band])

    assert figures(document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND")) == [(100, D("0.2"), 20)]


def test_a_fixed_price_of_a_band_is_part_of_its_amount() -> None:
    band = a_band(7, 3, 1, fixedPrice=4)
    line = usage(7, 3, 1, usagePerPricingBand=[band])

    doc = document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND")

    assert figures(doc) == [(3, D("2.33333"), 7)]


def test_what_does_not_fit_into_quantity_and_price_is_told_in_the_description() -> None:
    band = a_band("1000003.33", 3000000, "0.333334333", fixedPrice="0.01")
    line = usage("1000003.33", 3000000, 1, usagePerPricingBand=[band])

    doc = document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND")

    assert figures(doc) == [(1, D("1000003.33"), D("1000003.33"))]
    assert described(doc) == ["Storage used: 3000000 GB at 0.333334333 USD plus 0.01 USD fixed"]
    assert "Qty 1" in doc.explain[0].quantity


def test_bands_that_do_not_add_up_to_their_line_are_a_problem() -> None:
    line = usage(31, 300, "0.1", usagePerPricingBand=[a_band(20, 100, "0.2"), a_band(10, 200, "0.05")])

    [message] = problems(line, splitUsageLineItems="ITEM_PER_USAGE_BAND")

    assert 'The pricing bands of line "Storage used" (USAGE, l1) do not add up to it' in message
    assert "come to 30 USD, the line to 31 USD" in message
    assert amounts(document(a_bill(line))) == [31]


def test_bands_may_differ_from_their_line_by_rounding_and_the_total_is_the_same_whatever_the_split() -> None:
    bands = [a_band("10.004", 10, 1), a_band("10.004", 10, 1)]
    bill = a_bill(usage(20, 20, 1, usagePerPricingBand=bands))

    totals = {document(bill, splitUsageLineItems=split).total for split in SPLITS}

    assert totals == {20}
    assert amounts(document(bill, splitUsageLineItems="ITEM_PER_USAGE_BAND")) == [10, 10]


SPLITS = ["ITEM_PER_USAGE_BAND", "ITEM_PER_AGGREGATION", "ITEM_PER_PRODUCT"]


def test_a_band_without_an_amount_is_a_problem() -> None:
    band = a_band(0, 1, 1, convertedBandSubtotal=None, bandSubtotal=None)

    [message] = problems(usage(5, 1, 5, usagePerPricingBand=[band]), splitUsageLineItems="ITEM_PER_USAGE_BAND")

    assert "has a pricing band without an amount in USD" in message


@pytest.mark.parametrize("came", [20, -20])
@pytest.mark.parametrize("band", [20, -20])
def test_the_bands_of_a_credit_are_negative_whatever_sign_they_came_with(came: int, band: int) -> None:
    line = usage(came, 100, "0.2", lineItemType="USAGE_CREDIT", usagePerPricingBand=[a_band(band, 100, "0.2")])

    doc = document(a_bill(a_line(100), line), splitUsageLineItems="ITEM_PER_USAGE_BAND")

    assert figures(doc)[1] == (100, D("-0.2"), -20)


def test_usage_can_be_one_line_for_each_product() -> None:
    bill = a_bill(
        usage(10, 100, "0.1", description="Reads", aggregationId="g2"),
        a_line(7),
        usage(5, 50, "0.1", lineItemType="OVERAGE_USAGE", description="Writes"),
    )

    doc = document(bill, splitUsageLineItems="ITEM_PER_PRODUCT")

    assert figures(doc) == [(150, D("0.1"), 15), (1, 7, 7)]
    assert described(doc) == ["Work: Reads, Writes", "A day of work"]
    assert doc.explain[0].from_lines == ("l1", "l1")


def test_a_single_usage_line_of_a_product_keeps_its_description() -> None:
    assert described(document(a_bill(usage(10, 100, "0.1")), splitUsageLineItems="ITEM_PER_PRODUCT")) == [
        "Storage used"
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"unit": "requests"},
        {"averageUnitPrice": D("0.2"), "units": 25},
        {"averageUnitPrice": None},
        {"units": None, "quantity": None},
        {"usagePerPricingBand": [a_band(5, 50, "0.08", fixedPrice=1)]},
    ],
)
def test_quantities_that_do_not_add_up_become_one(other: dict[str, object]) -> None:
    bill = a_bill(usage(10, 100, "0.1"), usage(5, 50, "0.1") | other)

    doc = document(bill, splitUsageLineItems="ITEM_PER_PRODUCT")

    assert figures(doc) == [(1, 15, 15)]
    assert described(doc)[0].startswith("Work: Storage used: 100 GB at 0.1 USD")
    assert doc.explain[0].quantity.startswith("Qty 1: merged lines")


def test_credits_are_merged_apart_from_charges() -> None:
    bill = a_bill(
        usage(10, 100, "0.1"),
        usage(-3, 30, "0.1", lineItemType="USAGE_CREDIT"),
        usage(5, 50, "0.1"),
        usage(-1, 10, "0.1"),
    )

    assert amounts(document(bill, splitUsageLineItems="ITEM_PER_PRODUCT")) == [15, -4]


def test_usage_without_a_product_is_not_merged() -> None:
    line = usage(10, 100, "0.1", productId=None)

    assert amounts(document(a_bill(line, line), splitUsageLineItems="ITEM_PER_PRODUCT")) == [10, 10]


def test_usage_without_names_is_merged_too() -> None:
    line = usage(10, 100, "0.1", productName=None, productCode=None)

    assert described(document(a_bill(line, line), splitUsageLineItems="ITEM_PER_PRODUCT")) == ["Storage used"]


def test_lines_that_book_on_different_items_stay_apart() -> None:
    found = [mapped("Product", "p8", "Item", "8"), mapped("Product", "p9", "Item", "9")]
    bill = a_bill(*(usage(10, 100, "0.1", accountingProductId=product) for product in ("p8", "p9", "p8")))

    doc = document(bill, *found, splitUsageLineItems="ITEM_PER_PRODUCT")

    assert [(line["Amount"], line["ItemRef"]["value"]) for line in lines_of(doc)] == [(20, "8"), (10, "9")]


# Rule 5: rounding


def test_the_lines_add_up_to_the_bill() -> None:
    bill = a_bill(*[a_line("33.335")] * 2, a_line("33.33"), billTotal=100)

    doc = document(bill)

    assert amounts(doc) == [D("33.34"), D("33.33"), D("33.33")]
    assert doc.total == 100
    assert [explained.rounding for explained in doc.explain] == [D("0.005"), D("-0.005"), 0]


def test_without_a_bill_total_the_rounded_sum_of_the_lines_counts() -> None:
    assert document(a_bill(a_line("0.335"), a_line("0.335"))).total == D("0.67")


def test_the_total_of_the_bill_is_itself_rounded() -> None:
    assert document(a_bill(a_line("10.005"), billTotal=D("10.005"))).total == D("10.01")


@pytest.mark.parametrize("total", ["20.01", "19.99"])
def test_half_a_cent_for_each_line_may_differ(total: str) -> None:
    assert document(a_bill(a_line(10), a_line(10), billTotal=D(total))).total == D(total)


@pytest.mark.parametrize("total", ["20.0101", "19.98", "0", "-20"])
def test_a_larger_difference_is_a_problem(total: str) -> None:
    [message] = problems(a_line(10), a_line(10), changes={"billTotal": D(total)})

    assert "The lines do not add up to the bill: bill INV-0001 (bill-0001)" in message
    assert "its lines come to 20 USD" in message


def test_lines_of_nothing_do_not_widen_what_may_differ() -> None:
    free = [a_line(0)] * 20

    assert "do not add up" in problems(a_line(10), *free, changes={"billTotal": D("10.01")})[0]


def test_excluded_lines_count_when_the_bill_is_added_up() -> None:
    lines = [a_line(10), a_line(5, lineItemType="DEBIT_MEMO")]

    assert (
        "its lines come to 15 USD"
        in problems(*lines, changes={"billTotal": 10}, excludedLineItemTypes=["DEBIT_MEMO"])[0]
    )


@pytest.mark.parametrize(
    ("currency", "line", "total"), [("JPY", "100.5", "101"), ("KWD", "1.2345", "1.23"), ("EUR", "1.005", "1.01")]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, line: str, total: str) -> None:
    doc = document(a_bill(a_line(line, currency=currency), currency=currency), rate=D("1.1"))

    assert amounts(doc) == [D(total)]


def test_an_amount_beyond_what_quickbooks_keeps_is_a_problem() -> None:
    assert "QuickBooks does not take" in problems(a_line(10**13))[0]


# Rule 6 and 7


def test_qty_is_units_and_without_units_the_quantity() -> None:
    assert figures(document(a_bill(a_line(10, units=5, quantity=5000, averageUnitPrice=2)))) == [(5, 2, 10)]
    assert figures(document(a_bill(a_line(10, units=None, quantity=4, averageUnitPrice=None)))) == [(4, D("2.5"), 10)]


def test_a_line_without_any_quantity_is_one() -> None:
    assert figures(document(a_bill(a_line(10, units=None, quantity=None)))) == [(1, 10, 10)]


def test_the_unit_price_is_converted_to_the_currency_of_the_bill() -> None:
    line = a_line(25, units=10, averageUnitPrice=2, subtotal=20, currency="GBP", conversionRate=D("1.25"))

    assert figures(document(a_bill(line))) == [(10, D("2.5"), 25)]


def test_a_price_that_cannot_be_converted_is_worked_out() -> None:
    line = a_line(25, units=10, averageUnitPrice=2, currency="GBP", conversionRate=None)

    assert figures(document(a_bill(line))) == [(10, D("2.5"), 25)]


def test_usage_that_a_quantity_cannot_tell_goes_into_the_description() -> None:
    doc = document(a_bill(usage("123.456", 1000000, "0.000123456")))

    assert figures(doc) == [(1, D("123.46"), D("123.46"))]
    assert described(doc) == ["Storage used: 1000000 GB at 0.000123456 USD"]


def test_usage_without_a_known_price_is_told_too() -> None:
    doc = document(a_bill(usage("123.456", 1000000, 0, averageUnitPrice=None, unit=None)))

    assert described(doc) == ["Storage used: 1000000"]


@pytest.mark.parametrize(
    ("period", "bill", "day"),
    [
        ("2026-02-03T00:00:00Z", {}, "2026-02-03"),
        (None, {}, "2026-02-01"),
        ("2026-01-31T23:00:00Z", {"timezone": "Europe/Paris"}, "2026-02-01"),
        ("2026-02-01T00:00:00Z", {"timezone": "No/Where"}, "2026-02-01"),
        ("2026-02-01T00:00:00Z", {"timezone": "Europe"}, "2026-02-01"),
        ("2026-02-01T00:00:00Z", {"timezone": "../../etc/passwd"}, "2026-02-01"),
    ],
)
def test_the_service_date_is_the_day_on_which_the_period_starts(
    period: str | None, bill: dict[str, object], day: str
) -> None:
    doc = document(a_bill(a_line(10, servicePeriodStartDate=period), **bill))

    assert lines_of(doc)[0]["ServiceDate"] == day


def test_of_merged_lines_the_earliest_service_date_counts() -> None:
    starts = ["2026-02-09T00:00:00Z", None, "2026-02-03T00:00:00Z"]
    bill = a_bill(*(usage(10, 100, "0.1", servicePeriodStartDate=start) for start in starts))

    assert lines_of(document(bill, splitUsageLineItems="ITEM_PER_PRODUCT"))[0]["ServiceDate"] == "2026-02-03"


def test_without_any_start_there_is_no_service_date() -> None:
    assert "ServiceDate" not in lines_of(document(a_bill(a_line(10), startDate=None)))[0]


@pytest.mark.parametrize(
    ("line", "description"),
    [
        ({"description": " Two\r\nlines\tand \x00a\x07 bell \ud800"}, "Two lines and a bell"),
        ({"description": None}, "Work"),
        ({"description": None, "productName": None}, "Ad hoc"),
        ({"description": "Größe 😀"}, "Größe 😀"),
    ],
)
def test_descriptions_are_plain_text(line: dict[str, object], description: str) -> None:
    assert described(document(a_bill(a_line(10) | line))) == [description]


@pytest.mark.parametrize("character", ["x", "😀"])
def test_a_description_is_cut_where_quickbooks_ends(character: str) -> None:
    [description] = described(document(a_bill(a_line(10, description=character * 5000))))

    assert len(description.encode("utf-16-le")) // 2 <= 4000
    assert description.endswith("…")


# Rule 8: the order


def ordered(*lines: dict[str, object], **config: object) -> list[str]:
    return described(document(a_bill(*lines), **config))


def numbered(*numbers: int | None) -> list[dict[str, object]]:
    return [a_line(10 - at, sequenceNumber=number, description=f"{at}") for at, number in enumerate(numbers)]


@pytest.mark.parametrize(
    ("numbers", "order"), [((3, 1, 2), ["1", "2", "0"]), ((3, None, 2), ["0", "1", "2"]), ((1, 1, 0), ["2", "0", "1"])]
)
def test_lines_stand_in_the_order_of_their_numbers_where_all_have_one(numbers: tuple[int], order: list[str]) -> None:
    assert ordered(*numbered(*numbers)) == order


def test_lines_can_be_sorted_by_amount_before_any_change_of_sign() -> None:
    lines = [
        a_line(20, description="twenty"),
        a_line(5, lineItemType="CREDIT_MEMO", description="credit, came as 5"),
        a_line(-3, description="minus three"),
        a_line(5, description="five"),
    ]

    assert ordered(*lines, sortLineItemsBy="SUBTOTAL") == ["minus three", "credit, came as 5", "five", "twenty"]


def test_the_lines_of_a_credit_memo_keep_the_order_that_they_had_as_an_invoice() -> None:
    bill = a_bill(a_line(-10), a_line(-30), a_line(-20))

    assert amounts(document(bill, sortLineItemsBy="SUBTOTAL")) == [30, 20, 10]


def test_lines_can_be_sorted_by_aggregation() -> None:
    lines = [
        a_line(1, description="none"),
        usage(1, 1, 1, aggregationId="g2", description="g2"),
        usage(1, 1, 1, aggregationId=None, compoundAggregationId="g3", description="g3"),
        usage(1, 1, 1, aggregationId="g1", description="g1"),
    ]

    assert ordered(*lines, sortLineItemsBy="AGGREGATION_ID") == ["g1", "g2", "g3", "none"]


# Rule 9: the sign of the document


def test_a_negative_total_becomes_a_credit_memo_with_every_sign_turned() -> None:
    doc = document(a_bill(a_line(-30), a_line(10)))

    assert doc.kind is DocumentKind.CREDIT_MEMO
    assert doc.total == 20
    assert figures(doc) == [(1, 30, 30), (1, -10, -10)]


def test_nothing_has_no_sign_on_a_credit_memo() -> None:
    bill = a_bill(a_line(-10), a_line(0, quantity=0, units=0, averageUnitPrice=5))

    [_, (quantity, price, amount)] = figures(document(bill, sendZeroQuantityLineItems=True))

    assert (quantity, price, amount) == (0, 5, 0)
    assert not amount.is_signed()


@pytest.mark.parametrize("line", [a_line(0), a_line(10)])
def test_a_total_of_zero_is_an_invoice(line: dict[str, object]) -> None:
    bill = a_bill(line, a_line(-10)) if line["subtotal"] else a_bill(line)

    doc = document(bill)

    assert doc.kind is DocumentKind.INVOICE
    assert doc.total == 0
