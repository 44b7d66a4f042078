"""Everything that can happen to a bill on its way, as the steps of a state machine of hypothesis.

A step is something outside of the code under test: m3ter tells, the queue doubles, shuffles and loses, workers die or
fall asleep at any call, the table throttles, QuickBooks loses, delays, forgets and refuses, people meddle, time passes.
`test_protocol.py` lets hypothesis draw the steps; `scenes.py` names them one by one. One verdict falls on both.

Places and workers are counted round: -1 is the last one, and any number means somebody.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from m3ter_quickbooks.bill.identifiers import BillId
from m3ter_quickbooks.run.delivery import Verb
from m3ter_quickbooks.run.run import Run
from tests.protocol.on_moto import stores_on_moto
from tests.protocol.stage import ELSEWHERE, INTEGRATION, Stage, StageClock, Stores, a_bill
from tests.protocol.verdict import damage, miscounted, overtaken, restless
from tests.protocol.workers import Order, Worker

BILL = "bill-1"
BILLS = (BILL, "bill-2", "bill-elsewhere")
TOTALS = ("100.00", "250.00", "-40.00", "100.00")
DAYS = ("2026-03-01", "2026-03-01", "2026-03-02")
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
    ("changed-document", {}),
)
CALLS = ("create", "update", "void", "delete", "batch", "query", "read")
UNSENDABLE = 3
"""How many bills without a customer a search may tell of: ten of them would disable, and nothing would be sent."""

SOMEBODY = st.integers(0, 5)
"""One of those who are there, counted round."""


class OneDocumentPerBill(RuleBasedStateMachine):
    """One document per bill, newest fence wins, total right; every failed run counted once."""

    def __init__(self, stores: AbstractContextManager[Stores] | None = None) -> None:
        super().__init__()
        self.table = ExitStack()
        self.stage = Stage(self.table.enter_context(stores or stores_on_moto()), StageClock())
        self.versions = dict.fromkeys(BILLS, 0)
        self.numbers = False
        self.meddled: set[str] = set()
        """Bills whose document a person took away after their newest version was told."""
        self.ever_meddled: set[str] = set()
        self.unheard: set[str] = set()
        """Bills whose document a person took away before we had heard of it: its create is answered from memory."""
        self.paid: set[str] = set()
        self.unsendable = 0

    @initialize(
        numbers=st.booleans(), void_on_deletion=st.sampled_from([True, True, False]), lag=st.sampled_from([0, 100])
    )
    def begin(self, *, numbers: bool, void_on_deletion: bool, lag: float) -> None:
        """How the companies and the operator have it: numbers of their own; what a deletion does; a slow query."""
        if numbers:
            self.number_documents()
        if not void_on_deletion:
            self.stage.let_be_on_deletion()
        self.query_lags(lag)

    # --- what m3ter and the queue do

    @rule(bill=st.sampled_from(BILLS), total=st.sampled_from(TOTALS), day=st.sampled_from(DAYS))
    def tell(self, bill: str = BILL, total: str = "100.00", day: str = DAYS[0]) -> None:
        """A bill, or its next version."""
        self.versions[bill] += 1
        self.meddled.discard(bill)
        happening = "created" if self.versions[bill] == 1 else "updated"
        self.stage.tell(self._bill(bill, total) | {"billDate": day}, happening)

    @precondition(lambda self: any(self.versions.values()))
    @rule(bill=st.sampled_from(BILLS))
    def tell_of_its_deletion(self, bill: str = BILL) -> None:
        """m3ter's last word on a bill carries the version that was told last."""
        if self.versions[bill]:
            self.stage.tell(self._bill(bill, "100.00"), "deleted")

    @rule(bill=st.sampled_from(BILLS))
    def tell_of_nothing_left(self, bill: str = BILL) -> None:
        """The bill's next version has no line that is to be sent: what was sent of it stays, nothing older follows."""
        self.versions[bill] += 1
        self.meddled.discard(bill)
        happening = "created" if self.versions[bill] == 1 else "updated"
        self.stage.tell(self._bill(bill, "0") | {"lineItems": []}, happening)

    @precondition(lambda self: self.unsendable < UNSENDABLE)
    @rule()
    def tell_of_an_unsendable_bill(self) -> None:
        """A bill whose account is mapped to no customer."""
        self.unsendable += 1
        self.stage.tell(a_bill(1, "100.00", f"bill-unsendable-{self.unsendable}") | {"accountId": "nobody"})

    @precondition(lambda self: self.stage.queue.messages)
    @rule(place=SOMEBODY)
    def double(self, place: int = -1) -> None:
        messages = self.stage.queue.messages
        messages.append(messages[place % len(messages)])

    @precondition(lambda self: self._retries())
    @rule(place=SOMEBODY)
    def lose(self, place: int = -1) -> None:
        """A retry message ends among the dead letters (an event's own message does not: it is redelivered)."""
        retries = self._retries()
        self.stage.queue.messages.remove(retries[place % len(retries)])

    @precondition(lambda self: self.stage.queue.messages)
    @rule(places=st.lists(SOMEBODY, min_size=1, max_size=3))
    def take(self, places: Sequence[int] = (-1,)) -> None:
        """A worker takes messages, as many as it is given, and starts."""
        count = len(self.stage.queue.messages)
        self.stage.take(*dict.fromkeys(place % count for place in places))

    # --- what becomes of workers

    @precondition(lambda self: self._alive())
    @rule(worker=SOMEBODY, calls=st.integers(1, 6))
    def go_on(self, worker: int = -1, calls: int = 1) -> None:
        chosen = self._alive(worker)
        for _ in range(calls):
            if chosen.at is not None:
                chosen.step()

    @precondition(lambda self: self._alive())
    @rule(
        worker=SOMEBODY,
        until=st.sampled_from([None, "quickbooks.write", "deliveries.write", "deliveries.close", "stage.wait_until"]),
    )
    def finish(self, worker: int = -1, until: str | None = None) -> None:
        """To its end, or until it is about to make a certain call."""
        chosen = self._alive(worker)
        while chosen.at is not None and chosen.at != until:
            chosen.step()

    @precondition(lambda self: self._alive())
    @rule(worker=SOMEBODY, order=st.sampled_from([Order.DIE_BEFORE, Order.DIE_AFTER]))
    def kill(self, worker: int = -1, order: Order = Order.DIE_BEFORE) -> None:
        self._alive(worker).step(order)

    @precondition(lambda self: any(worker.may_fail for worker in self._alive()))
    @rule(worker=SOMEBODY, order=st.sampled_from([Order.FAIL_BEFORE, Order.FAIL_AFTER]))
    def throttle_a_store(self, worker: int = -1, order: Order = Order.FAIL_BEFORE) -> None:
        able = [one for one in self._alive() if one.may_fail]
        able[worker % len(able)].step(order)

    @rule(seconds=st.sampled_from([5, 61, 140, 400]), lambda_ends=st.booleans())
    def pass_time(self, seconds: float, *, lambda_ends: bool = True) -> None:
        """Lambda ends an invocation at its deadline. A laptop only ends whoever hangs at the socket then (A2)."""
        self.stage.pass_time(timedelta(seconds=seconds))
        self.stage.end_invocations("" if lambda_ends else "quickbooks.write")

    def turn_back_the_clock_of_whoever_lives(self, seconds: float) -> None:
        """They go to their end by a clock that is behind. Never drawn: hosts' clocks agree within 5 s (A7)."""
        self.stage.clock.now -= timedelta(seconds=seconds)
        for worker in self._alive():
            self.stage.play(worker)
        self.stage.clock.now += timedelta(seconds=seconds)

    # --- what QuickBooks and people do

    @rule(mishap=st.sampled_from(MISHAPS), operation=st.sampled_from(CALLS), count=st.sampled_from([1, 1, 2, 9]))
    def mishap(self, mishap: tuple[str, dict[str, Any]], operation: str, count: int | None = 1) -> None:
        kind, facts = mishap
        self.stage.simulator.mishaps.add(kind, operation=operation, count=count, **facts)

    @rule()
    def end_of_mishaps(self) -> None:
        self.stage.simulator.mishaps.clear()

    def query_lags(self, seconds: float) -> None:
        """A new document stays unseen by queries so long. Drawn below H only (A3)."""
        self.stage.simulator.query_lag_seconds = seconds

    def number_documents(self) -> None:
        """Bills carry their own numbers into the documents."""
        self.numbers = True
        for person in (self.stage.person, self.stage.person_elsewhere):
            person.settings(customTransactionNumbers=True)

    @precondition(lambda self: self._shown())
    @rule(who=SOMEBODY, deed=st.sampled_from(["edit", "pay", "delete", "void"]))
    def person(self, deed: str, who: int = 0) -> None:
        shown = self._shown()
        bill = shown[who % len(shown)]
        entity, document = self.stage.documents(bill)[0]
        person = self.stage.person_elsewhere if bill == "bill-elsewhere" else self.stage.person
        if deed == "edit":
            person.edit(entity, document["Id"], CustomerMemo={"value": "Thank you"})
        elif deed == "pay" and entity == "Invoice" and Decimal(document["Balance"]) > 0:
            person.pay(document["Id"], Decimal(document["Balance"]) / 2)
            self.paid.add(bill)
        elif bill not in self.paid and (deed == "delete" or (deed == "void" and entity == "Invoice")):
            if self._creating(bill):
                self.unheard.add(bill)
            (person.delete if deed == "delete" else person.void)(entity, document["Id"])
            self.meddled.add(bill)
            self.ever_meddled.add(bill)

    # --- the verdict

    def teardown(self) -> None:
        """Everything comes to rest, and nothing is wrong then."""
        try:
            found = self.damage()
            assert not found, found
        finally:
            self.close()

    def damage(self) -> list[str]:
        """What is wrong once everything has come to rest."""
        for worker in self.stage.workers:
            if worker.bug is not None:
                raise worker.bug
        found = [
            damage(
                self.stage,
                bill,
                meddled=bill in self.meddled | self.unheard,
                once_meddled=bill in self.ever_meddled,
                paid=bill in self.paid,
            )
            for bill in self.stage.newest
            if not bill.startswith("bill-unsendable")
        ]
        found += [miscounted(self.stage), overtaken(self.stage), restless(self.stage)]
        return [one for one in found if one is not None]

    def close(self) -> None:
        for worker in self.stage.workers:
            worker.kill()
        self.table.close()

    # --- who is there

    def _bill(self, bill: str, total: str) -> dict[str, Any]:
        place = {"orgId": ELSEWHERE.organization_id} if bill == "bill-elsewhere" else {}
        number = {"sequentialInvoiceNumber": f"2026-{bill}"} if self.numbers else {}
        return a_bill(self.versions[bill], total, bill) | place | number

    def _creating(self, bill: str) -> bool:
        integration = ELSEWHERE if bill == "bill-elsewhere" else INTEGRATION
        record = self.stage.stores.deliveries.get(integration.organization_id, integration.id, BillId(bill))
        return record.op is not None and record.op.verb is Verb.CREATE

    def _alive(self, worker: int | None = None) -> Any:
        alive: list[Worker] = [one for one in self.stage.workers if one.at is not None]
        return alive if worker is None else alive[worker % len(alive)]

    def _retries(self) -> list[Any]:
        return [message for message in self.stage.queue.messages if isinstance(message[1], Run)]

    def _shown(self) -> list[str]:
        return [bill for bill in BILLS if self.stage.documents(bill)]
