"""From a refusal of QuickBooks to a sentence that a biller can act on: what, which object by name, what to do, where.

QuickBooks' own text is never passed on: it can hold personal data ("You and <name> were working on this at the same
time"). Known texts are recognized and said in our words; of the rest only codes, numbers and field names get through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.identifiers import BillId
from m3ter_quickbooks.integration.mapping import CUSTOMER, ITEM
from m3ter_quickbooks.invoice.document import Document, DocumentKind
from m3ter_quickbooks.invoice.findings import name_of, name_of_bill
from m3ter_quickbooks.invoice.text import at_most, listed, one_line
from m3ter_quickbooks.problems import Refused
from m3ter_quickbooks.run.answer import Fault, RefusedWrite
from m3ter_quickbooks.run.refusal_words import BY_CODE, BY_CODE_OF_READS, BY_TEXT, OTHERWISE, READ_OTHERWISE, Words


class RefusalKind(StrEnum):
    """What the protocol does next. OTHER: nothing, until data or settings change."""

    STALE = "stale"
    NOT_FOUND = "not found"
    PERIOD_CLOSED = "period closed"
    DUPLICATE_NUMBER = "duplicate number"
    DUPLICATE = "duplicate"
    OTHER = "other"


_KINDS = {
    "6200": RefusalKind.PERIOD_CLOSED,
    "6210": RefusalKind.PERIOD_CLOSED,
    "5010": RefusalKind.STALE,
    "610": RefusalKind.NOT_FOUND,
    "6140": RefusalKind.DUPLICATE_NUMBER,
    "630": RefusalKind.DUPLICATE,
}

# Numbers and the names of fields that we send get through; anything else in a fault may be a person's.
_FIELD = re.compile(
    "Address|AllowOnline(ACH|CreditCard)Payment|Amount|BillEmail(Bcc|Cc)?|CurrencyRef|CustomField|CustomerRef|Description|"
    "DetailType|DocNumber|DueDate|ExchangeRate|GlobalTaxCalculation|Id|ItemRef|Line|PrivateNote|Qty|SalesItemLineDetail|"
    "ServiceDate|SyncToken|TaxCodeRef|TotalAmt|TxnDate|TxnTaxDetail|UnitPrice|value"
)
_BETWEEN_FIELDS = re.compile(r"\.|\[\d{1,4}\]\.?")
_LONGEST_CODE = 6
_LENGTHS = re.compile(r"\bMax:(\d{1,5})\b.*?\blength:(\d{1,6})\b", re.DOTALL)
_SUPPLIED = re.compile(r"\bSupplied value:\s?(-?[\d.,]{1,30})(?=\s|$)")
_TAKEN_BY = re.compile(r"\bTxnType=([A-Za-z]{1,30}) with TxnId=(\d{1,20})\b")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`cause` is a stable key for grouping, such as `quickbooks.6000`."""

    kind: RefusalKind
    message: str
    cause: str


@dataclass(frozen=True, slots=True)
class About:
    """The names that a sentence needs, all of them ours."""

    document: str
    customer: str = "its customer"
    items: str = "its items"
    currency: str = "its currency"
    number: str = ""
    date: str = ""
    emails: str = ""


def read_refusal(
    answer: RefusedWrite,
    *,
    kind: DocumentKind,
    bill_id: BillId,
    document: Document | None = None,
    bill: Bill | None = None,
    account: Account | None = None,
) -> Refusal:
    """The refusal of one write. What is passed makes the names better; without it ids have to do."""
    about = about_write(kind, bill_id, document, bill, account)
    return Refusal(
        classify(answer.faults),
        explain(answer.faults, about=about, intuit_tid=answer.intuit_tid),
        cause_of(answer.faults),
    )


def classify(faults: Sequence[Fault]) -> RefusalKind:
    """A closed period comes first: nothing else that is said about the document can be mended before it."""
    found = {_KINDS.get(fault.code, RefusalKind.OTHER) for fault in faults}
    return next((kind for kind in _KINDS.values() if kind in found), RefusalKind.OTHER)


def cause_of(faults: Sequence[Fault]) -> str:
    """The key of the fault that decided."""
    kind = classify(faults)
    codes = [
        fault.code for fault in faults if _KINDS.get(fault.code, RefusalKind.OTHER) is kind and _is_code(fault.code)
    ]
    return f"quickbooks.{codes[0]}" if codes else "quickbooks.unknown"


def taken_by(faults: Sequence[Fault]) -> tuple[str, str] | None:
    """Whose the document number is, where the fault says so: QuickBooks' name of the kind, and the id."""
    found = (_TAKEN_BY.search(fault.detail) for fault in faults if fault.code == "6140")
    return next(((taken.group(1), taken.group(2)) for taken in found if taken), None)


