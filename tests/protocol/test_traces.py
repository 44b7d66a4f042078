"""The traces of docs/decisions/0010: each rule once with it, and once with it taken out.

A scene is played twice. The protocol as it is must leave one right document; the same scene without the rule must do
the damage that the rule is there for, else the rule (or the scene) proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.problems import Clash
from m3ter_quickbooks.run.answer import Answer, Unsure
from m3ter_quickbooks.run.asking import Slot
from m3ter_quickbooks.run.carry_out import Attempt
from m3ter_quickbooks.run.delivery import Delivery, Operation, Verb
from m3ter_quickbooks.run.ports import Closing
from m3ter_quickbooks.run.rest import Pause, Rest
from m3ter_quickbooks.run.run import RunStatus
from tests.protocol.stage import Stage, StageClock, Stores, a_bill
from tests.protocol.workers import Order

BILL = "bill-1"
MINUTE = timedelta(minutes=1)


# --- rules taken out


class NoWaiting(Attempt):
    """Neither the lease nor the window keeps anybody from going on."""

    def _before_claiming(self) -> Rest | None:
        rest = super()._before_claiming()
        return None if isinstance(rest, Pause) else rest

    def _look_before_repeating(self, op: Operation) -> Rest | None:
        self._adopt(op)
        return None


class OlderCreateDropped(Attempt):
    """A claim plans afresh, whatever was open."""

    def _before_claiming(self) -> Rest | None:
        rest = super()._before_claiming()
        self.record = replace(self.record, op=None)
        return rest


class NoLook(Attempt):
    """A create is repeated without being looked for."""

    def _adopt(self, op: Operation) -> bool:
        return False


class FreshCreate(NoWaiting):
    """Not found: a fresh create under a new id in place of the same one."""

    def _look_before_repeating(self, op: Operation) -> Rest | None:
        rest = Attempt._look_before_repeating(self, op)
        if rest is None and self.record.op is not None:
            self.record = replace(self.record, op=None)
        return rest


class AnyMarker(Attempt):
    """Looks for any document of the bill, not for that of this very create."""

    def _adopt(self, op: Operation) -> bool:
        found = self.world.quickbooks.look_for(
            self.case.connection,
            op.kind,
            op.customer_id or "",
            op.txn_date or date.min,
            f"m3ter-bill:{BILL}",
        )
        if found:
            self._take_over(op, found[0])
        return bool(found)


class UnchangedAlways(Attempt):
    """`unchanged` compares with what is done, also while an operation is open."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        done = self.case.delivery.done
        self.shows = done.payload_hash if done else None


class DoneBelieved(Attempt):
    """What was done last still counts as shown, although an update that nobody heard of went out after it."""

    def _claim(self, op: Operation, slot: Slot) -> None:
        done = self.record.done
        super()._claim(op, slot)
        self.record = replace(self.record, done=done)


class UpdateAdopted(Attempt):
    """An unsure update counts as sent when the create's marker is found."""

    def _before_claiming(self) -> Rest | None:
        rest = super()._before_claiming()
        op = self.record.op
        if op is not None and op.verb is Verb.UPDATE:
            self.record = replace(self.record, op=None)
            self.shows = op.payload_hash
        return rest


class Blind(Attempt):
    """After a 5010 it sends although the record says that somebody else has the bill."""

    def _write_ahead(self, op: Operation, slot: Slot) -> None:
        try:
            super()._write_ahead(op, slot)
        except Clash:
            self.record = replace(self.record, op=op)
            self.kept = False


class Unconditional:
    """Delivery records that are written whatever their rev is."""

    def __init__(self, deliveries: Any) -> None:
        self._deliveries = deliveries

    def __getattr__(self, name: str) -> Any:
        return getattr(self._deliveries, name)

    def write(self, delivery: Delivery) -> Delivery:
        stored = self._deliveries.get(delivery.organization_id, delivery.configuration_id, delivery.bill_id)
        written: Delivery = self._deliveries.write(replace(delivery, rev=stored.rev))
        return written


class GivenUpForgets(Unconditional):
    """Giving up after 24 hours clears the operation."""

    def write(self, delivery: Delivery) -> Delivery:
        written: Delivery = self._deliveries.write(delivery)
        return written

    def close(self, closing: Closing) -> None:
        self._deliveries.close(closing)
        if closing.run.status is RunStatus.TIMEOUT_LIMIT_EXCEEDED:
            run = closing.run
            stored = self._deliveries.get(run.organization_id, run.configuration_id, run.bill_id)
            self._deliveries.write(replace(stored, op=None))


class Retrying:
    """A client that repeats what was not answered: single writes, and batches as a whole."""

    def __init__(self, quickbooks: Any) -> None:
        self._quickbooks = quickbooks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._quickbooks, name)

    def write(self, connection: Connection, op: Operation) -> Answer:
        answer: Answer = self._quickbooks.write(connection, op)
        return self._quickbooks.write(connection, op) if isinstance(answer, Unsure) else answer

    def write_batch(self, connection: Connection, ops: Sequence[Operation], request_id: str) -> list[Answer]:
        answers: list[Answer] = self._quickbooks.write_batch(connection, ops, request_id)
        if any(isinstance(answer, Unsure) for answer in answers):
            answers = self._quickbooks.write_batch(connection, ops, f"{request_id[:-1]}x")
        return answers


