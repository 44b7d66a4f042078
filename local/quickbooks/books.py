"""The books of one company during one request: read, refer, number, save."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from local.quickbooks import problems, wire
from local.quickbooks.company import Company
from local.quickbooks.entities import BY_NAME, Entity
from local.quickbooks.store import Condition, Row, Store
from local.quickbooks.wire import Json

INACTIVE_SUFFIX = " (deleted)"
# A document is found by its customer, a sub-customer by the one above it, what is owed to a vendor by the vendor.
_BELONGS_TO = {"Customer": "ParentRef", "Bill": "VendorRef", "VendorCredit": "VendorRef"}
_OWED = {
    "Invoice": ("Balance", 1), "CreditMemo": ("RemainingCredit", -1), "Payment": ("UnappliedAmt", -1),
    "Bill": ("Balance", 1), "VendorCredit": ("Balance", -1),
}  # fmt: skip


class Books:
    """Everything an operation sees. `now` is when the request is carried out, which may be later than it was sent."""

    def __init__(self, store: Store, company: Company, now: datetime) -> None:
        self.store, self.company, self.now = store, company, now
        self.realm = company.realm
        self.changes: list[tuple[str, str, str]] = []
        # Somebody at the screen may do what the API refuses.
        self.at_screen = False
        # What this batch made already: none of its items sees it (facts 5.1).
        self.hidden: set[tuple[str, str]] = set()
        self._bumped: dict[tuple[str, str], Json] = {}

    @property
    def today(self) -> str:
        return wire.pacific(self.now).date().isoformat()

    def find(self, entity: str, id_: str) -> Json | None:
        """A fresh copy that may be changed, with what this write changed already."""
        changed = self._bumped.get((entity, id_))
        if changed is not None:
            copy: Json = wire.loads(wire.dumps(changed))
            return copy
        text = None if (entity, id_) in self.hidden else self.store.read(self.realm, entity, id_)
        found: Json | None = None if text is None else wire.loads(text)
        return found

    def under(self, entity: str, parent: str) -> list[Json]:
        """Fresh copies of the living objects whose parent is this one."""
        conditions = [Condition("customer", "=", (parent,))] if entity == "Customer" else []
        found = [wire.loads(text) for text in self.store.bodies(self.realm, entity, conditions)]
        return [one for one in found if (one.get("ParentRef") or {}).get("value") == parent]

    def look(self, entity: str, id_: str) -> Json | None:
        """For reading only: the same parsed object may be given to others."""
        return None if (entity, id_) in self.hidden else self.store.look_up(self.realm, entity, id_)

    def existing(self, entity: str, id_: object) -> Json:
        """Raises 2030 for an id that is no number, 610 for one that is not there."""
        said = str(id_)
        if not (said.isascii() and said.isdigit()) and entity != "TaxCode":
            raise problems.invalid_id(id_)
        found = self.find(entity, said)
        if found is None:
            raise problems.not_found()
        return found

    def referred(self, entity: str, reference: Json, element: str) -> Json:
        """What a reference points at. Raises 2500 when nothing, 610 when it is inactive."""
        found = self.look(entity, str(reference["value"]))
        if found is None:
            raise problems.bad_reference(element)
        if found.get("Active") is False:
            raise problems.not_found()
        return found

    def named(self, entity: str, reference: Json, element: str) -> Json:
        """A reference with the name of what it points at (facts 2.1). Raises as `referred` does."""
        found = self.referred(entity, reference, element)
        return {"value": found["Id"], "name": shown_name(BY_NAME[entity], found) or found["Id"]}

    def preferences(self) -> Json:
        found = self.look("Preferences", "1")
        return found if found is not None else {}

    def next_id(self, entity: Entity) -> str:
        return str(self.store.count_up(self.realm, f"id:{entity.sequence}", 1))

    def times(self, created: str | None = None) -> Json:
        now = wire.record_time(self.now)
        return {"CreateTime": created or now, "LastUpdatedTime": now}

    def save(self, entity: str, record: Json, operation: str, known_as: Json | None = None) -> str:
        """Keep the record as it stands. Gives its wire text. `known_as` has the id where the record itself has none."""
        text = wire.dumps(record)
        self._write(entity, known_as or record, text, deleted=False)
        self.changes.append((entity, (known_as or record)["Id"], operation))
        return text

    def erase(self, entity: str, record: Json) -> Json:
        """Delete: reads give 610, queries nothing, CDC a stub."""
        stub = {"domain": "QBO", "status": "Deleted", "Id": record["Id"]}
        created = record.get("MetaData", {}).get("CreateTime")
        text = wire.dumps({**stub, "MetaData": self.times(created)})
        self._write(entity, record, text, deleted=True)
        self.changes.append((entity, record["Id"], "Delete"))
        return stub

    def _write(self, entity: str, record: Json, text: str, deleted: bool) -> None:
        customer = record.get(_BELONGS_TO.get(entity, "CustomerRef"))
        name = shown_name(BY_NAME[entity], record)
        now = wire.milliseconds(self.now)
        self.store.write(
            self.realm,
            Row(
                entity=entity,
                id=record["Id"],
                body=text,
                created=now,
                updated=now,
                name=name.casefold() if name else None,
                number=_text(record.get("DocNumber")),
                customer=_text(customer.get("value")) if isinstance(customer, dict) else None,
                txn_date=_text(record.get("TxnDate")),
                active=record.get("Active") is not False,
                deleted=deleted,
                owed=0 if deleted else _owed(entity, record),
            ),
        )

    def bump(self, entity: str, record: Json) -> None:
        """A change made by something else than a request to this object (a payment, say): its token will rise too."""
        self._bumped[entity, record["Id"]] = record

    def settle(self) -> None:
        """At the end of a write: whatever else it changed is kept, once, and only if it is not as it was before."""
        for (entity, id_), record in self._bumped.items():
            text = self.store.read(self.realm, entity, id_)
            before = wire.loads(text) if text is not None else record
            if _content(before) != _content(record):
                record["SyncToken"] = str(int(before["SyncToken"]) + 1)
                record["MetaData"] = self.times(before["MetaData"]["CreateTime"])
                self.save(entity, record, "Update")
        self._bumped.clear()

    def start(self) -> None:
        """A write begins: nothing is left of one that failed."""
        self._bumped.clear()


def _content(record: Json) -> Json:
    """A record without what every change changes. The order of its links says nothing."""
    kept = {key: value for key, value in record.items() if key not in ("SyncToken", "MetaData")}
    if "LinkedTxn" in kept:
        kept["LinkedTxn"] = sorted(kept["LinkedTxn"], key=lambda one: str(one.get("TxnId")))
    return kept


def _text(value: object) -> str | None:
    """What can be looked up. Fields that an entity does not know are kept as they came, whatever they are."""
    return value if isinstance(value, str) else None


def _owed(entity: str, record: Json) -> int:
    key, sign = _OWED.get(entity, ("", 0))
    return int(sign * Decimal(record[key]) * 100) if sign else 0


def shown_name(entity: Entity, record: Json) -> str | None:
    for key in ("DisplayName", "FullyQualifiedName", "Name"):
        value: Any = record.get(key)
        if isinstance(value, str) and value and not entity.is_transaction:
            return value
    return None


def check_open(books: Books, *dates: str | None) -> None:
    """Raises 6200, or 6210 when the closed books have a password, if one of the dates lies in the closed period."""
    closed = books.company.book_close_date
    if closed and any(one is not None and one <= closed for one in dates):
        raise problems.period_closed(books.company.book_close_password)
