"""One company closes its month; the others have a bill now and then. How long do theirs take, beside and alone?"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from statistics import median

from m3ter_quickbooks.bill.identifiers import OrganizationId
from tests.bench.deliveries import Bench, duplicates_and_losses

BUSY = 0
SPAN = 150.0
"""Seconds in which the bills of the others come: as long as the busy company takes."""


@dataclass(frozen=True)
class Waits:
    """Seconds from the event to the closed run, over the bills of the small companies."""

    p50: float
    p99: float
    most: float


@dataclass(frozen=True)
class Neighbours:
    """The same bills at the same moments, beside the busy company and without it."""

    beside: Waits
    alone: Waits
    busy_seconds: float
    twice: int
    lost: int


def neighbours(flood: int = 3000, others: int = 19, each: int = 10) -> Neighbours:
    """`flood` bills of one company at once, and `each` bills of every other one at random moments."""
    beside, busy_seconds, (twice, lost) = _waits(flood, others, each)
    alone, _, _ = _waits(0, others, each)
    return Neighbours(beside, alone, busy_seconds, twice, lost)


def _waits(flood: int, others: int, each: int) -> tuple[Waits, float, tuple[int, int]]:
    bench = Bench(others + 1)
    expected: dict[str, set[str]] = {realm: set() for realm in bench.realms}
    for number in range(flood):
        bench.tell(BUSY, f"bill-{number}")
        expected[bench.realms[BUSY]].add(f"bill-{number}")
    chance, told = random.Random(11), {}
    for company in range(1, others + 1):
        for number in range(each):
            name, after = f"bill-{company}-{number}", chance.random() * SPAN
            bench.tell(company, name, after=after)
            expected[bench.realms[company]].add(name)
            told[OrganizationId(f"org-{company}"), name] = after
    bench.work()
    ended = {
        (run.organization_id, run.bill_id): bench.seconds_at(run.completed_at) for run in bench.memory.runs.values()
    }
    taken = sorted(ended[one] - after for one, after in told.items())
    busy = max((at for (organization, _), at in ended.items() if organization == "org-0"), default=0.0)
    waits = Waits(median(taken), taken[math.ceil(0.99 * len(taken)) - 1], taken[-1])
    return waits, busy, duplicates_and_losses(bench, expected)
