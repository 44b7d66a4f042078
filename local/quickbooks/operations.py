"""Create, update, void, delete and read of one object, whatever its entity (facts 1.1, 2.9)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.quickbooks import bills, documents, lists, origins, payments, problems, settings_objects, spending, wire
from local.quickbooks.books import Books
from local.quickbooks.entities import NAME, ONE_OF_A_KIND, PAYMENT, READ_ONLY, SALES_FORM, Entity
from local.quickbooks.fields import shape_of
from local.quickbooks.names import renamed
from local.quickbooks.problems import Fault
from local.quickbooks.store import Store
from local.quickbooks.wire import Json, money


@dataclass(frozen=True, slots=True)
class Done:
    """What a write did: the entity's key, its wire text, and which operation it was."""

    entity: str
    text: str
    operation: str


def write(books: Books, entity: Entity, body: Any, operation: str = "", include: frozenset[str] = frozenset()) -> Done:
    """Carry out a POST to an entity. `operation` and `include` are those of the URL or of the batch item."""
    books.start()
    done = _write(books, entity, body, operation, include)
    books.settle()
    return done


def _write(books: Books, entity: Entity, body: Any, operation: str, include: frozenset[str]) -> Done:
    if not isinstance(body, dict):
        raise problems.unreadable()
    if entity.name in settings_objects.WRITERS:
        return Done(entity.name, settings_objects.WRITERS[entity.name](books, entity, body, operation), "Update")
    if entity.name in READ_ONLY:
        raise problems.unsupported(entity.name)
    if operation == "delete":
        return Done(entity.name, _delete(books, entity, body), "Delete")
    if operation == "void" or "void" in include:
        return Done(entity.name, _void(books, entity, body), "Void")
    if operation not in ("", "create", "update"):
        raise problems.unsupported(operation)
    if body.get("Id") in (None, "", 0, "0"):
        if operation == "update":
            raise problems.missing("Id")
        return Done(entity.name, _create(books, entity, body, set(include)), "Create")
    if operation == "create":
        body = {key: value for key, value in body.items() if key != "Id"}
        return Done(entity.name, _create(books, entity, body, set(include)), "Create")
    text = _update(books, entity, body, set(include))
    return Done(entity.name, shown(books.store, books.realm, entity, text), "Update")


def read(books: Books, entity: Entity, id_: str, include: frozenset[str] = frozenset()) -> str:
    try:
        record = books.existing(entity.name, id_)
    except Fault as fault:
        # Seen both with and without; here a read is the one without.
        fault.timed = fault.code != "2030"
        raise
    if entity.name == "Invoice" and "invoiceLink" in include:
        record = settings_objects.with_invoice_link(record)
    return shown(books.store, books.realm, entity, wire.dumps(record))


def shown(store: Store, realm: str, entity: Entity, text: str) -> str:
    """What is answered of a kept object: customers and vendors have balances, which only their documents know."""
    if entity.name == "Customer":
        # Open invoices less credits and payments not applied; alone, and with its jobs' (facts 3.2).
        customer: Json = wire.loads(text)
        alone, all_ = (Decimal(store.owed_by(realm, customer["Id"], jobs)) / 100 for jobs in (False, True))
        return wire.dumps({**customer, "Balance": money(alone), "BalanceWithJobs": money(all_)})
    if entity.name == "Vendor":
        vendor: Json = wire.loads(text)
        return wire.dumps({**vendor, "Balance": money(Decimal(store.owed_to(realm, vendor["Id"])) / 100)})
    return text


def send(books: Books, entity: Entity, id_: str, address: str | None) -> Done:
    """The e-mail of a sales form. The SyncToken stays (facts 2.10)."""
    if entity.kind != SALES_FORM:
        raise problems.unsupported("send")
    stored = books.existing(entity.name, id_)
    checked = shape_of("Invoice").readers["BillEmail"]({"Address": address}, "sendTo") if address else {}
    record = documents.sent(books, entity, stored, checked.get("Address"))
    return Done(entity.name, books.save(entity.name, record, "Emailed"), "Emailed")


