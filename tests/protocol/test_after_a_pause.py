"""What was done before QuickBooks asked to wait is told, and cleared up, by whoever finishes after the pause."""

from __future__ import annotations

from datetime import timedelta

import pytest

from m3ter_quickbooks.run.run import Run, RunStatus
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import Stage, StageClock, a_bill


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def sent(memory: Memory) -> Stage:
    """Version 1 of the bill is an invoice of 100.00."""
    stage = Stage(stores_in_memory(memory), StageClock())
    stage.tell(a_bill(1, "100.00"))
    stage.quiet()
    return stage


def next_version(stage: Stage, total: str) -> Run:
    """Version 2 meets one 429 on its way."""
    stage.tell(a_bill(2, total), "updated")
    stage.play(stage.take(len(stage.queue.messages) - 1))
    [waiting] = stage.open_runs()
    assert waiting.status is RunStatus.RATE_LIMIT_RETRY
    stage.quiet()
    run: Run = stage.observed.closings[-1].run
    assert (run.status, run.fence.version) == (RunStatus.COMPLETE, 2)
    return run


def mapped(memory: Memory) -> list[str]:
    return [key.external_table for _, key in memory.mappings if key.m3ter_entity == "Bill"]


def test_that_a_document_was_made_anew_is_told_once(sent: Stage) -> None:
    [(_, document)] = sent.documents("bill-1")
    sent.person.delete("Invoice", document["Id"])
    sent.simulator.mishaps.add("throttle", entity="invoice", operation="create", count=1)

    run = next_version(sent, "200.00")

    assert ["deleted" in warning for warning in run.warnings] == [True]


def test_the_mapping_of_a_document_that_was_taken_back_goes(sent: Stage, memory: Memory) -> None:
    sent.simulator.mishaps.add("throttle", entity="creditmemo", operation="create", count=1)
    assert mapped(memory) == ["Invoice"]

    next_version(sent, "-40.00")

    assert mapped(memory) == ["CreditMemo"]


def test_the_mapping_of_a_document_that_was_taken_back_goes_although_what_follows_is_refused(
    sent: Stage, memory: Memory
) -> None:
    sent.simulator.mishaps.add("throttle", entity="creditmemo", operation="create", count=1)
    sent.tell(a_bill(2, "-40.00"), "updated")
    sent.play(sent.take(len(sent.queue.messages) - 1))
    sent.simulator.mishaps.add("fault", operation="create", code="2010", message="Unrecognized field", detail="")
    for _ in range(3):
        sent.pass_time(timedelta(minutes=2))
        for place in reversed(range(len(sent.queue.messages))):
            sent.play(sent.take(place))

    assert sent.observed.closings[-1].run.status is RunStatus.ERROR
    assert mapped(memory) == []


def test_a_record_forgets_what_its_closing_has_cleared_up(sent: Stage, memory: Memory) -> None:
    sent.simulator.mishaps.add("throttle", entity="creditmemo", operation="create", count=1)
    next_version(sent, "-40.00")

    [record] = memory.deliveries.values()
    assert record.gone is None