# --- the scenes


@dataclass(frozen=True)
class Scene:
    """What happens, and how to take its rule out."""

    plays: Callable[[Stage], None]
    right: str | None
    protocol: type[Attempt] = Attempt
    deliveries: Callable[[Any], Any] | None = None
    quickbooks: Callable[[Any], Any] | None = None


def a_create_still_on_its_way_when_the_next_version_comes(stage: Stage) -> None:
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    stage.simulator.mishaps.add("forget-request-id", entity="invoice")
    stage.tell(a_bill(1, "100.00"))
    first = stage.take(0)
    stage.play(first, until="quickbooks.write")
    stage.play(first, until="quickbooks.look_for")
    stage.tell(a_bill(2, "200.00"), "updated")
    stage.play(stage.take(1))


def a_create_that_lands_unanswered_before_the_next_version(stage: Stage) -> None:
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    stage.tell(a_bill(1, "100.00"))
    stage.play(stage.take(0))
    stage.pass_time(4 * MINUTE)
    stage.tell(a_bill(2, "200.00"), "updated")
    stage.play(stage.take(len(stage.queue.messages) - 1))


def a_worker_that_dies_with_the_answer_in_its_hand(stage: Stage) -> None:
    stage.simulator.mishaps.add("forget-request-id", entity="invoice")
    stage.tell(a_bill(1, "100.00"))
    worker = stage.take(0)
    stage.play(worker, until="quickbooks.write")
    worker.step(Order.DIE_AFTER)


def a_query_that_is_behind_for_long(stage: Stage) -> None:
    stage.simulator.query_lag_seconds = 3600
    stage.tell(a_bill(1, "100.00"))
    worker = stage.take(0)
    stage.play(worker, until="quickbooks.write")
    worker.step(Order.DIE_AFTER)