def _create(books: Books, entity: Entity, body: Json, include: set[str]) -> str:
    if entity.name in ONE_OF_A_KIND:
        raise problems.missing("Id")
    said = shape_of(entity.name).read(body)
    if entity.kind == SALES_FORM:
        record = documents.create(books, entity, said, include)
    elif entity.kind == PAYMENT:
        record = payments.create(books, said)
    else:
        record = lists.create(books, entity, said)
    record["Id"] = books.next_id(entity)
    if entity.kind == PAYMENT:
        record = payments.apply(books, record)
    _linked(books, entity, None, record)
    text = books.save(entity.name, record, "Create")
    if entity.name == "Invoice":
        origins.close(books, record)
    return text


def _update(books: Books, entity: Entity, body: Json, include: set[str]) -> str:
    stored = _current(books, entity, body)
    before = dict(stored)
    said = shape_of(entity.name).read(body)
    sparse = body.get("sparse") in (True, "true")
    if entity.kind == SALES_FORM:
        record = documents.update(books, entity, stored, said, sparse, include)
    elif entity.kind == PAYMENT:
        record = payments.apply(books, payments.update(books, stored, said, sparse))
    else:
        record = lists.update(books, entity, stored, said, sparse)
        _linked(books, entity, stored, record)
        if entity.name == "Customer":
            spending.check_customer_change(books, stored, record)
    text = _changed(books, entity, before, record, "Update")
    if record.get("FullyQualifiedName") != before.get("FullyQualifiedName"):
        renamed(books, entity, record)
    return text


def _linked(books: Books, entity: Entity, before: Json | None, after: Json | None) -> None:
    """What a deposit or a payment of bills, as it was and as it is now, does to others."""
    if entity.name == "Deposit":
        if before:
            payments.deposit(books, before, back=True)
        if after:
            payments.deposit(books, after)
    elif entity.name == "BillPayment":
        if before:
            bills.unpay(books, before)
        if after:
            bills.pay(books, after)


def _changed(books: Books, entity: Entity, before: Json, record: Json, operation: str) -> str:
    if record == before:
        return str(books.store.read(books.realm, entity.name, record["Id"]))
    record["SyncToken"] = str(int(before["SyncToken"]) + 1)
    record["MetaData"] = {**before["MetaData"], **books.times(before["MetaData"]["CreateTime"])}
    return books.save(entity.name, record, operation)


def _void(books: Books, entity: Entity, body: Json) -> str:
    if not entity.voidable:
        raise problems.unsupported("void")
    stored = _current(books, entity, body)
    before = dict(stored)
    if entity.kind == SALES_FORM:
        record = documents.void(books, entity, stored)
    elif entity.kind == PAYMENT:
        record = payments.void(books, stored)
    else:
        record = lists.void(books, stored)
        _linked(books, entity, stored, None)
    return _changed(books, entity, before, record, "Void")


def _delete(books: Books, entity: Entity, body: Json) -> str:
    if not entity.deletable or entity.kind == NAME:
        raise problems.unsupported("delete")
    if entity.name in spending.EXTENDED:
        spending.refuse_extension(entity, body)
    stored = _current(books, entity, body)
    spending.check_delete(books, entity, stored)
    if entity.kind == SALES_FORM:
        documents.delete(books, entity, stored)
    elif entity.kind == PAYMENT:
        payments.delete(books, stored)
    else:
        lists.delete(books, stored)
        _linked(books, entity, stored, None)
    return wire.dumps(books.erase(entity.name, stored))


def _current(books: Books, entity: Entity, body: Json) -> Json:
    """The stored object, if the body names its present SyncToken (text or number). Raises 610, 2020 and 5010."""
    stored = books.existing(entity.name, body.get("Id"))
    token = body.get("SyncToken")
    if token is None or token == "":
        raise problems.missing("SyncToken")
    if str(token) != stored["SyncToken"]:
        raise problems.stale()
    return stored
