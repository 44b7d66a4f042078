"""A message that nobody can make anything of: tried as often as the queue says, then kept where an alarm looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from local.stack import Stack
from tests.stack.observing import wait_for


@pytest.fixture
def impatient_queue(stack: Stack) -> Iterator[str]:
    """The queue of bills, with messages that come again after a second instead of minutes."""
    sqs = stack.client("sqs")
    names = ["VisibilityTimeout", "RedrivePolicy"]
    before = sqs.get_queue_attributes(QueueUrl=stack.queue_url, AttributeNames=names)["Attributes"]
    sqs.set_queue_attributes(QueueUrl=stack.queue_url, Attributes={"VisibilityTimeout": "1"})
    yield json.loads(before["RedrivePolicy"])["deadLetterTargetArn"].rsplit(":", 1)[1]
    sqs.set_queue_attributes(QueueUrl=stack.queue_url, Attributes={"VisibilityTimeout": before["VisibilityTimeout"]})


def test_a_message_that_is_no_event_ends_in_the_dead_letters_of_its_queue(stack: Stack, impatient_queue: str) -> None:
    sqs, body = stack.client("sqs"), f"not JSON {uuid4()}"
    dead_letters = next(url for url in stack.dead_letter_queue_urls if url.endswith(impatient_queue))
    sqs.send_message(QueueUrl=stack.queue_url, MessageBody=body)

    def found() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=dead_letters, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        return [message for message in answer.get("Messages", []) if message["Body"] == body]

    assert len(wait_for(found)) == 1
