"""Qty and UnitPrice of one line (rule 6): m3ter's own figures wherever QuickBooks takes them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from m3ter_quickbooks.invoice.money import PRICE_DECIMALS, ZERO, multiplies_out, plain

QUANTITY_DECIMALS = Decimal("0.0000000001")
"""How many decimals QuickBooks keeps of a Qty is not known; three were seen. Ten lose nothing that anybody meters."""
NOISE = Decimal("1e-12")
"""What two figures may differ by, relatively, and still be the same one: m3ter calculates in binary fractions."""
LARGEST = Decimal(10) ** 11


@dataclass(frozen=True, slots=True)
class Quantity:
    """`told` is false where the description has to say what was metered; `why` is for people."""

    quantity: Decimal
    unit_price: Decimal
    told: bool
    why: str


def fit(amount: Decimal, metered: Decimal | None, price: Decimal | None) -> Quantity:
    """Qty and UnitPrice that multiply out to `amount`.

    `amount` is final: rounded, with the sign it will be sent with, which UnitPrice takes over; Qty is never negative.
    `price` is m3ter's, in the document's currency.
    """
    if metered is None:
        return Quantity(Decimal(1), amount, told=True, why="Qty 1: m3ter gives no quantity.")
    exact = abs(metered)
    quantity = exact.quantize(QUANTITY_DECIMALS, ROUND_HALF_UP) if exact < LARGEST else ZERO
    told = abs(quantity - exact) <= exact * NOISE
    own = None if price is None else abs(price).quantize(PRICE_DECIMALS, ROUND_HALF_UP).copy_sign(amount)
    if own is not None and own.copy_abs() < LARGEST and (quantity or told) and multiplies_out(quantity, own, amount):
        return Quantity(quantity, own, told, "Qty and UnitPrice are m3ter's quantity and price.")
    if quantity:
        average = (amount / quantity).quantize(PRICE_DECIMALS, ROUND_HALF_UP)
        if average.copy_abs() < LARGEST and multiplies_out(quantity, average, amount):
            return Quantity(quantity, average, told, "Qty is m3ter's quantity, UnitPrice is Amount / Qty.")
    if told and not quantity and not amount:
        return Quantity(quantity, ZERO, told=True, why="Nothing was metered and nothing is charged.")
    return Quantity(
        Decimal(1),
        amount,
        told=False,
        why=f"Qty 1: no price of at most five decimals makes {plain(amount)} of {plain(exact)}.",
    )
