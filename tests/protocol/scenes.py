"""The scenes of the rules: short traces in which exactly one rule stands between the bill and the damage."""

from __future__ import annotations

from datetime import timedelta

from tests.protocol.rules_taken_out import BILL
from tests.protocol.stage import Stage, a_bill
from tests.protocol.workers import Order

MINUTE = timedelta(minutes=1)


def a_create_on_its_way_longer_than_its_worker_lives(stage: Stage) -> None:
    """Written ahead at 0 s, sent at 65 s, lands at 175 s; its worker dies unheard. Somebody comes at 150 s."""
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=110)
    stage.simulator.mishaps.add("forget-request-id", entity="invoice")
    stage.tell(a_bill(1, "100.00"))
    worker = stage.take(0)
    stage.play(worker, until="quickbooks.write")
    stage.pass_time(timedelta(seconds=65))
    worker.step(Order.DIE_AFTER)
    stage.pass_time(timedelta(seconds=40))
    stage.play(stage.take(0))


def a_create_that_is_slow_and_its_id_forgotten(stage: Stage) -> None:
    stage.simulator.mishaps.add("late-landing", entity="invoice", operation="create", count=1, seconds=110)
    stage.simulator.mishaps.add("forget-request-id", entity="invoice")
    stage.tell(a_bill(1, "100.00"))
    stage.play(stage.take(0))
    for place in range(len(stage.queue.messages)):
        stage.play(stage.take(place))


def an_older_version_that_comes_last(stage: Stage) -> None:
    stage.tell(a_bill(2, "200.00"), "updated")
    stage.quiet()
    stage.tell(a_bill(1, "100.00"))


def a_deletion_before_the_last_telling_of_its_version(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    stage.quiet()
    stage.tell(a_bill(2, "200.00"), "deleted")
    stage.quiet()
    stage.tell(a_bill(2, "200.00"), "updated")


def the_same_again_and_then_what_came_between(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    stage.quiet()
    stage.tell(a_bill(3, "100.00"), "updated")
    stage.quiet()
    stage.tell(a_bill(2, "200.00"), "updated")


def a_body_that_was_sent_before_and_deleted_since(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    stage.quiet()
    stage.tell(a_bill(2, "200.00"), "updated")
    stage.quiet()
    [(_, invoice)] = stage.documents(BILL)
    stage.person.delete("Invoice", invoice["Id"])
    stage.tell(a_bill(3, "100.00"), "updated")


def a_worker_that_slept_before_sending(stage: Stage) -> None:
    stage.simulator.mishaps.add("forget-request-id", entity="invoice")
    stage.tell(a_bill(1, "100.00"))
    sleeper = stage.take(0)
    stage.play(sleeper, until="stage.wait_until")
    stage.pass_time(5 * MINUTE)
    stage.play(stage.take(0))
    stage.play(sleeper)


def a_batch_whose_creates_the_query_shows_late(stage: Stage) -> None:
    stage.simulator.query_lag_seconds = 200
    stage.simulator.mishaps.add("lost-answer", operation="batch", count=1)
    stage.tell(a_bill(1, "100.00", BILL))
    stage.tell(a_bill(1, "100.00", "bill-2"))
    stage.play(stage.take(0, 1))


def a_worker_that_closes_after_the_newer_version_did(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    late = stage.take(0)
    stage.play(late, until="deliveries.close")
    stage.pass_time(5 * MINUTE)
    stage.tell(a_bill(3, "300.00"), "updated")
    stage.play(stage.take(1))
    stage.play(late)
    stage.tell(a_bill(2, "200.00"), "updated")


def two_bills_that_fail_at_once(stage: Stage) -> None:
    fail(stage, "a", "b")


def ten_bills_that_fail(stage: Stage) -> None:
    for number in range(10):
        fail(stage, f"{number}")


def fail(stage: Stage, *names: str) -> None:
    """So many bills without a customer, closed at once."""
    for name in names:
        stage.tell(a_bill(1, "100.00", f"bill-{name}") | {"accountId": "nobody"})
    workers = [stage.take(place - len(names)) for place in range(len(names))]
    for worker in workers:
        stage.play(worker, until="deliveries.close")
    for worker in workers:
        stage.play(worker)


def a_run_that_waits_for_another_ones_lease_and_loses_its_message(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    worker = stage.take(0)
    stage.play(worker, until="quickbooks.write")
    stage.tell(a_bill(2, "200.00"), "updated")
    stage.play(stage.take(1))
    stage.play(worker)
    stage.queue.messages.clear()


def a_worker_that_dies_before_it_has_stored_anything(stage: Stage) -> None:
    stage.tell(a_bill(1, "100.00"))
    worker = stage.take(0)
    stage.play(worker, until="runs.open")
    worker.kill()


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
