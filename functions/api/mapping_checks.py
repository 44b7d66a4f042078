"""Whether a mapping leads somewhere: the QuickBooks object is looked at while somebody can still put it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from api.house import House
from m3ter_quickbooks.bill.identifiers import AccountId, OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import ACCOUNT, CUSTOMER, ITEM, Mapping, MappingKey
from m3ter_quickbooks.problems import BadRequest, ConnectionLost, FieldProblem, Missing, Refused, TryLater
from m3ter_quickbooks.quickbooks.catalogue import RemoteCustomer, RemoteItem

PAGE = 1000
"""QuickBooks' largest page."""
MOST_AT_ONCE = 10_000

Remote = RemoteCustomer | RemoteItem


@dataclass(frozen=True, slots=True)
class Checked:
    """A mapping that may be saved, and what people should know about it. `name`: of the object, if it was looked at."""

    key: MappingKey
    warnings: tuple[str, ...] = ()
    name: str | None = None


class Checks:
    """The checks of one request.

    `many`: all active objects of a table are read first, and by itself only what is not among them. A company that did
    not answer once is not asked again: a file of mappings must not wait for each of its lines.
    """

    def __init__(self, organization_id: OrganizationId, house: House, *, many: bool = False) -> None:
        self._organization_id = organization_id
        self._house = house
        self._many = many
        self._companies: dict[tuple[str, str | None], list[Connection]] = {}
        self._active: dict[tuple[str | None, str], dict[str, Remote]] = {}
        self._silent: set[str | None] = set()

    def check(self, key: MappingKey, external_id: str) -> Checked:
        """Look at the object that `key` is to lead to.

        Raises BadRequest for a configuration that is not there or leads elsewhere, and for an object that is not there,
        is inactive or cannot stand on an invoice. What cannot be looked at now is a warning: work goes on without
        QuickBooks.
        """
        connections = self.companies(key)
        if len(connections) > 1:
            return Checked(
                key, ("Not checked: several companies are connected; name a configuration to have it done.",)
            )
        if not connections or key.external_table not in (CUSTOMER, ITEM):
            return Checked(key)
        connection = connections[0]
        try:
            remote = self._look(connection, key.external_table, external_id)
        except (TryLater, ConnectionLost, Refused):
            self._silent.add(connection.company_id)
            return Checked(key, (f"{key.external_table} {external_id} was not checked: QuickBooks did not answer.",))
        trouble = trouble_with(remote, key.external_table, external_id, company_name(connection))
        if trouble:
            raise BadRequest.about(FieldProblem("externalId", trouble))
        return Checked(key, tuple(self._currency_warnings(key, remote)), remote.name if remote else None)

    def troubles(self, mapping: Mapping) -> Iterator[str | None]:
        """For each company that a mapping speaks of, what is wrong there; None if nothing is.

        Raises TryLater, ConnectionLost, Refused.
        """
        if mapping.external_table not in (CUSTOMER, ITEM):
            return
        for connection in self.companies(mapping.key):
            remote = self._look(connection, mapping.external_table, mapping.external_id)
            yield trouble_with(remote, mapping.external_table, mapping.external_id, company_name(connection))

    def companies(self, key: MappingKey) -> list[Connection]:
        """The connected companies that a mapping speaks of: that of its configuration, else each of its system.

        Raises BadRequest for a configuration that is not there or leads elsewhere.
        """
        place = (key.external_system, key.integration_config_id)
        if place not in self._companies:
            self._companies[place] = (
                self._of_configuration(key, key.integration_config_id)
                if key.integration_config_id
                else connected(self._organization_id, Destination(key.external_system), self._house)
            )
        return self._companies[place]

    def _of_configuration(self, key: MappingKey, configuration_id: ConfigurationId) -> list[Connection]:
        try:
            integration = self._house.configurations.get(self._organization_id, configuration_id)
        except Missing as missing:
            message = "leads to no configuration of this organization."
            raise BadRequest.about(FieldProblem("integrationConfigId", message)) from missing
        if integration.destination.value != key.external_system:
            message = f"leads to {integration.destination.value}, not to {key.external_system}."
            raise BadRequest.about(FieldProblem("integrationConfigId", message))
        connection = connection_of(integration, self._house)
        return [connection] if connection and connection.status is ConnectionStatus.CONNECTED else []

    def _look(self, connection: Connection, table: str, external_id: str) -> Remote | None:
        """The object; None if QuickBooks has none of that id. Raises TryLater, ConnectionLost, Refused."""
        if connection.company_id in self._silent:
            raise TryLater("QuickBooks did not answer a moment ago.")
        if self._many:
            place = (connection.company_id, table)
            if place not in self._active:
                everything = active(connection, table, "", self._house, MOST_AT_ONCE)
                self._active[place] = {one.id: one for one in everything}
            if external_id in self._active[place]:
                return self._active[place][external_id]
        read = self._house.catalogue.customer if table == CUSTOMER else self._house.catalogue.item
        return read(connection, external_id)

    def _currency_warnings(self, key: MappingKey, remote: Remote | None) -> Iterator[str]:
        if key.m3ter_entity != ACCOUNT or not isinstance(remote, RemoteCustomer) or not remote.currency:
            return
        account = self._house.accounts.find(self._organization_id, AccountId(key.m3ter_id))
        currency = (account.currency or "").upper() if account else ""
        if currency and currency != remote.currency.upper():
            yield (
                f"Customer {remote.name} ({remote.id}) is in {remote.currency}, account {key.m3ter_id} in {currency}: "
                "QuickBooks takes invoices for a customer in the customer's currency only."
            )


def connection_of(integration: Integration, house: House) -> Connection | None:
    """The connection of a configuration, whatever its state; None without a credential, or one that was deleted."""
    if integration.credential_id is None:
        return None
    try:
        return house.credentials.get(integration.organization_id, integration.credential_id).value
    except Missing:
        return None


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


def company_name(connection: Connection) -> str:
    """How people know the company."""
    return connection.company.name if connection.company else f"company {connection.company_id}"
