"""Which write comes next for a bill, and what makes it unmistakable.

    what QuickBooks has      what the bill wants     the next write
    nothing                  a document              C
    the same kind            a document              U on the known SyncToken
    the other kind           a document              V, and after it C
    anything                 nothing (deleted)       V
    nothing                  nothing                 none

Sending-once rule 2. The request id is a UUIDv5 of configuration, bill, operation number and a hash of method and body
less its marker: a new operation is a new id, a repeat is the same id and the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid5

from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.invoice.document import Document
from m3ter_quickbooks.invoice.payload import ADDRESSES, body_without_marker, create_body, update_body, void_body
from m3ter_quickbooks.run.answer import RemoteDocument
from m3ter_quickbooks.run.delivery import Delivery, DocumentRef, Doubt, Operation, Verb

_NAMESPACE = UUID("6f0c7a4e-6b1d-5c38-9a55-1d2f4c5b7e90")
VOIDED_HASH = ""
NOT_KNOWN = "?"
"""In place of the hash of what is done, once an update was open: equal to no document's."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What QuickBooks should show for the bill. `document` is None when nothing of it should be left."""

    fence: Fence
    document: Document | None

    @property
    def payload_hash(self) -> str:
        """Equal hashes: equal documents."""
        return self.document.payload_hash if self.document else VOIDED_HASH

    @property
    def addresses(self) -> tuple[str, ...]:
        """Which of QuickBooks' e-mail fields it sets."""
        return tuple(name for name in ADDRESSES if self.document and name in self.document.fields)


def create(record: Delivery, wanted: Wanted, document: Document) -> Operation:
    """The write that makes the document. Its note ends in its own request id, by which a lost one is found again."""
    request_id = _request_id(record, Verb.CREATE, body_without_marker(document))
    return Operation(
        number=record.op_number + 1,
        verb=Verb.CREATE,
        kind=document.kind,
        fence=wanted.fence,
        body=create_body(document, request_id),
        request_id=request_id,
        payload_hash=document.payload_hash,
        total=document.total,
        customer_id=document.customer_id,
        txn_date=document.txn_date,
        doc_number=document.doc_number,
    )


def update(record: Delivery, wanted: Wanted, document: Document, ref: DocumentRef) -> Operation:
    """The write that changes the document in place, on the SyncToken that we know."""
    body = update_body(document, ref.id, ref.sync_token)
    return Operation(
        number=record.op_number + 1,
        verb=Verb.UPDATE,
        kind=ref.kind,
        fence=wanted.fence,
        body=body,
        request_id=_request_id(record, Verb.UPDATE, body),
        payload_hash=document.payload_hash,
        total=document.total,
        document_id=ref.id,
        doc_number=document.doc_number,
    )


def void(record: Delivery, wanted: Wanted, ref: DocumentRef) -> Operation:
    """The write that takes the document back (a credit memo is deleted: QuickBooks cannot void those)."""
    body = void_body(ref.id, ref.sync_token)
    return Operation(
        number=record.op_number + 1,
        verb=Verb.VOID,
        kind=ref.kind,
        fence=wanted.fence,
        body=body,
        request_id=_request_id(record, Verb.VOID, body),
        payload_hash=VOIDED_HASH,
        total=ref.total,
        document_id=ref.id,
    )


def marker(op: Operation) -> str:
    """What the note of exactly this create contains (rule 2)."""
    return f"m3ter-send:{op.request_id}"


def doubt(op: Operation) -> Doubt:
    """Where a lost create is looked for: the customer and day of its stored body (rule 3)."""
    if op.customer_id is None or op.txn_date is None:
        raise TypeError(op.verb)
    return Doubt(op.kind, op.customer_id, op.txn_date)


def keeps(op: Operation, fence: Fence) -> bool:
    """Rule 2: a claim keeps an unsettled create or void always, an update only of its own version."""
    return op.verb is not Verb.UPDATE or op.fence == fence


def ref_of(document: RemoteDocument) -> DocumentRef:
    """What the record remembers of a document."""
    return DocumentRef(
        document.kind, document.id, document.sync_token, document.total, document.balance, document.number
    )


def paid_bars(remote: RemoteDocument, wanted: Wanted) -> bool:
    """Whether a payment forbids the write: paid in full or above the new total, or any payment before a void."""
    if remote.paid <= 0:
        return False
    document = wanted.document
    if document is None or document.kind is not remote.kind:
        return True
    return remote.balance <= 0 or remote.paid > document.total


def _request_id(record: Delivery, verb: Verb, body: bytes) -> str:
    digest = sha256(verb.value.encode() + body).hexdigest()
    name = f"{record.configuration_id}\n{record.bill_id}\n{record.op_number + 1}\n{digest}"
    return str(uuid5(_NAMESPACE, name))
