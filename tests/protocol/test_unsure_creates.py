"""A create that was once unsure is looked at again in the end, whoever brought its bill to rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.run.look_again import GIVE_UP_AFTER
from m3ter_quickbooks.run.run import RunStatus
from m3ter_quickbooks.run.trouble import LookAgain
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import (
    CONNECTION,
    CONNECTIONS,
    CUSTOMER,
    INTEGRATION,
    REALM,
    REALM_ELSEWHERE,
    START,
    Stage,
    StageClock,
    a_bill,
)
from tests.protocol.workers import Order

BILL = "bill-1"
COMPANY_ELSEWHERE = CONNECTIONS[1].company
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def stage(memory: Memory) -> Stage:
    return Stage(stores_in_memory(memory), StageClock())


@pytest.fixture
def unsure(stage: Stage) -> Stage:
    """The create of version 1 landed unheard, and version 2 has come when its window is over."""
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    stage.tell(a_bill(1, "100.00"))
    stage.play(stage.take(0))
    stage.pass_time(6 * MINUTE)
    stage.tell(a_bill(2, "200.00"), "updated")
    return stage


def looks(stage: Stage) -> list[LookAgain]:
    return [message for _, message in stage.queue.messages if isinstance(message, LookAgain)]


def places(stage: Stage) -> list[tuple[DocumentKind, str]]:
    return [(place.kind, place.customer_id) for look in looks(stage) for place in look.places]


def rest(stage: Stage) -> None:
    """Until no run is open; the later looks have not been made then."""
    for _ in range(20):
        for place in reversed(range(len(stage.queue.messages))):
            due, message = stage.queue.messages[place]
            if due <= stage.clock() and not isinstance(message, LookAgain):
                stage.play(stage.take(place))
        if not stage.open_runs():
            return
        stage.pass_time(MINUTE)
        stage.sweep(stage.world(None))


def test_it_is_looked_at_by_whoever_adopts_it(unsure: Stage) -> None:
    rest(unsure)
    assert places(unsure) == [(DocumentKind.INVOICE, CUSTOMER)]


def test_it_is_looked_at_although_its_adopter_died_and_another_one_finished(unsure: Stage) -> None:
    adopter = unsure.take(len(unsure.queue.messages) - 1)
    unsure.play(adopter, until="quickbooks.write")
    adopter.step(Order.DIE_AFTER)
    rest(unsure)
    assert places(unsure) == [(DocumentKind.INVOICE, CUSTOMER)]


def test_it_is_looked_at_although_the_newer_version_was_refused(unsure: Stage) -> None:
    unsure.simulator.mishaps.add("fault", operation="update", count=1, code="6000", message="Business", detail="")
    rest(unsure)
    assert places(unsure) == [(DocumentKind.INVOICE, CUSTOMER)]
    assert len(unsure.documents(BILL)) == 1


def test_it_is_looked_at_once_although_an_older_run_closes_between(unsure: Stage) -> None:
    """The adopter's update is turned away; the older run closes as superseded before it is tried again."""
    unsure.simulator.mishaps.add("throttle", entity="invoice", operation="update", count=1)
    unsure.play(unsure.take(len(unsure.queue.messages) - 1))
    rest(unsure)
    assert len(looks(unsure)) == 1


def test_each_of_two_unsure_creates_of_a_bill_is_looked_at(unsure: Stage) -> None:
    """The invoice was adopted and taken back, and the answer to the credit memo in its place is lost too."""
    unsure.simulator.mishaps.add("lost-answer", entity="creditmemo", operation="create", count=1)
    unsure.tell(a_bill(3, "-40.00"), "updated")
    unsure.play(unsure.take(len(unsure.queue.messages) - 1))
    rest(unsure)
    assert places(unsure) == [(DocumentKind.INVOICE, CUSTOMER), (DocumentKind.CREDIT_MEMO, CUSTOMER)]


