"""From a committed notice to SES and the bus, on the real template with IAM enforced."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.stack import Stack
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, UserId
from m3ter_quickbooks.run.trouble import EventName, Notice, NoticeKind, Trouble
from m3ter_quickbooks.storage.configurations import Configurations, Wanted
from m3ter_quickbooks.storage.events import event_item
from m3ter_quickbooks.storage.members import Organization, Organizations, User, Users
from m3ter_quickbooks.storage.notices import Notices
from m3ter_quickbooks.storage.table import Put, Table

READERS = ("anna", "ben")


@pytest.fixture
def table(stack: Stack) -> Table:
    return Table(stack.client("dynamodb"), stack.table_name)


@pytest.fixture
def organization(table: Table) -> OrganizationId:
    made = OrganizationId(f"notices-{uuid4()}")
    now = datetime.now(UTC)
    Organizations(table).create(Organization(made, "Acme Ltd"), by="test", at=now)
    for reader in READERS:
        user = User(made, UserId(reader), f"{reader}@{made}.example.com")
        Users(table).create(user, by="test", at=now)
    return made


def wait_for(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Ask until there is something; the last answer if there never is."""
    until = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.5)
    return found


def mails(stack: Stack, organization: OrganizationId) -> list[str]:
    """The captured mails of one organization's readers, as text."""
    accounts = httpx.get(f"{stack.aws_endpoint_url}/_ministack/ses/messages", timeout=10.0).json()["messages"]
    return [text for sent in accounts.values() for text in map(json.dumps, sent) if organization in text]


def an_error(organization: OrganizationId, configuration: ConfigurationId, number: int, now: datetime) -> Trouble:
    return Trouble(
        id=f"{organization}-{number}",
        organization_id=organization,
        name=EventName.PERFORM,
        at=now - timedelta(seconds=10 - number),
        dto={"message": f"Bill {number} was refused.", "status": "ERROR"},
        cause="quickbooks.6000",
        configuration_id=configuration,
    )


def test_a_committed_notice_reaches_every_reader_once_and_its_events_the_bus(
    stack: Stack, table: Table, organization: OrganizationId
) -> None:
    sqs, bus = stack.client("sqs"), stack.client("events")
    name = f"heard-{organization}"[:60]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"source": ["m3ter-quickbooks"], "detail": {"orgId": [organization]}})
    bus.put_rule(Name=name, EventBusName=stack.event_bus_name, EventPattern=pattern)
    bus.put_targets(Rule=name, EventBusName=stack.event_bus_name, Targets=[{"Id": "1", "Arn": arn}])
    now = datetime.now(UTC)
    wanted = Wanted(
        "Bills to QuickBooks",
        Destination.QUICKBOOKS_SANDBOX,
        {"integrationDisabledNotificationUsers": [*READERS, "removed"]},
    )
    configuration = Configurations(table).create(organization, wanted, by="test", at=now).value.id
    for number in range(1, 11):
        table.put(Put(event_item(an_error(organization, configuration, number, now))))
    assert Notices(table).order(Notice(f"n-{organization}", organization, NoticeKind.DISABLED, now, configuration))

    wait_for(lambda: len(mails(stack, organization)) >= len(READERS))
    sent = mails(stack, organization)
    assert len(sent) == len(READERS)
    assert all(any(f"{reader}@{organization}" in mail for mail in sent) for reader in READERS)
    assert all("10 errors" in mail for mail in sent)

    heard: dict[str, Any] = {}

    def hear() -> bool:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            event = json.loads(message["Body"])
            heard[event["detail"]["id"]] = event
        return len(heard) >= 10

    wait_for(hear)
    assert len(heard) == 10
    assert {event["detail-type"] for event in heard.values()} == {"integration.perform.error"}
