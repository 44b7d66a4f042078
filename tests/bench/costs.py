"""What one warm bill asks of the outside: requests that left the AWS clients and reached QuickBooks, counted.

Everything is real but Lambda and SQS: a request that a store makes twice, or that a port hides, counts.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from m3ter_quickbooks.run.world import World
from tests.bench.installed import ORGANIZATION, Installed, installed
from tests.bench.queue import BATCH
from tests.bench.told import a_bill, an_event, bill_of

READS = {"read", "query"}


@dataclass(frozen=True)
class Asked:
    """QuickBooks' operations, in order, and how often each AWS service was asked."""

    bills: int
    operations: tuple[str, ...]
    aws: Counter[str]

    @property
    def reads(self) -> int:
        """Requests of QuickBooks that changed nothing."""
        return sum(operation in READS for operation in self.operations)

    @property
    def table(self) -> float:
        """Of the table, for each bill."""
        return self.aws["dynamodb"] / self.bills

    @property
    def elsewhere(self) -> int:
        """Of Secrets Manager and SQS."""
        return self.aws.total() - self.aws["dynamodb"]


@dataclass(frozen=True)
class Costs:
    """One create, one update, one full batch of creates."""

    create: Asked
    update: Asked
    batch: Asked


def costs() -> Costs:
    """Of a process that has sent one bill before, moments ago."""
    with installed() as office:
        worker: list[World] = []
        office.time.start(lambda: worker.append(office.world()))
        office.time.run()
        _ask(office, worker[0], ["bill-warm"])
        return Costs(
            create=_ask(office, worker[0], ["bill-measured"]),
            update=_ask(office, worker[0], ["bill-measured"], version=2, total="200.00"),
            batch=_ask(office, worker[0], [f"bill-{number}" for number in range(BATCH)]),
        )


def _ask(office: Installed, world: World, bills: list[str], version: int = 1, total: str = "118.50") -> Asked:
    office.time.now += timedelta(seconds=5)
    office.asked.clear()
    office.simulator.calls.clear()
    for bill in bills:
        office.queue.put(json.dumps(an_event(ORGANIZATION, a_bill(bill, version, total))), office.time.now)
    office.time.start(lambda: office.queue.serve(world))
    office.time.run()
    shown = {str(one["TotalAmt"]) for one in office.invoices() if bill_of(one) in bills}
    assert {Decimal(one) for one in shown} == {Decimal(total)}
    return Asked(len(bills), tuple(call.operation for call in office.simulator.calls), Counter(office.asked))
