"""The error events as API and mails read them, and the marks of the mails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.problems import BadRequest, Clash, Missing
from m3ter_quickbooks.run.trouble import EventName, Notice, NoticeKind, Trouble
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.events import Events, event_item
from m3ter_quickbooks.storage.notices import Notices
from m3ter_quickbooks.storage.table import Put, Table
from tests.unit.run.builders import NOON

SECOND = timedelta(seconds=1)
CONFIGURATION = ConfigurationId("config")


def a_trouble(organization: OrganizationId, number: int = 0, name: EventName = EventName.PERFORM) -> Trouble:
    return Trouble(
        id=f"event-{number}",
        organization_id=organization,
        name=name,
        at=NOON + number * SECOND,
        dto={"message": f"No. {number}"},
        cause="quickbooks.6000",
        configuration_id=CONFIGURATION if number % 2 == 0 else None,
        account_id=f"account-{number}",
        bill_id=BillId(f"bill-{number}"),
        run_id=f"run-{number}",
    )


@pytest.fixture
def events(table: Table, organization: OrganizationId) -> Events:
    events = Events(table)
    for number in range(6):
        name = EventName.VALIDATION if number == 3 else EventName.PERFORM
        table.put(Put(event_item(a_trouble(organization, number, name))))
    return events


def ids(events: Events, organization: OrganizationId, size: int = 10, **filters: object) -> list[str]:
    found, token = [], None
    while True:
        page = events.page(organization, size=size, token=token, **filters)  # type: ignore[arg-type]
        found += [event.trouble.id for event in page.items]
        token = page.next_token
        if token is None:
            return found


def test_an_event_is_kept_28_days_as_it_was(table: Table, events: Events, organization: OrganizationId) -> None:
    event = events.get(organization, "event-2")

    assert (event.trouble, event.actioned_at) == (a_trouble(organization, 2), None)
    item = table.get(keys.event(organization, "event-2"))
    assert item is not None
    assert item["ttl"] == int((NOON + 2 * SECOND + timedelta(days=28)).timestamp())
    with pytest.raises(Missing):
        events.get(organization, "none")


def test_lists_show_what_nobody_has_actioned_newest_first(events: Events, organization: OrganizationId) -> None:
    for number in (4, 1):
        events.mark_actioned(organization, f"event-{number}", actioned=True, by="ann", at=NOON)

    assert ids(events, organization) == ids(events, organization, 1) == ["event-5", "event-3", "event-2", "event-0"]
    whole = ["event-5", "event-3", "event-2", "event-0", "event-4", "event-1"]
    for size in (1, 2, 3, 4, 5, 6):
        assert ids(events, organization, size, include_actioned=True) == whole


def test_lists_can_be_narrowed(events: Events, organization: OrganizationId) -> None:
    assert ids(events, organization, event_name="integration.validation.error") == ["event-3"]
    assert ids(events, organization, account_id="account-1") == ["event-1"]
    assert ids(events, organization, 1, resource_id=CONFIGURATION) == ["event-4", "event-2", "event-0"]
    assert ids(events, organization, resource_id="bill-5") == ["event-5"]
    assert ids(events, organization, resource_id="run-5", account_id="account-1") == []
    assert ids(events, OrganizationId(f"{organization}-other")) == []


def test_a_page_token_is_for_its_own_list_only(events: Events, organization: OrganizationId) -> None:
    token = events.page(organization, size=1).next_token

    with pytest.raises(BadRequest):
        events.page(organization, size=1, token=token, include_actioned=True)


def test_marking_twice_keeps_the_first_and_can_be_undone(events: Events, organization: OrganizationId) -> None:
    first = events.mark_actioned(organization, "event-1", actioned=True, by="ann", at=NOON)
    second = events.mark_actioned(organization, "event-1", actioned=True, by="bob", at=NOON + SECOND)

    assert first == second
    assert (second.actioned_at, second.actioned_by) == (NOON, "ann")
    undone = events.mark_actioned(organization, "event-1", actioned=False, by="bob", at=NOON)
    assert (undone.actioned_at, undone.actioned_by) == (None, None)
    assert "event-1" in ids(events, organization)
    with pytest.raises(Missing):
        events.mark_actioned(organization, "none", actioned=True, by="bob", at=NOON)


def test_several_are_found_in_the_order_asked_for(events: Events, organization: OrganizationId) -> None:
    found = events.get_many(organization, ["event-4", "none", "event-0", "event-4"])

    assert [event.trouble.id for event in found] == ["event-4", "event-0"]


def test_those_of_a_configuration_come_newest_first_within_their_time(
    events: Events, organization: OrganizationId
) -> None:
    found = events.of_configuration(organization, CONFIGURATION, since=NOON + 2 * SECOND, until=NOON + 4 * SECOND)
    assert [trouble.id for trouble in found] == ["event-4", "event-2"]

    found = events.of_configuration(organization, CONFIGURATION, until=NOON + 3 * SECOND)
    assert [trouble.id for trouble in found] == ["event-2", "event-0"]


# Given a notice and a recipient, when workers send its mail, then one of them does.


def test_a_mail_is_claimed_by_one_and_sent_once(table: Table, organization: OrganizationId) -> None:
    notices = Notices(table)
    claim = (organization, "notice", "ada")

    assert notices.claim_mail(*claim, NOON, SECOND)
    with pytest.raises(Clash):
        notices.claim_mail(*claim, NOON, SECOND)
    assert notices.claim_mail(organization, "notice", "bob", NOON, SECOND)
    assert notices.claim_mail(organization, "other", "ada", NOON, SECOND)

    notices.mail_sent(*claim, NOON)
    assert not notices.claim_mail(*claim, NOON + 9 * SECOND, SECOND)


def test_a_claim_that_was_given_up_or_ran_out_is_free(table: Table, organization: OrganizationId) -> None:
    notices = Notices(table)
    claim = (organization, "notice", "ada")

    assert notices.claim_mail(*claim, NOON, SECOND)
    notices.mail_failed(*claim)
    assert notices.claim_mail(*claim, NOON, SECOND)
    assert notices.claim_mail(*claim, NOON + SECOND, SECOND)


def test_a_notice_of_its_own_is_written_once(table: Table, organization: OrganizationId) -> None:
    notices = Notices(table)
    notice = Notice("summary", organization, NoticeKind.FAILING, NOON)

    assert notices.order(notice)
    assert not notices.order(replace(notice, at=NOON + SECOND))
    assert notices.get(organization, "summary") == notice


def test_a_notice_that_is_not_there_is_missing(table: Table, organization: OrganizationId) -> None:
    with pytest.raises(Missing):
        Notices(table).get(organization, "none")
