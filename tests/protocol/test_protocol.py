"""One document per bill, newest fence wins, total right: after whatever hypothesis can make happen.

Real code, the simulator, DynamoDB by moto, two organizations with a company each. Messages are doubled, delayed and
shuffled; workers die or fall asleep at every call; the table throttles; answers are lost, requests land late (within
the 120 s that QuickBooks promises), request ids are forgotten, QuickBooks throttles and breaks; people pay, void and
delete. A failing list of steps is shrunk to a short one.

That the same verdict falls on every protocol that lacks a rule is shown in `test_rules_are_needed.py`, by scenes that
are made of the same steps. To search for longer, or for the damage that a missing rule does (it must then fail):

    PROTOCOL_EXAMPLES=2000 pytest tests/protocol/test_protocol.py
    PROTOCOL_EXAMPLES=2000 PROTOCOL_WITHOUT="2 the older create is kept" pytest tests/protocol/test_protocol.py
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.protocol.on_moto import stores_on_moto
from tests.protocol.stage import ELSEWHERE, Stage, StageClock, a_bill
from tests.protocol.test_rules_are_needed import RULES
from tests.protocol.verdict import damage
from tests.protocol.workers import Order, Worker

BILLS = ("bill-1", "bill-2", "bill-elsewhere")
TOTALS = ("100.00", "250.00", "-40.00", "100.00")
MISHAPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lost-answer", {}),
    ("lost-answer", {"how": "reset"}),
    ("lost-request", {}),
    ("late-landing", {"seconds": 50}),
    ("late-landing", {"seconds": 110}),
    ("forget-request-id", {}),
    ("throttle", {"retryAfter": 7}),
    ("throttle", {"format": "xml"}),
    ("server-error", {"status": 502}),
    ("server-error", {"status": 504, "committed": True}),
    ("unreadable", {}),
    ("fault-in-200", {"code": "10000", "message": "An application error has occurred", "detail": ""}),
)
CALLS = ("create", "update", "void", "delete", "batch", "query", "read")
EXAMPLES = int(os.environ.get("PROTOCOL_EXAMPLES", "40"))
WITHOUT = os.environ.get("PROTOCOL_WITHOUT")
STEPS = 40


class OneDocumentPerBill(RuleBasedStateMachine):
    """Every rule is something that happens outside of the code under test; the verdict falls when all have rested."""

    def __init__(self) -> None:
        super().__init__()
        self.table = ExitStack()
        self.stage = Stage(self.table.enter_context(stores_on_moto()), StageClock())
        if WITHOUT:
            RULES[WITHOUT].take_out(self.stage)
        self.versions = dict.fromkeys(BILLS, 0)
        self.deleted: set[str] = set()
        self.meddled: set[str] = set()
        self.paid: set[str] = set()

    # --- what m3ter and the queue do

    @rule(bill=st.sampled_from(BILLS), total=st.sampled_from(TOTALS), deletion=st.integers(0, 7))
    def tell(self, bill: str, total: str, deletion: int) -> None:
        if bill in self.deleted:
            return
        self.versions[bill] += 1
        happening = "updated"
        if deletion == 0 and self.versions[bill] > 1:
            happening = "deleted"
            self.deleted.add(bill)
        place = {"orgId": ELSEWHERE.organization_id} if bill == "bill-elsewhere" else {}
        self.stage.tell(a_bill(self.versions[bill], total, bill) | place, happening)

    @precondition(lambda self: self.stage.queue.messages)
    @rule(data=st.data())
    def double(self, data: st.DataObject) -> None:
        self.stage.queue.messages.append(data.draw(st.sampled_from(self.stage.queue.messages)))

    @precondition(lambda self: self.stage.queue.messages)
    @rule(data=st.data())
    def take(self, data: st.DataObject) -> None:
        places = st.lists(st.integers(0, len(self.stage.queue.messages) - 1), min_size=1, max_size=3, unique=True)
        self.stage.take(*data.draw(places))

    # --- what becomes of workers

    @precondition(lambda self: self.alive())
    @rule(data=st.data(), calls=st.integers(1, 6))
    def go_on(self, data: st.DataObject, calls: int) -> None:
        worker = data.draw(st.sampled_from(self.alive()))
        for _ in range(calls):
            if worker.at is not None:
                worker.step()

    @precondition(lambda self: self.alive())
    @rule(data=st.data(), until=st.sampled_from([None, "quickbooks.write", "deliveries.close"]))
    def finish(self, data: st.DataObject, until: str | None) -> None:
        worker = data.draw(st.sampled_from(self.alive()))
        while worker.at is not None and worker.at != until:
            worker.step()

    @precondition(lambda self: self.alive())
    @rule(data=st.data(), order=st.sampled_from([Order.DIE_BEFORE, Order.DIE_AFTER]))
    def kill(self, data: st.DataObject, order: Order) -> None:
        data.draw(st.sampled_from(self.alive())).step(order)

    @precondition(lambda self: any(worker.may_fail for worker in self.alive()))
    @rule(data=st.data(), order=st.sampled_from([Order.FAIL_BEFORE, Order.FAIL_AFTER]))
    def throttle_a_store(self, data: st.DataObject, order: Order) -> None:
        data.draw(st.sampled_from([worker for worker in self.alive() if worker.may_fail])).step(order)

    @rule(seconds=st.sampled_from([5, 61, 140, 400]))
    def pass_time(self, seconds: int) -> None:
        self.stage.pass_time(timedelta(seconds=seconds))
        self.stage.end_invocations()

    # --- what QuickBooks and people do

    @rule(mishap=st.sampled_from(MISHAPS), operation=st.sampled_from(CALLS), count=st.integers(1, 2))
    def mishap(self, mishap: tuple[str, dict[str, Any]], operation: str, count: int) -> None:
        kind, facts = mishap
        self.stage.simulator.mishaps.add(kind, operation=operation, count=count, **facts)

    @precondition(lambda self: self.shown())
    @rule(data=st.data(), deed=st.sampled_from(["edit", "pay", "delete", "void"]))
    def person(self, data: st.DataObject, deed: str) -> None:
        bill = data.draw(st.sampled_from(self.shown()))
        entity, document = self.stage.documents(bill)[0]
        person = self.stage.person_elsewhere if bill == "bill-elsewhere" else self.stage.person
        if deed == "edit":
            person.edit(entity, document["Id"], CustomerMemo={"value": "Thank you"})
        elif deed == "pay" and entity == "Invoice" and Decimal(document["Balance"]) > 0:
            person.pay(document["Id"], Decimal(document["Balance"]) / 2)
            self.paid.add(bill)
        elif deed == "delete" and bill not in self.paid:
            person.delete(entity, document["Id"])
            self.meddled.add(bill)
        elif deed == "void" and entity == "Invoice" and bill not in self.paid:
            person.void(entity, document["Id"])
            self.meddled.add(bill)

    # --- the verdict

    def teardown(self) -> None:
        try:
            for worker in self.stage.workers:
                if worker.bug is not None:
                    raise worker.bug
            found = [
                damage(self.stage, bill, meddled=bill in self.meddled, paid=bill in self.paid)
                for bill in self.stage.newest
            ]
            assert not any(found), found
        finally:
            for worker in self.stage.workers:
                worker.kill()
            self.table.close()

    def alive(self) -> list[Worker]:
        return [worker for worker in self.stage.workers if worker.at is not None]

    def shown(self) -> list[str]:
        return [bill for bill in BILLS if self.stage.documents(bill)]


TestOneDocumentPerBill = OneDocumentPerBill.TestCase
TestOneDocumentPerBill.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
)
