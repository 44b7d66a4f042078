"""The queue of mails, against SQS as moto knows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.messaging.mail_orders import MailOrder, MailOrders, order_of, order_text
from m3ter_quickbooks.problems import TryLater

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[SQSClient]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("sqs", region_name="eu-west-1")


def orders(count: int) -> list[MailOrder]:
    return [MailOrder(OrganizationId("o1"), "n1", UserId(f"user {number}")) for number in range(count)]


def test_every_order_is_a_message_of_its_own(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="mails")["QueueUrl"]
    MailOrders(sqs, url).place(orders(23))
    found = set()
    for _ in range(40):
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            found.add(order_of(message["Body"]))
        if len(found) == 23:
            break
    assert found == set(orders(23))


def test_an_order_names_nobody_but_by_id() -> None:
    (order,) = orders(1)
    assert order_of(order_text(order)) == order
    assert set(order_text(order).replace('"', " ").split()) >= {"organizationId", "noticeId", "userId"}


def test_a_queue_that_is_gone_is_a_fault_of_ours(sqs: SQSClient) -> None:
    with pytest.raises(ClientError, match="NonExistentQueue"):
        MailOrders(sqs, "https://sqs.eu-west-1.amazonaws.com/123456789012/gone").place(orders(1))


def test_orders_that_were_taken_in_part_are_tried_again() -> None:
    class Choosy:
        def send_message_batch(self, **request: Any) -> dict[str, Any]:
            failed = {"Id": request["Entries"][1]["Id"], "Code": "InternalError", "SenderFault": False}
            return {"Successful": request["Entries"][:1], "Failed": [failed]}

    with pytest.raises(TryLater, match="1 of 2"):
        MailOrders(cast("SQSClient", Choosy()), "https://queue").place(orders(2))
