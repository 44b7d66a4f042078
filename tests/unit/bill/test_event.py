"""Reading m3ter's events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.event import AccountEvent, BillEvent, parse_envelope, parse_event
from m3ter_quickbooks.problems import MalformedBill, MalformedEvent
from tests.unit.making import ORGANIZATION, event


def detail(**changes: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "id": "e1",
        "eventName": "billing.bill.updated",
        "eventTime": "2026-03-01T12:00:00.000Z",
        "orgId": "org",
        "m3terEvent": {"eventData": {"newDto": {"id": "b1", "accountId": "a1"}}},
    }
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def data(**dtos: object) -> dict[str, object]:
    return {"eventData": dtos}


@pytest.mark.parametrize(
    ("name", "happening", "version", "approved", "deleted"),
    [
        ("bill-created", "created", 1, False, False),
        ("bill-approved", "updated", 2, True, False),
        ("bill-regenerated", "updated", 3, False, False),
        ("bill-deleted", "deleted", 3, False, True),
    ],
)
def test_the_life_of_a_bill_in_events(
    name: str, happening: str, version: int, *, approved: bool, deleted: bool
) -> None:
    read = parse_envelope(event(name))

    assert isinstance(read, BillEvent)
    assert read.happening == happening
    assert read.organization_id == ORGANIZATION
    assert read.bill.id == "b1110000-0000-4000-8000-000000000001"
    assert (read.fence.version, read.fence.approved, read.fence.deleted) == (version, approved, deleted)
    assert read.dto["id"] == read.bill.id


def test_the_fences_of_a_bill_follow_its_life() -> None:
    names = ("bill-created", "bill-approved", "bill-regenerated", "bill-deleted")
    events = [parse_envelope(event(name)) for name in names]
    fences = [read.fence for read in events if isinstance(read, BillEvent)]

    assert fences == sorted(fences)
    assert len(set(fences)) == 4


def test_an_account_event() -> None:
    read = parse_envelope(event("account-updated"))

    assert isinstance(read, AccountEvent)
    assert read.happening == "updated"
    assert read.account.name == "Acme Europe"
    assert read.account.version == 3
    assert read.event_time == datetime(2026, 10, 20, 12, 0, 0, 120_000, tzinfo=UTC)


def test_a_deleted_account_is_told_by_its_last_state() -> None:
    read = parse_envelope(event("account-deleted"))

    assert isinstance(read, AccountEvent)
    assert read.happening == "deleted"
    assert read.account.id == "2c1d0000-0000-4000-8000-000000000001"


def test_a_deletion_may_also_be_told_under_new_dto() -> None:
    read = parse_event(detail(eventName="billing.bill.deleted", m3terEvent=data(newDto={"id": "b2"})))

    assert isinstance(read, BillEvent)
    assert read.bill.id == "b2"


def test_the_organization_may_stand_in_the_bill() -> None:
    read = parse_event(detail(orgId=..., m3terEvent=data(newDto={"id": "b1", "orgId": "of the bill"})))

    assert read is not None
    assert read.organization_id == "of the bill"


def test_the_organization_of_the_event_comes_first() -> None:
    read = parse_event(detail(m3terEvent=data(newDto={"id": "b1", "orgId": "of the bill"})))

    assert read is not None
    assert read.organization_id == "org"


@pytest.mark.parametrize("name", ["billing.bill.approved", "billing.billjob.created", "configuration.product.created"])
def test_an_event_that_we_have_no_use_for_is_none(name: str) -> None:
    assert parse_event(detail(eventName=name)) is None


def test_an_event_of_somebody_else_is_none() -> None:
    assert parse_envelope(event("bill-created") | {"source": "aws.s3"}) is None


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"id": ...}, "id"),
        ({"id": "  "}, "id"),
        ({"eventName": ...}, "eventName"),
        ({"eventName": 5}, "eventName"),
        ({"eventTime": ...}, "eventTime"),
        ({"eventTime": "noon"}, "eventTime"),
        ({"orgId": ...}, "orgId"),
        ({"orgId": "o" * 257}, "orgId"),
        ({"m3terEvent": ...}, "m3terEvent"),
        ({"m3terEvent": {}}, "m3terEvent.eventData"),
        ({"m3terEvent": data()}, "m3terEvent.eventData.newDto"),
        ({"m3terEvent": data(newDto=[])}, "m3terEvent.eventData.newDto"),
        ({"m3terEvent": data(oldDto={"id": "b1"})}, "m3terEvent.eventData.newDto"),
        ({"eventName": "billing.bill.deleted", "m3terEvent": data(oldDto=5)}, "m3terEvent.eventData.oldDto"),
        ({"eventName": "configuration.account.created", "m3terEvent": data(newDto={})}, "id"),
    ],
)
def test_a_missing_key_is_named(changes: dict[str, object], key: str) -> None:
    with pytest.raises(MalformedEvent) as caught:
        parse_event(detail(**changes))

    assert caught.value.key == key
    assert key in caught.value.message


def test_an_envelope_without_detail_is_malformed() -> None:
    with pytest.raises(MalformedEvent, match="detail"):
        parse_envelope({"source": "m3ter"})


def test_a_bill_that_cannot_be_read_says_all_that_is_wrong() -> None:
    with pytest.raises(MalformedBill) as caught:
        parse_envelope(event("bill-malformed"))

    assert [problem.message.split(": ")[1] for problem in caught.value.problems] == [
        "billTotal should be a number.",
        "lineItems[0].lineItemType is missing.",
    ]


def test_an_account_that_cannot_be_read_says_all_that_is_wrong() -> None:
    with pytest.raises(
        MalformedEvent, match=r"address should be an object.*customFields should be an object"
    ) as caught:
        Account.parse({"id": "a1", "customFields": 5, "address": "home"})

    assert caught.value.key in {"address", "customFields"}


def test_an_account_keeps_its_custom_fields_as_they_are() -> None:
    fields: dict[str, Any] = {"country": "UK", "seats": 3, "with space": ""}

    assert Account.parse({"id": "a1", "customFields": fields}).custom_fields == fields
