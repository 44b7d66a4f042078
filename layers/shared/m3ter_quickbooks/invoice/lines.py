"""From the lines of a bill to the lines of the document: what is dropped, what is split or merged, in which order.

    bill lines ── excluded? ── nothing at all? ── split by band / one each / merged by product ── sorted ──▶ drafts

Amounts stay exact here; `translate` rounds them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from m3ter_quickbooks.bill.bill import BandUsage, Bill, BillLine
from m3ter_quickbooks.integration.settings import Settings, Sort, Split
from m3ter_quickbooks.invoice.findings import Findings, name_of_bill, name_of_line
from m3ter_quickbooks.invoice.items import ItemChoice, Items
from m3ter_quickbooks.invoice.money import ZERO, plain
from m3ter_quickbooks.invoice.text import at_most, listed, one_line


@dataclass(frozen=True, slots=True)
class Charge:
    """A line of the bill and its amount in the bill's currency: as it came, and with the sign that its type demands."""

    line: BillLine
    came: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Draft:
    """A line of the document before rounding.

    `came` is the amount before any change of sign, `price` is in the bill's currency. `fixed` says that a fixed price
    is part of the amount, `figures` what was metered, for the description.
    """

    lines: tuple[BillLine, ...]
    came: Decimal
    amount: Decimal
    quantity: Decimal | None
    unit: str | None
    price: Decimal | None
    description: str
    item: ItemChoice
    fixed: bool = False
    figures: tuple[str, ...] = field(default=())
    merged: bool = False


def charges(bill: Bill, currency: str, findings: Findings) -> list[Charge]:
    """Every line of the bill with its amount (rule 2). Lines without one, of unknown type, or missing are problems."""
    if bill.line_items is None:
        findings.problem(
            f"The event of {name_of_bill(bill)} came without line items, and they could not be fetched from m3ter. "
            "Give this organization's m3ter credentials (PUT m3tercredentials), then retry."
        )
    found: list[Charge] = []
    unknown: dict[str, list[str]] = {}
    lost: list[str] = []
    for line in bill.line_items or ():
        if line.type is None:
            unknown.setdefault(line.line_item_type, []).append(name_of_line(line))
            continue
        came = _converted(line.converted_subtotal, line.subtotal, line, currency)
        if came is None:
            lost.append(name_of_line(line))
            continue
        found.append(Charge(line, came, -abs(came) if line.type.is_credit else came))
    for kind, names in unknown.items():
        findings.problem(
            f"Line {listed(names)} has the type {at_most(one_line(kind), 80)}, which this integration does not know. "
            "Nothing was sent, so that no money is lost: update m3ter-quickbooks, or remove the line from the bill."
        )
    if lost:
        findings.problem(
            f"Line {listed(lost)} has no amount in the bill's currency: neither convertedSubtotal nor a subtotal "
            "that can be converted. Add the currency conversion in m3ter and recalculate the bill."
        )
    return found


def _converted(converted: Decimal | None, own: Decimal | None, line: BillLine, currency: str) -> Decimal | None:
    if converted is not None:
        return converted
    rate = conversion_rate(line, currency)
    return None if own is None or rate is None else own * rate


def conversion_rate(line: BillLine, currency: str) -> Decimal | None:
    """What one unit of the line's currency is in the bill's; None if that is not known."""
    if line.conversion_rate is not None:
        return line.conversion_rate
    return Decimal(1) if line.currency is None or line.currency.strip().upper() == currency else None


def kept(all_charges: Iterable[Charge], settings: Settings) -> list[Charge]:
    """Without the excluded types and, unless they are wanted, without lines of quantity 0 and amount 0 (rule 1)."""
    return [
        charge
        for charge in all_charges
        if charge.line.type not in settings.excluded_line_item_types
        and (settings.send_zero_quantity_line_items or not _nothing(_metered(charge.line), charge.amount))
    ]


