"""A pacer that stumbles over one company, a rush that stumbles over all: the door lets the bills of others through."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from bills.carry import Batch
from m3ter_quickbooks.connection.keep_alive import KeptAlive
from m3ter_quickbooks.run.fair_share import MUCH
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import ELSEWHERE, INVOCATION, REALM, Stage, StageClock, a_bill, an_event


class Stumbling:
    """Its item of one company cannot be read, such as after a rollback."""

    def __init__(self, pacer: Any) -> None:
        self._pacer = pacer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pacer, name)

    def reserve(self, company_id: str, now: datetime, **more: Any) -> datetime:
        if company_id == REALM:
            raise ZeroDivisionError
        found: datetime = self._pacer.reserve(company_id, now, **more)
        return found


def test_a_turn_that_cannot_be_told_holds_up_only_its_own_company() -> None:
    stage = Stage(stores_in_memory(Memory()), StageClock())
    world = stage.world(None)
    batch = Batch(replace(world, pacer=Stumbling(world.pacer)), stage.clock() + INVOCATION, KeptAlive)
    there = a_bill(1, "50.00", "healthy") | {"orgId": ELSEWHERE.organization_id}
    bills = {"m0": a_bill(1, "100.00"), "m1": there}
    batch.carry([(message, json.dumps(an_event(bill, "created"))) for message, bill in bills.items()])
    assert len(stage.documents("healthy")) == 1
    assert batch.failed == ["m0"]


class Unreadable:
    """The count of the rush cannot be read, nor added to."""

    def had(self, *_: object) -> dict[str, int]:
        raise ZeroDivisionError


def test_a_rush_that_cannot_be_counted_holds_up_no_bill() -> None:
    stage = Stage(stores_in_memory(Memory()), StageClock())
    batch = Batch(replace(stage.world(None), rush=Unreadable()), stage.clock() + INVOCATION, KeptAlive)
    bills = [a_bill(1, "100.00", f"bill-{number}") for number in range(MUCH)]
    batch.carry([(f"m{place}", json.dumps(an_event(bill, "created"))) for place, bill in enumerate(bills)])
    assert not stage.open_runs()
    # Somebody hears of it; what comes back has nothing left to do.
    assert batch.failed == ["m0"]
