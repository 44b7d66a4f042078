"""The bills door in process: events in, real stores on moto, the simulator as QuickBooks; set up through the API."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.house import House
from bills.handler import handle
from bills.witness import Counting
from local.quickbooks.simulator import Simulator
from m3ter_quickbooks.run.world import World
from m3ter_quickbooks.storage import keys
from tests.functions.api.conftest import (  # noqa: F401  fixtures of the API, which sets everything up
    QUICKBOOKS,
    Aws,
    Clock,
    Place,
    aws,
    clock,
    cognito,
    gateway,
    house,
    place,
    simulator,
)

EVENTS = Path(__file__).parents[3] / "events"
COMPANY = "9130000000000001"
ACCOUNT = "2c1d0000-0000-4000-8000-000000000001"
CUSTOMER = "101"
IN_FLIGHT = timedelta(seconds=135)


@dataclass
class Lambda:
    """What Lambda hands over beside the event."""

    seconds: int = 90
    function_name: str = "bills"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:000000000000:function:bills"
    aws_request_id: str = "11111111-2222-4333-8444-555555555555"

    def get_remaining_time_in_millis(self) -> int:
        return self.seconds * 1000


@dataclass
class Requests:
    """Counts what a boto3 client is asked."""

    client: Any
    asked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.client.meta.events.register("before-call", self._count)

    def _count(self, model: Any, **_: Any) -> None:
        self.asked[model.name] += 1


@dataclass
class Office:
    """One organization with a connected integration."""

    place: Place
    house: House
    simulator: Simulator
    aws: Aws
    clock: Clock
    configuration: dict[str, Any]
    credential: dict[str, Any]
    world: World

    @property
    def http(self) -> httpx.Client:
        return self.place.http()

    @property
    def person(self) -> Any:
        return self.simulator.as_person(COMPANY)

    def event(self, name: str, **bill: Any) -> dict[str, Any]:
        """An event of `events/`, told of this organization; `bill` changes the bill."""
        event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
        detail = event["detail"]
        detail["orgId"] = self.place.organization_id
        detail["id"] = str(uuid4())
        data = detail["m3terEvent"]["eventData"]
        for dto in data.values():
            dto.update({"orgId": self.place.organization_id} | bill)
        return event

    def hand_over(self, *events: dict[str, Any], seconds: int = 90) -> dict[str, Any]:
        """As the queue does: every event a message of one batch."""
        records = [{"messageId": f"m{number}", "body": json.dumps(event)} for number, event in enumerate(events)]
        answer: dict[str, Any] = handle({"Records": records}, Lambda(seconds), self.world)  # type: ignore[arg-type]
        return answer

    def take_messages(self) -> int:
        """Deliver what waits in the queue (moto does not mind delays once they are over); how many there were."""
        sqs = self.aws.clients["sqs"]
        messages = sqs.receive_message(QueueUrl=self.house.environment.queue_url, MaxNumberOfMessages=10).get(
            "Messages", []
        )
        records = [{"messageId": message["MessageId"], "body": message["Body"]} for message in messages]
        if records:
            assert handle({"Records": records}, Lambda(), self.world) == {"batchItemFailures": []}  # type: ignore[arg-type]
        for message in messages:
            sqs.delete_message(QueueUrl=self.house.environment.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def drop_messages(self) -> None:
        """The queue loses all that is in it."""
        sqs = self.aws.clients["sqs"]
        while messages := sqs.receive_message(QueueUrl=self.house.environment.queue_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                sqs.delete_message(QueueUrl=self.house.environment.queue_url, ReceiptHandle=message["ReceiptHandle"])

    def runs(self, **filters: Any) -> list[dict[str, Any]]:
        answer = self.http.get(f"integrationconfigs/{self.configuration['id']}/runs", params=filters)
        answer.raise_for_status()
        runs: list[dict[str, Any]] = answer.json()["data"]
        return runs

    def map(self, entity: str, m3ter_id: str, table: str, external_id: str) -> None:
        body = {
            "m3terEntity": entity,
            "m3terId": m3ter_id,
            "externalSystem": "QuickBooksSandbox",
            "externalTable": table,
            "externalId": external_id,
        }
        answer = self.http.post("externalmappings", json=body)
        assert answer.status_code == 200, answer.text

    def invoices(self) -> list[dict[str, Any]]:
        """The invoices that we made."""
        return [one for one in self.person.all("Invoice") if "m3ter-bill:" in str(one.get("PrivateNote"))]


@pytest.fixture(autouse=True)
def powertools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "m3ter-quickbooks")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "m3ter-quickbooks/test")


def connect(place: Place, simulator: Simulator, company: str) -> dict[str, Any]:  # noqa: F811  not the fixture
    """A credential that somebody of this company has consented to."""
    body = {"destination": "QuickBooksSandbox", "name": "Sandbox"}
    created: dict[str, Any] = place.http().post("integrationcredentials", json=body).json()
    authorize = httpx.URL(created["authorizeUrl"]).copy_merge_params({"auto_consent": company})
    back = simulator.handle("GET", str(authorize), {}, b"")
    query = httpx.URL(dict(back.headers)["Location"]).query.decode()
    callback = place.gateway.client(None).get(f"quickbooks/callback?{query}")
    assert callback.status_code == 200, callback.text
    return created


@pytest.fixture
def office(place: Place, house: House, simulator: Simulator, aws: Aws, clock: Clock) -> Iterator[Office]:  # noqa: F811  the fixtures above
    http = place.http()
    created = connect(place, simulator, COMPANY)
    body = {
        "name": "Bills",
        "entityType": "Bill",
        "destination": "QuickBooksSandbox",
        "integrationCredentialsId": created["id"],
        "configData": {},
    }
    configuration = http.post("integrationconfigs", json=body).json()
    made = Office(place, house, simulator, aws, clock, configuration, created, house.world(Counting(), IN_FLIGHT))
    made.map("Account", ACCOUNT, "Customer", CUSTOMER)
    yield made
    made.drop_messages()
    # The table outlives the test, its clock does not.
    key = keys.pacer(COMPANY)
    aws.clients["dynamodb"].delete_item(TableName=aws.table_name, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