def _nothing(quantity: Decimal | None, amount: Decimal) -> bool:
    return quantity == 0 and amount == 0


def _metered(line: BillLine) -> Decimal | None:
    return line.quantity if line.quantity is not None else line.units


def drafts(
    left: Sequence[Charge], settings: Settings, items: Items, currency: str, unit: Decimal, findings: Findings
) -> list[Draft]:
    """The lines of the document, split as the operator chose (rule 3) and in their order (rule 8)."""
    if all(charge.line.sequence_number is not None for charge in left):
        left = sorted(left, key=lambda charge: charge.line.sequence_number or 0)
    drawn: list[Draft] = []
    for charge in left:
        usage = charge.line.type is not None and charge.line.type.is_usage
        if usage and settings.split_usage_line_items is Split.ITEM_PER_USAGE_BAND:
            drawn.extend(_per_band(charge, settings, items, currency, unit, findings))
        else:
            drawn.append(_whole(charge, items, currency))
    if settings.split_usage_line_items is Split.ITEM_PER_PRODUCT:
        drawn = _merged_by_product(drawn)
    return _sorted(drawn, settings.sort_line_items_by)


def _sorted(drawn: list[Draft], sort: Sort) -> list[Draft]:
    if sort is Sort.SUBTOTAL:
        return sorted(drawn, key=lambda draft: draft.came)
    if sort is Sort.AGGREGATION_ID:
        return sorted(drawn, key=lambda draft: min(map(_aggregation, draft.lines)))
    return drawn


def _aggregation(line: BillLine) -> tuple[bool, str]:
    identifier = line.aggregation_id or line.compound_aggregation_id
    return (identifier is None, identifier or "")


def _whole(charge: Charge, items: Items, currency: str) -> Draft:
    line = charge.line
    rate = conversion_rate(line, currency)
    price = None if line.average_unit_price is None or rate is None else line.average_unit_price * rate
    quantity = line.units if line.units is not None else line.quantity
    return Draft(
        lines=(line,),
        came=charge.came,
        amount=charge.amount,
        quantity=quantity,
        unit=line.unit,
        price=price,
        description=_description(line),
        item=items.choose(line),
        fixed=any(band.fixed_price for band in line.usage_per_pricing_band),
        figures=_figures(quantity, line.unit, price, currency),
    )


def _description(line: BillLine) -> str:
    words = line.description or line.product_name or line.line_item_type.replace("_", " ").capitalize()
    return one_line(words)


def _figures(
    quantity: Decimal | None, unit: str | None, price: Decimal | None, currency: str, fixed: Decimal | None = None
) -> tuple[str, ...]:
    if quantity is None:
        return ()
    words = f"{plain(quantity)} {one_line(unit)}".rstrip()
    if price is not None:
        words += f" at {plain(price)} {currency}"
    if fixed:
        words += f" plus {plain(fixed)} {currency} fixed"
    return (words,)


def _per_band(
    charge: Charge, settings: Settings, items: Items, currency: str, unit: Decimal, findings: Findings
) -> list[Draft]:
    """One draft for each priced band; the whole line where m3ter gives no bands."""
    line = charge.line
    bands = line.usage_per_pricing_band
    came = [_converted(band.converted_band_subtotal, band.band_subtotal, line, currency) for band in bands]
    amounts = [amount for amount in came if amount is not None]
    if len(amounts) < len(bands):
        findings.problem(
            f"Line {name_of_line(line)} has a pricing band without an amount in {currency}. Recalculate the bill in "
            "m3ter, or choose another splitUsageLineItems."
        )
        return []
    total = sum(amounts, ZERO)
    # A credit is negative whatever sign it came with, and its bands with it.
    turned = -1 if line.type is not None and line.type.is_credit and total > 0 else 1
    money = sum(1 for amount in amounts if amount)
    if bands and abs(total * turned - charge.amount) > unit / 2 * max(money, 1):
        findings.problem(
            f"The pricing bands of line {name_of_line(line)} do not add up to it: they come to "
            f"{plain(total * turned)} {currency}, the line to {plain(charge.amount)} {currency}. Recalculate the bill "
            "in m3ter, or choose another splitUsageLineItems."
        )
        return []
    priced = [
        (band, amount)
        for band, amount in zip(bands, amounts, strict=True)
        if settings.send_zero_quantity_line_items or not _nothing(_band_metered(band), amount)
    ]
    return [
        _band(charge, band, amount, turned, items, currency, several=len(priced) > 1) for band, amount in priced
    ] or [_whole(charge, items, currency)]


