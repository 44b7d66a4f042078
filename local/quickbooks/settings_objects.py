"""Objects with ways of their own: Preferences, exchange rates, recurring templates, the payment link."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from local.quickbooks import problems, wire
from local.quickbooks.books import Books
from local.quickbooks.company import CURRENCIES, impose
from local.quickbooks.entities import Entity
from local.quickbooks.fields import day, number
from local.quickbooks.wire import Json, natural


def write(books: Books, entity: Entity, body: Json) -> str:
    if entity.name == "Preferences":
        return _preferences(books, body)
    return _exchange_rate(books, body)


def _preferences(books: Books, body: Json) -> str:
    stored = books.existing("Preferences", "1")
    token = body.get("SyncToken")
    if token is not None and str(token) != stored["SyncToken"]:
        raise problems.stale()
    record: Json = wire.loads(wire.dumps(stored))
    _merge(record, {key: value for key, value in body.items() if key not in ("Id", "SyncToken", "MetaData", "domain")})
    own_numbers = record.get("SalesFormsPrefs", {}).get("CustomTxnNumbers")
    if isinstance(own_numbers, bool) and own_numbers != books.company.custom_numbers:
        books.company = replace(books.company, custom_numbers=own_numbers)
        books.store.write_company(books.realm, books.company.stored())
    record = impose(books.company, record)
    record["sparse"] = False
    record["SyncToken"] = str(int(stored["SyncToken"]) + 1)
    record["MetaData"] = books.times(stored["MetaData"]["CreateTime"])
    return books.save("Preferences", record, "Update")


def _merge(record: Json, said: Json) -> None:
    """Known groups are merged key by key; what is of another kind than before is refused."""
    for key, value in said.items():
        old = record.get(key)
        if value is None or value == "":
            continue
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value)
        elif old is not None and type(old) is not type(value):
            raise problems.unreadable(f"Can not deserialize {key}")
        else:
            record[key] = value


def _exchange_rate(books: Books, body: Json) -> str:
    """The rate of a day. One that is there already needs its SyncToken (facts 3.3)."""
    source = body.get("SourceCurrencyCode")
    if source not in CURRENCIES:
        raise problems.bad_currency(source)
    if body.get("Rate") is None:
        raise problems.missing("Rate")
    rate = number(body["Rate"], "Rate")
    if rate <= 0:
        raise problems.bad_number("Rate", rate)
    as_of = day(body.get("AsOfDate") or books.today, "AsOfDate")
    stored = books.find("ExchangeRate", f"{source}@{as_of}")
    if stored is not None and str(body.get("SyncToken", "")) != stored["SyncToken"]:
        raise problems.stale()
    token = str(int(stored["SyncToken"]) + 1) if stored else "0"
    return save_rate(books, str(source), rate, as_of, token)


def save_rate(books: Books, source: str, rate: Decimal, as_of: str, token: str = "0") -> str:
    record = _rate(books, source, rate, as_of, token)
    books.save("ExchangeRate", {**record, "Id": f"{source}@{as_of}", "TxnDate": as_of}, "Update")
    return wire.dumps(record)


def _rate(books: Books, source: str, rate: Decimal | int, as_of: str, token: str | None) -> Json:
    record: Json = {"SyncToken": token} if token else {}
    return {
        **record, "domain": "QBO", "SourceCurrencyCode": source, "TargetCurrencyCode": books.company.home_currency,
        "Rate": natural(rate), "AsOfDate": as_of, "MetaData": {"LastUpdatedTime": wire.record_time(books.now)},
    }  # fmt: skip


def exchange_rate(books: Books, source: str, as_of: str | None) -> str:
    """The rate in force on a day: the last one set on or before it, else the company's own table."""
    if source not in CURRENCIES:
        raise problems.bad_currency(source)
    on = day(as_of, "asofdate") if as_of else books.today
    if source == books.company.home_currency:
        return wire.dumps(_rate(books, source, 1, on, None))
    known = [one for one in _rates_of(books, source) if one["AsOfDate"] <= on]
    if known:
        latest = max(known, key=lambda one: str(one["AsOfDate"]))
        return wire.dumps(_rate(books, source, latest["Rate"], on, latest["SyncToken"]))
    if source in books.company.rates:
        return wire.dumps(_rate(books, source, books.company.rates[source], on, None))
    raise problems.bad_currency(source)


def _rates_of(books: Books, source: str) -> list[Json]:
    rates: list[Any] = [wire.loads(one) for one in books.store.bodies(books.realm, "ExchangeRate")]
    return [one for one in rates if one["SourceCurrencyCode"] == source]


def with_invoice_link(record: Json) -> Json:
    """A link to pay, where a flag is in force and an e-mail is known (facts 2.6)."""
    flagged = record.get("AllowOnlineCreditCardPayment") or record.get("AllowOnlineACHPayment")
    if not (flagged and record.get("BillEmail")):
        return record
    return {"InvoiceLink": f"https://connect.intuit.com/t/scs-v1-{record['Id']}", **record}


def write_recurring(books: Books, entity: Entity, body: Json, operation: str) -> str:
    """{"RecurringTransaction": {"Invoice": {...}}}: the inner entity is a template, never a transaction."""
    inner = body.get("RecurringTransaction", body)
    if not isinstance(inner, dict):
        raise problems.unreadable()
    kinds = [key for key, value in inner.items() if isinstance(value, dict) and key[:1].isupper()]
    if len(kinds) != 1:
        raise problems.missing("RecurringTransaction")
    kind, said = kinds[0], dict(inner[kinds[0]])
    if said.get("Id"):
        stored = books.existing(entity.name, said["Id"])
        if str(said.get("SyncToken")) != stored["SyncToken"]:
            raise problems.stale()
        if operation == "delete":
            return wire.dumps({kind: books.erase(entity.name, stored)})
        old: Json = stored["Template"][kind] if said.get("sparse") else {}
        token, id_ = str(int(stored["SyncToken"]) + 1), stored["Id"]
    else:
        old, token, id_ = {}, "0", books.next_id(entity)
    template = {**old, **said, "Id": id_, "SyncToken": token, "domain": "QBO", "MetaData": books.times()}
    record = {"Id": id_, "SyncToken": token, "MetaData": template["MetaData"], "Template": {kind: template}}
    books.save(entity.name, record, "Update")
    return wire.dumps({kind: template})
