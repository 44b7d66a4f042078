"""From bill to invoice. Pure: the same bill, settings, mappings and rate always give the same document.

    bill ──▶ charges ──▶ kept ──▶ drafts ──▶ shared out to the cent ──▶ lines ─┐
      └────────────────────▶ header fields, note ─────────────────────────────┴──▶ Document, or every problem at once

The rules are those of docs/from-bill-to-invoice.md; functions name the ones they hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.reading import EXACT_DIGITS
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mappings
from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.invoice.company import Company, currency_of, transaction_date
from m3ter_quickbooks.invoice.document import Document, DocumentKind, LineExplained, NothingLeft
from m3ter_quickbooks.invoice.findings import Findings, name_of_bill
from m3ter_quickbooks.invoice.header import (
    address_fields,
    currency_fields,
    customer_of,
    day_fields,
    document_number,
    note_of,
)
from m3ter_quickbooks.invoice.items import Items
from m3ter_quickbooks.invoice.lines import Charge, Draft, charges, drafts, kept, service_date
from m3ter_quickbooks.invoice.money import LARGEST_AMOUNT, ZERO, minor_unit, plain, rounded, share_out
from m3ter_quickbooks.invoice.payload import encode
from m3ter_quickbooks.invoice.quantity import fit
from m3ter_quickbooks.invoice.text import LONGEST_DESCRIPTION, at_most
from m3ter_quickbooks.problems import BillCannotBeSent

MOST_LINES = 10_000
"""QuickBooks' general ceiling for one document (QuickBooks facts 2.3)."""


def translate(
    bill: Bill,
    account: Account | None,
    integration: Integration,
    mappings: Mappings,
    company: Company | None,
    exchange_rate: Decimal | None,
) -> Document | NothingLeft:
    """What QuickBooks is to be told about `bill`; NothingLeft if that is nothing.

    `company` None: not connected yet, so no exchange rate is asked for. `exchange_rate` is home units per unit of the
    bill's currency on `rate_needed(...)`'s day. Raises BillCannotBeSent with every problem of the bill at once.
    """
    with localcontext(prec=EXACT_DIGITS):
        return _translate(bill, account, integration, mappings, company, exchange_rate)


def _translate(
    bill: Bill,
    account: Account | None,
    integration: Integration,
    mappings: Mappings,
    company: Company | None,
    exchange_rate: Decimal | None,
) -> Document | NothingLeft:
    findings = Findings()
    settings = integration.settings
    currency = currency_of(bill) or ""
    unit = minor_unit(currency)
    found = charges(bill, currency, findings)
    left = kept(found, settings)
    total = _total(bill, found, left, unit, findings)
    if not left and not findings.problems:
        return NothingLeft(_why_nothing(bill, settings))

    items = Items(integration, mappings)
    drawn = drafts(left, settings, items, currency, unit, findings)
    items.report(findings)
    _check_limits(bill, drawn, total, findings)

    kind = DocumentKind.CREDIT_MEMO if total < 0 else DocumentKind.INVOICE
    customer_id = customer_of(bill, account, integration, mappings, findings)
    header = {
        "CustomerRef": {"value": customer_id},
        **_optional("DocNumber", document_number(bill)),
        **day_fields(bill, kind, findings),
        **currency_fields(bill, company, exchange_rate, findings),
        **_optional("GlobalTaxCalculation", settings.global_tax_calculation),
        **address_fields(account, integration, kind, findings),
        **_payment_switches(settings, kind),
    }
    day = transaction_date(bill)
    if findings.problems or customer_id is None or day is None:
        raise BillCannotBeSent(findings.told_problems())

    sign = -1 if kind is DocumentKind.CREDIT_MEMO else 1
    # Plus 0: nothing has no sign.
    shares = [share * sign + 0 for share in share_out([draft.amount for draft in drawn], total, unit)]
    lines = [
        _line(number, draft, share, sign, bill, settings)
        for number, (draft, share) in enumerate(zip(drawn, shares, strict=True), start=1)
    ]
    fields: dict[str, object] = {**header, "Line": [line for line, _ in lines]}
    return Document(
        kind=kind,
        fields=fields,
        note=note_of(bill, account, integration, customer_id),
        total=total * sign,
        customer_id=customer_id,
        txn_date=day,
        shown=encode({"kind": kind, **fields}).decode(),
        warnings=findings.told_warnings(),
        explain=tuple(explained for _, explained in lines),
        names=mappings.names,
    )


