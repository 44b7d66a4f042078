"""The ports of `run/ports.py` in memory. The contract suite in `tests/adapters/storage` holds them to what AWS does."""

from tests.fakes.memory import Memory
from tests.fakes.queue import MemoryQueue
from tests.fakes.stores import (
    MemoryConfigurations,
    MemoryConnections,
    MemoryDeliveries,
    MemoryKnowledge,
    MemoryPacer,
    MemoryRuns,
    MemoryRush,
)

__all__ = [
    "Memory",
    "MemoryConfigurations",
    "MemoryConnections",
    "MemoryDeliveries",
    "MemoryKnowledge",
    "MemoryPacer",
    "MemoryQueue",
    "MemoryRuns",
    "MemoryRush",
]
