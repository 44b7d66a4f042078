"""Name lists and everything else without rules of its own (facts 3.2, 3.4)."""

from collections.abc import Callable
from decimal import Decimal

from local.quickbooks import accounts, bills, expense_lines, problems, spending, terms
from local.quickbooks.books import INACTIVE_SUFFIX, Books, check_open
from local.quickbooks.catalogue import fault_of
from local.quickbooks.company import CURRENCIES, currency_reference
from local.quickbooks.currencies import currency_of
from local.quickbooks.entities import NAMES, NEVER_LEFT_OUT, Entity
from local.quickbooks.names import active_name, below, checked_name, free_name, qualified
from local.quickbooks.wire import Json, money

_NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_SERVER_MADE = ("Id", "SyncToken", "MetaData", "domain", "sparse", "status", "FullyQualifiedName", "Level", "SubItem")
# References of shallow entities that are looked up and named; the other ones are kept as they come.
_REFERENCES = {
    "CustomerRef": "Customer", "VendorRef": "Vendor", "EmployeeRef": "Employee", "ItemRef": "Item", "ClassRef": "Class",
    "DepartmentRef": "Department", "SalesTermRef": "Term", "IncomeAccountRef": "Account", "AssetAccountRef": "Account",
    "ExpenseAccountRef": "Account", "AccountRef": "Account", "DepositToAccountRef": "Account",
    "FromAccountRef": "Account", "ToAccountRef": "Account", "PaymentMethodRef": "PaymentMethod",
}  # fmt: skip


def create(books: Books, entity: Entity, said: Json) -> Json:
    return _finished(books, entity, said, None)


def update(books: Books, entity: Entity, stored: Json, said: Json, sparse: bool) -> Json:
    base: Json = stored if sparse else {}
    needed = NEVER_LEFT_OUT.get(entity.name)
    if needed and said.get(needed) is None:
        raise problems.missing(needed)
    if "Active" not in said and not sparse:
        said = {**said, "Active": stored.get("Active", True)}
    return _finished(books, entity, {**base, **said}, stored)


def _finished(books: Books, entity: Entity, said: Json, stored: Json | None) -> Json:
    for name in entity.required:
        if said.get(name) in (None, {}):
            raise problems.missing(name)
    said = {key: value for key, value in said.items() if key not in _SERVER_MADE}
    if entity.is_transaction and "Line" in said:
        said["Line"] = expense_lines.read(books, said["Line"], stored.get("Line", []) if stored else [])
    spending.check(books, entity, said, stored)
    said |= _named(books, said)
    if entity.is_transaction:
        check_open(books, said.get("TxnDate"), stored.get("TxnDate") if stored else None)
    compose = _COMPOSERS.get(entity.name, _plain)
    fields = compose(books, entity, said, stored)
    record: Json = {
        **fields,
        "domain": "QBO",
        "sparse": False,
        "Id": stored["Id"] if stored else None,
        "SyncToken": stored["SyncToken"] if stored else "0",
        "MetaData": stored["MetaData"] if stored else books.times(),
    }
    return {key: value for key, value in record.items() if (value is not None and value != {}) or key == "Id"}


def _named(books: Books, said: Json) -> Json:
    """The references that are looked up, each with the name of what it points at. Raises 2500 and 610."""
    asked = {key: said.get(key) for key in _REFERENCES}
    who = said.get("EntityRef") or {}
    paid = {}
    if who.get("type") in NAMES and who.get("value"):
        paid = {"EntityRef": {**books.named(who["type"], who, "EntityRef"), "type": who["type"]}}
    return paid | {
        key: books.named(_REFERENCES[key], reference, key)
        for key, reference in asked.items()
        if isinstance(reference, dict) and reference.get("value") is not None
    }


def _person(books: Books, entity: Entity, said: Json, stored: Json | None) -> Json:
    """Customer, vendor, employee: DisplayName is unique over all three."""
    given = said.get("DisplayName") or " ".join(str(said[part]) for part in _NAME_PARTS if said.get(part))
    if not given:
        raise problems.nameless()
    active = said.get("Active", True)
    name = active_name(checked_name(given, "DisplayName", 500), active)
    free_name(books, NAMES, name, (entity.name, stored["Id"]) if stored else None)
    parent = said.get("ParentRef") if entity.name == "Customer" else None
    full = name
    if parent:
        full = below(books, entity, parent, name, stored)
    code = _currency(books, said, stored)
    kept = {key: value for key, value in said.items() if key not in ("DisplayName", "Active", "CurrencyRef", "Balance")}
    out: Json = {"Taxable": False} if entity.name == "Customer" else {}
    out |= {key: kept.pop(key) for key in ("BillAddr", "ShipAddr", "Notes") if key in kept}
    if entity.name == "Customer":
        out |= {"Job": bool(parent), "BillWithParent": False, "Balance": 0, "BalanceWithJobs": 0}
        out |= {"CurrencyRef": currency_reference(code), "PreferredDeliveryMethod": "None", "IsProject": False}
    elif entity.name == "Vendor":
        out |= {"Balance": 0, "Vendor1099": False, "CurrencyRef": currency_reference(code)}
    else:
        out |= {"BillableTime": False}
    out |= kept
    if entity.name == "Customer":
        out |= {"FullyQualifiedName": full} | _level(full)
    out["DisplayName"] = name
    out.setdefault("PrintOnCheckName", name.removesuffix(INACTIVE_SUFFIX))
    return out | {"Active": active}


