"""Any bill that hangs together, any settings, and the total that must come of them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import strategies as st

from m3ter_quickbooks.bill.bill import CREDITS, Bill, LineItemType
from m3ter_quickbooks.integration.settings import Split
from tests.unit.making import a_band, a_bill, a_line

UNITS = {"USD": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.01")}
RATE = Decimal("1.25")

amounts = st.decimals(min_value=-(10**7), max_value=10**7, places=7, allow_nan=False)
charges = st.decimals(min_value=0, max_value=10**6, places=7, allow_nan=False)
quantities = st.decimals(min_value=0, max_value=10**9, places=20, allow_nan=False) | st.integers(0, 1000).map(Decimal)
prices = st.decimals(min_value=0, max_value=10**5, places=9, allow_nan=False)


@st.composite
def lines(draw: st.DrawFn) -> dict[str, object]:
    """A line that hangs together: its bands, if it has any, add up to it."""
    kind = draw(st.sampled_from(list(LineItemType)))
    changes: dict[str, object] = {
        "lineItemType": kind.value,
        "id": f"l{draw(st.integers(0, 999))}",
        "description": draw(st.text(max_size=8)),
        "quantity": draw(st.none() | quantities),
        "units": draw(st.none() | quantities),
        "averageUnitPrice": draw(st.none() | prices),
        "unit": draw(st.sampled_from(["GB", "hours", None])),
        "productId": draw(st.sampled_from(["p1", "p2", None])),
        "sequenceNumber": draw(st.none() | st.integers(0, 5)),
        "conversionRate": draw(st.sampled_from([Decimal(1), Decimal("0.9137"), None])),
        "aggregationId": draw(st.sampled_from(["g1", "g2", None])),
    }
    parts = draw(st.lists(charges, max_size=3)) if kind.is_usage else []
    if parts:
        changes["usagePerPricingBand"] = [
            a_band("0", 0, 0, bandUnits=draw(quantities), unitPrice=draw(prices), convertedBandSubtotal=part)
            for part in parts
        ]
    amount = sum(parts, Decimal(0)) if parts else draw(amounts)
    return a_line(0) | changes | {"convertedSubtotal": amount, "subtotal": amount}


@st.composite
def cases(draw: st.DrawFn, currencies: tuple[str, ...] = tuple(UNITS)) -> tuple[Bill, dict[str, Any], Decimal]:
    """A bill, settings, and the total that its document must have, worked out apart from the code under test."""
    drawn = draw(st.lists(lines(), max_size=12))
    currency: str = draw(st.sampled_from(currencies))
    excluded: set[LineItemType] = draw(st.sets(st.sampled_from(LineItemType), max_size=3))
    wanted = sum((signed(line) for line in drawn if line["lineItemType"] not in excluded), Decimal(0))
    everything = sum((signed(line) for line in drawn), Decimal(0))
    unit = UNITS[currency]
    changes: dict[str, Any] = {}
    has_total: bool = draw(st.booleans())
    if drawn and has_total:
        changes["billTotal"] = everything.quantize(unit, ROUND_HALF_UP) if draw(st.booleans()) else everything
        wanted = changes["billTotal"] - (everything - wanted)
    config = {
        "excludedLineItemTypes": sorted(excluded),
        "splitUsageLineItems": draw(st.sampled_from(list(Split))),
        "sortLineItemsBy": draw(st.sampled_from(["NONE", "SUBTOTAL", "AGGREGATION_ID"])),
        "sendZeroQuantityLineItems": draw(st.booleans()),
    }
    return a_bill(*drawn, currency=currency, **changes), config, wanted.quantize(unit, ROUND_HALF_UP)


def signed(line: dict[str, object]) -> Decimal:
    amount = line["convertedSubtotal"]
    assert isinstance(amount, Decimal)
    return -abs(amount) if line["lineItemType"] in CREDITS else amount
