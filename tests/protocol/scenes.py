"""The scenes of the rules: short lists of steps in which exactly one rule stands between the bill and the damage.

Every step is one of `machine.py`. Where a rule is the second net under an assumption about QuickBooks (A1 to A7 of the
decision), its scene breaks that assumption with a step that a search never draws, and says so.
"""

from __future__ import annotations

from typing import Any

from tests.protocol.machine import DAYS, OneDocumentPerBill
from tests.protocol.workers import Order

Mishap = tuple[str, dict[str, Any]]

LATE: Mishap = ("late-landing", {"seconds": 60})
VERY_LATE: Mishap = ("late-landing", {"seconds": 110})
LOST: Mishap = ("lost-answer", {})
FORGOTTEN: Mishap = ("forget-request-id", {})
ALWAYS = None


def carry_out(state: OneDocumentPerBill) -> None:
    """A worker takes what was told last and goes to its end."""
    state.take()
    state.finish()


def deliver(state: OneDocumentPerBill, total: str) -> None:
    state.tell(total=total)
    carry_out(state)


def a_worker_that_dies_with_the_answer_in_its_hand(state: OneDocumentPerBill) -> None:
    state.mishap(FORGOTTEN, "create", ALWAYS)
    state.tell()
    state.take([0])
    state.finish(until="quickbooks.write")
    state.kill(order=Order.DIE_AFTER)


def a_create_on_its_way_longer_than_its_worker_lives(state: OneDocumentPerBill) -> None:
    """Written ahead at 0 s, sent at 65 s, lands at 175 s; its worker dies unheard. Somebody comes at about 150 s."""
    state.mishap(VERY_LATE, "create")
    state.mishap(FORGOTTEN, "create", ALWAYS)
    state.tell()
    state.take([0])
    state.finish(until="quickbooks.write")
    state.pass_time(65)
    state.kill(order=Order.DIE_AFTER)
    state.pass_time(75)
    state.take([0])
    state.finish()


def an_answer_lost_while_ids_are_forgotten(state: OneDocumentPerBill) -> None:
    state.mishap(LOST, "create")
    state.mishap(FORGOTTEN, "create", ALWAYS)
    deliver(state, "100.00")


def a_create_that_is_slow_and_its_id_forgotten(state: OneDocumentPerBill) -> None:
    state.mishap(VERY_LATE, "create")
    state.mishap(FORGOTTEN, "create", ALWAYS)
    deliver(state, "100.00")
    carry_out(state)


def an_older_version_that_comes_last(state: OneDocumentPerBill) -> None:
    state.tell(total="100.00")
    deliver(state, "250.00")


def a_version_with_nothing_left_before_an_older_one(state: OneDocumentPerBill) -> None:
    state.tell(total="100.00")
    state.tell_of_nothing_left()
    carry_out(state)


def a_deletion_before_the_last_telling_of_its_version(state: OneDocumentPerBill) -> None:
    deliver(state, "100.00")
    state.tell(total="250.00")
    state.tell_of_its_deletion()
    carry_out(state)


def the_same_again_and_then_what_came_between(state: OneDocumentPerBill) -> None:
    deliver(state, "100.00")
    state.tell(total="250.00")
    deliver(state, "100.00")


def a_body_that_was_sent_before_and_deleted_since(state: OneDocumentPerBill) -> None:
    deliver(state, "100.00")
    deliver(state, "250.00")
    state.person("delete")
    state.tell(total="100.00")


def a_document_deleted_by_a_person_before_the_next_version(state: OneDocumentPerBill) -> None:
    deliver(state, "100.00")
    state.person("delete")
    state.tell(total="250.00")


def somebody_who_edits_before_every_update(state: OneDocumentPerBill) -> None:
    deliver(state, "100.00")
    state.mishap(("changed-document", {}), "update", 30)
    deliver(state, "250.00")


