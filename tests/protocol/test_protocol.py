"""One document per bill, newest fence wins, total right: after whatever hypothesis can make happen.

Real code, the simulator, DynamoDB by moto. Messages are doubled, delayed and shuffled; workers die or fall asleep at
every call; answers are lost, requests land late (within the 120 s that QuickBooks promises), request ids are forgotten,
QuickBooks throttles and breaks, people pay, void and delete. A failing list of decisions is shrunk to a short one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from m3ter_quickbooks.run.run import Outcome, Run, RunStatus
from tests.protocol.on_moto import stores_on_moto
from tests.protocol.stage import INTEGRATION, Stage, StageClock, a_bill
from tests.protocol.workers import Order

BILLS = ("bill-1", "bill-2")
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
EXAMPLES = int(os.environ.get("PROTOCOL_EXAMPLES", "40"))


class Direction:
    """Turns drawn decisions into what happens on the stage."""

    def __init__(self, stage: Stage, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.stage = stage
        self.draw = draw
        self.versions = dict.fromkeys(BILLS, 0)
        self.deleted: set[str] = set()
        self.meddled: set[str] = set()
        self.paid: set[str] = set()

    def act(self) -> None:
        choices: list[Callable[[], None]] = [self.tell, self.tell, self.mishap, self.pass_time]
        if self.stage.queue.messages:
            choices += [self.take] * 4 + [self.double]
        if self.alive():
            choices += [self.step] * 4 + [self.finish] * 3 + [self.kill]
        if any(self.stage.documents(bill) for bill in BILLS):
            choices += [self.person]
        self.draw(st.sampled_from(choices))()
        self.stage.end_invocations()

    def alive(self) -> list[Any]:
        return [worker for worker in self.stage.workers if worker.at is not None]

    def tell(self) -> None:
        bill = self.draw(st.sampled_from(BILLS))
        if bill in self.deleted:
            return
        self.versions[bill] += 1
        deleted = self.versions[bill] > 1 and self.draw(st.integers(0, 7)) == 0
        if deleted:
            self.deleted.add(bill)
        happening = "deleted" if deleted else "updated"
        self.stage.tell(a_bill(self.versions[bill], self.draw(st.sampled_from(TOTALS)), bill), happening)

    def take(self) -> None:
        places = st.lists(st.integers(0, len(self.stage.queue.messages) - 1), min_size=1, max_size=3, unique=True)
        self.stage.take(*self.draw(places))

    def double(self) -> None:
        messages = self.stage.queue.messages
        messages.append(self.draw(st.sampled_from(messages)))

    def step(self) -> None:
        self.draw(st.sampled_from(self.alive())).step()

    def finish(self) -> None:
        self.stage.play(self.draw(st.sampled_from(self.alive())))

    def kill(self) -> None:
        order = self.draw(st.sampled_from([Order.DIE_BEFORE, Order.DIE_AFTER]))
        self.draw(st.sampled_from(self.alive())).step(order)

    def pass_time(self) -> None:
        self.stage.pass_time(timedelta(seconds=self.draw(st.sampled_from([5, 61, 140, 400]))))

    def mishap(self) -> None:
        kind, facts = self.draw(st.sampled_from(MISHAPS))
        operation = self.draw(st.sampled_from(["create", "update", "void", "delete", "batch", "query", "read"]))
        self.stage.simulator.mishaps.add(kind, operation=operation, count=self.draw(st.integers(1, 2)), **facts)

    def person(self) -> None:
        bill = self.draw(st.sampled_from([bill for bill in BILLS if self.stage.documents(bill)]))
        entity, document = self.stage.documents(bill)[0]
        deed = self.draw(st.sampled_from(["edit", "pay", "delete", "void"]))
        if deed == "edit":
            self.stage.person.edit(entity, document["Id"], CustomerMemo={"value": "Thank you"})
        elif deed == "pay" and entity == "Invoice" and Decimal(document["Balance"]) > 0:
            self.stage.person.pay(document["Id"], Decimal(document["Balance"]) / 2)
            self.paid.add(bill)
        elif deed == "delete" and bill not in self.paid:
            self.stage.person.delete(entity, document["Id"])
            self.meddled.add(bill)
        elif deed == "void" and entity == "Invoice" and bill not in self.paid:
            self.stage.person.void(entity, document["Id"])
            self.meddled.add(bill)


def newest_run(stage: Stage, bill: str) -> Run:
    runs = stage.stores.runs.ended(INTEGRATION.organization_id, INTEGRATION.id, list(RunStatus))
    return max((run for run in runs if run.bill_id == bill), key=lambda run: run.fence)


def check(stage: Stage, direction: Direction, bill: str) -> None:
    living = stage.documents(bill)
    assert len(living) <= 1, f"DUPLICATE {bill}: {[document['Id'] for _, document in living]}"
    fence, total = stage.newest[bill]
    run = newest_run(stage, bill)
    assert run.fence == fence
    if bill in direction.paid and run.status is RunStatus.INVOICE_ALREADY_PAID:
        return
    assert run.status is RunStatus.COMPLETE, (run.status, run.error, run.log)
    assert run.outcome is not Outcome.SUPERSEDED
    if total is None:
        assert not living, f"NOT TAKEN BACK {bill}"
    elif not living:
        assert bill in direction.meddled, f"LOST {bill}: {run.outcome} {run.log}"
    else:
        [(entity, document)] = living
        assert entity == ("CreditMemo" if Decimal(total) < 0 else "Invoice")
        assert Decimal(document["TotalAmt"]) == abs(total), f"STALE {bill}: {document['TotalAmt']} {run.log}"


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_one_document_per_bill_newest_fence_wins_total_right(data: st.DataObject) -> None:
    with stores_on_moto() as stores:
        stage = Stage(stores, StageClock())
        direction = Direction(stage, data.draw)
        try:
            for _ in range(data.draw(st.integers(3, 40))):
                direction.act()
            stage.quiet()
            for bill in BILLS:
                if bill in stage.newest:
                    check(stage, direction, bill)
        finally:
            for worker in stage.workers:
                worker.kill()
