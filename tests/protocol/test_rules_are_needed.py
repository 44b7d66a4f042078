"""The model-based test fails as soon as any one of the rules of docs/decisions/0010 is taken out.

The machine of `test_protocol.py` is led through a scene twice, by its own steps and to its own verdict. With the
protocol as it is nothing may be wrong in the end; without the rule the same steps must do the damage that the rule is
there for, else the rule (or the scene) proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.protocol import rules_taken_out as without
from tests.protocol import scenes
from tests.protocol.machine import OneDocumentPerBill
from tests.protocol.rules_taken_out import TakeOut


@dataclass(frozen=True)
class Rule:
    """What happens, how to take the rule out, and the word for the damage that is done then."""

    scene: Callable[[OneDocumentPerBill], None]
    take_out: TakeOut
    damage: str


RULES = {
    "1 a claim is written before anything is sent": Rule(
        scenes.a_worker_that_dies_with_the_answer_in_its_hand, without.attempt(without.NotWrittenAhead), "DUPLICATE"
    ),
    "1 a live lease blocks every claimer": Rule(
        scenes.a_create_on_its_way_longer_than_its_worker_lives, without.attempt(without.LeaseIgnored), "DUPLICATE"
    ),
    "1 older is superseded": Rule(
        scenes.an_older_version_that_comes_last, without.attempt(without.OlderVersionsToo), "STALE"
    ),
    "1 a deletion sorts after what it equals": Rule(
        scenes.a_deletion_before_the_last_telling_of_its_version,
        without.attempt(without.DeletionNotLast),
        "NOT TAKEN BACK",
    ),
    "1 a deletion takes the fence even where nothing is voided": Rule(
        scenes.a_deletion_that_voids_nothing_before_its_last_version,
        without.attempt(without.DeletionWithoutFence),
        "OVERTAKEN",
    ),
    "1 what is turned away takes the fence": Rule(
        scenes.a_version_with_nothing_left_before_an_older_one,
        without.attempt(without.TurnedAwayWithoutFence),
        "OVERTAKEN",
    ),
    "1 unchanged only under a claim": Rule(
        scenes.the_same_again_and_then_what_came_between, without.attempt(without.UnchangedWithoutClaim), "STALE"
    ),
    "1 unchanged only without an open operation": Rule(
        scenes.payload_a_b_a_while_b_is_unanswered, without.attempt(without.UnchangedAlways), "STALE"
    ),
    "1 unchanged only where no update was left unheard": Rule(
        scenes.payload_a_b_a_while_b_is_unanswered_and_the_second_a_is_turned_away,
        without.attempt(without.DoneBelieved),
        "STALE",
    ),
    "every write names its rev": Rule(
        scenes.two_workers_with_the_same_new_bill, without.deliveries(without.Unconditional), "DUPLICATE"
    ),
    "2 the older create is kept": Rule(
        scenes.a_create_that_lands_unanswered_before_the_next_version,
        without.attempt(without.OlderCreateDropped),
        "DUPLICATE",
    ),
    "2 also by a deletion that voids nothing": Rule(
        scenes.a_deletion_that_voids_nothing_while_a_create_is_open,
        without.attempt(without.OlderCreateDropped),
        "DUPLICATE",
    ),
    "2 a new operation is a new request id": Rule(
        scenes.a_body_that_was_sent_before_and_deleted_since, without.attempt(without.SameIdForSameBody), "LOST"
    ),
    "2 the create's own marker": Rule(
        scenes.invoice_credit_memo_invoice_and_the_last_create_is_late, without.attempt(without.AnyMarker), "DUPLICATE"
    ),
    "3 the lease is checked before sending": Rule(
        scenes.a_worker_that_slept_before_sending, without.sending(without.NotChecked), "DUPLICATE"
    ),
    "3 the slot is taken before that check": Rule(
        scenes.a_worker_that_slept_before_sending, without.sending(without.CheckedBeforeItsTurn), "DUPLICATE"
    ),
    "3 the client never repeats a write": Rule(
        scenes.an_answer_lost_while_ids_are_forgotten, without.client(without.Retrying), "DUPLICATE"
    ),
    "3 what is not definite is unsure": Rule(
        scenes.a_gateway_that_gives_up_after_the_commit, without.client(without.BelievesErrors), "DUPLICATE"
    ),
    "3 look before repeating": Rule(
        scenes.a_worker_that_dies_with_the_answer_in_its_hand, without.attempt(without.NoLook), "DUPLICATE"
    ),
    "3 the look goes by the body that was sent": Rule(
        scenes.a_create_that_lands_unanswered_before_a_version_of_another_day,
        without.attempt(without.LookedForAsItIsNow),
        "DUPLICATE",
    ),
    "3 not found counts only after H": Rule(
        scenes.a_create_that_is_slow_and_its_id_forgotten, without.attempt(without.WindowIgnored), "DUPLICATE"
    ),
    "3 the same id once more": Rule(
        scenes.a_query_that_is_behind_for_long, without.attempt(without.FreshCreate), "DUPLICATE"
    ),
    "3 an older create that is adopted is followed by an update": Rule(
        scenes.a_create_that_lands_unanswered_before_the_next_version,
        without.attempt(without.AdoptedAsWanted),
        "STALE",
    ),
    "3 what an update does is never found": Rule(
        scenes.an_update_written_ahead_and_never_sent, without.attempt(without.UpdateAdopted), "STALE"
    ),
    "3 6140 to a repeat: whose number is it": Rule(
        scenes.a_number_that_our_own_unseen_create_has_taken, without.attempt(without.NumberBelieved), "RUN"
    ),
    "3 5010: read, then check": Rule(
        scenes.a_zombie_that_reads_after_the_newer_version_landed, without.attempt(without.Blind), "STALE"
    ),
    "3 the second 5010 in a row waits": Rule(
        scenes.somebody_who_edits_before_every_update, without.attempt(without.Impatient), "RESTLESS"
    ),
    "3 610 to an update: a new create": Rule(
        scenes.a_document_deleted_by_a_person_before_the_next_version, without.attempt(without.GoneForGood), "RUN"
    ),
    "4 a batch is never sent again": Rule(
        scenes.a_batch_whose_answer_is_lost, without.client(without.Retrying), "DUPLICATE"
    ),
    "4 a create of a batch is looked for twice": Rule(
        scenes.a_batch_whose_creates_the_query_shows_late, without.attempt(without.BatchedOnceLooked), "DUPLICATE"
    ),
    "5 a closing names its rev": Rule(
        scenes.a_worker_that_closes_after_the_newer_version_did,
        without.deliveries(without.ClosedWhateverTheRev),
        "STALE",
    ),
    "5 a run is closed once": Rule(scenes.one_failing_bill_told_twice_at_once, without.closed_twice, "COUNT"),
    "5 record and run close together": Rule(
        scenes.a_worker_that_dies_after_closing, without.deliveries(without.RecordAfterwards), "RECORD"
    ),
    "5 the count is conditional on the count read": Rule(
        scenes.two_bills_that_fail_at_once, without.counted_unseen, "COUNT"
    ),
    "5 the write that makes ten disables": Rule(
        scenes.ten_bills_that_fail, without.deliveries(without.DisabledAfterwards), "COUNT"
    ),
    "5 giving up keeps the operation": Rule(
        scenes.given_up_although_it_landed, without.deliveries(without.GivenUpForgets), "DUPLICATE"
    ),
    "6 the sweep knows every open run": Rule(
        scenes.a_run_that_waits_for_another_ones_lease_and_loses_its_message, without.sweeping_leases_only, "STUCK"
    ),
    "6 acknowledged last": Rule(
        scenes.a_worker_that_dies_before_it_has_stored_anything, without.acknowledged_first, "FORGOTTEN"
    ),
}


SPARE = {
    "2 an open void is kept, and had landed": Rule(
        scenes.a_void_unanswered_before_the_next_version, without.attempt(without.VoidDropped), ""
    ),
    "2 an open void is kept, and lands late": Rule(
        scenes.a_void_that_is_late_before_the_next_version, without.attempt(without.VoidDropped), ""
    ),
    "2 an open update of an older version is dropped": Rule(
        scenes.an_update_unanswered_before_the_next_version, without.attempt(without.UpdateKept), ""
    ),
    "3 H in the lease alone": Rule(
        scenes.a_create_that_is_slow_and_its_id_forgotten, without.attempt(without.SentAtIgnored), ""
    ),
    "3 H in sentAt alone": Rule(
        scenes.a_create_that_is_slow_and_its_id_forgotten, without.attempt(without.StoppedWithoutLease), ""
    ),
}
"""What the decision says is not needed for safety."""


def played(rule: Rule, state: OneDocumentPerBill) -> list[str]:
    """The machine's verdict after its steps."""
    try:
        rule.scene(state)
        return state.damage()
    finally:
        state.close()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_with_the_rule_nothing_is_wrong(rule: Rule) -> None:
    assert played(rule, OneDocumentPerBill()) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_without_the_rule_the_same_steps_do_their_damage(rule: Rule) -> None:
    state = OneDocumentPerBill()
    rule.take_out(state.stage)
    assert any(damage.startswith(rule.damage) for damage in played(rule, state))


@pytest.mark.parametrize("rule", SPARE.values(), ids=SPARE.keys())
def test_without_what_is_spare_the_bill_still_comes_right(rule: Rule) -> None:
    state = OneDocumentPerBill()
    rule.take_out(state.stage)
    assert played(rule, state) == []
