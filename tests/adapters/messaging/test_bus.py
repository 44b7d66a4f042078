"""Outgoing events, against moto's EventBridge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import pytest
from moto import mock_aws

from m3ter_quickbooks.messaging.bus import SOURCE, Bus, Outgoing
from m3ter_quickbooks.problems import TryLater
from tests.adapters.storage.on_moto import a_client
from tests.unit.run.builders import NOON

EVENT = Outgoing("integration.perform.error", NOON, {"id": "e1", "total": Decimal("1.10"), "text": "“ü”"})


@pytest.fixture
def heard() -> Iterator[tuple[Bus, Any, str]]:
    """A bus whose events all come to a queue."""
    with mock_aws():
        events, sqs = a_client("events"), a_client("sqs")
        events.create_event_bus(Name="bus")
        url = sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="all", EventBusName="bus", EventPattern=json.dumps({"source": [SOURCE]}))
        events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "queue", "Arn": arn}])
        yield Bus(events, "bus"), sqs, url


class Recording:
    """An EventBridge that takes all but what it is told to refuse."""

    def __init__(self, *refused: str) -> None:
        self.requests: list[list[dict[str, Any]]] = []
        self._refused = refused

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  boto3's own name
        self.requests.append(Entries)
        failed = [{"ErrorCode": code, "ErrorMessage": "x"} for code in self._refused]
        return {"FailedEntryCount": len(failed), "Entries": [*failed, {"EventId": "1"}]}


def test_an_event_is_on_the_bus_as_it_was_given(heard: tuple[Bus, Any, str]) -> None:
    bus, sqs, url = heard

    bus.put([EVENT])

    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    event = json.loads(message["Body"], parse_float=Decimal)
    assert (event["source"], event["detail-type"], event["detail"]) == (SOURCE, EVENT.name, dict(EVENT.detail))
    assert event["time"].startswith("2026-03-01T12:00:00")


def test_many_events_go_ten_at_a_time() -> None:
    client = Recording()

    Bus(cast("Any", client), "bus").put([EVENT] * 23)

    assert [len(entries) for entries in client.requests] == [10, 10, 3]


def test_no_events_are_no_request() -> None:
    client = Recording()

    Bus(cast("Any", client), "bus").put([])

    assert client.requests == []


def test_events_that_were_not_taken_are_tried_later() -> None:
    with pytest.raises(TryLater, match="1 of 2"):
        Bus(cast("Any", Recording("ThrottlingException")), "bus").put([EVENT, EVENT])


def test_an_event_refused_as_wrong_is_a_bug() -> None:
    with pytest.raises(RuntimeError, match="MalformedDetail"):
        Bus(cast("Any", Recording("ThrottlingException", "MalformedDetail")), "bus").put([EVENT, EVENT, EVENT])
