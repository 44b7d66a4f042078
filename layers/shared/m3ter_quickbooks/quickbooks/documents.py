"""An invoice or credit memo as QuickBooks writes it, read into what the protocol needs of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.run.answer import RemoteDocument

_LARGEST_EXPONENT = 30


def read_document(kind: DocumentKind, value: object) -> RemoteDocument | None:
    """The document in an entity's JSON object; None if it lacks what makes it usable (Id, SyncToken, TotalAmt)."""
    if not isinstance(value, Mapping):
        return None
    document_id, sync_token, total = text(value.get("Id")), text(value.get("SyncToken")), amount(value.get("TotalAmt"))
    if not document_id or sync_token is None or total is None:
        return None
    balance = amount(value.get("Balance"))
    if balance is None:
        balance = amount(value.get("RemainingCredit"))
    note = value.get("PrivateNote")
    note = note if isinstance(note, str) else ""
    return RemoteDocument(
        kind=kind,
        id=document_id,
        sync_token=sync_token,
        total=total,
        balance=total if balance is None else balance,
        note=note,
        number=text(value.get("DocNumber")) or None,
        customer_id=reference(value.get("CustomerRef")),
        txn_date=day(value.get("TxnDate")),
        voided=total == 0 and not balance and note.startswith("Voided"),
    )


def deleted(value: object) -> bool:
    """Whether this is the stub that a delete answers with."""
    return isinstance(value, Mapping) and value.get("status") == "Deleted"


def text(value: object) -> str | None:
    """Ids and tokens are text; a number is read as if it were."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def amount(value: object) -> Decimal | None:
    """A number of sane size, never by way of a float."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _LARGEST_EXPONENT else None


def reference(value: object) -> str | None:
    """The id in a reference `{"value": "1", "name": "..."}`."""
    return text(value.get("value")) if isinstance(value, Mapping) else None


def day(value: object) -> date | None:
    """A date, also where a time follows it."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None
