"""The retry messages, against moto's SQS and against the door that reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from bills.messages import Retry, read_message
from m3ter_quickbooks.bill.identifiers import BillId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.messaging.queue import Queue, group
from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.run.delivery import Doubt
from m3ter_quickbooks.run.replay_order import ReplayOrder
from m3ter_quickbooks.run.run import Outcome, RunId, RunStatus
from m3ter_quickbooks.run.trouble import LookAgain
from tests.adapters.storage.on_moto import a_client
from tests.unit.run.builders import NOON, ORGANIZATION, a_run

LOOK = LookAgain(
    ORGANIZATION,
    ConfigurationId("config"),
    BillId("bill"),
    "run",
    (Doubt(DocumentKind.CREDIT_MEMO, "58", NOON.date()), Doubt(DocumentKind.INVOICE, "59", NOON.date())),
    NOON + timedelta(microseconds=7),
    "4620816365",
)


@pytest.fixture
def sqs() -> Iterator[Any]:
    with mock_aws():
        yield a_client("sqs")


class Recording:
    """An SQS that takes everything but what it is told to refuse."""

    def __init__(self, *failed: dict[str, Any]) -> None:
        self.requests: list[dict[str, Any]] = []
        self._failed = list(failed)

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"Successful": [], **({"Failed": self._failed} if self._failed else {})}

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [entry for request in self.requests for entry in request["Entries"]]


def a_queue(client: object) -> Queue:
    return Queue(cast("Any", client), "https://queue")


def test_what_is_put_back_is_what_the_door_reads(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="bills")["QueueUrl"]
    queue = Queue(sqs, url)

    queue.retry([a_run()], timedelta(0))
    queue.look(LOOK, timedelta(0))

    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    messages = [read_message(message["Body"]) for message in received]
    assert sorted(messages, key=str) == sorted([Retry(ORGANIZATION, RunId("run"), 1), LOOK], key=str)


@pytest.mark.parametrize(
    "order",
    [
        ReplayOrder("r1", NOON, ORGANIZATION, ConfigurationId("config"), frozenset(RunStatus)),
        ReplayOrder(
            "r2",
            NOON,
            ORGANIZATION,
            ConfigurationId("config"),
            frozenset(),
            frozenset({Outcome.SKIPPED}),
            NOON - timedelta(days=1),
            NOON + timedelta(microseconds=3),
            (NOON, "run-9"),
        ),
    ],
)
def test_a_replay_is_ordered_as_the_door_reads_it(sqs: Any, order: ReplayOrder) -> None:
    url = sqs.create_queue(QueueName="bills")["QueueUrl"]

    Queue(sqs, url).replay(order)

    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert read_message(message["Body"]) == order


def test_many_runs_go_ten_at_a_time_one_message_each() -> None:
    client = Recording()

    a_queue(client).retry([a_run(id=RunId(f"run-{number}")) for number in range(23)], timedelta(0))

    assert [len(request["Entries"]) for request in client.requests] == [10, 10, 3]
    assert [json.loads(entry["MessageBody"])["retry"]["runId"] for entry in client.entries] == [
        f"run-{number}" for number in range(23)
    ]


def test_no_runs_are_no_request() -> None:
    client = Recording()

    a_queue(client).retry([], timedelta(0))

    assert client.requests == []


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [(timedelta(seconds=-5), 0), (timedelta(0), 0), (timedelta(milliseconds=1), 1), (timedelta(hours=2), 900)],
)
def test_a_delay_is_whole_seconds_never_early_and_at_most_what_sqs_takes(delay: timedelta, seconds: int) -> None:
    client = Recording()

    a_queue(client).retry([a_run()], delay)

    assert [entry["DelaySeconds"] for entry in client.entries] == [seconds]


def test_messages_of_one_configuration_are_one_group() -> None:
    client = Recording()
    runs = [a_run(configuration_id=ConfigurationId(name)) for name in ("0195-a", "0195-b", "0195-a")]

    a_queue(client).retry(runs, timedelta(0))
    a_queue(client).look(replace(LOOK, configuration_id=ConfigurationId("0195-b")), timedelta(0))

    assert [entry["MessageGroupId"] for entry in client.entries] == ["0195-a", "0195-b", "0195-a", "0195-b"]


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_group_is_a_plain_name_for_any_id(one: str, other: str) -> None:
    assert (group(one) == group(other)) == (one == other)
    assert 1 <= len(group(one)) <= 128
    assert group(one).isascii()
    assert group(one).replace("-", "").isalnum()


def test_messages_that_were_not_taken_are_tried_later() -> None:
    client = Recording({"Id": "0", "Code": "InternalError", "SenderFault": False})

    with pytest.raises(TryLater, match="1 of 1"):
        a_queue(client).retry([a_run()], timedelta(0))


def test_a_message_refused_as_wrong_is_a_bug() -> None:
    client = Recording({"Id": "0", "Code": "InvalidMessageContents", "SenderFault": True})

    with pytest.raises(RuntimeError, match="InvalidMessageContents"):
        a_queue(client).retry([a_run()], timedelta(0))


class Refusing:
    """An SQS that answers nothing but this."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def send_message_batch(self, **_: Any) -> None:
        raise self._error


PAGE_OF_A_PROXY: Any = {"Error": {"Code": "503", "Message": "x"}, "ResponseMetadata": {"HTTPStatusCode": 503}}


@pytest.mark.parametrize(
    ("error", "throttled"),
    [
        (ClientError({"Error": {"Code": "RequestThrottled", "Message": "x"}}, "SendMessageBatch"), True),
        (ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "x"}}, "SendMessageBatch"), False),
        (ClientError(PAGE_OF_A_PROXY, "SendMessageBatch"), False),
        (EndpointConnectionError(endpoint_url="https://queue"), False),
    ],
)
def test_a_queue_that_is_busy_or_away_is_tried_later(error: Exception, throttled: bool) -> None:
    with pytest.raises(TryLater) as refused:
        a_queue(Refusing(error)).retry([a_run()], timedelta(0))

    assert refused.value.throttled is throttled


def test_a_queue_that_is_not_there_is_a_bug() -> None:
    error = ClientError({"Error": {"Code": "QueueDoesNotExist", "Message": "x"}}, "SendMessageBatch")

    with pytest.raises(ClientError):
        a_queue(Refusing(error)).retry([a_run()], timedelta(0))
