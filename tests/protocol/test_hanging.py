"""QuickBooks, Intuit or m3ter takes requests and answers none: nobody's invocation ends in the middle of a wait.

Production's own figures: 60 s for an answer to a write, 90 s for an invocation. The clock ends the worker as Lambda
does, wherever it is when the invocation's time is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.quickbooks.transport import transport
from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import BillId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.patience import SHORTEST_WAIT, seconds_left
from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.quickbooks.client import QuickBooksClient
from m3ter_quickbooks.quickbooks.outgoing import http_client
from m3ter_quickbooks.quickbooks.wire import Hosts, Wire
from m3ter_quickbooks.run.dispatch import ROOM_TO_REST
from m3ter_quickbooks.run.run import RunStatus
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import (
    ELSEWHERE,
    IN_FLIGHT,
    INTEGRATION,
    INVOCATION,
    REALM,
    REALM_ELSEWHERE,
    Nobody,
    Stage,
    StageClock,
    Tokens,
    a_bill,
)
from tests.protocol.workers import Worker

PATIENCE_WITH_A_WRITE = 60.0
VISIBILITY = timedelta(seconds=540)
HEALTHY = "healthy"


class LambdaEnds(BaseException):
    """Not an Exception: nothing in the code under test may catch it."""


class Ending(StageClock):
    """Whoever waits beyond the deadline is ended there."""

    deadline: datetime | None = None

    def wait(self, seconds: float) -> None:
        if self.deadline is not None and self.now + timedelta(seconds=seconds) > self.deadline:
            self.now = self.deadline
            raise LambdaEnds
        super().wait(seconds)


class Endable(Stage):
    """A stage whose invocations end at their deadline."""

    def __init__(self, tokens: Callable[[Stage], Any] = lambda stage: Tokens(stage.simulator)) -> None:
        self.ending = Ending()
        super().__init__(stores_in_memory(Memory()), self.ending)
        hosts = Hosts("http://quickbooks.test", "http://quickbooks.test")
        http = http_client(self.clock, transport(self.simulator, waited=self.ending.wait))
        self.access = tokens(self)
        wire = Wire(http, hosts, self.access, self.clock, PATIENCE_WITH_A_WRITE)
        self.quickbooks = QuickBooksClient(wire, self.access)

    def hang(self, realm: str = REALM, operation: str | None = None) -> None:
        only = {} if operation is None else {"operation": operation}
        self.simulator.mishaps.add("lost-request", realm=realm, seconds=300, **only)

    def tell_elsewhere(self, bill_id: str = HEALTHY) -> None:
        """The bill of another organization, with a company of its own."""
        self.tell(a_bill(1, "50.00", bill_id) | {"orgId": ELSEWHERE.organization_id})

    def invoke(self) -> Worker:
        """One worker takes all that is due, and is ended with its invocation."""
        due = [place for place, (at, _) in enumerate(self.queue.messages) if at <= self.clock()]
        self.ending.deadline = self.clock() + INVOCATION
        worker = self.take(*due)
        try:
            self.play(worker)
        except LambdaEnds:
            self.clock.now += VISIBILITY - INVOCATION
        self.ending.deadline = None
        return worker


@pytest.fixture
def hanging() -> Endable:
    stage = Endable()
    stage.hang()
    return stage


@pytest.mark.parametrize("bills", [1, 5, 30])
def test_a_quickbooks_that_hangs_burns_no_receive(hanging: Endable, bills: int) -> None:
    for number in range(bills):
        hanging.tell(a_bill(1, "100.00", f"bill-{number}"))

    assert hanging.invoke().finished

    assert [(run.status, run.attempts) for run in hanging.open_runs()] == [(RunStatus.AWAITING_RETRY, 1)] * bills
    assert len(hanging.queue.messages) == bills  # the retries; the events are acknowledged


@pytest.mark.parametrize("bills", [1, 5])
def test_what_is_unsure_after_a_hang_is_recorded_as_an_orderly_stop(hanging: Endable, bills: int) -> None:
    for number in range(bills):
        hanging.tell(a_bill(1, "100.00", f"bill-{number}"))
    hanging.invoke()

    for number in range(bills):
        record = hanging.stores.deliveries.get(INTEGRATION.organization_id, INTEGRATION.id, BillId(f"bill-{number}"))
        assert record.op is not None
        assert record.op.unsure
        assert record.op.sent_at is not None
        assert record.lease_until == record.op.sent_at + IN_FLIGHT


@pytest.mark.parametrize("bills", [1, 5])
def test_however_long_it_hangs_no_invocation_is_ended_and_each_bill_is_there_once_afterwards(
    hanging: Endable, bills: int
) -> None:
    for number in range(bills):
        hanging.tell(a_bill(1, "100.00", f"bill-{number}"))
    for _ in range(12):
        assert hanging.invoke().finished
        hanging.pass_time(timedelta(seconds=150))
    hanging.quiet()

    assert [len(hanging.documents(f"bill-{number}")) for number in range(bills)] == [1] * bills


def test_only_the_first_of_the_company_waits_in_vain_within_an_invocation(hanging: Endable) -> None:
    for number in range(5):
        hanging.tell(a_bill(1, "100.00", f"bill-{number}"))
    hanging.invoke()

    assert [call.operation for call in hanging.simulator.calls] == ["batch", "query"]


def test_an_answer_that_was_lost_in_a_hang_is_found_in_the_same_invocation(hanging: Endable) -> None:
    hanging.simulator.mishaps.clear()
    hanging.simulator.mishaps.add("lost-answer", operation="create", seconds=300)
    hanging.tell(a_bill(1, "100.00"))

    assert hanging.invoke().finished

    assert len(hanging.documents("bill-1")) == 1
    assert hanging.open_runs() == []


@pytest.mark.parametrize("looked_for_before", [False, True])
def test_a_company_that_hangs_does_not_hold_up_another_one(hanging: Endable, *, looked_for_before: bool) -> None:
    hanging.tell(a_bill(1, "100.00", "hangs-0"))
    hanging.tell(a_bill(1, "100.00", "hangs-1"))
    if looked_for_before:
        hanging.invoke()
        hanging.pass_time(IN_FLIGHT + timedelta(minutes=1))
    hanging.tell_elsewhere()

    assert hanging.invoke().finished

    assert len(hanging.documents(HEALTHY)) == 1
    assert {run.bill_id for run in hanging.open_runs()} == {"hangs-0", "hangs-1"}


def test_the_healthy_company_is_heard_before_anybody_looks_for_what_the_other_may_have_done(hanging: Endable) -> None:
    hanging.tell(a_bill(1, "100.00", "hangs-0"))
    hanging.tell_elsewhere()
    hanging.invoke()

    assert [call.operation for call in hanging.simulator.calls] == ["create", "create", "query"]


def test_what_can_be_sent_at_once_comes_before_what_must_be_looked_for(hanging: Endable) -> None:
    hanging.tell(a_bill(1, "100.00", "hangs-0"))
    hanging.invoke()
    hanging.pass_time(IN_FLIGHT + timedelta(minutes=1))
    hanging.tell_elsewhere()
    hanging.invoke()

    assert [call.operation for call in hanging.simulator.calls][-2:] == ["create", "query"]


def test_two_companies_that_hang_end_no_invocation_either(hanging: Endable) -> None:
    hanging.hang(REALM_ELSEWHERE)
    hanging.tell(a_bill(1, "100.00"))
    hanging.tell_elsewhere()

    assert hanging.invoke().finished

    assert [(run.status, run.attempts) for run in hanging.open_runs()] == [(RunStatus.AWAITING_RETRY, 1)] * 2


def test_a_company_that_hangs_leaves_a_slow_one_enough_time_to_answer(hanging: Endable) -> None:
    hanging.simulator.mishaps.add("slow", realm=REALM_ELSEWHERE, seconds=25)
    hanging.tell(a_bill(1, "100.00", "hangs-0"))
    hanging.tell_elsewhere()
    hanging.invoke()

    assert {run.bill_id for run in hanging.open_runs()} == {"hangs-0"}


def test_a_look_that_hangs_gives_the_claim_back_at_once(hanging: Endable) -> None:
    hanging.tell(a_bill(1, "100.00"))
    hanging.invoke()
    hanging.pass_time(IN_FLIGHT + timedelta(minutes=1))
    assert hanging.invoke().finished

    record = hanging.stores.deliveries.get(INTEGRATION.organization_id, INTEGRATION.id, BillId("bill-1"))
    assert record.op is not None
    assert not record.leased(hanging.clock())


def test_a_document_that_cannot_be_read_before_its_update_does_not_hold_up_another_company() -> None:
    stage = Endable()
    bills = [f"paid-{number}" for number in range(5)]
    for bill_id in bills:
        stage.tell(a_bill(1, "100.00", bill_id))
    stage.invoke()
    for bill_id in bills:
        stage.person.pay(stage.documents(bill_id)[0][1]["Id"], 10)
        stage.tell(a_bill(2, "120.00", bill_id), "updated")
    stage.tell_elsewhere()
    stage.hang()

    assert stage.invoke().finished

    assert len(stage.documents(HEALTHY)) == 1
    assert {run.status for run in stage.open_runs()} == {RunStatus.AWAITING_RETRY}


class NoTokens(Tokens):
    """Intuit's token endpoint hangs for one company, from a moment on."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.simulator)
        self.stage = stage
        self.hang = False

    def access_token(self, connection: Connection) -> str:
        if self.hang and connection.organization_id == INTEGRATION.organization_id:
            self.stage.clock.wait(20)
            message = "Intuit did not answer (ReadTimeout)."
            raise TryLater(message)
        return super().access_token(connection)