def a_worker_that_slept_before_sending(state: OneDocumentPerBill) -> None:
    """On a host that ends no invocation at its deadline."""
    state.mishap(FORGOTTEN, "create", ALWAYS)
    state.tell()
    state.take([0])
    state.finish(until="stage.wait_until")
    state.pass_time(300, lambda_ends=False)
    state.take([0])
    state.finish()
    state.finish()


def a_batch_whose_creates_the_query_shows_late(state: OneDocumentPerBill) -> None:
    """Later than H: a create of a batch has no request id of its own, and gets a second look for that (A3)."""
    state.query_lags(200)
    a_batch_whose_answer_is_lost(state)


def a_batch_whose_answer_is_lost(state: OneDocumentPerBill) -> None:
    state.mishap(LOST, "batch")
    state.tell()
    state.tell("bill-2")
    state.take([0, 1])
    state.finish()


def a_worker_that_closes_after_the_newer_version_did(state: OneDocumentPerBill) -> None:
    state.tell(total="100.00")
    state.take([0])
    state.finish(until="deliveries.close")
    state.pass_time(300, lambda_ends=False)
    state.tell(total="250.00")
    deliver(state, "100.00")
    state.finish()


def a_worker_that_dies_after_closing(state: OneDocumentPerBill) -> None:
    state.tell()
    state.take([0])
    state.finish(until="deliveries.close")
    state.kill(order=Order.DIE_AFTER)


def two_bills_that_fail_at_once(state: OneDocumentPerBill) -> None:
    for _ in range(2):
        state.tell_of_an_unsendable_bill()
    state.take([0])
    state.take([1])
    close_at_once(state)


def one_failing_bill_told_twice_at_once(state: OneDocumentPerBill) -> None:
    state.tell_of_an_unsendable_bill()
    state.double()
    state.take([0])
    state.take([1])
    close_at_once(state)


def close_at_once(state: OneDocumentPerBill) -> None:
    """Two workers come to their closing before either closes."""
    state.finish(0, until="deliveries.close")
    state.finish(1, until="deliveries.close")
    state.finish()
    state.finish()


def ten_bills_that_fail(state: OneDocumentPerBill) -> None:
    for _ in range(10):
        state.tell_of_an_unsendable_bill()
        carry_out(state)


def a_run_that_waits_for_another_ones_lease_and_loses_its_message(state: OneDocumentPerBill) -> None:
    state.tell(total="100.00")
    state.take([0])
    state.finish(until="quickbooks.write")
    deliver(state, "250.00")
    state.finish()
    state.lose()


def a_worker_that_dies_before_it_has_stored_anything(state: OneDocumentPerBill) -> None:
    state.tell()
    state.take([0])
    state.finish(until="runs.open")
    state.kill()


def a_create_that_lands_unanswered_before_the_next_version(state: OneDocumentPerBill) -> None:
    state.mishap(LATE, "create")
    deliver(state, "100.00")
    state.pass_time(240)
    deliver(state, "250.00")


def a_create_that_lands_unanswered_before_a_version_of_another_day(state: OneDocumentPerBill) -> None:
    state.mishap(LATE, "create")
    state.mishap(FORGOTTEN, "create", ALWAYS)
    deliver(state, "100.00")
    state.pass_time(240)
    state.tell(total="250.00", day=DAYS[-1])
    carry_out(state)


def a_gateway_that_gives_up_after_the_commit(state: OneDocumentPerBill) -> None:
    state.mishap(("server-error", {"status": 504, "committed": True}), "create")
    deliver(state, "100.00")


def a_number_that_our_own_unseen_create_has_taken(state: OneDocumentPerBill) -> None:
    """The query is behind for longer than H and the id is forgotten: only the number stops a second one (A3, A5)."""
    state.number_documents()
    state.query_lags(400)
    state.mishap(LOST, "create")
    state.mishap(FORGOTTEN, "create", ALWAYS)
    deliver(state, "100.00")
    state.pass_time(180)
    carry_out(state)