def explain(faults: Sequence[Fault], *, about: About, intuit_tid: str | None = None) -> str:
    """One sentence or two for each different fault, then the codes and the trace id for Intuit's support."""
    said = list(dict.fromkeys(_sentence(fault, about) for fault in faults))
    codes = list(dict.fromkeys(fault.code for fault in faults if _is_code(fault.code)))
    reference = f"QuickBooks code {', '.join(codes)}" if codes else "QuickBooks gave no code"
    if intuit_tid:
        reference += f", intuit_tid {intuit_tid}"
    return f"{' '.join(said)} ({reference}.)"


def explain_read(no: Refused, about: About) -> str:
    """The refusal of something that had to be read before the document could be sent or settled."""
    if not _is_code(no.code):
        return f"{about.document} could not be finished. {no.message}"
    words = BY_CODE_OF_READS.get(no.code, READ_OTHERWISE)
    tid = f", intuit_tid {no.intuit_tid}" if no.intuit_tid else ""
    return f"{words.what.format(document=about.document)} {words.remedy} (QuickBooks code {no.code}{tid}.)"


def cause_of_read(no: Refused) -> str:
    """As `cause_of`."""
    return f"quickbooks.{no.code}" if _is_code(no.code) else no.code or "quickbooks.unknown"


def about_write(
    kind: DocumentKind, bill_id: BillId, document: Document | None, bill: Bill | None, account: Account | None
) -> About:
    """The names of what one write is about."""
    name = "The invoice" if kind is DocumentKind.INVOICE else "The credit memo"
    of_bill = name_of_bill(bill) if bill is not None else f"bill {bill_id}"
    if account is not None:
        of_bill += f" of {name_of('account', account.id, account.name)}"
    elif bill is not None and bill.account_id:
        of_bill += f" of {name_of('account', bill.account_id, bill.account_code)}"
    if document is None:
        return About(f"{name} for {of_bill}")
    fields = document.fields
    return About(
        document=f"{name} for {of_bill}",
        customer=_named("QuickBooks customer", CUSTOMER, document.customer_id, document),
        items=_items(document),
        currency=_value(fields.get("CurrencyRef")) or "its currency",
        number=f" {document.doc_number}" if document.doc_number else "",
        date=f" {document.txn_date.isoformat()}",
        emails=listed([key for key in ("BillEmail", "BillEmailCc", "BillEmailBcc") if key in fields]),
    )


def _sentence(fault: Fault, about: About) -> str:
    words = _words(fault)
    field = fault.element if all(map(_FIELD.fullmatch, _BETWEEN_FIELDS.split(fault.element))) else ""
    more = f" The field is {field}." if field and words.names_field else ""
    lengths = _LENGTHS.search(fault.detail)
    if lengths:
        more += f" It may hold {lengths.group(1)} characters and has {lengths.group(2)}."
    supplied = _SUPPLIED.search(fault.detail)
    if supplied:
        more += f" It was given {supplied.group(1).rstrip('.,')}."
    taken = _TAKEN_BY.search(fault.detail)
    if taken:
        more += f" It belongs to {taken.group(1)} {taken.group(2)} in QuickBooks."
    names = {
        "document": about.document,
        "customer": about.customer,
        "items": about.items,
        "currency": about.currency,
        "number": about.number,
        "date": about.date,
        "emails": f" ({about.emails})" if about.emails else "",
    }
    return f"{words.what.format(**names)}{more} {words.remedy.format(**names)}"


def _words(fault: Fault) -> Words:
    """By what the text is known to mean, else by the code."""
    for codes, fragment, words in BY_TEXT:
        if fault.code in codes and (fragment in fault.detail or fragment in fault.message):
            return words
    return BY_CODE.get(fault.code, OTHERWISE)


def _is_code(code: str) -> bool:
    return code.isascii() and code.isdigit() and len(code) <= _LONGEST_CODE


def _items(document: Document) -> str:
    """The items that the document names, each with the line that names it first."""
    lines = document.fields.get("Line")
    named: dict[str, str] = {}
    for line in lines if isinstance(lines, Sequence) else ():
        detail = line.get("SalesItemLineDetail") if isinstance(line, Mapping) else None
        item = _value(detail.get("ItemRef")) if isinstance(detail, Mapping) else None
        if item and item not in named:
            words = at_most(one_line(str(line.get("Description") or "")), 60)
            name = _named("item", ITEM, item, document)
            named[item] = f'{name} (on "{words}")' if words else name
    return listed(list(named.values())) if named else "the company's default item"


def _named(what: str, table: str, identity: str, document: Document) -> str:
    """An object as people find it. What looks like an address is no name for a mail."""
    name = at_most(one_line(document.names.get((table, identity), "")), 80)
    return f'{what} "{name}" ({identity})' if name and "@" not in name else f"{what} {identity}"


def _value(reference: object) -> str | None:
    value = reference.get("value") if isinstance(reference, Mapping) else None
    return value if isinstance(value, str) else None
