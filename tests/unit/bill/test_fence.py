"""Which telling of a bill is the newer one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.bill.fence import Fence
from tests.unit.making import a_bill

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fence(version: int, date: datetime, marks: str = "") -> Fence:
    """D: deleted, A: approved."""
    return Fence(version, "D" in marks, date, "A" in marks)


fences = st.builds(
    Fence,
    version=st.integers(min_value=0, max_value=3),
    deleted=st.booleans(),
    date=st.sampled_from([NOON, NOON + HOUR, NOON + timedelta(microseconds=1)]),
    approved=st.booleans(),
)


def test_the_later_of_calculation_and_change_counts() -> None:
    changed = a_bill(lastCalculatedDate=NOON, dtLastModified=NOON + HOUR)
    calculated = a_bill(lastCalculatedDate=NOON + HOUR, dtLastModified=NOON)

    assert Fence.of(changed, NOON) == Fence.of(calculated, NOON) == fence(1, NOON + HOUR, "A")


def test_a_missing_date_is_the_time_of_the_event() -> None:
    assert Fence.of(a_bill(), NOON).date == NOON


def test_the_time_of_the_event_counts_only_for_want_of_a_date() -> None:
    assert Fence.of(a_bill(dtLastModified=NOON), NOON + HOUR).date == NOON


def test_a_missing_version_is_zero() -> None:
    assert Fence.of(a_bill(version=None), NOON).version == 0


def test_a_higher_version_is_newer_whatever_its_date() -> None:
    assert fence(2, NOON) > fence(1, NOON + HOUR, "DA")


def test_of_one_version_the_later_calculation_is_newer() -> None:
    assert fence(1, NOON + HOUR) > fence(1, NOON, "A")


def test_approval_is_newer_than_the_same_without() -> None:
    assert fence(1, NOON, "A") > fence(1, NOON)


def test_a_deletion_is_newer_than_every_telling_of_its_version() -> None:
    deleted = Fence.of(a_bill(dtLastModified=NOON, status="PENDING"), NOON, deleted=True)

    assert deleted > Fence.of(a_bill(dtLastModified=NOON), NOON)
    assert deleted > Fence.of(a_bill(dtLastModified=NOON + HOUR), NOON)
    assert deleted < Fence.of(a_bill(version=2), NOON)


@given(fences)
def test_a_fence_survives_storage(fence: Fence) -> None:
    assert Fence.from_text(fence.to_text()) == fence


def test_a_stored_fence_is_in_utc() -> None:
    east = NOON.astimezone(timezone(HOUR))

    assert fence(1, east).to_text() == "1|2026-03-01T12:00:00+00:00|"


@given(fences, fences, fences)
def test_the_order_is_total(one: Fence, two: Fence, three: Fence) -> None:
    assert (one < two) + (one == two) + (one > two) == 1
    if one <= two <= three:
        assert one <= three