def a_query_that_is_behind_for_long(state: OneDocumentPerBill) -> None:
    """Longer than H: only the request id stops a second document (A3)."""
    state.query_lags(3600)
    state.tell()
    state.take([0])
    state.finish(until="quickbooks.write")
    state.kill(order=Order.DIE_AFTER)


def invoice_credit_memo_invoice_and_the_last_create_is_late(state: OneDocumentPerBill) -> None:
    deliver(state, "100.00")
    deliver(state, "-40.00")
    state.mishap(LATE, "create")
    deliver(state, "70.00")


def an_update_unanswered(state: OneDocumentPerBill) -> None:
    deliver(state, "100.00")
    state.mishap(LOST, "update")
    deliver(state, "250.00")


def an_update_unanswered_before_the_next_version(state: OneDocumentPerBill) -> None:
    an_update_unanswered(state)
    deliver(state, "70.00")


def a_void_unanswered_before_the_next_version(state: OneDocumentPerBill) -> None:
    deliver(state, "100.00")
    state.mishap(LOST, "void")
    deliver(state, "-40.00")
    deliver(state, "70.00")


def a_void_that_is_late_before_the_next_version(state: OneDocumentPerBill) -> None:
    deliver(state, "100.00")
    state.mishap(LATE, "void")
    deliver(state, "-40.00")
    deliver(state, "70.00")


def payload_a_b_a_while_b_is_unanswered(state: OneDocumentPerBill) -> None:
    an_update_unanswered(state)
    deliver(state, "100.00")


def payload_a_b_a_while_b_is_unanswered_and_the_second_a_is_turned_away(state: OneDocumentPerBill) -> None:
    an_update_unanswered(state)
    state.mishap(("throttle", {}), "update")
    deliver(state, "100.00")


def an_update_written_ahead_and_never_sent(state: OneDocumentPerBill) -> None:
    deliver(state, "100.00")
    state.tell(total="250.00")
    state.take()
    state.finish(until="quickbooks.write")
    state.kill()


def two_workers_with_the_same_new_bill(state: OneDocumentPerBill) -> None:
    state.mishap(FORGOTTEN, "create", ALWAYS)
    state.tell()
    state.double()
    state.take([0])
    state.take([1])
    state.finish(0, until="deliveries.write")
    state.finish(1, until="deliveries.write")
    state.finish()
    state.finish()


def a_zombie_that_reads_after_the_newer_version_landed(state: OneDocumentPerBill) -> None:
    """Its clock, and so its lease, is worthless (A7): only the order of reading and checking protects."""
    deliver(state, "100.00")
    state.tell(total="250.00")
    state.take()
    state.finish(until="quickbooks.write")
    state.person("edit")
    state.go_on()
    state.pass_time(300, lambda_ends=False)
    deliver(state, "300.00")
    state.turn_back_the_clock_of_whoever_lives(300)


def given_up_although_it_landed(state: OneDocumentPerBill) -> None:
    state.mishap(LATE, "create")
    state.mishap(("server-error", {}), "query", ALWAYS)
    deliver(state, "100.00")
    for _ in range(40):
        state.pass_time(3600)
        for place in reversed(range(len(state.stage.queue.messages))):
            state.take([place])
            state.finish()
    state.end_of_mishaps()
    state.tell(total="250.00")


def a_deletion_that_voids_nothing_while_a_create_is_open(state: OneDocumentPerBill) -> None:
    """Nobody can look for it just then."""
    state.stage.let_be_on_deletion()
    state.mishap(LATE, "create")
    deliver(state, "100.00")
    state.pass_time(240)
    state.mishap(("server-error", {}), "query")
    state.tell_of_its_deletion()
    carry_out(state)
    state.tell(total="250.00")


def a_deletion_that_voids_nothing_before_its_last_version(state: OneDocumentPerBill) -> None:
    state.stage.let_be_on_deletion()
    deliver(state, "100.00")
    state.tell(total="250.00")
    state.tell_of_its_deletion()
    carry_out(state)
