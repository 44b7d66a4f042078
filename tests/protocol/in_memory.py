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
)
from tests.protocol.stage import CONNECTION, INTEGRATION, MAPPINGS, Stores


def stores_in_memory(memory: Memory) -> Stores:
    """The stage's configuration, connection and mappings are in it."""
    memory.connect(CONNECTION)
    memory.configure(INTEGRATION)
    for mapping in MAPPINGS:
        memory.map(INTEGRATION.organization_id, mapping)
    return Stores(
        MemoryRuns(memory),
        MemoryDeliveries(memory),
        MemoryKnowledge(memory),
        MemoryConfigurations(memory),
        MemoryConnections(memory),
        MemoryPacer(memory),
        memory.configure,
    )
