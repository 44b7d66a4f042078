"""Twenty workers send a thousand bills to one company in an hour in which its access token ends.

    consent ─── 30 min ─── bills, in waves of 20: one for each worker at once ─── 90 min
                                       ▲ 55: renewed     ▲ 60: the first token ends

Consent, connection, tokens and their leases are in their real stores on moto; the bills' own stores are in memory. The
waves are the worst case: when five minutes of the token are left, all twenty processes see it at the same moment.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus

from tests.bench.installed import ORGANIZATION, Installed, installed
from tests.bench.stores import in_memory
from tests.bench.told import a_bill, an_event, bill_of
from tests.bench.virtual_time import START
from tests.fakes import Memory

FIRST_WAVE = timedelta(minutes=30)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Hour:
    """What Intuit and QuickBooks saw in that hour. `secrets`: how often all workers together asked Secrets Manager."""

    bills: int
    minutes: float
    refreshes: int
    refused: int
    throttled: int
    twice: int
    lost: int
    secrets: int


def hour(workers: int = 20, bills: int = 1000) -> Hour:
    """Each worker is a process of its own, with its own memory of the token."""
    with installed(nap=1.0) as office:
        names = [f"bill-{number}" for number in range(bills)]
        for number, name in enumerate(names):
            wave = START + FIRST_WAVE + HOUR * (number // workers) / (bills // workers)
            office.queue.put(json.dumps(an_event(ORGANIZATION, a_bill(name))), wave)
        memory = office.in_memory()
        for _ in range(workers):
            office.time.start(partial(_work, office, memory))
        office.time.run()
        calls = office.simulator.calls
        made = Counter(bill_of(one) for one in office.invoices())
        sent = [call.at for call in calls if call.operation == "create"]
        return Hour(
            bills=bills,
            minutes=(sent[-1] - sent[0]).total_seconds() / 60,
            refreshes=sum(call.operation == "refresh" for call in calls),
            refused=sum(call.status == HTTPStatus.UNAUTHORIZED for call in calls),
            throttled=sum(call.status == HTTPStatus.TOO_MANY_REQUESTS for call in calls),
            twice=made.total() - len(made),
            lost=len(set(names) - set(made)),
            secrets=office.asked["secrets-manager"],
        )


def _work(office: Installed, memory: Memory) -> None:
    office.queue.serve(replace(office.world(), **in_memory(memory, office.time)), most=1)
