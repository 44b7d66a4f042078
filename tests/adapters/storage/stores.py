"""The ports of `run/ports.py` that keep things, once as fakes and once as they really are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mapping
from m3ter_quickbooks.run.ports import Configurations, Connections, Deliveries, Knowledge, Pacer, Runs, Rush
from m3ter_quickbooks.run.replay_order import OwedReplay
from m3ter_quickbooks.run.trouble import Notice, Trouble
from m3ter_quickbooks.storage import (
    configurations,
    credentials,
    deliveries,
    events,
    keys,
    knowledge,
    notices,
    pacer,
    runs,
    rush,
)
from m3ter_quickbooks.storage.audit import Audit, Kept
from m3ter_quickbooks.storage.mappings import mapped_item, mapping_item
from m3ter_quickbooks.storage.owed import owed_item
from m3ter_quickbooks.storage.table import Put, Table
from tests.fakes import (
    Memory,
    MemoryConfigurations,
    MemoryConnections,
    MemoryDeliveries,
    MemoryKnowledge,
    MemoryPacer,
    MemoryRuns,
    MemoryRush,
)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Stores:
    """The ports, and how a test puts in and sees what no port of `run` does."""

    runs: Runs
    deliveries: Deliveries
    knowledge: Knowledge
    configurations: Configurations
    connections: Connections
    pacer: Pacer
    rush: Rush
    configure: Callable[[Integration], object]
    connect: Callable[[Connection], object]
    map: Callable[[OrganizationId, Mapping], object]
    troubles: Callable[[OrganizationId], list[Trouble]]
    notice: Callable[[OrganizationId, str], Notice | None]
    owe: Callable[[OwedReplay], object]


def in_memory() -> Stores:
    """The fakes."""
    memory = Memory()
    return Stores(
        runs=MemoryRuns(memory),
        deliveries=MemoryDeliveries(memory),
        knowledge=MemoryKnowledge(memory),
        configurations=MemoryConfigurations(memory),
        connections=MemoryConnections(memory),
        pacer=MemoryPacer(memory),
        rush=MemoryRush(memory),
        configure=memory.configure,
        connect=memory.connect,
        map=memory.map,
        troubles=lambda owner: [trouble for (of, _), trouble in memory.troubles.items() if of == owner],
        notice=lambda owner, notice_id: memory.notices.get((owner, notice_id)),
        owe=memory.owe,
    )


def on_table(table: Table) -> Stores:
    """The adapters."""

    def put_mapping(organization_id: OrganizationId, mapping: Mapping) -> None:
        kept = Kept(mapping, Audit.new("test", LONG_AGO))
        table.transact([Put(mapping_item(organization_id, kept)), Put(mapped_item(organization_id, mapping))])

    def put_connection(connection: Connection) -> None:
        audit = replace(Audit.new("test", LONG_AGO), version=connection.version)
        table.put(Put(credentials.credential_item(Kept(connection, audit))))

    def put_configuration(integration: Integration) -> None:
        audit = replace(Audit.new("test", LONG_AGO), version=integration.version)
        table.put(Put(configurations.configuration_item(Kept(integration, audit))))

    def all_troubles(organization_id: OrganizationId) -> list[Trouble]:
        page = events.Events(table).page(organization_id, size=100)
        return [event.trouble for event in page.items]

    def notice_or_none(organization_id: OrganizationId, notice_id: str) -> Notice | None:
        item = table.get(keys.notice(organization_id, notice_id))
        return None if item is None else notices.notice_of(item)

    return Stores(
        runs=runs.Runs(table),
        deliveries=deliveries.Deliveries(table),
        knowledge=knowledge.Knowledge(table),
        configurations=configurations.Configurations(table),
        connections=credentials.Connections(table, lambda: LONG_AGO),
        pacer=pacer.Pacer(table),
        rush=rush.Rush(table),
        configure=put_configuration,
        connect=put_connection,
        map=put_mapping,
        troubles=all_troubles,
        notice=notice_or_none,
        owe=lambda owed: table.put(Put(owed_item(owed))),
    )
