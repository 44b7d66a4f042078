"""A Lambda that ends, or a store that fails, at any point: every call to the outside world, one after the other.

Each scene is played once for every call that its worker makes, twice over: the worker dies before the call takes
effect, and after it did but before the answer is used. Then either the queue brings the message again, or it does not
(it is in the dead letters) and only the sweep is left. In the end there is one document with the right total.

On stores in memory at every call; on the real stores (DynamoDB by moto) at every call that writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count

import pytest

from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.on_moto import Moto
from tests.protocol.stage import Stage, StageClock, Stores, a_bill
from tests.protocol.verdict import damage
from tests.protocol.workers import Order, Worker

BILL = "bill-1"
MINUTE = timedelta(minutes=1)
Scene = Callable[[Stage, str], Worker]
"""Sets the scene for a bill and hands over the worker that is about to be killed."""
After = Callable[[Stage, bool], None]
"""What happens next; whether the worker met its end is passed."""
WRITES = {
    "runs.open",
    "runs.wait",
    "deliveries.write",
    "deliveries.close",
    "quickbooks.write",
    "quickbooks.write_batch",
}


def a_create(stage: Stage, bill: str) -> Worker:
    stage.tell(a_bill(1, "100.00", bill))
    return stage.take(0)


def an_update(stage: Stage, bill: str) -> Worker:
    stage.tell(a_bill(1, "100.00", bill))
    stage.quiet()
    stage.tell(a_bill(2, "200.00", bill), "updated")
    return stage.take(0)


def an_update_after_somebody_edited(stage: Stage, bill: str) -> Worker:
    worker = an_update(stage, bill)
    [(entity, document)] = stage.documents(bill)
    stage.person.edit(entity, document["Id"], CustomerMemo={"value": "Thank you"})
    return worker


def an_update_of_what_somebody_deleted(stage: Stage, bill: str) -> Worker:
    worker = an_update(stage, bill)
    [(entity, document)] = stage.documents(bill)
    stage.person.delete(entity, document["Id"])
    return worker


def a_change_of_sign(stage: Stage, bill: str) -> Worker:
    stage.tell(a_bill(1, "100.00", bill))
    stage.quiet()
    stage.tell(a_bill(2, "-40.00", bill), "updated")
    return stage.take(0)


def a_change_of_sign_back(stage: Stage, bill: str) -> Worker:
    stage.play(a_change_of_sign(stage, bill))
    stage.tell(a_bill(3, "70.00", bill), "updated")
    return stage.take(0)


def a_deletion(stage: Stage, bill: str) -> Worker:
    stage.tell(a_bill(1, "100.00", bill))
    stage.quiet()
    stage.tell(a_bill(1, "100.00", bill), "deleted")
    return stage.take(0)


def a_create_that_was_lost_and_is_adopted(stage: Stage, bill: str) -> Worker:
    stage.simulator.mishaps.add("lost-answer", entity="invoice", operation="create", count=1)
    stage.tell(a_bill(1, "100.00", bill))
    return stage.take(0)


def a_create_that_never_arrived_and_is_repeated(stage: Stage, bill: str) -> Worker:
    stage.simulator.mishaps.add("lost-request", entity="invoice", operation="create", count=1)
    stage.tell(a_bill(1, "100.00", bill))
    stage.play(stage.take(0))
    stage.pass_time(6 * MINUTE)
    return stage.take(0)


def an_older_create_settled_before_the_newer_version(stage: Stage, bill: str) -> Worker:
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    stage.tell(a_bill(1, "100.00", bill))
    stage.play(stage.take(0))
    stage.pass_time(6 * MINUTE)
    stage.tell(a_bill(2, "200.00", bill), "updated")
    return stage.take(len(stage.queue.messages) - 1)


def a_throttled_create(stage: Stage, bill: str) -> Worker:
    stage.simulator.mishaps.add("throttle", entity="invoice", operation="create", count=1)
    return a_create(stage, bill)


def a_batch(stage: Stage, bill: str) -> Worker:
    stage.tell(a_bill(1, "100.00", bill))
    stage.tell(a_bill(1, "250.00", f"{bill}-too"))
    return stage.take(0, 1)


SCENES: tuple[Scene, ...] = (
    a_create,
    an_update,
    an_update_after_somebody_edited,
    an_update_of_what_somebody_deleted,
    a_change_of_sign,
    a_change_of_sign_back,
    a_deletion,
    a_create_that_was_lost_and_is_adopted,
    a_create_that_never_arrived_and_is_repeated,
    an_older_create_settled_before_the_newer_version,
    a_throttled_create,
    a_batch,
)


def redelivered(stage: Stage, died: bool) -> None:
    """The queue brings the message again."""


def dead_letter(stage: Stage, died: bool) -> None:
    """It does not, as soon as the runs are stored: then only the sweep knows of them."""
    stored = {(run.bill_id, run.fence) for run in stage.open_runs()}
    if died and stored >= {(bill, fence) for bill, (fence, _) in stage.newest.items()}:
        stage.queue.messages.clear()


def killed(worker: Worker, calls: int, order: Order) -> str | None:
    """Let it make so many calls and kill it at the next; the name of that one, None if it was over before."""
    for _ in range(calls):
        if worker.at is not None:
            worker.step()
    at = worker.at
    if at is not None and (order in {Order.DIE_BEFORE, Order.DIE_AFTER} or worker.may_fail):
        worker.step(order)
    if worker.bug is not None:
        raise worker.bug
    return at


def goes_on(stage: Stage, died: bool) -> None:
    """Nobody died: the call failed, and its worker makes of that what it can."""
    if died:
        stage.play(stage.workers[-1])


def end_of(stores: Stores, scene: Scene, calls: int, order: Order, after: After) -> tuple[str | None, list[str]]:
    """One play: at which call the worker met its end (None: it had none left), and what is wrong once all rests."""
    stage = Stage(stores, StageClock())
    at = killed(scene(stage, BILL), calls, order)
    after(stage, at is not None)
    return at, [wrong for bill in stage.newest if (wrong := damage(stage, bill))]


def in_memory() -> Stores:
    return stores_in_memory(Memory())


def calls_that_write(scene: Scene) -> Iterator[int]:
    """How many calls the scene's worker makes before each that changes something in a store, or in QuickBooks."""
    worker = scene(Stage(in_memory(), StageClock()), BILL)
    for calls in count():
        if worker.at is None:
            return
        if worker.at in WRITES:
            yield calls
        worker.step()


