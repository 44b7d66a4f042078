"""What m3ter tells us of in the bench: a bill of two lines, and the event that carries it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def a_bill(bill: str, version: int = 1, total: str = "118.50") -> dict[str, Any]:
    """A bill's body."""
    half = Decimal(total) / 2
    line = {
        "lineItemType": "AD_HOC",
        "description": "Consulting",
        "quantity": 1,
        "units": 1,
        "unit": "hour",
        "subtotal": str(half),
        "convertedSubtotal": str(half),
        "currency": "USD",
        "conversionRate": 1,
        "averageUnitPrice": str(half),
        "productId": "p",
    }
    return {
        "id": bill,
        "version": version,
        "accountId": "account",
        "billDate": "2026-03-01",
        "dueDate": "2026-03-31",
        "currency": "USD",
        "status": "APPROVED",
        "billTotal": total,
        "lineItems": [line | {"id": "line-1"}, line | {"id": "line-2"}],
    }


def an_event(organization: str, dto: dict[str, Any]) -> dict[str, Any]:
    """The event that tells of this bill."""
    return {
        "source": "m3ter",
        "detail-type": "billing.bill.created",
        "detail": {
            "id": f"{dto['id']}-{dto['version']}",
            "eventName": "billing.bill.created",
            "eventTime": "2026-03-01T12:00:00Z",
            "orgId": organization,
            "m3terEvent": {"eventData": {"newDto": dto}},
        },
    }


MARKER = "m3ter-bill:"


def bill_of(invoice: dict[str, Any]) -> str:
    """The bill that an invoice is of, from the first marker of its note; empty if it is somebody else's."""
    first = str(invoice.get("PrivateNote", "")).split("\n", maxsplit=1)[0]
    return first.removeprefix(MARKER) if first.startswith(MARKER) else ""
