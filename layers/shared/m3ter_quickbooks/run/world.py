"""Every port that a run may use, and the few numbers that an installation chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from m3ter_quickbooks.run.ports import (
    Clock,
    Configurations,
    Connections,
    Deliveries,
    Knowledge,
    M3ter,
    Pacer,
    Queue,
    QuickBooks,
    Runs,
    Rush,
    Witness,
)


@dataclass(frozen=True, slots=True)
class World:
    """What `wiring.py` builds once and tests build from fakes.

    `in_flight` is H: how long a request that nobody answers may still take effect (sending-once part 3). `wait_until`
    sleeps. `new_claim` makes a random token, `jitter` a number in [0, 1), `link` the address of a document for people.
    """

    runs: Runs
    deliveries: Deliveries
    knowledge: Knowledge
    configurations: Configurations
    connections: Connections
    quickbooks: QuickBooks
    m3ter: M3ter
    pacer: Pacer
    rush: Rush
    queue: Queue
    witness: Witness
    clock: Clock
    wait_until: Callable[..., None]
    new_claim: Callable[[], str]
    jitter: Callable[[], float]
    link: Callable[..., str]
    in_flight: timedelta = timedelta(seconds=135)
