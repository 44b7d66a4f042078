"""The delivery record: what we know of one bill in one configuration, and the one write that may be under way.

Sending-once part 1. Every write of the record names the `rev` it read and adds one to it, so of two workers that read
the same record only one can write.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.invoice.document import DocumentKind


class Verb(StrEnum):
    """What one write does. VOID of a credit memo is a delete: QuickBooks cannot void those."""

    CREATE = "C"
    UPDATE = "U"
    VOID = "V"


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """The document that stands for the bill, as of our last look. `total` and `balance` are in its own currency."""

    kind: DocumentKind
    id: str
    sync_token: str
    total: Decimal
    balance: Decimal
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One write, written ahead. A repeat sends these very bytes under this very request id.

    `number` makes every deliberate write a new one (a re-create, a new SyncToken, a sign change, a manual retry).
    `sent_at` is when it was last sent, or may have been; None: certainly never. `customer_id` and `txn_date` are those
    of the stored body: the look-up for a lost create needs them. `unsure` stays true once an answer was missing.
    """

    number: int
    verb: Verb
    kind: DocumentKind
    fence: Fence
    body: bytes
    request_id: str
    payload_hash: str
    total: Decimal
    document_id: str | None = None
    customer_id: str | None = None
    txn_date: date | None = None
    doc_number: str | None = None
    sent_at: datetime | None = None
    unsure: bool = False
    batched: bool = False
    """First sent inside a batch: its request id never went out alone (sending-once part 3)."""
    number_again: bool = False
    """Its document number stands on a void document of the same bill, and QuickBooks is told to allow that."""


@dataclass(frozen=True, slots=True)
class Done:
    """The newest version that is finished, and a hash of what it said ("" for a deletion).

    `addresses`: which of QuickBooks' e-mail fields it set.
    """

    fence: Fence
    payload_hash: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """A create that was once unsure: where a later look for a second document of it has to look."""

    kind: DocumentKind
    customer_id: str
    txn_date: date


@dataclass(frozen=True, slots=True)
class Delivery:
    """One bill in one configuration. `rev` 0: not stored yet.

    `company_id` is where `document` is and `op` goes: ids of documents mean something in their own company only.
    """

    organization_id: OrganizationId
    configuration_id: ConfigurationId
    bill_id: BillId
    rev: int = 0
    claim: str | None = None
    lease_until: datetime | None = None
    fence: Fence | None = None
    done: Done | None = None
    document: DocumentRef | None = None
    op: Operation | None = None
    op_number: int = 0
    gone: DocumentRef | None = None
    """What stood for it at the last closing, since voided or found deleted: the next one takes back its mapping."""
    company_id: str | None = None
    doubts: tuple[Doubt, ...] = ()
    """Kept until a closing orders the later look: who made a create unsure may not live to see it settled."""

    def leased(self, now: datetime) -> bool:
        """Whether somebody may still be sending for this bill."""
        return self.lease_until is not None and now < self.lease_until
