"""What holds for any bill at all."""

from __future__ import annotations

import json
from cProfile import Profile
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.integration.settings import Split
from m3ter_quickbooks.invoice.document import Document, DocumentKind
from m3ter_quickbooks.invoice.payload import create_body, decode, encode
from m3ter_quickbooks.problems import BillCannotBeSent
from tests.unit.invoice.any_bill import RATE, UNITS, cases
from tests.unit.making import ITEM, a_band, a_bill, document, lines_of, translated, usage

MARKER = "6f1f9f0e-5d5c-5a1e-9c3e-0123456789ab"


@given(cases())
def test_the_lines_add_up_and_every_line_multiplies_out(case: tuple[Bill, dict[str, Any], Decimal]) -> None:
    bill, config, total = case

    doc = translated(bill, ITEM, rate=RATE, **config)

    if not isinstance(doc, Document):
        assert total == 0
        return
    assert doc.total == abs(total)
    assert doc.kind is (DocumentKind.CREDIT_MEMO if total < 0 else DocumentKind.INVOICE)
    assert sum(line["Amount"] for line in lines_of(doc)) == doc.total
    for line in lines_of(doc):
        assert line["Amount"] % UNITS[bill.currency or ""] == 0
        cents = abs(Fraction(line["Qty"]) * Fraction(line["UnitPrice"])) * 100
        assert int(cents + Fraction(1, 2)) == abs(line["Amount"]) * 100
        assert line["UnitPrice"] * line["Amount"] >= 0
        assert line["UnitPrice"].as_tuple().exponent >= -5
        assert len(line["Description"]) <= 4000
    assert len(doc.explain) == len(lines_of(doc))


@given(cases())
def test_the_total_is_the_same_whatever_the_split(case: tuple[Bill, dict[str, Any], Decimal]) -> None:
    bill, config, _ = case

    results = [translated(bill, ITEM, rate=RATE, **config | {"splitUsageLineItems": split}) for split in Split]

    assert len({result.total if isinstance(result, Document) else None for result in results}) == 1


@given(cases())
def test_what_is_sent_is_json_with_plain_numbers_and_nothing_is_lost_in_it(
    case: tuple[Bill, dict[str, Any], Decimal],
) -> None:
    bill, config, _ = case
    doc = translated(bill, ITEM, rate=RATE, **config)
    if not isinstance(doc, Document):
        return
    numbers: list[str] = []

    def keep(number: str) -> Decimal:
        numbers.append(number)
        return Decimal(number)

    body = json.loads(create_body(doc, MARKER), parse_float=keep, parse_int=keep)

    assert {key: body[key] for key in doc.fields} == decode(encode(doc.fields))
    assert not any(set(number) & set("eE+") for number in numbers)


@pytest.mark.parametrize("split", list(Split))
def test_ten_times_the_lines_need_about_ten_times_as_many_calls(split: str) -> None:
    def calls(count: int) -> int:
        bands = [a_band("3.3333333", 33, "0.101010"), a_band("6.6666667", 67, "0.0995025", pricingBandId="pb2")]
        bill = a_bill(*[usage(10, 100, "0.1", sequenceNumber=n, usagePerPricingBand=bands) for n in range(count)])
        profile = Profile()
        assert profile.runcall(document, bill, ITEM, splitUsageLineItems=split).total == 10 * count
        return sum(entry.callcount for entry in profile.getstats())

    # What grows with the square of the bill would need a hundred times as many.
    assert calls(500) < 15 * calls(50)


numbers = (
    st.decimals(allow_nan=True, allow_infinity=True) | st.floats() | st.integers() | st.text(max_size=6) | st.none()
)
fields = st.sampled_from(
    [
        "quantity",
        "units",
        "subtotal",
        "convertedSubtotal",
        "averageUnitPrice",
        "conversionRate",
        "currency",
        "description",
        "productName",
        "sequenceNumber",
        "servicePeriodStartDate",
        "unit",
        "lineItemType",
    ]
)
band_fields = st.sampled_from(["bandUnits", "unitPrice", "fixedPrice", "lowerLimit", "convertedBandSubtotal"])
bill_fields = st.sampled_from(
    ["billTotal", "currency", "billDate", "dueDate", "timezone", "sequentialInvoiceNumber", "purchaseOrderNumber"]
)


@given(
    st.dictionaries(bill_fields, numbers, max_size=2),
    st.lists(st.dictionaries(fields, numbers, max_size=2), max_size=3),
    st.dictionaries(band_fields, numbers, max_size=2),
    st.sampled_from(list(Split)),
)
def test_a_broken_bill_is_refused_in_sentences_and_never_breaks_us(
    of_bill: dict[str, Any], of_lines: list[dict[str, Any]], of_band: dict[str, Any], split: Split
) -> None:
    drawn = [usage(5, 5, 1, usagePerPricingBand=[a_band(5, 5, 1) | of_band]) | line for line in of_lines]
    try:
        result = translated(a_bill(*drawn, **of_bill), rate=RATE, splitUsageLineItems=split)
    except BillCannotBeSent as refused:
        assert refused.problems  # noqa: PT017  either outcome is right
        assert all(problem.message[-1] in ".!" for problem in refused.problems)  # noqa: PT017  as above
        return
    if isinstance(result, Document):
        assert sum(line["Amount"] for line in lines_of(result)) == result.total
        assert create_body(result, MARKER)
