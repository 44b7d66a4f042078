"""In a rush, who has had more than the others lets them pass; and nobody does for long, or for nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.run.case import InHand
from m3ter_quickbooks.run.fair_share import AHEAD, IN_A_RUSH, MOST_TIMES, let_pass, who_lets_pass
from m3ter_quickbooks.run.run import RunId
from tests.fakes import Memory, MemoryRush
from tests.unit.run.builders import NOON, a_run, an_integration

COMPANIES = [f"company-{number}" for number in range(12)]


# Given what is in hand and what each company has had, then it is said who lets others pass.


def test_whoever_is_ahead_puts_back_what_is_too_much_and_nobody_else() -> None:
    hand = {"a": 4, "b": 2, "c": 3, "d": 1, "e": 2}
    had = {"a": 14, "b": 9, "c": 12, "d": 9, "e": 13}

    assert who_lets_pass(hand, had) == {"a": 3, "e": 2, "c": 1}


def test_where_everybody_had_as_much_nobody_lets_anybody_pass() -> None:
    assert who_lets_pass(dict.fromkeys(COMPANIES, 2), dict.fromkeys(COMPANIES, 40)) == {}


def test_nobody_waits_for_companies_that_have_a_bill_now_and_then() -> None:
    hand = dict.fromkeys(COMPANIES, 2)
    had = dict.fromkeys(COMPANIES, IN_A_RUSH - 1) | {"company-0": 200}

    assert who_lets_pass(hand, had) == {}


def test_one_company_alone_lets_nobody_pass() -> None:
    assert who_lets_pass({"a": 30}, {"a": 900}) == {}


def test_companies_with_large_batches_are_left_to_the_pacer() -> None:
    assert who_lets_pass({"a": 15, "b": 15}, {"a": 900, "b": 30}) == {}


@given(
    bills=st.lists(st.tuples(st.integers(1, 6), st.integers(0, 60)), min_size=1, max_size=30),
)
def test_at_most_half_of_the_hand_waits_and_only_what_is_too_much(bills: list[tuple[int, int]]) -> None:
    hand = {f"c{number}": count for number, (count, _) in enumerate(bills)}
    had = {f"c{number}": count + before for number, (count, before) in enumerate(bills)}

    passing = who_lets_pass(hand, had)

    assert sum(passing.values()) <= sum(hand.values()) / 2
    for company, count in passing.items():
        assert 0 < count <= hand[company]
        # Never below what somebody else in a rush has had.
        others = [had[other] for other in hand if other != company and had[other] >= IN_A_RUSH]
        assert had[company] - count >= min(others) + AHEAD


# Given an invocation with much in hand, when it looks around, then the surplus comes again later.


@dataclass
class Rush(MemoryRush):
    """Remembers what it was asked; may be out of reach."""

    memory: Memory = field(default_factory=Memory)
    asked: list[dict[str, int]] = field(default_factory=list)
    reachable: int = 100

    def had(self, bills: Any, now: datetime) -> dict[str, int]:
        self.asked.append(dict(bills))
        if len(self.asked) > self.reachable:
            raise TryLater("The table is too busy.")
        return super().had(bills, now)


def a_hand(each: int = 2, **changes: Any) -> list[InHand]:
    return [
        InHand(a_run(id=RunId(f"{company}-{number}"), **changes), an_integration(credential_id=company), {})
        for number in range(each)
        for company in map(CredentialId, COMPANIES)
    ]


def a_world(rush: Rush, now: datetime = NOON) -> Any:
    return SimpleNamespace(rush=rush, clock=lambda: now)


def after(had: int, first: int) -> Rush:
    """Each company has had so many, the first one so many."""
    rush = Rush()
    rush.had(dict.fromkeys(COMPANIES, had) | {COMPANIES[0]: first}, NOON)
    rush.asked.clear()
    return rush


def test_the_last_bills_of_a_company_that_is_ahead_come_again() -> None:
    rush = after(10, 12)

    passing = let_pass(a_hand(), a_world(rush))

    assert [in_hand.run.id for in_hand in passing] == ["company-0-1"]


def test_no_bill_is_overtaken_by_a_later_one_of_its_company_in_the_same_hand() -> None:
    hand = a_hand(3)
    hand[2 * len(COMPANIES)] = replace(hand[2 * len(COMPANIES)], run=a_run(id=RunId("last"), version=MOST_TIMES + 1))

    assert let_pass(hand, a_world(after(10, 30))) == []


def test_what_comes_again_is_counted_only_then() -> None:
    rush = after(10, 30)

    let_pass(a_hand(), a_world(rush))

    assert rush.had(dict.fromkeys(COMPANIES, 0), NOON) == dict.fromkeys(COMPANIES, 12) | {COMPANIES[0]: 30}


def test_a_small_hand_asks_nobody() -> None:
    rush = after(10, 30)

    assert let_pass(a_hand(1), a_world(rush)) == []
    assert rush.asked == []


@pytest.mark.parametrize(
    ("facts", "now"),
    [
        ({"version": MOST_TIMES + 1}, NOON),
        ({"parent_run_id": RunId("asked for again")}, NOON),
        ({}, NOON + timedelta(minutes=16)),
    ],
    ids=["let others pass before", "asked for by people", "opened long ago"],
)
def test_some_bills_let_nobody_pass(facts: dict[str, Any], now: datetime) -> None:
    rush = Rush()
    rush.had(dict.fromkeys(COMPANIES, 10) | {COMPANIES[0]: 30}, now)

    assert let_pass(a_hand(**facts), a_world(rush, now)) == []


@pytest.mark.parametrize(("reachable", "passing"), [(0, []), (1, ["company-0-1", "company-0-0"])])
def test_whoever_cannot_see_the_others_goes_on(reachable: int, passing: list[str]) -> None:
    rush = after(10, 30)
    rush.reachable = reachable

    assert [in_hand.run.id for in_hand in let_pass(a_hand(), a_world(rush))] == passing


def test_a_new_minute_begins_with_nothing() -> None:
    rush = after(10, 30)

    assert let_pass(a_hand(), a_world(rush, NOON + timedelta(minutes=1))) == []
