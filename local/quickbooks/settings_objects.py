"""Objects with ways of their own: Preferences, exchange rates, recurring templates, the payment link."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from local.quickbooks import lists, problems, wire
from local.quickbooks.books import Books
from local.quickbooks.company import CURRENCIES, impose
from local.quickbooks.entities import BY_NAME, Entity
from local.quickbooks.fields import day, number
from local.quickbooks.wire import Json, natural

# From this day on the rates in the settings of a company are in force.
SINCE_EVER = "2000-01-01"


def _preferences(books: Books, entity: Entity, body: Json, operation: str) -> str:
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
        elif (old is not None and type(old) is not type(value)) or (
            isinstance(value, list) and not all(isinstance(one, dict) for one in value)
        ):
            raise problems.unreadable(f"Can not deserialize {key}")
        else:
            record[key] = value


def _exchange_rate(books: Books, entity: Entity, body: Json, operation: str) -> str:
    """The rate of a day. One that is there already needs its SyncToken (facts 3.3)."""
    source = body.get("SourceCurrencyCode")
    if not isinstance(source, str) or source not in CURRENCIES:
        raise problems.bad_currency(source)
    if body.get("Rate") is None:
        raise problems.missing("Rate")
    rate = number(body["Rate"], "Rate")
    if rate <= 0:
        raise problems.bad_value("2110", "Rate", rate)
    as_of = day(body.get("AsOfDate") or books.today, "AsOfDate")
    stored = books.find("ExchangeRate", f"{source}@{as_of}")
    if stored is not None and str(body.get("SyncToken", "")) != stored["SyncToken"]:
        raise problems.stale()
    return save_rate(books, str(source), rate, as_of, int(stored["SyncToken"]) + 1 if stored else 0)


def save_rate(books: Books, source: str, rate: Decimal, as_of: str, sync_token: int = 0) -> str:
    record = _rate(books, source, rate, as_of, str(sync_token))
    return books.save("ExchangeRate", record, "Update", {"Id": f"{source}@{as_of}", "TxnDate": as_of})


def _rate(books: Books, source: str, rate: Decimal | int, as_of: str, token: str | None) -> Json:
    record: Json = {"SyncToken": token} if token else {}
    return {
        **record, "domain": "QBO", "SourceCurrencyCode": source, "TargetCurrencyCode": books.company.home_currency,
        "Rate": natural(rate), "AsOfDate": as_of, "MetaData": {"LastUpdatedTime": wire.record_time(books.now)},
    }  # fmt: skip


def exchange_rate(books: Books, source: str, as_of: str | None) -> str:
    """The rate in force on a day: the last one set on or before it."""
    if source not in CURRENCIES:
        raise problems.bad_currency(source)
    on = day(as_of, "asofdate") if as_of else books.today
    if source == books.company.home_currency:
        return wire.dumps(_rate(books, source, 1, on, None))
    known = [one for one in _rates_of(books, source) if one["AsOfDate"] <= on]
    if known:
        latest = max(known, key=lambda one: str(one["AsOfDate"]))
        return wire.dumps(_rate(books, source, latest["Rate"], on, latest["SyncToken"]))
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


def _recurring(books: Books, entity: Entity, body: Json, operation: str) -> str:
    """{"RecurringTransaction": {"Invoice": {...}}}: the inner entity is a template, never a transaction."""
    inner = body.get("RecurringTransaction", body)
    if not isinstance(inner, dict):
        raise problems.unreadable()
    kinds = [key for key, value in inner.items() if isinstance(value, dict) and key[:1].isupper()]
    if len(kinds) != 1:
        raise problems.missing("RecurringTransaction")
    kind, said = kinds[0], dict(inner[kinds[0]])
    if said.get("Id"):
        stored = books.existing(entity.name, said["Id"]).get(kind)
        if stored is None:
            raise problems.not_found()
        if str(said.get("SyncToken")) != stored["SyncToken"]:
            raise problems.stale()
        if operation == "delete":
            return wire.dumps({kind: books.erase(entity.name, stored)})
        old: Json = stored if said.get("sparse") else {}
        token, id_ = str(int(stored["SyncToken"]) + 1), stored["Id"]
    else:
        old, token, id_ = {}, "0", books.next_id(entity)
    said = {key: value for key, value in said.items() if value is not None and value != ""}
    template = {**old, **said, "Id": id_, "SyncToken": token, "domain": "QBO", "MetaData": books.times()}
    return books.save(entity.name, {kind: template}, "Update", {"Id": id_})


def tax_service(books: Books, body: Any) -> str:
    """POST taxservice/taxcode: a tax code and its rates in one go. Gives the whole answer, which has no envelope."""
    if not isinstance(body, dict) or not body.get("TaxCode"):
        raise problems.missing("TaxCode")
    details = body.get("TaxRateDetails")
    if not isinstance(details, list) or not details or not all(isinstance(one, dict) for one in details):
        raise problems.missing("TaxRateDetails")
    rates = [_tax_rate(books, one) for one in details]
    listed = [{"TaxRateRef": {"value": one["TaxRateId"], "name": one["TaxRateName"]}} for one in rates]
    code = {"Name": str(body["TaxCode"]), "Taxable": True, "SalesTaxRateList": {"TaxRateDetail": listed}}
    return wire.dumps({"TaxCode": code["Name"], "TaxCodeId": _put(books, "TaxCode", code), "TaxRateDetails": rates})


def _tax_rate(books: Books, said: Json) -> Json:
    if said.get("TaxRateId"):
        rate = books.existing("TaxRate", said["TaxRateId"])
        return {"TaxRateName": rate["Name"], "TaxRateId": rate["Id"], "RateValue": rate["RateValue"]}
    for name in ("TaxRateName", "RateValue", "TaxAgencyId"):
        if said.get(name) is None:
            raise problems.missing(name)
    agency, value = str(said["TaxAgencyId"]), natural(number(said["RateValue"], "RateValue"))
    books.referred("TaxAgency", {"value": agency}, "TaxAgencyId")
    id_ = _put(books, "TaxRate", {"Name": str(said["TaxRateName"]), "RateValue": value, "AgencyRef": {"value": agency}})
    return {
        "TaxRateName": said["TaxRateName"], "TaxRateId": id_, "RateValue": value, "TaxAgencyId": agency,
        "TaxApplicableOn": said.get("TaxApplicableOn", "Sales"),
    }  # fmt: skip


def _put(books: Books, entity: str, body: Json) -> str:
    record = lists.create(books, BY_NAME[entity], body)
    record["Id"] = books.next_id(BY_NAME[entity])
    books.save(entity, record, "Create")
    return str(record["Id"])


# The entities that are written in ways of their own.
WRITERS: dict[str, Callable[[Books, Entity, Json, str], str]] = {
    "Preferences": _preferences,
    "ExchangeRate": _exchange_rate,
    "RecurringTransaction": _recurring,
}