def test_a_token_that_cannot_be_renewed_is_waited_for_once() -> None:
    stage = Endable(NoTokens)
    stage.simulator.mishaps.add("lost-request", operation="batch", count=1, how="reset")
    for number in range(7):
        stage.tell(a_bill(1, "100.00", f"bill-{number}"))
    stage.invoke()
    stage.pass_time(IN_FLIGHT + timedelta(seconds=1))
    stage.access.hang = True
    stage.tell_elsewhere()

    began = stage.clock()
    assert stage.invoke().finished

    assert len(stage.documents(HEALTHY)) == 1
    assert stage.clock() - began < timedelta(seconds=25)
    assert [run.attempts for run in stage.open_runs()] == [2] * 7


class HangingM3ter(Nobody):
    """m3ter waits for its read timeout whenever the organization asks it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.asked = 0

    def account(self, *of: object) -> None:
        if of[0] == INTEGRATION.organization_id:
            self.asked += 1
            self.stage.clock.wait(15)
            message = "m3ter did not answer (ReadTimeout)."
            raise TryLater(message)


@pytest.fixture
def without_m3ter() -> Endable:
    """No event has told of the accounts, so m3ter is asked for them."""
    stage = Endable()
    stage.m3ter = HangingM3ter(stage)
    return stage


def test_an_m3ter_that_hangs_is_waited_for_once_and_holds_up_nobody_who_needs_nothing_of_it(
    without_m3ter: Endable,
) -> None:
    bills = [f"bill-{number}" for number in range(7)]
    for bill_id in bills:
        without_m3ter.tell(a_bill(1, "100.00", bill_id))
    without_m3ter.tell_elsewhere()

    assert without_m3ter.invoke().finished

    assert without_m3ter.m3ter.asked == 1
    assert [len(without_m3ter.documents(bill_id)) for bill_id in [*bills, HEALTHY]] == [1] * 8


def test_whoever_needs_the_account_waits_for_m3ter_in_the_queue(without_m3ter: Endable) -> None:
    needed = {"accountManagerEmailCustomField": "manager"}
    without_m3ter.stores.configure(replace(INTEGRATION, settings=Settings.read(needed), config_data=needed))
    for number in range(7):
        without_m3ter.tell(a_bill(1, "100.00", f"bill-{number}"))
    without_m3ter.tell_elsewhere()

    assert without_m3ter.invoke().finished

    assert len(without_m3ter.documents(HEALTHY)) == 1
    assert [(run.status, run.attempts) for run in without_m3ter.open_runs()] == [(RunStatus.AWAITING_RETRY, 1)] * 7


class Listening(Nobody):
    """How long m3ter might take for its answer."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.left: list[float | None] = []

    def account(self, *_: object) -> None:
        self.left.append(seconds_left(self.stage.clock()))


