"""A bill that is not wanted as it is now: nothing older of it, that still waits, is sent after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.run.run import Outcome
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import INTEGRATION, Stage, StageClock, a_bill

RESTRICTED = {"restrictedAccountIds": ["account-acme"]}


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def stage(memory: Memory) -> Stage:
    return Stage(stores_in_memory(memory), StageClock())


def configure(stage: Stage, **data: object) -> None:
    stage.stores.configure(replace(INTEGRATION, settings=Settings.read(data), config_data=data))


def told_and_tried(stage: Stage, bill: dict[str, object], happening: str = "created") -> None:
    """The newest message of the queue is carried out before all that wait."""
    stage.tell(bill, happening)
    stage.play(stage.take(len(stage.queue.messages) - 1))


def waits(stage: Stage) -> None:
    """Given: version 1 is worth 100.00, and QuickBooks was too busy to take it."""
    stage.simulator.mishaps.add("throttle", operation="create", count=1)
    told_and_tried(stage, a_bill(1, "100.00"))
    assert stage.open_runs()


def outcomes(stage: Stage) -> list[tuple[int, Outcome | None]]:
    return [(closing.run.fence.version, closing.run.outcome) for closing in stage.observed.closings]


def test_an_approved_version_that_waits_is_not_sent_after_the_bill_fell_back_to_pending(stage: Stage) -> None:
    configure(stage, onlySendBillOnApproval=True)
    waits(stage)
    told_and_tried(stage, a_bill(2, "70.00") | {"status": "PENDING"}, "updated")
    stage.quiet()
    assert stage.documents("bill-1") == []
    assert outcomes(stage) == [(2, Outcome.SKIPPED), (1, Outcome.SUPERSEDED)]


def test_the_pending_version_is_sent_once_it_is_approved(stage: Stage) -> None:
    configure(stage, onlySendBillOnApproval=True)
    waits(stage)
    told_and_tried(stage, a_bill(2, "70.00") | {"status": "PENDING"}, "updated")
    told_and_tried(stage, a_bill(2, "70.00"), "updated")
    stage.quiet()
    [(_, document)] = stage.documents("bill-1")
    assert document["TotalAmt"] == Decimal(70)


def test_a_version_that_waits_is_not_sent_after_one_of_which_nothing_is_left(stage: Stage) -> None:
    waits(stage)
    told_and_tried(stage, a_bill(2, "0") | {"lineItems": []}, "updated")
    stage.quiet()
    assert stage.documents("bill-1") == []
    assert outcomes(stage) == [(2, Outcome.SKIPPED), (1, Outcome.SUPERSEDED)]


def test_a_version_that_comes_late_is_not_sent_after_one_of_which_nothing_is_left(stage: Stage) -> None:
    told_and_tried(stage, a_bill(2, "0") | {"lineItems": []}, "updated")
    told_and_tried(stage, a_bill(1, "100.00"))
    stage.quiet()
    assert stage.documents("bill-1") == []


def test_a_deleted_bill_is_not_sent_though_its_account_was_restricted_when_it_was_deleted(stage: Stage) -> None:
    waits(stage)
    configure(stage, **RESTRICTED)
    told_and_tried(stage, a_bill(1, "100.00"), "deleted")
    configure(stage)
    stage.quiet()
    assert stage.documents("bill-1") == []


def test_a_bill_that_is_turned_away_waits_for_who_may_be_sending_it(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    sending = stage.take(0)
    stage.play(sending, until="quickbooks.write")
    configure(stage, **RESTRICTED)
    told_and_tried(stage, a_bill(2, "200.00"), "updated")
    stage.play(sending)
    stage.quiet()
    assert outcomes(stage) == [(1, Outcome.CREATED), (2, Outcome.SKIPPED)]
    assert "still in QuickBooks" in stage.observed.closings[-1].run.warnings[0]


def landed_unheard(stage: Stage) -> None:
    """Given: the create of version 1 is in QuickBooks, nobody has heard of it, and its window is over."""
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    told_and_tried(stage, a_bill(1, "100.00"))
    stage.pass_time(timedelta(minutes=6))


def turned_away(stage: Stage) -> None:
    configure(stage, onlySendBillOnApproval=True)
    told_and_tried(stage, a_bill(2, "70.00") | {"status": "PENDING"}, "updated")


def deleted_and_left(stage: Stage) -> None:
    stage.let_be_on_deletion()
    told_and_tried(stage, a_bill(1, "100.00"), "deleted")


@pytest.mark.parametrize("end", [turned_away, deleted_and_left])
def test_a_create_that_landed_unheard_is_taken_over_by_the_bill_that_is_turned_away(
    memory: Memory, stage: Stage, end: Callable[[Stage], None]
) -> None:
    """Nobody after it would: what is older is superseded."""
    landed_unheard(stage)
    end(stage)
    [(_, document)] = stage.documents("bill-1")
    [closing] = stage.observed.closings
    assert (closing.run.outcome, closing.run.external_id) == (Outcome.SKIPPED, document["Id"])
    assert "still in QuickBooks" in closing.run.warnings[0]
    stage.quiet()
    assert memory.troubles == {}


def test_a_create_that_nobody_can_look_for_now_does_not_hold_up_the_bill_that_is_turned_away(
    memory: Memory, stage: Stage
) -> None:
    landed_unheard(stage)
    stage.simulator.mishaps.add("server-error", operation="query")
    turned_away(stage)
    assert outcomes(stage) == [(2, Outcome.SKIPPED)]
    stage.quiet()
    assert [trouble.cause for trouble in memory.troubles.values()] == ["unsettled"]


def test_a_bill_that_is_turned_away_is_sent_when_it_is_told_again(stage: Stage) -> None:
    configure(stage, **RESTRICTED)
    told_and_tried(stage, a_bill(1, "100.00"))
    configure(stage)
    told_and_tried(stage, a_bill(1, "100.00"), "updated")
    assert outcomes(stage) == [(1, Outcome.SKIPPED), (1, Outcome.CREATED)]


def test_another_total_under_the_version_that_was_sent_is_not_passed_over_in_silence(stage: Stage) -> None:
    dated = {"lastCalculatedDate": "2026-03-01T10:00:00Z", "dtLastModified": "2026-03-01T10:00:00Z"}
    told_and_tried(stage, a_bill(1, "100.00") | dated)
    told_and_tried(stage, a_bill(1, "200.00") | dated, "updated")
    run = stage.observed.closings[-1].run
    assert run.outcome is Outcome.UNCHANGED
    assert "100.00" in run.warnings[0]
    assert "200.00" in run.warnings[0]
