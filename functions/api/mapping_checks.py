"""Whether a mapping leads somewhere: the QuickBooks object is looked at while somebody can still put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.house import House
from m3ter_quickbooks.bill.identifiers import AccountId, OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.mapping import ACCOUNT, CUSTOMER, ITEM, MappingKey
from m3ter_quickbooks.problems import BadRequest, ConnectionLost, FieldProblem, Missing, Refused, TryLater
from m3ter_quickbooks.quickbooks.catalogue import RemoteCustomer, RemoteItem

PAGE = 1000
"""QuickBooks' largest page."""
MOST_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Checked:
    """A mapping that may be saved, and what people should know about it."""

    key: MappingKey
    warnings: tuple[str, ...] = ()


Remote = RemoteCustomer | RemoteItem


class Look(Protocol):
    """Finds one object; None if QuickBooks has none of that id. Raises TryLater, ConnectionLost, Refused."""

    def __call__(self, connection: Connection, table: str, external_id: str) -> Remote | None:
        """Look."""
        ...


def check(
    organization_id: OrganizationId, key: MappingKey, external_id: str, house: House, look: Look | None = None
) -> Checked:
    """Look at the object that `key` is to lead to, with one read of it if no other `look` is given.

    Raises BadRequest for a configuration that is not there or leads elsewhere, and for an object that is not there, is
    inactive or cannot stand on an invoice. What cannot be looked at now is a warning: work goes on without QuickBooks.
    """
    connections = list(connections_for(organization_id, key, house))
    if len(connections) != 1 or key.external_table not in (CUSTOMER, ITEM):
        return Checked(key, _not_looked_at(connections))
    connection = connections[0]
    try:
        remote = (look or one_by_one(house))(connection, key.external_table, external_id)
    except (TryLater, ConnectionLost, Refused):
        return Checked(key, (f"{key.external_table} {external_id} was not checked: QuickBooks did not answer.",))
    trouble = trouble_with(remote, key.external_table, external_id, _company(connection))
    if trouble:
        raise BadRequest(f"externalId: {trouble}", [FieldProblem("externalId", trouble)])
    return Checked(key, tuple(_currency_warnings(organization_id, key, remote, connection, house)))


def connections_for(organization_id: OrganizationId, key: MappingKey, house: House) -> Iterator[Connection]:
    """The connected companies that a mapping speaks of: that of its configuration, else each of its system."""
    if key.integration_config_id is None:
        yield from connected(organization_id, Destination(key.external_system), house)
        return
    try:
        integration = house.configurations.entry(organization_id, key.integration_config_id).value
    except Missing as missing:
        raise BadRequest(missing.message, [FieldProblem("integrationConfigId", "is not there.")]) from missing
    if integration.destination.value != key.external_system:
        message = f"leads to {integration.destination.value}, not to {key.external_system}."
        raise BadRequest(f"integrationConfigId {message}", [FieldProblem("integrationConfigId", message)])
    if integration.credential_id:
        connection = house.credentials.get(organization_id, integration.credential_id).value
        if connection.status is ConnectionStatus.CONNECTED:
            yield connection


def connected(organization_id: OrganizationId, destination: Destination, house: House) -> list[Connection]:
    """The connected companies of one system, each company once."""
    found: dict[str | None, Connection] = {}
    token = None
    while True:
        page = house.credentials.page(organization_id, size=200, token=token, destination=destination)
        for kept in page.items:
            if kept.value.status is ConnectionStatus.CONNECTED:
                found.setdefault(kept.value.company_id, kept.value)
        if page.next_token is None:
            return list(found.values())
        token = page.next_token


def one_by_one(house: House) -> Look:
    """Reads each object by itself."""

    def look(connection: Connection, table: str, external_id: str) -> Remote | None:
        read = house.catalogue.customer if table == CUSTOMER else house.catalogue.item
        return read(connection, external_id)

    return look


def many_at_once(house: House) -> Look:
    """For many objects: reads all active ones of a table first, and by itself only what is not among them."""
    known: dict[tuple[str | None, str], dict[str, Remote]] = {}
    single = one_by_one(house)

    def look(connection: Connection, table: str, external_id: str) -> Remote | None:
        place = (connection.company_id, table)
        if place not in known:
            known[place] = {one.id: one for one in active(connection, table, "", house, MOST_AT_ONCE)}
        return known[place].get(external_id) or single(connection, table, external_id)

    return look


def active(connection: Connection, table: str, search: str, house: House, most: int) -> Iterator[Remote]:
    """The active objects of a table by name, page by page. Raises TryLater, ConnectionLost, Refused."""
    readers: dict[str, Callable[..., Sequence[Remote]]] = {
        CUSTOMER: house.catalogue.customers,
        ITEM: house.catalogue.items,
    }
    if table not in readers:
        return
    for start in range(1, most + 1, PAGE):
        page = readers[table](connection, search, start, PAGE)
        yield from page
        # A page of items is shorter than what QuickBooks gave where there were categories on it.
        if not page or (table == CUSTOMER and len(page) < PAGE):
            return


def trouble_with(remote: Remote | None, table: str, external_id: str, company: str) -> str | None:
    """Why no bill could be sent with this object; None if nothing is wrong with it."""
    if remote is None:
        return f"{company} has no {table} with the id {external_id}; it may have been deleted or merged."
    named = f"{table} {remote.name} ({remote.id})"
    if not remote.active:
        return f"{named} is inactive: make it active in QuickBooks, or map another one."
    if isinstance(remote, RemoteItem) and not remote.sellable:
        return f"{named} is a {remote.type.lower()}, which cannot stand on an invoice: map a product or service."
    return None


def _currency_warnings(
    organization_id: OrganizationId,
    key: MappingKey,
    remote: Remote | None,
    connection: Connection,
    house: House,
) -> Iterator[str]:
    if key.m3ter_entity != ACCOUNT or not isinstance(remote, RemoteCustomer) or not remote.currency:
        return
    account = house.accounts.find(organization_id, AccountId(key.m3ter_id))
    currency = account.currency if account else None
    if currency and currency.upper() != remote.currency.upper():
        yield (
            f"Customer {remote.name} ({remote.id}) is in {remote.currency}, account {key.m3ter_id} in {currency}: "
            f"QuickBooks takes invoices for a customer in the customer's currency only."
        )
    elif connection.company and not connection.company.multicurrency and currency:
        home = connection.company.home_currency
        if home and home.upper() != currency.upper():
            yield f"Account {key.m3ter_id} is in {currency}; multicurrency is off in {_company(connection)} ({home})."


def _not_looked_at(connections: list[Connection]) -> tuple[str, ...]:
    if len(connections) > 1:
        return (
            "Several companies are connected, so the object was not checked: name a configuration to have it checked.",
        )
    return ()


def _company(connection: Connection) -> str:
    return connection.company.name if connection.company else f"company {connection.company_id}"
