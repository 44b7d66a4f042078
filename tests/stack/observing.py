"""What the world outside sees of the stack: the events on its bus, the mails that SES has sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from local.stack import Stack
from m3ter_quickbooks.messaging.bus import SOURCE
from tests.leaks import plain_text, recorded

SENDER = "billing@m3ter-quickbooks.example"


def wait_for(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Ask until there is something; the last answer if there never is."""
    until = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.3)
    return found


@dataclass
class Listener:
    """Somebody who has subscribed a queue to the bus, for our events about one organization."""

    sqs: Any
    queue: str
    heard: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: Stack, organization: str) -> Listener:
        return cls._subscribed(stack, {"source": [SOURCE], "detail": {"orgId": [organization]}})

    @classmethod
    def of_everybody(cls, stack: Stack) -> Listener:
        return cls._subscribed(stack, {"source": [SOURCE]})

    @classmethod
    def _subscribed(cls, stack: Stack, pattern: dict[str, Any]) -> Listener:
        sqs, bus = stack.client("sqs"), stack.client("events")
        name = f"heard-{uuid4()}"
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        bus.put_rule(Name=name, EventBusName=stack.event_bus_name, EventPattern=json.dumps(pattern))
        bus.put_targets(Rule=name, EventBusName=stack.event_bus_name, Targets=[{"Id": "1", "Arn": arn}])
        return cls(sqs, queue)

    def hear(self, count: int, seconds: float = 60.0) -> list[dict[str, Any]]:
        """At least `count` events, each once whatever the stream repeats, as far as they come in time."""
        wait_for(lambda: self._take() >= count, seconds)
        return list(self.heard.values())

    def hear_the_rest(self) -> list[dict[str, Any]]:
        """All that is there."""
        known = -1
        while known < self._take():
            known = len(self.heard)
        return list(self.heard.values())

    def _take(self) -> int:
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            event = json.loads(message["Body"])
            self.heard[event["detail"]["id"]] = event
        return len(self.heard)


def all_that_is_seen(stack: Stack, listener: Listener) -> Iterator[tuple[str, str]]:
    """Whatever the stack has shown to anybody: (where, text)."""
    logs = stack.client("logs")
    for group in logs.get_paginator("describe_log_groups").paginate().search("logGroups[].logGroupName"):
        for line in logs.get_paginator("filter_log_events").paginate(logGroupName=group).search("events[].message"):
            yield f"log {group}", line
    for item in recorded(stack.client("dynamodb"), stack.table_name):
        yield item["type"]["S"], plain_text(item)
    for mail in stack.emulator.captured_mails():
        if mail["Source"] == SENDER:
            yield "mail", " ".join(str(mail[part]) for part in ("Subject", "BodyText", "BodyHtml"))
    for event in listener.hear_the_rest():
        yield "outgoing event", json.dumps(event)


def mails_to(stack: Stack, address: str) -> list[dict[str, Any]]:
    """Our captured mails to one address (not Cognito's), oldest first."""
    mails = stack.emulator.captured_mails()
    return [mail for mail in mails if address in mail["To"] and mail["Source"] == SENDER]
