from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.run.identity import time_ordered_id
from m3ter_quickbooks.run.rest import LONGEST_BACKOFF, backoff


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_is_never_instant_and_never_longer_than_a_queue_message_may_wait(attempts: int, jitter: float) -> None:
    assert timedelta(seconds=10) <= backoff(attempts, jitter) <= LONGEST_BACKOFF


def test_backoff_grows_with_the_attempts() -> None:
    waits = [backoff(attempts, 0.5) for attempts in range(6)]
    assert waits == sorted(waits)
    assert len(set(waits)) == len(waits)


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.integers(1, 10**9), st.text(), st.text())
def test_identifiers_sort_by_time_whatever_they_are_made_of(milliseconds: int, first: str, second: str) -> None:
    earlier = time_ordered_id(NOON, first)
    later = time_ordered_id(NOON + timedelta(milliseconds=milliseconds), second)
    assert earlier < later


def test_a_step_that_is_repeated_makes_the_same_identifier() -> None:
    assert time_ordered_id(NOON, "run 1", "error") == time_ordered_id(NOON, "run 1", "error")


def test_other_facts_of_the_same_millisecond_make_another_identifier() -> None:
    assert time_ordered_id(NOON, "run 1") != time_ordered_id(NOON, "run 2")
