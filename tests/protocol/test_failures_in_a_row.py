"""Ten failures in a row disable; the order is that of the messages, however many workers carry them out at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.run.run import Outcome, RunStatus
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import CONNECTION, CONNECTIONS, INTEGRATION, REALM_ELSEWHERE, Stage, StageClock, a_bill
from tests.protocol.workers import Worker

BATCH = 30


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def stage(memory: Memory) -> Stage:
    return Stage(stores_in_memory(memory), StageClock())


def tell(stage: Stage, count: int, *, failing: set[int]) -> None:
    """Bills, of which some are of an account without a customer."""
    for place in range(count):
        stage.tell(a_bill(1, "100.00", f"bill-{place}") | ({"accountId": "nobody"} if place in failing else {}))


def eight_workers(stage: Stage, until: str) -> list[Worker]:
    """Each has taken a full batch, and has come to the same call."""
    workers = [stage.take(*range(first, first + BATCH)) for first in range(0, 8 * BATCH, BATCH)]
    for worker in workers:
        stage.play(worker, until=until)
    return workers


def lead_to_another_company(memory: Memory, stage: Stage) -> None:
    other = replace(
        CONNECTION,
        credential_id=CredentialId("credential-of-another-company"),
        company_id=REALM_ELSEWHERE,
        company=CONNECTIONS[1].company,
    )
    memory.connect(other)
    stage.stores.configure(replace(INTEGRATION, credential_id=other.credential_id))


def enabled(stage: Stage) -> bool:
    return stage.stores.configurations.get(INTEGRATION.organization_id, INTEGRATION.id).enabled


@pytest.mark.parametrize("until", ["knowledge.about", "quickbooks.write_batch"])
@pytest.mark.parametrize("first_of_batch", [0, 14, 28])
def test_two_failures_in_each_of_eight_batches_at_once_disable_nothing(
    stage: Stage, until: str, first_of_batch: int
) -> None:
    failing = {batch * BATCH + first_of_batch + n for batch in range(8) for n in (0, 1)}
    tell(stage, 8 * BATCH, failing=failing)
    for worker in eight_workers(stage, until):
        while worker.at is not None:
            worker.step()
        assert worker.bug is None
    stage.quiet(2000)
    statuses = [closing.run.status for closing in stage.observed.closings]
    assert (statuses.count(RunStatus.COMPLETE), statuses.count(RunStatus.ERROR)) == (224, 16)
    assert enabled(stage)


def test_every_third_bill_of_a_batch_may_fail(stage: Stage) -> None:
    tell(stage, BATCH, failing=set(range(0, BATCH, 3)))
    stage.play(stage.take(*range(BATCH)))
    assert enabled(stage)


def test_ten_in_a_row_disable_though_others_of_the_batch_were_sent(stage: Stage) -> None:
    tell(stage, BATCH, failing=set(range(10, 20)))
    stage.play(stage.take(*range(BATCH)))
    assert not enabled(stage)


def test_nine_in_a_row_and_a_sent_bill_begin_anew(stage: Stage) -> None:
    tell(stage, BATCH, failing={*range(9), *range(10, 19)})
    stage.play(stage.take(*range(BATCH)))
    assert enabled(stage)


@pytest.mark.parametrize("until", ["pacer.reserve", "quickbooks.write"])
def test_a_single_bill_that_took_long_ends_the_row_that_grew_meanwhile(stage: Stage, until: str) -> None:
    tell(stage, 1, failing=set())
    worker = stage.take(0)
    stage.play(worker, until=until)
    stage.stores.configure(replace(INTEGRATION, error_count=9))
    stage.pass_time(timedelta(seconds=10))
    stage.play(worker)
    assert stage.stores.configurations.get(INTEGRATION.organization_id, INTEGRATION.id).error_count == 0


# --- failures and successes that need nothing to be sent


def test_bills_that_another_company_has_fail_in_their_place(memory: Memory, stage: Stage) -> None:
    for place in range(0, BATCH, 2):
        stage.tell(a_bill(1, "100.00", f"bill-{place}"))
    stage.quiet()
    lead_to_another_company(memory, stage)
    for place in range(BATCH):
        stage.tell(a_bill(2, "200.00", f"bill-{place}"), "updated")
    stage.play(stage.take(*range(BATCH)))
    statuses = [closing.run.status for closing in stage.observed.closings[BATCH // 2 :]]
    assert (statuses.count(RunStatus.COMPLETE), statuses.count(RunStatus.ERROR)) == (BATCH // 2, BATCH // 2)
    assert enabled(stage)


def test_a_create_that_is_found_ends_the_row_in_its_place(stage: Stage) -> None:
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    stage.tell(a_bill(1, "100.00", "found"))
    stage.play(stage.take(0))
    stage.pass_time(timedelta(minutes=6))
    tell(stage, 10, failing=set(range(10)))
    stage.play(stage.take(*range(1, 6), 0, *range(6, 11)))
    outcomes = [closing.run.outcome for closing in stage.observed.closings]
    assert outcomes == [None] * 5 + [Outcome.ADOPTED] + [None] * 5
    assert enabled(stage)


def test_who_was_disabled_meanwhile_is_not_warned_any_more(memory: Memory, stage: Stage) -> None:
    tell(stage, 10, failing=set(range(2, 10)))
    worker = stage.take(*range(10))
    stage.play(worker, until="quickbooks.write_batch")
    stage.stores.configure(replace(INTEGRATION, enabled=False, error_count=10))
    stage.play(worker)
    assert memory.notices == {}