def invoice_credit_memo_invoice_and_the_last_create_is_late(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    stage.quiet()
    stage.tell(a_bill(2, "-50.00"), "updated")
    stage.quiet()
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    stage.tell(a_bill(3, "70.00"), "updated")
    stage.play(stage.take(len(stage.queue.messages) - 1))


def payload_a_b(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    stage.quiet()
    stage.simulator.mishaps.add("lost-answer", entity="invoice", operation="update", count=1)
    stage.tell(a_bill(2, "200.00"), "updated")
    stage.play(stage.take(len(stage.queue.messages) - 1))


def payload_a_b_a_while_b_is_unanswered(stage: Stage) -> None:
    payload_a_b(stage)
    stage.tell(a_bill(3, "100.00"), "updated")
    stage.play(stage.take(len(stage.queue.messages) - 1))


def payload_a_b_a_while_b_is_unanswered_and_the_second_a_is_turned_away(stage: Stage) -> None:
    payload_a_b(stage)
    stage.simulator.mishaps.add("throttle", entity="invoice", operation="update", count=1)
    stage.tell(a_bill(3, "100.00"), "updated")
    stage.play(stage.take(len(stage.queue.messages) - 1))


def an_update_written_ahead_and_never_sent(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    stage.quiet()
    stage.tell(a_bill(2, "200.00"), "updated")
    worker = stage.take(len(stage.queue.messages) - 1)
    stage.play(worker, until="quickbooks.write")
    worker.kill()


def two_workers_with_the_same_new_bill(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    stage.simulator.mishaps.add("forget-request-id", entity="invoice")
    stage.simulator.query_lag_seconds = 30
    first, second = stage.take(0), stage.take(0)
    stage.play(first, until="deliveries.write")
    stage.play(second, until="deliveries.write")
    stage.play(first)
    stage.play(second)


def a_zombie_that_reads_after_the_newer_version_landed(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    stage.quiet()
    stage.tell(a_bill(2, "200.00"), "updated")
    zombie = stage.take(len(stage.queue.messages) - 1)
    stage.play(zombie, until="quickbooks.write")
    [(_, invoice)] = stage.documents(BILL)
    stage.person.edit("Invoice", invoice["Id"], DueDate="2026-04-30")
    zombie.step()
    assert zombie.at == "quickbooks.read"
    stage.pass_time(5 * MINUTE)
    stage.tell(a_bill(3, "300.00"), "updated")
    stage.play(stage.take(len(stage.queue.messages) - 1))
    stage.pass_time(timedelta(0))
    stage.clock.now -= 5 * MINUTE  # the zombie's own clock and lease are worthless here: only the order protects
    stage.play(zombie)
    stage.clock.now += 5 * MINUTE


def given_up_although_it_landed(stage: Stage) -> None:
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    stage.simulator.mishaps.add("lost-request", entity="invoice", operation="query")
    stage.simulator.mishaps.add("server-error", operation="query")
    stage.tell(a_bill(1, "100.00"))
    stage.play(stage.take(0))
    for _ in range(40):
        stage.pass_time(timedelta(hours=1))
        for place in reversed(range(len(stage.queue.messages))):
            stage.play(stage.take(place))
    stage.simulator.mishaps.clear()
    stage.tell(a_bill(2, "200.00"), "updated")


def an_answer_lost_while_ids_are_forgotten(stage: Stage) -> None:
    stage.simulator.mishaps.add("lost-answer", entity="invoice", operation="create", count=1)
    stage.simulator.mishaps.add("forget-request-id", entity="invoice")
    stage.tell(a_bill(1, "100.00"))
    stage.play(stage.take(0))


def a_batch_whose_answer_is_lost(stage: Stage) -> None:
    stage.simulator.mishaps.add("lost-answer", operation="batch", count=1)
    stage.tell(a_bill(1, "100.00", BILL))
    stage.tell(a_bill(1, "100.00", "bill-2"))
    stage.play(stage.take(0, 1))


def a_deletion_that_voids_nothing_while_a_create_is_open(stage: Stage) -> None:
    stage.let_be_on_deletion()
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=60)
    stage.tell(a_bill(1, "100.00"))
    stage.play(stage.take(0))
    stage.pass_time(4 * MINUTE)
    stage.tell(a_bill(1, "100.00"), "deleted")
    stage.play(stage.take(len(stage.queue.messages) - 1))
    stage.tell(a_bill(2, "200.00"), "updated")


SCENES = {
    "1, 3 lease and window": Scene(a_create_still_on_its_way_when_the_next_version_comes, "200.00", protocol=NoWaiting),
    "2 the older create is kept": Scene(
        a_create_that_lands_unanswered_before_the_next_version, "200.00", protocol=OlderCreateDropped
    ),
    "2 also by a deletion that voids nothing": Scene(
        a_deletion_that_voids_nothing_while_a_create_is_open, "200.00", protocol=OlderCreateDropped
    ),
    "3 look before repeating": Scene(a_worker_that_dies_with_the_answer_in_its_hand, "100.00", protocol=NoLook),
    "3 the same id once more": Scene(a_query_that_is_behind_for_long, "100.00", protocol=FreshCreate),
    "2 the create's own marker": Scene(
        invoice_credit_memo_invoice_and_the_last_create_is_late, "70.00", protocol=AnyMarker
    ),
    "1 unchanged only without an open operation": Scene(
        payload_a_b_a_while_b_is_unanswered, "100.00", protocol=UnchangedAlways
    ),
    "1 unchanged only where no update was left unheard": Scene(
        payload_a_b_a_while_b_is_unanswered_and_the_second_a_is_turned_away, "100.00", protocol=DoneBelieved
    ),
    "3 what an update does is never found": Scene(
        an_update_written_ahead_and_never_sent, "200.00", protocol=UpdateAdopted
    ),
    "every write names its rev": Scene(two_workers_with_the_same_new_bill, "100.00", deliveries=Unconditional),
    "3 5010: read, then check": Scene(a_zombie_that_reads_after_the_newer_version_landed, "300.00", protocol=Blind),
    "5 giving up keeps the operation": Scene(given_up_although_it_landed, "200.00", deliveries=GivenUpForgets),
    "3 the client never repeats a write": Scene(an_answer_lost_while_ids_are_forgotten, "100.00", quickbooks=Retrying),
    "4 a batch is never sent again": Scene(a_batch_whose_answer_is_lost, "100.00", quickbooks=Retrying),
}


def damage(stage: Stage, right: str | None) -> str | None:
    """What is wrong once everything rests; None if nothing is."""
    living = stage.documents(BILL)
    if len(living) > 1:
        return f"DUPLICATE: {[document['Id'] for _, document in living]}"
    if not living:
        return "LOST" if right is not None else None
    [(_, document)] = living
    return None if Decimal(str(document["TotalAmt"])) == Decimal(right or "-1") else f"STALE: {document['TotalAmt']}"


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_the_protocol_leaves_one_right_document(scene: Scene, stage: Stage) -> None:
    scene.plays(stage)
    stage.quiet()
    assert damage(stage, scene.right) is None


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_without_the_rule_the_same_scene_does_damage(scene: Scene, stores: Stores) -> None:
    if scene.deliveries is not None:
        stores = replace(stores, deliveries=scene.deliveries(stores.deliveries))
    stage = Stage(stores, StageClock(), scene.protocol)
    if scene.quickbooks is not None:
        stage.quickbooks = scene.quickbooks(stage.quickbooks)
    scene.plays(stage)
    stage.quiet()
    assert damage(stage, scene.right) is not None


def test_without_the_sweep_a_lost_message_leaves_its_run_open(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    worker = stage.take(0)
    stage.play(worker, until="quickbooks.write")
    worker.kill()
    stage.queue.messages.clear()
    stage.pass_time(timedelta(hours=2))
    assert len(stage.open_runs()) == 1
    stage.quiet()
    assert stage.open_runs() == []
    assert damage(stage, "100.00") is None