def test_what_was_never_unsure_is_not_looked_at(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    rest(stage)
    stage.tell(a_bill(2, "200.00"), "updated")
    rest(stage)
    assert looks(stage) == []


def test_a_second_document_of_another_customer_is_told_beside_the_known_one(unsure: Stage, memory: Memory) -> None:
    """The bill has moved to another customer meanwhile: the look under the first one finds the stranger alone."""
    rest(unsure)
    [(_, known)] = unsure.documents(BILL)
    kept = {name: known[name] for name in ("CustomerRef", "TxnDate", "PrivateNote")}
    lines = [line for line in known["Line"] if "SalesItemLineDetail" in line]
    stranger = unsure.person.create("Invoice", kept | {"Line": lines})
    unsure.person.edit("Invoice", known["Id"], CustomerRef={"value": "2"})
    unsure.quiet()
    [trouble] = [trouble for trouble in memory.troubles.values() if trouble.cause == "duplicate"]
    named = trouble.dto["documents"]
    assert isinstance(named, list)
    assert {document["id"] for document in named} == {known["Id"], stranger["Id"]}


# --- closed before it was settled, and perhaps nobody comes after


def a_create_without_an_answer(stage: Stage) -> None:
    """It lands a minute later, and its run waits until the window is over."""
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    stage.tell(a_bill(1, "100.00"))
    stage.play(stage.take(0))


def a_create_whose_worker_died(stage: Stage) -> None:
    """QuickBooks has it, and nobody has heard of that: the record does not even know that it is unsure."""
    stage.tell(a_bill(1, "100.00"))
    worker = stage.take(0)
    stage.play(worker, until="quickbooks.write")
    worker.step(Order.DIE_AFTER)


def an_adopted_one_whose_update_waits(stage: Stage) -> None:
    """The create is settled, and the run that settled it is still open."""
    a_create_without_an_answer(stage)
    stage.pass_time(6 * MINUTE)
    stage.tell(a_bill(2, "200.00"), "updated")
    stage.simulator.mishaps.add("throttle", entity="invoice", operation="update", count=1)
    stage.play(stage.take(len(stage.queue.messages) - 1))


UNSURE = pytest.mark.parametrize(
    "begin", [a_create_without_an_answer, a_create_whose_worker_died, an_adopted_one_whose_update_waits]
)


def disable(stage: Stage) -> None:
    stage.stores.configure(replace(INTEGRATION, enabled=False))


@UNSURE
def test_it_is_looked_at_although_the_gate_closed_its_run(stage: Stage, begin: Callable[[Stage], None]) -> None:
    begin(stage)
    disable(stage)
    rest(stage)
    assert places(stage) == [(DocumentKind.INVOICE, CUSTOMER)]


def test_it_is_looked_at_once_although_the_gate_closes_newer_versions_too(stage: Stage) -> None:
    a_create_without_an_answer(stage)
    disable(stage)
    stage.tell(a_bill(2, "200.00"), "updated")
    stage.tell(a_bill(3, "300.00"), "updated")
    rest(stage)
    assert len(looks(stage)) == 1


def test_what_the_gate_closes_without_a_doubt_is_not_looked_at(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    rest(stage)
    disable(stage)
    stage.tell(a_bill(2, "200.00"), "updated")
    rest(stage)
    assert looks(stage) == []


def test_it_is_looked_at_although_its_run_was_given_up(stage: Stage, memory: Memory) -> None:
    a_create_without_an_answer(stage)
    stage.simulator.mishaps.add("server-error", operation="query")
    while stage.open_runs():
        stage.pass_time(HOUR)
        stage.sweep(stage.world(None))
        rest(stage)
    assert [run.status for run in memory.runs.values()] == [RunStatus.TIMEOUT_LIMIT_EXCEEDED]
    assert places(stage) == [(DocumentKind.INVOICE, CUSTOMER)]


def test_what_was_never_settled_is_told_as_what_the_next_try_takes_over(stage: Stage, memory: Memory) -> None:
    a_create_without_an_answer(stage)
    disable(stage)
    stage.quiet()
    [(_, known)] = stage.documents(BILL)
    [trouble] = memory.troubles.values()
    assert known["Id"] in str(trouble.dto["documents"])
    assert "retry the run" in str(trouble.dto["message"])
    assert "Void it" not in str(trouble.dto["message"])


def test_what_was_settled_before_the_look_is_not_told(stage: Stage, memory: Memory) -> None:
    a_create_without_an_answer(stage)
    disable(stage)
    rest(stage)
    stage.stores.configure(INTEGRATION)
    stage.tell(a_bill(2, "200.00"), "updated")
    stage.quiet()
    assert memory.troubles == {}
    assert len(stage.documents(BILL)) == 1


# --- its integration is disconnected, leads elsewhere, or is gone


def take_away_the_credential(stage: Stage, _: Memory) -> None:
    stage.stores.configure(replace(INTEGRATION, credential_id=None))


def lead_to_another_company(stage: Stage, memory: Memory) -> None:
    """And disable it, so that the run ends without an attempt there."""
    other = replace(
        CONNECTION,
        credential_id=CredentialId("credential-of-another-company"),
        company_id=REALM_ELSEWHERE,
        company=COMPANY_ELSEWHERE,
    )
    memory.connect(other)
    stage.stores.configure(replace(INTEGRATION, credential_id=other.credential_id, enabled=False))


def delete_the_integration(_: Stage, memory: Memory) -> None:
    del memory.configurations[INTEGRATION.organization_id, INTEGRATION.id]


@pytest.mark.parametrize("begin", [a_create_without_an_answer, a_create_whose_worker_died])
@pytest.mark.parametrize("leave", [take_away_the_credential, lead_to_another_company, delete_the_integration])
def test_it_is_looked_for_in_its_company_whatever_became_of_its_integration(
    stage: Stage,
    memory: Memory,
    begin: Callable[[Stage], None],
    leave: Callable[[Stage, Memory], None],
) -> None:
    begin(stage)
    leave(stage, memory)
    stage.quiet()
    [(_, known)] = stage.documents(BILL)
    [trouble] = [trouble for trouble in memory.troubles.values() if trouble.bill_id == BILL]
    assert trouble.cause == "unsettled"
    assert known["Id"] in str(trouble.dto["documents"])
    assert memory.looks == {}


def test_a_document_of_a_deleted_integration_is_not_said_to_be_taken_over(stage: Stage, memory: Memory) -> None:
    a_create_without_an_answer(stage)
    delete_the_integration(stage, memory)
    stage.quiet()
    [trouble] = memory.troubles.values()
    assert "the integration was deleted" in str(trouble.dto["message"])
    assert "retry" not in str(trouble.dto["message"])


def test_what_a_deleted_integration_had_settled_is_not_told(stage: Stage, memory: Memory) -> None:
    stage.simulator.mishaps.add("lost-answer", entity="invoice", operation="create", count=1)
    stage.tell(a_bill(1, "100.00"))
    rest(stage)
    delete_the_integration(stage, memory)
    stage.quiet()
    assert (memory.troubles, memory.looks) == ({}, {})


def test_a_company_that_nobody_can_ask_for_a_week_is_told_of(stage: Stage, memory: Memory) -> None:
    a_create_without_an_answer(stage)
    delete_the_integration(stage, memory)
    memory.connections.clear()
    rest(stage)
    for days in (1, 5, 2):
        stage.pass_time(timedelta(days=days))
        stage.sweep(stage.world(None))
        stage.quiet()
        told = list(memory.troubles.values())
        assert len(told) == (1 if stage.clock() > START + GIVE_UP_AFTER + HOUR else 0)
    assert f"company {REALM} cannot be reached" in str(told[0].dto["message"])
    assert memory.looks == {}


def test_a_run_whose_bill_is_not_stored_any_more_says_so(stage: Stage, memory: Memory) -> None:
    """Its integration is there: it was not deleted, and a run held as disabled would be replayed for nothing."""
    a_create_without_an_answer(stage)
    memory.snapshots.clear()
    stage.quiet()
    [run] = memory.runs.values()
    assert run.status is RunStatus.ERROR
    assert "is not stored any more" in str(run.error)
    assert run.reason != "integration deleted"
    assert {trouble.cause for trouble in memory.troubles.values()} == {"bill_gone", "unsettled"}


def test_a_look_that_was_ordered_before_it_named_its_company_is_made_where_the_record_says(
    stage: Stage, memory: Memory
) -> None:
    """An upgrade finds such looks in the table and in the queue."""
    a_create_without_an_answer(stage)
    disable(stage)
    rest(stage)
    memory.looks.update({place: replace(look, company_id=None) for place, look in memory.looks.items()})
    stage.queue.messages = [(at, replace(look, company_id=None)) for at, look in stage.queue.messages]
    stage.quiet()
    assert [trouble.cause for trouble in memory.troubles.values()] == ["unsettled"]
    assert memory.looks == {}
