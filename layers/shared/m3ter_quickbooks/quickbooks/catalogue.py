"""Customers and items of a connected company: for the drop-down of mappings, and for checking one of them.

Also what a company says of itself, read once at consent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.connection.ports import AccessTokens
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.invoice.company import Company
from m3ter_quickbooks.problems import ConnectionLost, Refused, TryLater
from m3ter_quickbooks.quickbooks.documents import day, reference, text
from m3ter_quickbooks.quickbooks.reading import Reader, quoted, understood
from m3ter_quickbooks.quickbooks.wire import NeverLeft, NoAnswer, Request, Wire

_NOT_FOUND = "610"
_NOT_SOLD = frozenset({"Category"})


@dataclass(frozen=True, slots=True)
class RemoteCustomer:
    """A customer. `currency` is fixed when it is made; an inactive one's name ends in ` (deleted)`."""

    id: str
    name: str
    active: bool
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteItem:
    """A product or service. `sellable` is false for a category, which QuickBooks refuses on a document."""

    id: str
    name: str
    active: bool
    type: str
    sellable: bool
    sku: str | None = None


class Catalogue:
    """Live reads; each counts against Intuit's quota, so nothing of it is on the way of a bill.

    Every method raises TryLater, ConnectionLost, Refused.
    """

    def __init__(self, wire: Wire, tokens: AccessTokens) -> None:
        self._reader = Reader(wire, tokens)

    def customers(
        self, connection: Connection, search: str = "", start: int = 1, size: int = 100
    ) -> list[RemoteCustomer]:
        """Active customers by display name, from row `start` (1 is the first), at most `size` (1..1000).

        `search` is looked for anywhere in the name, in any case. Fewer rows than `size`: there are no more.
        """
        clause = f"where DisplayName like {quoted(f'%{search}%')}" if search else ""
        rows = self._reader.page(connection, "Customer", f"{clause} orderby DisplayName".strip(), start, size)
        return [_customer(row) for row in rows]

    def items(self, connection: Connection, search: str = "", start: int = 1, size: int = 100) -> list[RemoteItem]:
        """Active items by name, as `customers`; categories are left out, so a page may be shorter than `size`.

        Ask again from `start + size` until a page is empty.
        """
        clause = f"where Name like {quoted(f'%{search}%')}" if search else ""
        rows = self._reader.page(connection, "Item", f"{clause} orderby Name".strip(), start, size)
        return [item for item in map(_item, rows) if item.sellable]

    def customer(self, connection: Connection, customer_id: str) -> RemoteCustomer | None:
        """One customer, active or not; None if QuickBooks has none of that id (deleted or merged ones included)."""
        row = self._one(connection, "Customer", customer_id)
        return None if row is None else _customer(row)

    def item(self, connection: Connection, item_id: str) -> RemoteItem | None:
        """One item, active or not; None if QuickBooks has none of that id."""
        row = self._one(connection, "Item", item_id)
        return None if row is None else _item(row)

    def company(self, connection: Connection) -> Company:
        """CompanyInfo and Preferences of a connected company, read now."""
        company_id = connection.company_id or ""
        info = self._reader.ask(connection, Request("GET", f"companyinfo/{company_id}"))
        preferences = self._reader.ask(connection, Request("GET", "preferences"))
        return read_company(company_id, info, preferences)

    def _one(self, connection: Connection, entity: str, object_id: str) -> Mapping[str, object] | None:
        if not (object_id.isascii() and object_id.isdigit()):
            return None
        try:
            return self._reader.one(connection, entity, object_id)
        except Refused as refused:
            if refused.code == _NOT_FOUND:
                return None
            raise


class CompanyFacts:
    """Implements `connection.ports.Companies`: reads with a token that no connection has yet."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def facts(self, destination: Destination, company_id: str, access_token: str) -> Company:
        """Refused also where the token belongs to another company: that is how a forged company id shows."""
        info = self._ask(destination, company_id, access_token, f"companyinfo/{company_id}")
        preferences = self._ask(destination, company_id, access_token, "preferences")
        return read_company(company_id, info, preferences)

    def _ask(self, destination: Destination, company_id: str, access_token: str, path: str) -> Mapping[str, object]:
        try:
            reply = self._wire.ask(destination, company_id, access_token, Request("GET", path))
        except (NeverLeft, NoAnswer) as reason:
            raise TryLater(f"QuickBooks did not answer ({reason}).") from reason
        if reply.status == 401:  # noqa: PLR2004  a token that is seconds old
            raise Refused("QuickBooks does not accept this consent for this company.")
        try:
            return understood(reply)
        except ConnectionLost as lost:
            raise Refused(lost.message, intuit_tid=reply.tid) from lost


def read_company(company_id: str, info: Mapping[str, object], preferences: Mapping[str, object]) -> Company:
    """A Company from the answers to `companyinfo` and `preferences`. Raises TryLater if they lack the home currency."""
    about = _section(info, "CompanyInfo")
    chosen = _section(preferences, "Preferences")
    currency = _section(chosen, "CurrencyPrefs")
    home = reference(currency.get("HomeCurrency"))
    if not about or not home:
        raise TryLater("QuickBooks did not say what the company's name and home currency are.")
    return Company(
        company_id=company_id,
        name=text(about.get("CompanyName")) or text(about.get("LegalName")) or company_id,
        country=text(about.get("Country")),
        home_currency=home,
        multicurrency=_true(currency.get("MultiCurrencyEnabled")),
        custom_transaction_numbers=_true(_section(chosen, "SalesFormsPrefs").get("CustomTxnNumbers")),
        book_close_date=day(_section(chosen, "AccountingInfoPrefs").get("BookCloseDate")),
    )


def _section(holder: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = holder.get(name)
    return value if isinstance(value, Mapping) else {}


def _true(value: object) -> bool:
    return value is True or value == "true"


def _customer(row: Mapping[str, object]) -> RemoteCustomer:
    return RemoteCustomer(
        id=text(row.get("Id")) or "",
        name=text(row.get("DisplayName")) or "",
        active=_active(row),
        currency=reference(row.get("CurrencyRef")),
    )


def _item(row: Mapping[str, object]) -> RemoteItem:
    kind = text(row.get("Type")) or ""
    return RemoteItem(
        id=text(row.get("Id")) or "",
        name=text(row.get("FullyQualifiedName")) or text(row.get("Name")) or "",
        active=_active(row),
        type=kind,
        sellable=kind not in _NOT_SOLD,
        sku=text(row.get("Sku")),
    )


def _active(row: Mapping[str, object]) -> bool:
    return row.get("Active") is not False