def test_whatever_is_read_before_anything_is_sent_leaves_two_thirds_of_the_invocation() -> None:
    stage = Endable()
    stage.m3ter = Listening(stage)
    stage.tell(a_bill(1, "100.00"))
    stage.invoke()

    assert stage.m3ter.left == [pytest.approx((INVOCATION - ROOM_TO_REST).total_seconds() / 3)]


class AnsweringM3ter(Nobody):
    """It answers one organization at once, if there is the time to ask, and is silent to the other."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def account(self, *of: object) -> tuple[Account, dict[str, object]]:
        left = seconds_left(self.stage.clock())
        if of[0] == INTEGRATION.organization_id or (left is not None and left < SHORTEST_WAIT):
            self.stage.clock.wait(20 if of[0] == INTEGRATION.organization_id else 0)
            message = "m3ter did not answer."
            raise TryLater(message)
        told: dict[str, object] = {"id": "account-acme", "name": "Acme", "emailAddress": "ap@acme.example"}
        return Account.parse(told), told


def test_an_account_that_nobody_had_the_time_to_ask_for_is_asked_for_later() -> None:
    """Another one's m3ter was waited for before: that is no reason to send an invoice without its address."""
    stage = Endable()
    stage.m3ter = AnsweringM3ter(stage)
    stage.tell(a_bill(1, "100.00"))
    stage.tell_elsewhere()

    assert stage.invoke().finished
    stage.pass_time(timedelta(minutes=1))
    assert stage.invoke().finished

    [(_, document)] = stage.documents(HEALTHY)
    assert document["BillEmail"] == {"Address": "ap@acme.example"}
