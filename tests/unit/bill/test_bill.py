"""Reading m3ter's bills."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.bill.bill import CREDITS, Bill, LineItemType
from m3ter_quickbooks.invoice.payload import decode
from m3ter_quickbooks.problems import MalformedBill, ProblemKind
from tests.unit.making import a_band, a_bill, a_line, new_dto


def test_a_bill_is_read_with_every_digit() -> None:
    bill = Bill.parse(new_dto("bill-demo"))

    assert bill.bill_total == Decimal("1078.2")
    assert bill.line_items is not None
    usage = bill.line_items[1]
    assert usage.converted_subtotal == Decimal("234.8875")
    assert usage.usage_per_pricing_band[1].converted_band_subtotal == Decimal("96.8875")
    assert usage.service_period_start_date == datetime(2026, 10, 1, tzinfo=UTC)


def test_digits_that_a_float_would_lose_are_kept() -> None:
    bill = Bill.parse(decode('{"id": "b", "billTotal": 12345678901234567.123456789}'))

    assert bill.bill_total == Decimal("12345678901234567.123456789")


def test_a_float_is_read_by_its_shortest_text() -> None:
    assert Bill.parse({"id": "b", "billTotal": 0.1}).bill_total == Decimal("0.1")


def test_residue_of_binary_fractions_is_rounded_away() -> None:
    assert Bill.parse({"id": "b", "billTotal": 5e-300}).bill_total == 0


@pytest.mark.parametrize("key", ["usagePerPricingBand", "bandUsage"])
def test_bands_are_read_under_both_of_their_names(key: str) -> None:
    bill = a_bill(a_line() | {key: [a_band(1, 2, 3)]})

    assert bill.line_items is not None
    assert bill.line_items[0].usage_per_pricing_band[0].band_units == 2


def test_null_bands_are_no_bands() -> None:
    bill = a_bill(a_line(usagePerPricingBand=None))

    assert bill.line_items is not None
    assert bill.line_items[0].usage_per_pricing_band == ()


@pytest.mark.parametrize("without", [{}, {"lineItems": None}])
def test_a_bill_without_line_items_says_so(without: dict[str, object]) -> None:
    assert Bill.parse({"id": "b", **without}).line_items is None


def test_a_bill_with_no_lines_at_all_is_not_one_that_came_without_them() -> None:
    assert a_bill().line_items == ()


def test_unknown_keys_are_ignored() -> None:
    assert Bill.parse({"id": "b", "somethingNew": {"deep": [1]}}).id == "b"


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_blank_text_is_unset(blank: str | None) -> None:
    assert a_bill(currency=blank, purchaseOrderNumber=blank).currency is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-01-31T00:00:00.000Z", date(2026, 1, 31)),
        (datetime(2026, 1, 31, 23, tzinfo=UTC), date(2026, 1, 31)),
        (date(2026, 1, 31), date(2026, 1, 31)),
        ("", None),
        (None, None),
    ],
)
def test_a_day_may_be_written_as_a_timestamp(written: object, day: date | None) -> None:
    assert a_bill(billDate=written).bill_date == day


@pytest.mark.parametrize(
    "written", ["2026-01-31T01:00:00+01:00", "2026-01-31T00:00:00", "2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)]
)
def test_a_moment_is_in_utc(written: object) -> None:
    moment = a_bill(dtLastModified=written).dt_last_modified

    assert moment == datetime(2026, 1, 31, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("written", ["", None])
def test_a_moment_may_be_missing(written: object) -> None:
    assert a_bill(dtLastModified=written).dt_last_modified is None


def test_all_bad_fields_are_told_at_once() -> None:
    with pytest.raises(MalformedBill) as caught:
        a_bill(
            a_line(convertedSubtotal="lots", quantity=True),
            {"description": "no type"},
            billDate=7,
            dtLastModified="yesterday",
            lastCalculatedDate=5,
            billTotal=Decimal("NaN"),
            startDate="2026-13-45",
            currency=["USD"],
        )

    messages = [problem.message for problem in caught.value.problems]
    assert messages == [
        "Bill bill-0001 cannot be read: currency should be text.",
        "Bill bill-0001 cannot be read: billTotal should be a finite number.",
        "Bill bill-0001 cannot be read: billDate should be a date such as 2026-01-31.",
        "Bill bill-0001 cannot be read: startDate should be a date such as 2026-01-31.",
        "Bill bill-0001 cannot be read: lastCalculatedDate should be a time such as 2026-01-31T10:00:00Z.",
        "Bill bill-0001 cannot be read: dtLastModified should be a time such as 2026-01-31T10:00:00Z.",
        "Bill bill-0001 cannot be read: lineItems[0].quantity should be a number.",
        "Bill bill-0001 cannot be read: lineItems[0].convertedSubtotal should be a number.",
        "Bill bill-0001 cannot be read: lineItems[1].lineItemType is missing.",
    ]
    assert {problem.kind for problem in caught.value.problems} == {ProblemKind.VALIDATION}


@pytest.mark.parametrize(
    ("dto", "wanted"),
    [
        ({"id": ""}, "id should be text that is not empty"),
        ({"id": "b" * 257}, "id should be text of at most 256 characters"),
        ({"id": "b", "accountId": "a" * 257}, "accountId should be text of at most 256 characters"),
        ({"id": "b", "lineItems": 5}, "lineItems should be a list"),
        ({"id": "b", "lineItems": [5]}, r"lineItems\[0\] should be an object"),
        ({"id": "b", "version": -1}, "version should be greater than or equal to 0"),
        ([], "it should be an object"),
    ],
)
def test_what_a_field_should_be_is_said_in_the_words_of_json(dto: Any, wanted: str) -> None:
    with pytest.raises(MalformedBill, match=wanted):
        Bill.parse(dto)


def test_of_many_bad_fields_the_first_fifty_are_told() -> None:
    with pytest.raises(MalformedBill) as caught:
        a_bill(*[{}] * 70)

    assert len(caught.value.problems) == 51
    assert caught.value.problems[-1].message == "And 20 more problems like these."


def test_a_bill_without_an_id_cannot_be_read() -> None:
    with pytest.raises(MalformedBill, match=r"^The bill cannot be read: id is missing\.$"):
        Bill.parse({})


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"])
def test_a_moment_at_the_end_of_time_is_refused(year: str) -> None:
    with pytest.raises(MalformedBill, match="between the years"):
        a_bill(dtLastModified=year)


@pytest.mark.parametrize("number", ["1e24", "1E+999999999", 10**30, "9" * 5000])
def test_a_number_beyond_any_bill_is_refused_quickly(number: object) -> None:
    with pytest.raises(MalformedBill, match="smaller than 10\\^24"):
        a_bill(billTotal=number)


@pytest.mark.parametrize("number", ["", "1,5", "abc", [], {}, float("inf"), "NaN"])
def test_what_is_not_a_number_is_refused(number: object) -> None:
    with pytest.raises(MalformedBill, match="number"):
        a_bill(billTotal=number)


@pytest.mark.parametrize(("version", "read"), [(None, 0), (3, 3), (Decimal("3.0"), 3)])
def test_a_missing_version_is_zero(version: object, read: int) -> None:
    assert a_bill(version=version).version == read


@pytest.mark.parametrize("version", [-1, "x", Decimal("1.5")])
def test_a_version_is_a_whole_number(version: object) -> None:
    with pytest.raises(MalformedBill, match="version"):
        a_bill(version=version)


def test_a_bill_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        a_bill().id = "other"  # type: ignore[assignment,misc]  # that is the point


def test_there_are_nineteen_line_types_of_which_seven_are_credits() -> None:
    assert len(LineItemType) == 19
    assert len(CREDITS) == 7
    assert LineItemType.CREDIT_MEMO.is_credit
    assert not LineItemType.DEBIT_MEMO.is_credit
    assert LineItemType.OVERAGE_USAGE.is_usage
    assert not LineItemType.STANDING_CHARGE.is_usage


def test_a_type_that_m3ter_adds_tomorrow_is_kept_as_text() -> None:
    bill = a_bill(a_line(lineItemType="TELEPATHY"))

    assert bill.line_items is not None
    assert bill.line_items[0].line_item_type == "TELEPATHY"
    assert bill.line_items[0].type is None


def test_every_line_type_of_the_events_folder_is_known() -> None:
    bill = Bill.parse(new_dto("bill-every-line-type"))

    assert bill.line_items is not None
    assert [line.type for line in bill.line_items] == list(LineItemType)


@pytest.mark.parametrize(("number", "reference"), [("INV-1007", "INV-1007"), (None, "INV-0001"), ("", "INV-0001")])
def test_a_bill_has_a_reference_that_people_know(number: str | None, reference: str) -> None:
    assert a_bill(sequentialInvoiceNumber=number).reference == reference


@pytest.mark.parametrize(("status", "approved"), [("APPROVED", True), ("PENDING", False), (None, False)])
def test_approval_is_a_status(status: str | None, *, approved: bool) -> None:
    assert a_bill(status=status).approved is approved


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(allow_nan=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(
    ["id", "version", "billTotal", "billDate", "dtLastModified", "lineItems", "accountId", "currency", "status"]
)
line_keys = st.sampled_from(
    ["lineItemType", "quantity", "convertedSubtotal", "usagePerPricingBand", "sequenceNumber", "description"]
)


@given(st.dictionaries(keys, json_values | st.lists(st.dictionaries(line_keys, json_values), max_size=2)))
def test_whatever_arrives_is_read_or_refused(dto: dict[str, object]) -> None:
    with suppress(MalformedBill):
        bill = Bill.parse(dto)

        assert bill.id
        assert bill.version >= 0
        assert bill.bill_total is None or abs(bill.bill_total) < 10**24
