"""The notices on the real stores and senders, with AWS played by moto: from a committed item to a mail in SES."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sesv2 import sesv2_backends

from m3ter_quickbooks import wiring
from m3ter_quickbooks.environment import NotificationsEnvironment
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.run.trouble import EventName, Notice, NoticeKind, Trouble
from m3ter_quickbooks.storage.configurations import Wanted
from m3ter_quickbooks.storage.events import event_item
from m3ter_quickbooks.storage.members import Organization, User
from m3ter_quickbooks.storage.notices import notice_item
from m3ter_quickbooks.storage.table import Put
from m3ter_quickbooks.storage.wire import to_wire
from m3ter_quickbooks.wiring import Notices
from notifications.gather import Places, gather
from notifications.handler import announce_changes, handle, send_mails
from notifications.mails.day import Day, Summary
from notifications.world import World, real_world, world_of
from tests.functions.notifications.incidents import AT
from tests.functions.notifications.world_of_fakes import ANNA, BEN, CARA, ORGANIZATION
from tests.leaks import nothing_leaks

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

EXAMPLES = Path(__file__).resolve().parents[3] / "events"
REGION = "eu-west-1"
ENVIRONMENT = {
    "STAGE": "test",
    "TABLE_NAME": "table",
    "EVENT_BUS_NAME": "bus",
    "MAIL_QUEUE_URL": "",
    "SENDER_ADDRESS": "billing@example.com",
    "PUBLIC_URL": "https://api.example.com/prod/",
}


@dataclass
class House:
    parts: Notices
    queue_url: str
    now: datetime = AT + timedelta(minutes=1)

    @property
    def world(self) -> World:
        return world_of(self.parts)

    def configuration(self, *readers: str) -> ConfigurationId:
        wanted = Wanted(
            "Bills to QuickBooks",
            Destination.QUICKBOOKS_SANDBOX,
            {"integrationDisabledNotificationUsers": list(readers)},
        )
        return self.parts.configurations.create(ORGANIZATION, wanted, by="test", at=AT).value.id

    def errors(self, configuration: ConfigurationId, count: int) -> list[Trouble]:
        made = [
            Trouble(
                id=f"0192-{number:03}",
                organization_id=ORGANIZATION,
                name=EventName.PERFORM,
                at=AT - timedelta(minutes=count - number),
                dto={"message": f"Bill {number} was refused.", "status": "ERROR"},
                cause="quickbooks.6000",
                configuration_id=configuration,
            )
            for number in range(1, count + 1)
        ]
        for one in made:
            self.parts.table.put(Put(event_item(one)))
        return made

    def commit(self, configuration: ConfigurationId) -> dict[str, Any]:
        item = notice_item(Notice("notice-1", ORGANIZATION, NoticeKind.DISABLED, AT, configuration))
        self.parts.table.put(Put(item))
        return record_of(item)

    def orders(self, count: int = 1) -> list[dict[str, Any]]:
        """The next `count` messages, as SQS hands them to Lambda."""
        sqs = boto3.client("sqs", region_name=REGION)
        found: list[dict[str, Any]] = []
        for _ in range(10):
            answer = sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            found += [
                {"eventSource": "aws:sqs", "messageId": one["MessageId"], "body": one["Body"]}
                for one in answer.get("Messages", [])
            ]
            if len(found) >= count:
                break
        return found


def record_of(item: dict[str, Any]) -> dict[str, Any]:
    image = json.loads(json.dumps(to_wire(item), default=lambda data: base64.b64encode(data).decode()))
    return {
        "eventID": "e1",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": "111", "NewImage": image},
    }


def sent() -> list[Any]:
    mails: list[Any] = sesv2_backends[DEFAULT_ACCOUNT_ID][REGION].core_backend.sent_messages
    return mails


def readers() -> list[str]:
    return sorted(address for one in sent() for address in one.destinations["ToAddresses"])


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        attributes = ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"]
        boto3.client("dynamodb", region_name=REGION).create_table(
            TableName="table",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
            KeySchema=_schema("pk", "sk"),
            GlobalSecondaryIndexes=[
                {"IndexName": index, "KeySchema": _schema(f"{index}pk", f"{index}sk"), "Projection": _ALL}
                for index in ("gsi1", "gsi2")
            ],
        )
        queue_url = boto3.client("sqs", region_name=REGION).create_queue(QueueName="mails")["QueueUrl"]
        boto3.client("events", region_name=REGION).create_event_bus(Name="bus")
        boto3.client("sesv2", region_name=REGION).create_email_identity(EmailIdentity="billing@example.com")
        environment = NotificationsEnvironment.read(ENVIRONMENT | {"MAIL_QUEUE_URL": queue_url})
        made = House(Notices(environment), queue_url)
        made.parts.now = lambda: made.now
        made.parts.organizations.create(Organization(ORGANIZATION, "Acme Ltd"), by="test", at=AT)
        for reader in (ANNA, BEN):
            made.parts.users.create(User(ORGANIZATION, reader, f"{reader}@example.com"), by="test", at=AT)
        yield made
        for mail in sent():
            nothing_leaks("A mail", f"{mail.subject}\n{mail.body}")


_ALL: Any = {"ProjectionType": "ALL"}


def _schema(pk: str, sk: str) -> Any:
    return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]


def test_a_committed_notice_becomes_one_mail_for_each_chosen_user(house: House) -> None:
    configuration = house.configuration(ANNA, BEN, CARA)
    house.errors(configuration, 12)
    record = house.commit(configuration)
    assert announce_changes([record, record], house.world) == []
    orders = house.orders(6)
    assert len(orders) == 6
    assert send_mails(orders, house.world) == []
    assert readers() == ["anna@example.com", "ben@example.com"]


def test_the_mail_tells_the_ten_errors_of_the_row(house: House) -> None:
    configuration = house.configuration(ANNA)
    house.errors(configuration, 12)
    announce_changes([house.commit(configuration)], house.world)
    send_mails(house.orders(), house.world)
    (mail,) = sesv2_backends[DEFAULT_ACCOUNT_ID][REGION].core_backend.sent_messages
    assert mail.subject == "Disabled: integration “Bills to QuickBooks” of Acme Ltd"
    assert "10 errors, on 22 November 2026 from 09:55 to 10:04 UTC." in mail.body
    assert "Bill 12 was refused." in mail.body
    assert f"https://api.example.com/prod/organizations/{ORGANIZATION}/integrationconfigs/{configuration}" in mail.body


def test_a_user_whose_access_has_ended_gets_no_mail(house: House) -> None:
    configuration = house.configuration(ANNA, BEN)
    user = house.parts.users.get(ORGANIZATION, ANNA).value
    house.parts.users.update(ORGANIZATION, ANNA, role=user.role, ends_at=AT, by="test", at=AT)
    announce_changes([house.commit(configuration)], house.world)
    assert send_mails(house.orders(2), house.world) == []
    assert readers() == ["ben@example.com"]


def test_a_sandboxed_ses_refuses_one_reader_and_takes_the_other(house: House) -> None:
    boto3.client("sesv2", region_name=REGION).delete_email_identity(EmailIdentity="billing@example.com")
    announce_changes([house.commit(house.configuration(ANNA))], house.world)
    orders = house.orders()
    assert send_mails(orders, house.world) == [orders[0]["messageId"]]
    boto3.client("sesv2", region_name=REGION).create_email_identity(EmailIdentity="billing@example.com")
    house.now += timedelta(minutes=6)
    assert send_mails(orders, house.world) == []
    assert readers() == ["anna@example.com"]


def test_an_error_event_goes_from_the_table_to_the_bus(house: House) -> None:
    sqs, events = (boto3.client(name, region_name=REGION) for name in ("sqs", "events"))
    arn = sqs.get_queue_attributes(QueueUrl=house.queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName="bus", EventPattern='{"source": ["m3ter-quickbooks"]}')
    events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "1", "Arn": arn}])
    (trouble,) = house.errors(house.configuration(), 1)
    assert announce_changes([record_of(event_item(trouble))], house.world) == []
    (message,) = house.orders()
    event = json.loads(message["body"])
    assert event["detail-type"] == "integration.perform.error"
    assert event["detail"]["m3terEvent"]["eventData"]["newDto"] == {"message": "Bill 1 was refused.", "status": "ERROR"}


@dataclass
class Context:
    """What Powertools reads of Lambda's context."""

    function_name: str = "notifications"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:notifications"
    aws_request_id: str = "1"


