"""Ten failures in a row disable; the order is that of the messages, however many workers carry them out at once."""

from __future__ import annotations

import pytest

from m3ter_quickbooks.run.run import RunStatus
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import INTEGRATION, Stage, StageClock, a_bill
from tests.protocol.workers import Worker

BATCH = 30


@pytest.fixture
def stage() -> Stage:
    return Stage(stores_in_memory(Memory()), StageClock())


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