def _band_metered(band: BandUsage) -> Decimal | None:
    return band.band_quantity if band.band_quantity is not None else band.band_units


def _band(
    charge: Charge, band: BandUsage, amount: Decimal, turned: int, items: Items, currency: str, *, several: bool
) -> Draft:
    line = charge.line
    rate = conversion_rate(line, currency)
    price = None if band.unit_price is None or rate is None else band.unit_price * rate
    fixed = None if band.fixed_price is None or rate is None else band.fixed_price * rate
    quantity = band.band_units if band.band_units is not None else band.band_quantity
    description = _description(line)
    if several and band.lower_limit is not None:
        description = f"{description} (from {plain(band.lower_limit)} {one_line(line.unit)}".rstrip() + ")"
    return Draft(
        lines=(line,),
        came=amount,
        amount=amount * turned,
        quantity=quantity,
        unit=line.unit,
        price=price,
        description=description,
        item=items.choose(line, band.pricing_band_id),
        fixed=bool(band.fixed_price),
        figures=_figures(quantity, line.unit, price, currency, fixed),
    )


def _merged_by_product(drawn: list[Draft]) -> list[Draft]:
    """Usage of one product on one line, at the place of the first; credits apart from charges.

    Lines that book on different items stay apart: one line can only book on one.
    """
    groups: dict[object, list[Draft]] = {}
    for draft in drawn:
        line = draft.lines[0]
        key: object = id(draft)
        if line.type is not None and line.type.is_usage and line.product_id:
            key = (line.product_id, draft.item.item_id, line.type.is_credit or draft.amount < 0)
        groups.setdefault(key, []).append(draft)
    return [group[0] if len(group) == 1 else _merge(group) for group in groups.values()]


def _merge(group: list[Draft]) -> Draft:
    first = group[0]
    alike = (
        len({draft.unit for draft in group}) == 1
        and first.price is not None
        and len({draft.price for draft in group}) == 1
        and not any(draft.fixed for draft in group)
    )
    quantities = [draft.quantity for draft in group if draft.quantity is not None]
    counted = alike and len(quantities) == len(group)
    parts = ", ".join(dict.fromkeys(draft.description for draft in group))
    product = one_line(first.lines[0].product_name or first.lines[0].product_code)
    return Draft(
        lines=tuple(line for draft in group for line in draft.lines),
        came=sum((draft.came for draft in group), ZERO),
        amount=sum((draft.amount for draft in group), ZERO),
        quantity=sum(map(abs, quantities), ZERO) if counted else None,
        unit=first.unit,
        price=first.price if counted else None,
        description=f"{product}: {parts}" if product else parts,
        item=first.item,
        figures=tuple(figure for draft in group for figure in draft.figures),
        merged=True,
    )


def service_date(draft: Draft, bill: Bill) -> date | None:
    """The day its service period starts (rule 7): of merged lines the earliest, without one the bill's start.

    m3ter writes a moment; its day is the one on the calendar of the bill's own time zone.
    """
    starts = [line.service_period_start_date for line in draft.lines if line.service_period_start_date is not None]
    if not starts:
        return bill.start_date
    return min(starts).astimezone(_zone(bill.timezone)).date()


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        return UTC