def _level(full: str) -> Json:
    """How deep something stands, where it stands below something (facts 3.4)."""
    return {"Level": full.count(":")} if ":" in full else {}


def _currency(books: Books, said: Json, stored: Json | None) -> str:
    home = books.company.home_currency
    if stored:
        return str(stored.get("CurrencyRef", {}).get("value", home))
    code = str((said.get("CurrencyRef") or {}).get("value", home))
    if code not in CURRENCIES:
        raise problems.bad_currency(code)
    if code != home and not books.company.multicurrency:
        raise problems.business("Multi Currency should be enabled to perform this operation")
    return code


def _item(books: Books, entity: Entity, said: Json, stored: Json | None) -> Json:
    kind = said.get("Type")
    if kind is None:
        raise problems.missing("Type")
    if kind in ("Group", "Bundle") and stored is None:
        raise problems.business("Group items can't be created through the API.")
    needed = {
        "Service": ("IncomeAccountRef",),
        "Inventory": ("IncomeAccountRef", "AssetAccountRef", "ExpenseAccountRef", "InvStartDate"),
    }
    if kind == "Inventory" and said.get("QtyOnHand") is None:
        raise fault_of("6520")
    for name in needed.get(kind, ()):
        if not said.get(name) and said.get(name) != Decimal():
            raise problems.missing(name)
    active = said.get("Active", True)
    if kind == "Category" and not active:
        raise problems.business("A category can't be made inactive.")
    name, full = qualified(books, entity, said, stored, 100)
    out: Json = {"Name": name, "Description": said.get("Description"), "Active": active, "FullyQualifiedName": full}
    out |= {"Taxable": said.get("Taxable", False) if not books.company.needs_tax_codes else None}
    out |= {"UnitPrice": said.get("UnitPrice", 0), "Type": kind}
    out |= {key: value for key, value in said.items() if key not in out}
    if ":" in full:
        out |= {"SubItem": True, "ParentRef": books.named("Item", said["ParentRef"], "ParentRef"), **_level(full)}
    return out | {"PurchaseCost": said.get("PurchaseCost", 0), "TrackQtyOnHand": kind == "Inventory"}


def _plain(books: Books, entity: Entity, said: Json, stored: Json | None) -> Json:
    if entity.is_transaction:
        return spending.extended(entity, _transaction(books, entity, said, stored))
    if "Name" not in said:
        return said
    name, full = qualified(books, entity, said, stored, 100)
    out = {**said, "Name": name, "Active": said.get("Active", True)}
    if entity.name in ("Class", "Department"):
        out |= {f"Sub{entity.name}": ":" in full, "FullyQualifiedName": full}
    return out


def _transaction(books: Books, entity: Entity, said: Json, stored: Json | None) -> Json:
    """The total is the sum of the lines where there is none; nothing is posted anywhere."""
    out = {
        **said,
        **{key: money(said[key]) for key in ("TotalAmt", "Amount") if isinstance(said.get(key), Decimal | int)},
    }
    out.setdefault("TxnDate", books.today)
    if "Line" in said and "PayType" not in said:
        out["TotalAmt"] = expense_lines.added_up(said["Line"])
    if entity.name == "TimeActivity":
        return {"BillableStatus": "NotBillable", "Taxable": False, "HourlyRate": 0, **out}
    if books.company.multicurrency or said.get("CurrencyRef"):
        own = said.get("CurrencyRef") or currency_reference(books.company.home_currency)
        vendor = books.look("Vendor", said["VendorRef"]["value"]) if said.get("VendorRef") else {"CurrencyRef": own}
        out["CurrencyRef"], out["ExchangeRate"] = currency_of(books, said, vendor or {})
    return bills.opened(books, entity, out, stored)


def void(books: Books, stored: Json) -> Json:
    check_open(books, stored.get("TxnDate"))
    note = stored.get("PrivateNote")
    lines = [{**line, "Amount": 0} for line in stored.get("Line", [])]
    return {**stored, "PrivateNote": f"Voided - {note}" if note else "Voided", "TotalAmt": 0, "Line": lines}


def delete(books: Books, stored: Json) -> None:
    check_open(books, stored.get("TxnDate"))


Composer = Callable[[Books, Entity, Json, Json | None], Json]
_COMPOSERS: dict[str, Composer] = {
    "Customer": _person,
    "Vendor": _person,
    "Employee": _person,
    "Item": _item,
    "Account": accounts.compose,
    "Term": terms.compose,
}
