"""The bills' stores in memory, each call as slow as a request of the table.

moto copies its whole table for each transaction: thousands of bills are too many for it.
"""

from __future__ import annotations

from typing import Any

from tests.bench.virtual_time import Timed, VirtualTime
from tests.fakes import (
    Memory,
    MemoryConfigurations,
    MemoryDeliveries,
    MemoryKnowledge,
    MemoryPacer,
    MemoryRuns,
    MemoryRush,
)

TABLE_SECONDS = 0.006


def in_memory(memory: Memory, time: VirtualTime) -> dict[str, Any]:
    """Ports by their names in `World`; the connections are not among them."""
    stores = {
        "runs": MemoryRuns(memory),
        "deliveries": MemoryDeliveries(memory),
        "knowledge": MemoryKnowledge(memory),
        "configurations": MemoryConfigurations(memory),
        "pacer": MemoryPacer(memory),
        "rush": MemoryRush(memory),
    }
    return {name: Timed(port, time, TABLE_SECONDS) for name, port in stores.items()}
