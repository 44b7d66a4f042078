"""What QuickBooks answered to one write, or what we can say when it did not.

    Accepted       it is done; this is the document now
    RefusedWrite   a definite no (a fault of class 4xx); nothing was written
    NotSent        nothing happened: throttled (429), not authorized, or the lease was too short to send
    Unsure         it may have happened: timeout, reset, 5xx, 150, 10000, SystemFault, -30003, an unreadable body

Sending-once rule 3. The same four for a single request and for one item of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from m3ter_quickbooks.invoice.document import DocumentKind


@dataclass(frozen=True, slots=True)
class RemoteDocument:
    """An invoice or credit memo as QuickBooks shows it. `note`: its PrivateNote, `balance`: still to be paid."""

    kind: DocumentKind
    id: str
    sync_token: str
    total: Decimal
    balance: Decimal
    note: str = ""
    number: str | None = None
    customer_id: str | None = None
    txn_date: date | None = None
    voided: bool = False
    """Voided by hand or by us: every amount is zero and the note starts with `Voided` (there is no status field)."""

    @property
    def paid(self) -> Decimal:
        """What payments or applied credits have taken off the balance."""
        return self.total - self.balance


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of QuickBooks, whichever of its shapes it came in. `code` and `type` are `""` where it had none."""

    code: str
    message: str
    detail: str = ""
    element: str = ""
    status: int = 400
    type: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The write is done. `document` is None only after the delete of a credit memo."""

    document: RemoteDocument | None
    intuit_tid: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedWrite:
    """QuickBooks said no; nothing was written. At least one fault."""

    faults: tuple[Fault, ...]
    intuit_tid: str | None = None

    @property
    def codes(self) -> frozenset[str]:
        """Intuit's codes, for a match."""
        return frozenset(fault.code for fault in self.faults)


class Hindrance(StrEnum):
    """Why a write did not leave, or came back untouched."""

    THROTTLED = "throttled"
    NOT_AUTHORIZED = "not authorized"
    UNAVAILABLE = "unavailable"
    BATCH_REFUSED = "batch refused"
    """The batch as a whole was refused, which says nothing of its bills: each has to be sent alone."""
    LEASE_TOO_SHORT = "lease too short"


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing happened in QuickBooks. `after` is what it asked us to wait, if it said so."""

    because: Hindrance
    after: timedelta | None = None
    intuit_tid: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Unsure:
    """Nobody can say whether it happened. `because` is a short technical reason without remote text."""

    because: str
    intuit_tid: str | None = None


Answer = Accepted | RefusedWrite | NotSent | Unsure