KILLS = pytest.mark.parametrize("order", [Order.DIE_BEFORE, Order.DIE_AFTER], ids=lambda order: order.name)
FAILURES = pytest.mark.parametrize("order", [Order.FAIL_BEFORE, Order.FAIL_AFTER], ids=lambda order: order.name)
EVERY_SCENE = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)


@pytest.mark.parametrize("after", [redelivered, dead_letter])
@KILLS
@EVERY_SCENE
def test_a_worker_killed_at_any_call_leaves_one_right_document(scene: Scene, order: Order, after: After) -> None:
    places = []
    for calls in count():
        at, wrong = end_of(in_memory(), scene, calls, order, after)
        assert not wrong, (calls, at, wrong)
        if at is None:
            break
        places.append(at)
    assert places[0] == "start"
    assert places[-1] in {"deliveries.close", "queue.retry", "queue.look"}


@FAILURES
@EVERY_SCENE
def test_a_store_that_fails_at_any_call_leaves_one_right_document(scene: Scene, order: Order) -> None:
    for calls in count():
        at, wrong = end_of(in_memory(), scene, calls, order, goes_on)
        assert not wrong, (calls, at, wrong)
        if at is None:
            break


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with Moto() as moto:
        yield moto


@pytest.mark.parametrize(
    ("order", "after"),
    [(Order.DIE_AFTER, dead_letter), (Order.FAIL_AFTER, goes_on)],
    ids=["killed, and only the sweep is left", "failed although it took effect"],
)
@EVERY_SCENE
def test_on_the_real_stores_too(moto: Moto, scene: Scene, order: Order, after: After) -> None:
    places = []
    for calls in calls_that_write(scene):
        with moto.stores() as stores:
            at, wrong = end_of(stores, scene, calls, order, after)
        assert not wrong, (calls, at, wrong)
        places.append(at)
    assert {"runs.open", "runs.wait", "deliveries.write", "deliveries.close"} & set(places)
    assert "quickbooks.write" in places or "quickbooks.write_batch" in places
