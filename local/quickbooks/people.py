"""What people do in QuickBooks while requests are under way: edit, pay, void, delete, close the books."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from local.quickbooks import operations, settings_objects, wire
from local.quickbooks.books import Books
from local.quickbooks.company import Company, company_info, impose, with_settings
from local.quickbooks.entities import BY_NAME, NEVER_LEFT_OUT
from local.quickbooks.problems import Fault
from local.quickbooks.traffic import Visit
from local.quickbooks.wire import Json

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator


class Person:
    """Somebody at the screen of one company. No token, no faults, no limits; rules of the books hold. Raises Fault."""

    def __init__(self, simulator: Simulator, realm: str) -> None:
        self.simulator, self.realm = simulator, realm

    def _write(self, entity: str, body: Json, operation: str = "") -> Json:
        with self.simulator.store.transaction():
            books = self.simulator.books(self.realm)
            books.at_screen = True
            done = operations.write(books, BY_NAME[entity], body, operation)
        self.simulator.changed(self.realm, books.changes)
        record: Json = wire.loads(done.text)
        return record

    def create(self, entity: str, body: Json) -> Json:
        return self._write(entity, body)

    def read(self, entity: str, id_: str) -> Json:
        return self.simulator.books(self.realm).existing(entity, id_)

    def all(self, entity: str) -> list[Json]:
        return [wire.loads(one) for one in self.simulator.store.bodies(self.realm, entity)]

    def _pointed(self, entity: str, id_: str) -> Json:
        return {"Id": id_, "SyncToken": self.read(entity, id_)["SyncToken"]}

    def edit(self, entity: str, id_: str, /, **changes: Any) -> Json:
        stored = self.read(entity, id_)
        always = {name: stored[name] for name in ("Id", "SyncToken", NEVER_LEFT_OUT.get(entity)) if name in stored}
        return self._write(entity, {**always, "sparse": True, **changes})

    def void(self, entity: str, id_: str) -> Json:
        return self._write(entity, self._pointed(entity, id_), "void")

    def delete(self, entity: str, id_: str) -> Json:
        return self._write(entity, self._pointed(entity, id_), "delete")

    def pay(self, invoice_id: str, amount: Decimal | None = None) -> Json:
        """A payment on an invoice, of what is open where no amount is given. Gives the payment."""
        invoice = self.read("Invoice", invoice_id)
        paid = Decimal(invoice["Balance"]) if amount is None else amount
        link = {"TxnId": invoice_id, "TxnType": "Invoice"}
        body = {
            "CustomerRef": invoice["CustomerRef"],
            "TotalAmt": paid,
            "Line": [{"Amount": paid, "LinkedTxn": [link]}],
        }
        return self.create("Payment", body)

    def set_active(self, entity: str, id_: str, active: bool) -> Json:
        return self.edit(entity, id_, Active=active)

    def settings(self, public: Mapping[str, Any] | None = None, /, **more: Any) -> Company:
        """Change the company as its administrator would. Raises BadSetting."""
        simulator = self.simulator
        with simulator.store.transaction():
            books = simulator.books(self.realm)
            company = with_settings(books.company, {**(public or {}), **more})
            save_company(books, company)
        simulator.companies[self.realm] = company
        return company

    def close_books(self, date: str | None, password: bool = False) -> Company:
        return self.settings(bookCloseDate=date, bookClosePassword=password)

    def set_rate(self, currency: str, rate: Decimal, as_of: str) -> None:
        with self.simulator.store.transaction():
            settings_objects.save_rate(self.simulator.books(self.realm), currency, rate, as_of)


def save_company(books: Books, company: Company) -> None:
    for currency, rate in company.rates.items():
        if books.company.rates.get(currency) != rate:
            settings_objects.save_rate(books, currency, rate, settings_objects.SINCE_EVER)
    books.company = company
    books.store.write_company(books.realm, company.stored())
    preferences = impose(company, books.existing("Preferences", "1"))
    books.save("Preferences", preferences, "Update")
    info = books.existing("CompanyInfo", "1")
    fresh = company_info(company)
    names = ("CompanyName", "LegalName", "Country")
    if any(info.get(name) != fresh[name] for name in names):
        books.save("CompanyInfo", {**info, **{name: fresh[name] for name in names}}, "Update")


_MEDDLING = ("inactive-customer", "inactive-item", "deleted-document", "changed-document", "closed-books")


def meddle(simulator: Simulator, visit: Visit) -> None:
    """Carry out the rules by which somebody was faster than the request. Documents that do not allow it are left."""
    rules = [rule for rule in visit.rules if rule.kind in _MEDDLING]
    if not rules:
        return
    person = simulator.as_person(visit.about["realm"])
    try:
        body = wire.loads(visit.request.body)
    except wire.Malformed:
        return
    for rule in rules:
        try:
            _meddle(person, rule.kind, visit.about["entity"], body, rule.date)
        except (Fault, KeyError, TypeError, AttributeError):
            continue


def _meddle(person: Person, kind: str, segment: str, body: Any, date: str | None) -> None:
    name = next((one.name for one in BY_NAME.values() if one.segment == segment), "")
    if kind == "inactive-customer":
        person.set_active("Customer", str(body["CustomerRef"]["value"]), False)
    elif kind == "inactive-item":
        for line in body["Line"]:
            person.set_active("Item", str(line["SalesItemLineDetail"]["ItemRef"]["value"]), False)
    elif kind == "deleted-document":
        person.delete(name, str(body["Id"]))
    elif kind == "changed-document":
        person.edit(name, str(body["Id"]), PrivateNote=f"{person.read(name, str(body['Id'])).get('PrivateNote', '')} ")
    else:
        today = person.simulator.books(person.realm).today
        known = person.read(name, str(body["Id"])) if body.get("Id") else {"TxnDate": today}
        person.close_books(date or str(body.get("TxnDate") or known["TxnDate"]))
