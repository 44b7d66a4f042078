"""Nobody waits beyond the nearest end that somebody around has set."""

from datetime import UTC, datetime, timedelta

from m3ter_quickbooks.patience import no_longer_than, seconds_left

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_where_nobody_has_set_an_end_there_is_none() -> None:
    assert seconds_left(NOON) is None


def test_what_is_left_is_counted_from_now() -> None:
    with no_longer_than(NOON + MINUTE):
        assert seconds_left(NOON) == 60.0
        assert seconds_left(NOON + 2 * MINUTE) == -60.0


def test_a_block_may_end_sooner_than_the_one_around_it_and_never_later() -> None:
    with no_longer_than(NOON + 2 * MINUTE):
        with no_longer_than(NOON + MINUTE):
            assert seconds_left(NOON) == 60.0
        with no_longer_than(NOON + 3 * MINUTE):
            assert seconds_left(NOON) == 120.0
        assert seconds_left(NOON) == 120.0
    assert seconds_left(NOON) is None