def _total(bill: Bill, found: Sequence[Charge], left: Sequence[Charge], unit: Decimal, findings: Findings) -> Decimal:
    """What the document must come to (rule 5): the bill's total less what was left out, else the sum of the lines."""
    lines = sum((charge.amount for charge in left), ZERO)
    if bill.bill_total is None:
        return rounded(lines, unit)
    everything = sum((charge.amount for charge in found), ZERO)
    # Each line of money may be off by half a minor unit, if m3ter rounded the lines and the total apart.
    money = sum(1 for charge in found if charge.amount)
    difference = abs(bill.bill_total - everything)
    if difference > unit / 2 * max(money, 1) and not findings.problems:
        findings.problem(
            f"The lines do not add up to the bill: {name_of_bill(bill)} has a total of {plain(bill.bill_total)} "
            f"{bill.currency}, its lines come to {plain(everything)} {bill.currency}. Recalculate it in m3ter."
        )
    return rounded(bill.bill_total - (everything - lines), unit)


def _why_nothing(bill: Bill, settings: Settings) -> str:
    if not bill.line_items:
        return "The bill has no lines."
    if not settings.excluded_line_item_types:
        return "Every line of the bill has quantity 0 and amount 0, and sendZeroQuantityLineItems is off."
    excluded = ", ".join(sorted(settings.excluded_line_item_types))
    return f"Nothing is left of the bill: its lines are of excluded types ({excluded}), or of quantity 0 and amount 0."


def _check_limits(bill: Bill, drawn: Sequence[Draft], total: Decimal, findings: Findings) -> None:
    if len(drawn) > MOST_LINES:
        findings.problem(
            f"The {name_of_bill(bill)} would have {len(drawn):,} lines; QuickBooks takes {MOST_LINES:,}. "
            "Set splitUsageLineItems to ITEM_PER_PRODUCT."
        )
    if max((abs(draft.amount) for draft in drawn), default=ZERO) >= LARGEST_AMOUNT or abs(total) >= LARGEST_AMOUNT:
        findings.problem(
            f"The {name_of_bill(bill)} holds an amount of {LARGEST_AMOUNT:,} or more, which QuickBooks does not take. "
            "Correct it in m3ter."
        )


def _payment_switches(settings: Settings, kind: DocumentKind) -> dict[str, object]:
    """Always said, false included: left out, they would be the company's default (QuickBooks facts 2.6)."""
    if kind is DocumentKind.CREDIT_MEMO:
        return {}
    return {
        "AllowOnlineACHPayment": settings.allow_bank_transfer_payment,
        "AllowOnlineCreditCardPayment": settings.allow_credit_card_payment,
    }


def _line(
    number: int, draft: Draft, amount: Decimal, sign: int, bill: Bill, settings: Settings
) -> tuple[dict[str, object], LineExplained]:
    """One line as QuickBooks takes it (rules 6 and 7), and why it looks as it does."""
    quantity = fit(amount, draft.quantity, draft.price)
    why = quantity.why
    description = draft.description
    if draft.merged and draft.quantity is None:
        why = "Qty 1: merged lines whose units or prices differ, or that hold a fixed price."
    if draft.figures and (not quantity.told or draft.quantity is None):
        description = f"{description}: {', '.join(draft.figures)}"
    day = service_date(draft, bill)
    detail = {
        **_optional("ItemRef", {"value": draft.item.item_id} if draft.item.item_id else None),
        "Qty": quantity.quantity,
        "UnitPrice": quantity.unit_price,
        **_optional("ServiceDate", day.isoformat() if day else None),
        **_optional("TaxCodeRef", {"value": settings.tax_code} if settings.tax_code else None),
    }
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": amount,
        "Description": at_most(description, LONGEST_DESCRIPTION),
        "SalesItemLineDetail": detail,
    }
    return line, LineExplained(
        line=number,
        from_lines=tuple(line.id or line.line_item_type for line in draft.lines),
        item_id=draft.item.item_id,
        item=draft.item.why,
        quantity=why,
        rounding=amount - draft.amount * sign,
    )


def _optional(name: str, value: object) -> dict[str, object]:
    return {} if value is None else {name: value}
