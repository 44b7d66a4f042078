"""What can be mapped: the words there are, and the live customers and items of a company for a drop-down."""

from __future__ import annotations

from pydantic import RootModel

from api import mapping_words as words
from api.house import House
from api.mapping_checks import active, connected
from api.request import Call
from api.route import Routes
from api.shapes import Shape, optional, told
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import CredentialId

routes = Routes.of("externalmappingconfiguration")

MOST_VALUES = 5000
"""More than anybody scrolls through, and about as many as half a minute of reading brings: search instead."""


class SystemAnswer(Shape):
    """One external system."""

    name: str = told("Its name in mappings.", "QuickBooksSandbox")
    tables: list[str] = told("Its tables.", ["Customer", "Item"])
    allow_custom_external_tables: bool = told("Always false.", example=False)


class EntityAnswer(Shape):
    """Which tables can stand for an entity."""

    entity: str = told("Entity of m3ter.", "Account")
    tables: list[str] = told("Tables of QuickBooks.", ["Customer"])


class MappableAnswer(Shape):
    """What a mapping can be made of."""

    m3ter_entities: list[str] = told("Entities of m3ter.", ["Account", "Product"])
    external_systems: list[SystemAnswer] = told("External systems.")
    entity_tables: list[EntityAnswer] = told("Which tables can stand for which entity.")


class ValueAnswer(Shape):
    """One object of QuickBooks."""

    external_id: str = told("Its Id.", "58")
    external_name: str = told("Its name.", "Amy's Bird Sanctuary")


class ValuesAnswer(RootModel[list[ValueAnswer]]):
    """Active objects by name."""


class ValuesQuery(Shape):
    """Which objects."""

    external_table: str | None = optional(
        "`Customer` or `Item`; none: the one that stands for the entity.", "Customer", max_length=40
    )
    search: str | None = optional("Only names with this in them, in any case.", "bird", max_length=100)


@routes.get("/externalmappingconfiguration")
def mappable(call: Call, house: House) -> MappableAnswer:
    """Get the entities, systems and tables that a mapping can be made of."""
    del call, house
    tables = list(dict.fromkeys(table for many in words.TABLES.values() for table in many))
    return MappableAnswer(
        m3ter_entities=list(words.TABLES),
        external_systems=[
            SystemAnswer(name=name, tables=tables, allow_custom_external_tables=False) for name in words.SYSTEMS
        ],
        entity_tables=[EntityAnswer(entity=entity, tables=list(many)) for entity, many in words.TABLES.items()],
    )


@routes.get("/externalmappingconfiguration/values/{destination}/{entityType}", statuses=(409, 503))
def values(call: Call, house: House, query: ValuesQuery) -> ValuesAnswer:
    """List the active customers or items of the connected company of a system.

    Empty where nothing is connected, where more than one company is (name the credential then), and for what has no
    values. At most 5,000.
    """
    destination = words.system_or_none(call.ids["destination"])
    if destination not in words.SYSTEMS:
        return ValuesAnswer([])
    companies = connected(call.organization_id, Destination(destination), house)
    return _values(companies[0], call, query, house) if len(companies) == 1 else ValuesAnswer([])


@routes.get(
    "/externalmappingconfiguration/values/{destination}/{entityType}/{integrationCredentialsId}",
    statuses=(404, 409, 503),
)
def values_of(call: Call, house: House, query: ValuesQuery) -> ValuesAnswer:
    """List the active customers or items of the company behind a credential."""
    kept = house.credentials.get(call.organization_id, CredentialId(call.ids["integrationCredentialsId"]))
    if kept.value.status is not ConnectionStatus.CONNECTED:
        return ValuesAnswer([])
    return _values(kept.value, call, query, house)


def _values(connection: Connection, call: Call, query: ValuesQuery, house: House) -> ValuesAnswer:
    tables = words.TABLES.get(call.ids["entityType"], ())
    table = query.external_table or (tables[0] if tables else "")
    found = [
        ValueAnswer(external_id=one.id, external_name=one.name)
        for one in active(connection, table, query.search or "", house, MOST_VALUES)
    ]
    return ValuesAnswer(found[:MOST_VALUES])
