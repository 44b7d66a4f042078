"""The API in process: real handler, stores on moto, the simulator as QuickBooks, a clock that is moved by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
from moto import mock_aws

from api.house import House
from local.quickbooks.simulator import Simulator
from local.quickbooks.transport import transport as quickbooks_transport
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.environment import ApiEnvironment
from m3ter_quickbooks.storage.members import Member, Organization, Role
from tests.functions.api.gateway import TOKEN_URL, Cognito, Gateway
from tests.leaks import nothing_recorded_leaks

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUICKBOOKS = "https://quickbooks.example"
REGION = "eu-west-1"
APP_SECRET = "m3ter-quickbooks-app"


class Clock:
    """Stands still until it is moved; a microsecond a look, so that ids made one after another are in that order."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        self.at += timedelta(microseconds=50)
        return self.at

    def move(self, span: timedelta) -> None:
        self.at += span


@dataclass(frozen=True)
class Aws:
    """What one moto holds: a table, a user pool, the Intuit app's secret."""

    clients: dict[str, Any]
    table_name: str
    pool_id: str


@dataclass(frozen=True)
class Place:
    """An organization of its own in the house, with one API client of each role."""

    gateway: Gateway
    organization_id: str
    clock: Clock
    simulator: Simulator
    clients: dict[str, str]

    def client_id(self, role: str = "admin") -> str:
        return self.clients[role]

    def http(self, role: str = "admin") -> httpx.Client:
        """A client with a token, below the organization."""
        client = self.gateway.client(self.gateway.cognito.token_of_client(self.clients[role]))
        client.base_url = httpx.URL(f"{client.base_url}organizations/{self.organization_id}/")
        return client


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with mock_aws():
        credentials = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": REGION}
        names = ("dynamodb", "secretsmanager", "sqs", "cognito-idp")
        clients = {name: boto3.client(name, **credentials) for name in names}  # type: ignore[call-overload]
        clients["secretsmanager"].create_secret(
            Name=APP_SECRET,
            SecretString=json.dumps({"clientId": "simulator-client", "clientSecret": "simulator-secret"}),
        )
        pool = clients["cognito-idp"].create_user_pool(PoolName="people", UsernameAttributes=["email"])
        made = Aws(clients, _table(clients["dynamodb"]), pool["UserPool"]["Id"])
        yield made
        nothing_recorded_leaks(clients["dynamodb"], made.table_name)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    simulator = Simulator(clock=lambda: clock.at, seed=1)
    yield simulator
    simulator.close()


@pytest.fixture
def house(aws: Aws, clock: Clock, simulator: Simulator, cognito: Cognito) -> House:
    return build_house(aws, clock, simulator, cognito)


def build_house(aws: Aws, clock: Clock, simulator: Simulator, cognito: Cognito) -> House:
    """The real house on moto, with the simulator and the token service behind its HTTP client."""
    to_quickbooks = quickbooks_transport(simulator)

    def answer(request: httpx.Request) -> httpx.Response:
        return cognito.answer(request) if str(request.url) == TOKEN_URL else to_quickbooks.handle_request(request)

    environment = ApiEnvironment.read(
        {
            "STAGE": "test",
            "TABLE_NAME": aws.table_name,
            "QUEUE_URL": aws.clients["sqs"].create_queue(QueueName=f"bills-{uuid4()}")["QueueUrl"],
            "SECRET_PREFIX": "m3ter-quickbooks/test/",
            "QUICKBOOKS_APP_SECRET": APP_SECRET,
            "QUICKBOOKS_API_URL": QUICKBOOKS,
            "QUICKBOOKS_SANDBOX_API_URL": QUICKBOOKS,
            "QUICKBOOKS_APP_URL": QUICKBOOKS,
            "QUICKBOOKS_SANDBOX_APP_URL": QUICKBOOKS,
            "INTUIT_AUTHORIZE_URL": f"{QUICKBOOKS}/connect/oauth2",
            "INTUIT_TOKEN_URL": f"{QUICKBOOKS}/oauth2/v1/tokens/bearer",
            "INTUIT_REVOKE_URL": f"{QUICKBOOKS}/v2/oauth2/tokens/revoke",
            "M3TER_API_URL": "https://m3ter.example",
            "USER_POOL_ID": aws.pool_id,
            "TOKEN_URL": TOKEN_URL,
            "PUBLIC_URL": "",
        }
    )
    return House(
        environment,
        client=aws.clients.__getitem__,
        transport=httpx.MockTransport(answer),
        now=clock,
        pause=clock.move,
    )


@pytest.fixture
def cognito(clock: Clock) -> Cognito:
    return Cognito(lambda: clock.at)


@pytest.fixture
def gateway(house: House, cognito: Cognito) -> Gateway:
    return Gateway(house, cognito)


@pytest.fixture
def place(gateway: Gateway, clock: Clock, simulator: Simulator) -> Place:
    return build_place(gateway, clock, simulator)


@pytest.fixture
def other_place(gateway: Gateway, clock: Clock, simulator: Simulator) -> Place:
    """Another organization of the same installation."""
    return build_place(gateway, clock, simulator)


def build_place(gateway: Gateway, clock: Clock, simulator: Simulator) -> Place:
    """A new organization."""
    organization_id = str(uuid4())
    organization = Organization(OrganizationId(organization_id), "Acme Software & Sons")
    gateway.house.organizations.create(organization, by="tests", at=clock())
    clients = {}
    for role in Role:
        clients[role.value] = f"client-{uuid4().hex[:12]}"
        gateway.cognito.client(clients[role.value])
        gateway.house.members.add(Member(OrganizationId(organization_id), clients[role.value], role))
    return Place(gateway, organization_id, clock, simulator, clients)


def _table(client: Any) -> str:
    name = f"table-{uuid4()}"
    indexes = ("gsi1", "gsi2", "gsi3")
    attributes = ["pk", "sk", *(f"{index}{part}" for index in indexes for part in ("pk", "sk"))]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": f"{index}pk", "KeyType": "HASH"},
                    {"AttributeName": f"{index}sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in indexes
        ],
    )
    return name