@pytest.fixture
def deployed(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name, value in (ENVIRONMENT | {"MAIL_QUEUE_URL": house.queue_url}).items():
        monkeypatch.setenv(name, value)
    yield house
    wiring.notices.cache_clear()
    real_world.cache_clear()


def test_the_door_takes_changes_and_mail_orders_and_names_what_failed(deployed: House) -> None:
    configuration = deployed.configuration(ANNA)
    record = deployed.commit(configuration)
    broken = record_of(event_item(deployed.errors(configuration, 1)[0]))
    broken["dynamodb"]["SequenceNumber"] = "112"
    del broken["dynamodb"]["NewImage"]["cause"]
    assert handle({"Records": [record, broken]}, cast("LambdaContext", Context())) == {
        "batchItemFailures": [{"itemIdentifier": "112"}]
    }
    orders = [*deployed.orders(), {"eventSource": "aws:sqs", "messageId": "m9", "body": "no order of ours"}]
    assert handle({"Records": orders}, cast("LambdaContext", Context())) == {
        "batchItemFailures": [{"itemIdentifier": "m9"}]
    }
    assert readers() == ["anna@example.com"]


@pytest.mark.usefixtures("deployed")
def test_the_door_takes_an_empty_batch() -> None:
    assert handle({"Records": []}, cast("LambdaContext", Context())) == {"batchItemFailures": []}


def test_the_tick_of_the_day_orders_a_summary_where_it_is_asked_for(deployed: House) -> None:
    asking = deployed.configuration(ANNA)
    wanted = Wanted("Bills to QuickBooks", Destination.QUICKBOOKS_SANDBOX, {"dailySummary": True})
    configurations = deployed.parts.configurations
    deployed.configuration(BEN)
    assert list(configurations.with_summary()) == []
    configurations.update(ORGANIZATION, asking, wanted, version=1, by="test", at=AT)
    configurations.disable(ORGANIZATION, asking, by="test", at=AT)
    assert [one.id for one in configurations.with_summary()] == [asking]
    tick = {"source": "m3ter-quickbooks.schedule", "detail-type": "daily-summary"}
    assert handle(tick, cast("LambdaContext", Context())) == {}
    today = f"summary-{asking}-{datetime.now(UTC):%Y-%m-%d}"
    notice = deployed.parts.notices.get(ORGANIZATION, today)
    facts = gather(notice, deployed.world.book, Places())
    assert isinstance(facts, Summary)
    assert facts.day == Day()
    configurations.update(ORGANIZATION, asking, replace(wanted, config_data={}), version=3, by="test", at=AT)
    assert list(configurations.with_summary()) == []


def test_the_example_events_are_what_this_door_takes(house: House) -> None:
    stream = json.loads((EXAMPLES / "stream-integration-disabled.json").read_text(encoding="utf-8"))["Records"]
    published, notice = (house.world.read_change(record) for record in stream)
    assert isinstance(published, Trouble)
    assert published.name is EventName.DISABLED
    assert isinstance(notice, Notice)
    assert announce_changes(stream, house.world) == []
    mail = json.loads((EXAMPLES / "queue-mail.json").read_text(encoding="utf-8"))["Records"]
    assert house.world.read_order(mail[0]["body"]).notice_id == notice.id
    assert send_mails(mail, house.world) == []
