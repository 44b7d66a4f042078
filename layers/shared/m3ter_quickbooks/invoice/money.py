"""Rounding to the cent so that the lines add up, and the product that QuickBooks checks.

All arithmetic here and in its callers is exact: `translate` runs in a context of 160 digits, far more than any sum or
product of the numbers that a bill can hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from heapq import heapify, heapreplace

CENT = Decimal("0.01")
ZERO = Decimal(0)
LARGEST_AMOUNT = Decimal(10) ** 13
"""QuickBooks keeps 15 digits of an amount, two of them decimals."""
PRICE_DECIMALS = Decimal("0.00001")
"""QuickBooks keeps five decimals of a UnitPrice (QuickBooks facts 2.4)."""

# ISO 4217 currencies without a minor unit. Those with three decimals get two: QuickBooks keeps no more.
_WITHOUT_CENTS = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency that QuickBooks keeps: 0.01, or 1."""
    return Decimal(1) if currency.upper() in _WITHOUT_CENTS else CENT


def rounded(amount: Decimal, unit: Decimal) -> Decimal:
    """To the minor unit, half away from zero. Zero has no sign."""
    return amount.quantize(unit, ROUND_HALF_UP) + 0


def share_out(amounts: Sequence[Decimal], total: Decimal, unit: Decimal) -> list[Decimal]:
    """Every amount in whole units, all of them adding up to `total` exactly, by largest remainder.

    Each amount is cut towards zero. The units that are then missing go to the largest fractions (in absolute value),
    ties to the earlier line; where the fractions do not suffice, the most deserving get a second one. A line of
    exactly nothing gets none, unless there are no others.
    """
    shares = [amount.quantize(unit, ROUND_DOWN) + 0 for amount in amounts]
    missing = int((total - sum(shares)) / unit)
    step = unit if missing > 0 else -unit
    direction = 1 if missing > 0 else -1
    lines = [index for index, amount in enumerate(amounts) if amount] or list(range(len(amounts)))
    # A heap of (what the line has too little of, in the direction we go; most first), then by position.
    deserving = [((shares[index] - amounts[index]) * direction, index) for index in lines]
    heapify(deserving)
    for _ in range(abs(missing)):
        surplus, index = deserving[0]
        shares[index] += step
        heapreplace(deserving, (surplus + unit, index))
    return shares


def multiplies_out(quantity: Decimal, price: Decimal, amount: Decimal) -> bool:
    """Whether QuickBooks takes Qty x UnitPrice for this Amount: half up, two decimals (fault 6070 otherwise).

    How it rounds a negative half is not known, so a negative product must not depend on it.
    """
    product = quantity * price
    if product < 0 and product.quantize(CENT, ROUND_HALF_DOWN) != amount:
        return False
    return product.quantize(CENT, ROUND_HALF_UP) == amount


def plain(number: Decimal) -> str:
    """For people: no exponent, no needless zeros."""
    text = format(number.normalize(), "f")
    return "0" if text == "-0" else text
