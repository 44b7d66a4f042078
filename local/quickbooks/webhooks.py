"""Webhooks in both formats, signed, with Intuit's retries (facts 5.3).

commit ──> one delivery per endpoint ──> 2xx: done
                                  └────> else: again after 20, 30, 50 minutes, then dropped; off after a day of this
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.quickbooks import wire
from local.quickbooks.wire import Json

CLASSIC, CLOUD_EVENTS = "classic", "cloudevents"
RETRY_MINUTES = (20, 30, 50)
PATIENCE = timedelta(days=1)
_TOLD = {
    "Account", "Bill", "BillPayment", "Budget", "Class", "CreditMemo", "Customer", "Department", "Deposit", "Employee",
    "Estimate", "Invoice", "Item", "JournalEntry", "Payment", "PaymentMethod", "Preferences", "Purchase",
    "PurchaseOrder", "RefundReceipt", "SalesReceipt", "TaxAgency", "Term", "TimeActivity", "Transfer", "Vendor",
    "VendorCredit",
}  # fmt: skip
_PAST = {"Create": "created", "Update": "updated", "Delete": "deleted", "Void": "voided", "Emailed": "emailed"}

Change = tuple[str, str, str]
Post = Callable[[str, Mapping[str, str], bytes], int | None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an app wants to be told: URL, the verifier token it checks signatures with, and the format."""

    url: str
    verifier: str
    format: str = CLASSIC


@dataclass(slots=True)
class Delivery:
    """One body for one endpoint. `due` is None once it was taken or dropped."""

    endpoint: Endpoint
    body: bytes
    headers: dict[str, str]
    due: datetime | None
    statuses: list[int | None] = field(default_factory=list)

    def public(self) -> Json:
        return {
            "url": self.endpoint.url, "headers": self.headers, "body": self.body.decode(), "statuses": self.statuses,
            "due": self.due.isoformat() if self.due else None,
        }  # fmt: skip


def signature(verifier: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(verifier.encode(), body, hashlib.sha256).digest()).decode()


class Webhooks:
    """What is to be told to whom. Nothing is sent here: `deliver` is given the means."""

    def __init__(self) -> None:
        self.endpoints: list[Endpoint] = []
        self.deliveries: list[Delivery] = []
        self._count = 0
        self._failing_since: dict[Endpoint, datetime] = {}
        self.disabled: set[Endpoint] = set()

    def register(self, endpoint: Endpoint) -> None:
        """An app has one address (facts 5.3): a new one of the same format takes the place of the one before."""
        self.endpoints = [one for one in self.endpoints if one.format != endpoint.format] + [endpoint]
        self.disabled.clear()

    def tell(self, realm: str, changes: list[Change], now: datetime) -> None:
        self.tell_all({realm: changes}, now)

    def tell_all(self, changes: Mapping[str, list[Change]], now: datetime) -> None:
        """One delivery for each endpoint, of one company or of several."""
        told = {realm: kept for realm, each in changes.items() if (kept := [one for one in each if one[0] in _TOLD])}
        if not told:
            return
        for endpoint in self.endpoints:
            if endpoint in self.disabled:
                continue
            self._count += 1
            make = _classic if endpoint.format == CLASSIC else _cloud_events
            body = make(told, now, self._count)
            headers = {
                "Content-Type": "application/json",
                "intuit-signature": signature(endpoint.verifier, body),
                "intuit-created-time": wire.answer_time(now),
                "intuit-t-id": f"hook-{self._count}",
                "intuit-notification-schema-version": "0.9" if endpoint.format == CLASSIC else "1.0",
            }
            self.deliveries.append(Delivery(endpoint, body, headers, now))

    def due(self, now: datetime) -> list[Delivery]:
        return [one for one in self.deliveries if one.due is not None and one.due <= now]

    def deliver(self, now: datetime, post: Post) -> int:
        """Try everything that is due. `post` gives the status, or None where nobody answered in time."""
        due = self.due(now)
        for one in due:
            status = post(one.endpoint.url, one.headers, one.body)
            one.statuses.append(status)
            self._judge(one.endpoint, status, now)
            again = len(one.statuses) <= len(RETRY_MINUTES) and (status is None or status in (408, 500, 502, 503, 504))
            one.due = now + timedelta(minutes=RETRY_MINUTES[len(one.statuses) - 1]) if again else None
        return len(due)

    def _judge(self, endpoint: Endpoint, status: int | None, now: datetime) -> None:
        """An endpoint that takes nothing for a day is told nothing any more, until it is registered anew."""
        if status is not None and 200 <= status < 300:
            self._failing_since.pop(endpoint, None)
        elif now - self._failing_since.setdefault(endpoint, now) >= PATIENCE:
            self.disabled.add(endpoint)


def _classic(told: Mapping[str, list[Change]], now: datetime, count: int) -> bytes:
    at = wire.record_time(now)
    notifications = []
    for realm, changes in told.items():
        entities = [
            {"name": name, "id": id_, "operation": operation, "lastUpdated": at} for name, id_, operation in changes
        ]
        notifications.append({"realmId": realm, "dataChangeEvent": {"entities": entities}})
    return wire.dumps({"eventNotifications": notifications}).encode()


def _cloud_events(told: Mapping[str, list[Change]], now: datetime, count: int) -> bytes:
    changes = [(realm, *change) for realm, each in told.items() for change in each]
    return wire.dumps([
        {
            "specversion": "1.0",
            "id": f"00000000-0000-4000-8000-{count:06x}{place:06x}",
            "source": f"intuit.{base64.b64encode(realm.encode()).decode()}",
            "type": f"qbo.{name.lower()}.{_PAST[operation]}.v1",
            "datacontenttype": "application/json",
            "time": now.strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
            "intuitentityid": id_,
            "intuitaccountid": realm,
            "data": {},
        }
        for place, (realm, name, id_, operation) in enumerate(changes)
    ]).encode()  # fmt: skip
