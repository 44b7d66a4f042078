"""Whose documents carry a number that QuickBooks refused (rule 3, 6140 and 630)."""

from __future__ import annotations

from collections.abc import Sequence

from m3ter_quickbooks.bill.identifiers import BillId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.header import BILL_MARKER
from m3ter_quickbooks.run.answer import Fault, RemoteDocument
from m3ter_quickbooks.run.delivery import Operation
from m3ter_quickbooks.run.ports import QuickBooks
from m3ter_quickbooks.run.refusal import taken_by


def seen_with(
    op: Operation, faults: Sequence[Fault], quickbooks: QuickBooks, connection: Connection
) -> list[RemoteDocument] | None:
    """The documents of its own kind that may be this very create; None: nobody is seen with the number.

    QuickBooks mostly says which document it is. That one can be read at once, when a query does not show it yet. Raises
    TryLater, ConnectionLost and Refused.
    """
    taken = taken_by(faults)
    if taken is None:
        return (quickbooks.numbered(connection, op.kind, op.doc_number) if op.doc_number else []) or None
    if taken[0] != op.kind.value:
        return []
    document = quickbooks.read(connection, op.kind, taken[1])
    return [] if document is None else [document]


def on_void_ones_only(
    bill_id: BillId, op: Operation, faults: Sequence[Fault], quickbooks: QuickBooks, connection: Connection
) -> bool:
    """Whether every document with the number is void and of this very bill: then it is the bill's own number.

    So after a change of sign and back, and where a person voided the document and the bill comes again. Raises
    TryLater, ConnectionLost and Refused.
    """
    if op.doc_number is None:
        return False
    holders: list[RemoteDocument | None] = [*quickbooks.numbered(connection, op.kind, op.doc_number)]
    taken = taken_by(faults)
    if taken is not None:
        if taken[0] not in {kind.value for kind in DocumentKind}:
            return False
        holders.append(quickbooks.read(connection, DocumentKind(taken[0]), taken[1]))
    ours = f"{BILL_MARKER}{bill_id}\n"
    others = [holder for holder in holders if holder is not None and holder.id != op.document_id]
    return bool(others) and all(holder.voided and ours in holder.note for holder in others)
