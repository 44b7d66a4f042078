"""The table's stream, as Lambda gets its records, against what the stores write."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.run.trouble import EventName, Notice, NoticeKind, Trouble
from m3ter_quickbooks.storage.events import event_item
from m3ter_quickbooks.storage.notices import notice_item
from m3ter_quickbooks.storage.stream import committed
from m3ter_quickbooks.storage.wire import to_wire

AT = datetime(2026, 11, 22, 10, 4, 31, 123456, tzinfo=UTC)
ORGANIZATION = OrganizationId("o1")
TROUBLE = Trouble(
    id="0192-e1",
    organization_id=ORGANIZATION,
    name=EventName.PERFORM,
    at=AT,
    dto={"message": "No — “ö”.", "total": Decimal("1234567890.12345678901234567890"), "run": None},
    cause="quickbooks.6000",
    configuration_id=ConfigurationId("c1"),
    account_id="a1",
    bill_id=BillId("b1"),
    run_id="r1",
)
NOTICE = Notice("n1", ORGANIZATION, NoticeKind.DISABLED, AT, ConfigurationId("c1"), facts={"integrationName": "Bills"})


def image(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """As Lambda puts it into JSON: bytes become base64."""

    def written(value: Any) -> Any:
        if isinstance(value, bytes):
            return base64.b64encode(value).decode()
        return {key: written(part) for key, part in value.items()} if isinstance(value, dict) else value

    return {key: written(value) for key, value in attributes.items()}


def record(item: dict[str, Any], happened: str = "INSERT") -> dict[str, Any]:
    return {
        "eventID": "1",
        "eventName": happened,
        "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": "1", "NewImage": image(to_wire(item)), "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }


def test_an_error_event_is_read_exactly_as_committed() -> None:
    assert committed(record(event_item(TROUBLE))) == TROUBLE


def test_a_notice_is_read_exactly_as_committed() -> None:
    assert committed(record(notice_item(NOTICE))) == NOTICE


@pytest.mark.parametrize("happened", ["MODIFY", "REMOVE"])
def test_later_changes_of_an_event_call_for_nothing(happened: str) -> None:
    assert committed(record(event_item(TROUBLE), happened)) is None


@pytest.mark.parametrize(
    "strange",
    [
        {},
        {"eventName": "INSERT"},
        {"eventName": "INSERT", "dynamodb": {}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"pk": {"S": "x"}}}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"pk": {"S": "x"}, "type": {"S": "run"}}}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"type": {"N": "1"}, "odd": {"SS": ["a"]}}}},
        {"eventName": "REMOVE", "dynamodb": {"OldImage": {"type": {"S": "event"}}}},
    ],
)
def test_whatever_else_the_stream_tells_is_passed_over(strange: dict[str, Any]) -> None:
    assert committed(strange) is None
