"""The stage's stores as fakes, held to the same contract as the adapters on moto, and ten times as quick."""

from __future__ import annotations

from tests.fakes.memory import Memory
from tests.fakes.stores import (
    MemoryConfigurations,
    MemoryConnections,
    MemoryDeliveries,
    MemoryKnowledge,
    MemoryPacer,
    MemoryRuns,
    MemoryRush,
)
from tests.protocol.stage import CONNECTIONS, ELSEWHERE, INTEGRATION, MAPPINGS, Stores


def stores_in_memory(memory: Memory) -> Stores:
    """The stage's configuration, connection and mappings are in it."""
    for connection, integration in zip(CONNECTIONS, (INTEGRATION, ELSEWHERE), strict=True):
        memory.connect(connection)
        memory.configure(integration)
        for mapping in MAPPINGS:
            memory.map(integration.organization_id, mapping)
    return stores_of(memory)


def stores_of(memory: Memory) -> Stores:
    """Only what the test itself has put in."""
    return Stores(
        MemoryRuns(memory),
        MemoryDeliveries(memory),
        MemoryKnowledge(memory),
        MemoryConfigurations(memory),
        MemoryConnections(memory),
        MemoryPacer(memory),
        MemoryRush(memory),
        memory.configure,
        lambda run: memory.runs.update({(run.organization_id, run.id): run}),
    )
