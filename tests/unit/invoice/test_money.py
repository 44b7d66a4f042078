"""Rounding to the cent, and the product that QuickBooks checks."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.bill.reading import EXACT_DIGITS
from m3ter_quickbooks.invoice.money import CENT, minor_unit, multiplies_out, plain, rounded, share_out
from m3ter_quickbooks.invoice.quantity import fit

D = Decimal


def shared(amounts: list[str], total: str, unit: str = "0.01") -> list[str]:
    return [str(share) for share in share_out([D(amount) for amount in amounts], D(total), D(unit))]


@pytest.mark.parametrize(
    ("amounts", "total", "shares"),
    [
        (["10", "20"], "30", ["10.00", "20.00"]),
        # cut towards zero; the missing cent goes to the largest fraction
        (["0.334", "0.333", "0.333"], "1.00", ["0.34", "0.33", "0.33"]),
        (["33.333", "33.333", "33.334"], "100.00", ["33.33", "33.33", "33.34"]),
        # ties to the earlier line
        (["0.005", "0.005"], "0.01", ["0.01", "0.00"]),
        (["33.335", "33.335", "33.33"], "100.00", ["33.34", "33.33", "33.33"]),
        # in absolute value
        (["-0.334", "-0.337", "-0.329"], "-1.00", ["-0.33", "-0.34", "-0.33"]),
        # a fraction that goes the other way gets nothing of it
        (["10.006", "-3.008", "0.002"], "7.00", ["10.00", "-3.00", "0.00"]),
        (["10.006", "10.007", "-3.009"], "17.01", ["10.00", "10.01", "-3.00"]),
        # what m3ter rounded differently is spread, most deserving first
        (["1.005", "1.001"], "2.02", ["1.01", "1.01"]),
        (["1.005", "1.001"], "1.99", ["1.00", "0.99"]),
        (["1.009"], "1.03", ["1.03"]),
        # a line of nothing stays so
        (["0", "1.00"], "1.01", ["0.00", "1.01"]),
        (["0", "0"], "0.01", ["0.01", "0.00"]),
        # zero has no sign
        (["-0.001"], "0", ["0.00"]),
        ([], "0", []),
    ],
)
def test_amounts_are_shared_out_by_largest_remainder(amounts: list[str], total: str, shares: list[str]) -> None:
    assert shared(amounts, total) == shares


def test_currencies_without_cents_are_shared_out_in_whole_units() -> None:
    assert shared(["333.4", "333.3", "333.3"], "1000", unit="1") == ["334", "333", "333"]


money = st.decimals(min_value=-(10**9), max_value=10**9, places=6, allow_nan=False, allow_infinity=False)


@given(st.lists(money, min_size=1, max_size=40), st.sampled_from([CENT, D(1)]))
def test_shares_add_up_exactly_and_stay_within_one_unit_of_their_amount(amounts: list[Decimal], unit: Decimal) -> None:
    total = rounded(sum(amounts, D(0)), unit)

    shares = share_out(amounts, total, unit)

    assert sum(shares) == total
    assert all(share % unit == 0 for share in shares)
    assert all(abs(share - amount) < unit for share, amount in zip(shares, amounts, strict=True))


@given(st.lists(money, min_size=1, max_size=20), st.integers(-30, 30))
def test_shares_add_up_to_whatever_total_is_asked_for(amounts: list[Decimal], off: int) -> None:
    total = rounded(sum(amounts, D(0)), CENT) + off * CENT

    assert sum(share_out(amounts, total, CENT)) == total


@pytest.mark.parametrize(
    ("amount", "unit", "result"),
    [
        ("1.005", "0.01", "1.01"),
        ("-1.005", "0.01", "-1.01"),
        ("1.0049", "0.01", "1.00"),
        ("-0.001", "0.01", "0.00"),
        ("99.5", "1", "100"),
    ],
)
def test_rounding_is_half_away_from_zero(amount: str, unit: str, result: str) -> None:
    assert str(rounded(D(amount), D(unit))) == result


@pytest.mark.parametrize(
    ("currency", "unit"), [("USD", "0.01"), ("JPY", "1"), ("krw", "1"), ("KWD", "0.01"), ("XYZ", "0.01")]
)
def test_minor_units(currency: str, unit: str) -> None:
    assert minor_unit(currency) == D(unit)


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "takes"),
    [
        # seen in the wild: QuickBooks facts 2.4
        ("128.350", "14.50", "1861.08", True),
        ("128.350", "14.50", "1861.07", False),
        ("75", "12.95", "970.88", False),
        ("3", "33.33", "100.00", False),
        ("0", "5", "0", True),
        ("0", "5", "1", False),
        ("2", "-5", "-10", True),
        # a negative half could be rounded either way
        ("1", "-0.005", "-0.01", False),
        ("1", "-0.005", "0", False),
        ("1", "-0.006", "-0.01", True),
    ],
)
def test_the_product_that_quickbooks_checks(quantity: str, price: str, amount: str, *, takes: bool) -> None:
    assert multiplies_out(D(quantity), D(price), D(amount)) is takes


@pytest.mark.parametrize(
    ("number", "text"), [("1E+3", "1000"), ("1.50", "1.5"), ("-0.0", "0"), ("1E-7", "0.0000001"), ("-2", "-2")]
)
def test_numbers_for_people_have_no_exponent(number: str, text: str) -> None:
    assert plain(D(number)) == text


@pytest.mark.parametrize(
    ("amount", "metered", "price", "quantity", "unit_price"),
    [
        ("118.50", "94.8", "1.25", "94.8", "1.25"),
        ("10.00", None, "5", "1", "10.00"),
        ("10.00", "3", None, "3", "3.33333"),
        # the price does not multiply out, the average does
        ("15.00", "10", "1", "10", "1.50000"),
        # neither does
        ("123.46", "1000000", "0.000123456", "1", "123.46"),
        # nothing metered
        ("0", "0", "2.5", "0", "2.50000"),
        ("0", "0", None, "0", "0"),
        ("10.00", "0", "2.5", "1", "10.00"),
        # free of charge
        ("0", "1000", "0", "1000", "0.00000"),
        # a sixth decimal of the price is rounded where the amount allows it
        ("0.01", "10", "0.0012345", "10", "0.00123"),
        # binary residue in the quantity
        ("118.50", "94.80000000000001", "1.25", "94.8000000000", "1.25000"),
        # credits
        ("-10.00", "5", "2", "5", "-2.00000"),
        ("-10.00", "-5", "-2", "5", "-2.00000"),
        ("-10.00", "-5", "2", "5", "-2.00000"),
        # more than QuickBooks could keep
        ("1.00", "1e23", "1e-23", "1", "1.00"),
        ("100.00", "0.000000001", "1e11", "1", "100.00"),
        ("1.00", "1e-15", "1e15", "1", "1.00"),
    ],
)
def test_quantity_and_price(
    amount: str, metered: str | None, price: str | None, quantity: str, unit_price: str
) -> None:
    fitted = fit(D(amount), D(metered) if metered else None, D(price) if price else None)

    assert (fitted.quantity, fitted.unit_price) == (D(quantity), D(unit_price))


def test_a_quantity_that_lost_digits_is_told_in_the_description() -> None:
    assert not fit(D("1.00"), D("0.12345678901234567"), D("8.1")).told
    assert fit(D("1.00"), D("0.5"), D("2")).told


figures = st.decimals(min_value=0, max_value=10**12, places=15, allow_nan=False) | st.decimals(
    min_value=0, max_value=100, places=20, allow_nan=False
)


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False),
    st.none() | figures,
    st.none() | figures,
)
def test_qty_times_unit_price_is_always_the_amount(
    amount: Decimal, metered: Decimal | None, price: Decimal | None
) -> None:
    with localcontext(prec=EXACT_DIGITS):
        fitted = fit(amount, metered, price)

    # Checked with fractions, half up, apart from the code under test.
    product = Fraction(fitted.quantity) * Fraction(fitted.unit_price)
    cents = abs(product) * 100
    half_up = int(cents + Fraction(1, 2)) * (1 if product >= 0 else -1)
    assert Fraction(half_up, 100) == Fraction(amount)
    assert -int(fitted.unit_price.as_tuple().exponent) <= 5
    assert -int(fitted.quantity.as_tuple().exponent) <= 10
    assert fitted.quantity >= 0
