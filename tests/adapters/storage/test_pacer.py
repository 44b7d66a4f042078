"""The pacer keeps QuickBooks' limits whatever arrives when; asked of the fake and of the table."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.run.ports import Pacer
from m3ter_quickbooks.storage.keys import pacer as pacer_key
from m3ter_quickbooks.storage.pacer import BATCHES
from m3ter_quickbooks.storage.pacer import Pacer as TablePacer
from m3ter_quickbooks.storage.table import Put, Table
from tests.adapters.storage.counting import Counting
from tests.adapters.storage.stores import Stores
from tests.fakes import Memory, MemoryPacer
from tests.unit.run.builders import NOON

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LONG = timedelta(days=1)


def most_within(slots: list[datetime], window: timedelta) -> int:
    """The most slots that any window of this length holds, its end not included."""
    ordered = sorted(slots)
    return max((bisect_left(ordered, at + window) - index for index, at in enumerate(ordered)), default=0)


# Given a company, when requests are reserved, then each gets its turn.


@pytest.mark.parametrize("batch", [False, True])
def test_in_an_idle_company_nobody_waits(stores: Stores, organization: OrganizationId, batch: bool) -> None:
    slots = [
        stores.pacer.reserve(organization, NOON + number * MINUTE, batch=batch, within=SECOND) for number in range(5)
    ]

    assert slots == [NOON + number * MINUTE for number in range(5)]


def test_an_idle_company_may_send_two_at_once(stores: Stores, organization: OrganizationId) -> None:
    slots = [stores.pacer.reserve(organization, NOON, batch=False, within=SECOND) for _ in range(4)]

    assert slots == [NOON, NOON, NOON + timedelta(seconds=0.135), NOON + timedelta(seconds=0.27)]


def test_batches_keep_their_distance(stores: Stores, organization: OrganizationId) -> None:
    slots = [stores.pacer.reserve(organization, NOON, batch=True, within=MINUTE) for _ in range(4)]

    assert slots == [NOON + number * timedelta(seconds=1.53) for number in range(4)]


def test_batches_and_singles_do_not_wait_for_each_other(stores: Stores, organization: OrganizationId) -> None:
    for _ in range(20):
        stores.pacer.reserve(organization, NOON, batch=True, within=MINUTE)

    assert stores.pacer.reserve(organization, NOON, batch=False, within=SECOND) == NOON


def test_companies_do_not_wait_for_each_other(stores: Stores, organization: OrganizationId) -> None:
    stores.pacer.reserve(organization, NOON, batch=True, within=SECOND)

    assert stores.pacer.reserve(f"{organization}-other", NOON, batch=True, within=SECOND) == NOON


def test_a_slot_too_far_away_is_not_taken_and_says_when(stores: Stores, organization: OrganizationId) -> None:
    for _ in range(3):
        stores.pacer.reserve(organization, NOON, batch=True, within=MINUTE)

    with pytest.raises(TryLater) as refused:
        stores.pacer.reserve(organization, NOON, batch=True, within=timedelta(seconds=4))

    assert refused.value.throttled
    assert refused.value.after == timedelta(seconds=0.59)
    later = NOON + timedelta(seconds=0.59)
    third = NOON + timedelta(seconds=4.59)
    assert stores.pacer.reserve(organization, later, batch=True, within=timedelta(seconds=4)) == third


def test_a_throttled_company_is_held_back_and_begins_again_spaced(stores: Stores, organization: OrganizationId) -> None:
    stores.pacer.hold_back(organization, NOON + MINUTE)

    with pytest.raises(TryLater):
        stores.pacer.reserve(organization, NOON, batch=False, within=timedelta(seconds=59))
    singles = [stores.pacer.reserve(organization, NOON, batch=False, within=LONG) for _ in range(3)]
    batches = [stores.pacer.reserve(organization, NOON, batch=True, within=LONG) for _ in range(2)]

    assert singles == [NOON + MINUTE + number * timedelta(seconds=0.135) for number in range(3)]
    assert batches == [NOON + MINUTE, NOON + MINUTE + timedelta(seconds=1.53)]


def test_being_held_back_less_changes_nothing(stores: Stores, organization: OrganizationId) -> None:
    stores.pacer.hold_back(organization, NOON + MINUTE)
    stores.pacer.hold_back(organization, NOON + SECOND)

    assert stores.pacer.reserve(organization, NOON, batch=True, within=LONG) == NOON + MINUTE


def test_a_clock_that_is_behind_gets_no_slot_of_the_past(stores: Stores, organization: OrganizationId) -> None:
    stores.pacer.reserve(organization, NOON + timedelta(seconds=4), batch=True, within=SECOND)

    slot = stores.pacer.reserve(organization, NOON, batch=True, within=MINUTE)

    assert slot == NOON + timedelta(seconds=5.53)


# Given any arrivals, on clocks that disagree, then no window ever holds more than QuickBooks allows.

ARRIVALS = st.lists(
    st.tuples(
        st.integers(0, 3_000_000),  # microseconds since the one before
        st.booleans(),  # a batch?
        st.integers(-5_000_000, 5_000_000),  # how wrong this worker's clock is, in microseconds
    ),
    max_size=250,
)


def limits_hold(pacer: Pacer, company: str, arrivals: list[tuple[int, bool, int]], squeeze: int) -> None:
    now = NOON
    singles: list[datetime] = []
    batches: list[datetime] = []
    for gap, batch, skew in arrivals:
        now += timedelta(microseconds=gap // squeeze)
        moment = now + timedelta(microseconds=skew)
        slot = pacer.reserve(company, moment, batch=batch, within=LONG)
        assert slot >= moment
        (batches if batch else singles).append(slot)
    assert most_within(singles + batches, SECOND) <= 10
    assert most_within(singles + batches, MINUTE) <= 500
    assert most_within(batches, MINUTE) <= 40


@given(arrivals=ARRIVALS, squeeze=st.sampled_from([1, 20, 1000]))
def test_no_arrivals_exceed_the_limits(arrivals: list[tuple[int, bool, int]], squeeze: int) -> None:
    limits_hold(MemoryPacer(Memory()), "9130", arrivals, squeeze)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=ARRIVALS.map(lambda arrivals: arrivals[:40]), squeeze=st.sampled_from([1, 1000]))
def test_the_table_gives_the_same_slots_as_the_fake(
    table: Table, arrivals: list[tuple[int, bool, int]], squeeze: int
) -> None:
    now, fake = NOON, MemoryPacer(Memory())
    workers = [TablePacer(table), TablePacer(table)]
    table.put(Put({"pk": pacer_key("9130").pk, "sk": "PACER", "type": "pacer"}))
    for number, (gap, batch, skew) in enumerate(arrivals):
        now += timedelta(microseconds=gap // squeeze)
        moment = now + timedelta(microseconds=skew)
        slots = [pacer.reserve("9130", moment, batch=batch, within=LONG) for pacer in (workers[number % 2], fake)]
        assert slots[0] == slots[1]


def test_under_load_the_limits_are_used_almost_in_full() -> None:
    pacer = MemoryPacer(Memory())
    batches = [pacer.reserve("9130", NOON, batch=True, within=LONG) for _ in range(200)]
    singles = [pacer.reserve("9130", NOON, batch=False, within=LONG) for _ in range(2000)]

    assert most_within(batches, MINUTE) == 40
    assert most_within(singles, MINUTE) == 446
    assert most_within(singles, SECOND) == 9
    assert BATCHES.spacing * 40 * 0.95 < MINUTE


# Given a warm process, when it reserves, then one request does.


@pytest.mark.parametrize("rhythm", [timedelta(minutes=1), timedelta(0)], ids=["idle", "busy"])
def test_a_warm_reservation_is_one_request(counting: Counting, rhythm: timedelta) -> None:
    pacer = TablePacer(counting.table)
    reserve: Callable[[int], datetime] = lambda number: pacer.reserve(  # noqa: E731  three words shorter below
        "9130", NOON + number * rhythm, batch=True, within=LONG
    )
    reserve(0)
    reserve(1)
    counting.requests.clear()

    for number in range(2, 6):
        reserve(number)

    assert counting.requests == ["UpdateItem"] * 4


def test_a_company_that_was_taken_by_others_costs_two(counting: Counting) -> None:
    ours, theirs = TablePacer(counting.table), TablePacer(counting.table)
    theirs.reserve("9130", NOON, batch=True, within=LONG)
    counting.requests.clear()

    ours.reserve("9130", NOON, batch=True, within=LONG)

    assert counting.requests == ["UpdateItem"] * 2


def test_a_refusal_for_want_of_a_near_slot_costs_one_once_it_is_known_to_be_busy(counting: Counting) -> None:
    pacer = TablePacer(counting.table)
    for _ in range(3):
        pacer.reserve("9130", NOON, batch=True, within=LONG)
    counting.requests.clear()

    with pytest.raises(TryLater):
        pacer.reserve("9130", NOON, batch=True, within=SECOND)

    assert counting.requests == ["UpdateItem"]
