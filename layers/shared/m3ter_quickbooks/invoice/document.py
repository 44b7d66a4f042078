"""What QuickBooks will be told about one bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256


class DocumentKind(StrEnum):
    """QuickBooks' entity. A bill with a negative total becomes a credit memo."""

    INVOICE = "Invoice"
    CREDIT_MEMO = "CreditMemo"


@dataclass(frozen=True, slots=True)
class LineExplained:
    """Why one line of the document looks as it does. `line` counts from 1, `from_lines` are m3ter's line item ids.

    `item` says which mapping chose the item, `quantity` why Qty and UnitPrice are what they are, `rounding` what
    rounding moved the amount by, in the document's currency.
    """

    line: int
    from_lines: tuple[str, ...]
    item_id: str | None
    item: str
    quantity: str
    rounding: Decimal


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or a credit memo, ready to be sent.

    `fields` are QuickBooks' header fields and `Line`, without PrivateNote: money and rates are Decimals, days are text.
    `note` is the PrivateNote without the send marker. `total` is what QuickBooks should answer, in the document's own
    sign. `shown` is the canonical text of everything that an update would own. `names` says what people call the
    objects that it refers to, by table and Id, as far as that is known.
    """

    kind: DocumentKind
    fields: Mapping[str, object]
    note: str
    total: Decimal
    customer_id: str
    txn_date: date
    shown: str
    warnings: tuple[str, ...] = ()
    explain: tuple[LineExplained, ...] = ()
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def payload_hash(self) -> str:
        """Equal for two documents that an update could not tell apart."""
        return sha256(self.shown.encode()).hexdigest()

    @property
    def doc_number(self) -> str | None:
        """The number we give it, None if QuickBooks is to number it."""
        number = self.fields.get("DocNumber")
        return number if isinstance(number, str) else None


@dataclass(frozen=True, slots=True)
class NothingLeft:
    """Nothing of the bill is to be sent. `reason` says why, for people."""

    reason: str
