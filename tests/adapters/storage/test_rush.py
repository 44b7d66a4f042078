"""What each company has had in a minute, added up over all workers; asked of the fake and of the table."""

from __future__ import annotations

from datetime import timedelta

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.storage.rush import MOST_AT_ONCE
from m3ter_quickbooks.storage.rush import Rush as TableRush
from tests.adapters.storage.counting import Counting
from tests.adapters.storage.stores import Stores
from tests.unit.run.builders import NOON

MINUTE = timedelta(minutes=1)


def test_what_several_workers_add_is_added_up(stores: Stores, organization: OrganizationId) -> None:
    ours, theirs = f"{organization} ours", f"{organization} theirs"

    first = stores.rush.had({ours: 3, theirs: 1}, NOON)
    second = stores.rush.had({theirs: 4}, NOON + MINUTE * 0.9)

    assert (first, second) == ({ours: 3, theirs: 1}, {theirs: 5})


def test_what_is_given_back_is_taken_off(stores: Stores, organization: OrganizationId) -> None:
    stores.rush.had({organization: 3}, NOON)

    assert stores.rush.had({organization: -2}, NOON) == {organization: 1}


def test_each_minute_begins_with_nothing(stores: Stores, organization: OrganizationId) -> None:
    stores.rush.had({organization: 3}, NOON)

    assert stores.rush.had({organization: 2}, NOON + MINUTE) == {organization: 2}


def test_however_many_companies_are_in_hand_none_is_left_out(stores: Stores, organization: OrganizationId) -> None:
    bills = {f"{organization} #{number}, Ltd.": number for number in range(2 * MOST_AT_ONCE + 1)}

    assert stores.rush.had(bills, NOON) == bills


def test_a_hand_is_one_request(counting: Counting) -> None:
    TableRush(counting.table).had({f"company {number}": 1 for number in range(30)}, NOON)

    assert counting.requests == ["UpdateItem"]
