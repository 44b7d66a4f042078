"""An installation with nothing left out but Lambda and SQS, in virtual time.

Real stores on moto, a consent that was really given, tokens that really end, QuickBooks' limits. Each request of an AWS
client is counted, and takes a while, so that workers come between each other's requests as they would.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import httpx
from moto import mock_aws

from local.quickbooks.limits import Latency, real_limits
from local.quickbooks.simulator import Simulator
from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.connection.consent import Callback
from m3ter_quickbooks.environment import ApiEnvironment
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mapping, MappingKey
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.world import World
from m3ter_quickbooks.storage.configurations import Wanted
from m3ter_quickbooks.wiring import Api
from tests.bench.network import network
from tests.bench.queue import Queue
from tests.bench.told import bill_of
from tests.bench.virtual_time import VirtualTime
from tests.fakes import Memory
from tests.protocol.on_moto import create_table

COMPANY = "9130000000000001"
ORGANIZATION = OrganizationId("org")
IN_FLIGHT = timedelta(seconds=135)
AWS_SECONDS = 0.006
QUICKBOOKS = "https://quickbooks.example"
ACCOUNT = Account.parse({"id": "account", "version": 1})
MAPPED = (
    MappingKey("Account", "account", "QuickBooksSandbox", "Customer"),
    MappingKey("Product", "p", "QuickBooksSandbox", "Item"),
)
SERVICES = ("dynamodb", "secretsmanager", "sqs")


class Silent:
    """A witness who says nothing."""

    def closed(self, run: Run, cause: str) -> None:
        """A run is over."""

    def waits(self, run: Run) -> None:
        """A run waits."""


class Installed:
    """One organization with a connected company. `asked` counts the requests of AWS clients by service."""

    def __init__(self, time: VirtualTime, nap: float) -> None:
        self.time = time
        self.queue = Queue(time, nap)
        self.asked: Counter[str] = Counter()
        self.integration: Integration
        self.connection: Connection
        self.mappings: list[Mapping] = []
        self.simulator = Simulator(clock=time, seed=3, recorded_calls=10_000)
        self.simulator.limits = real_limits()
        self.simulator.latency = Latency(fixed=0.3, each=0.04)
        self._clients = {name: self._client(name) for name in SERVICES}
        app = json.dumps({"clientId": "simulator-client", "clientSecret": "simulator-secret"})
        self._clients["secretsmanager"].create_secret(Name="app", SecretString=app)
        self._environment = _environment(create_table(self._clients["dynamodb"]))

    def _client(self, name: str) -> Any:
        client = boto3.client(name, "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")  # type: ignore[call-overload]  # by name
        client.meta.events.register_first("before-send", self._asks)
        return client

    def _asks(self, event_name: str, **_: object) -> None:
        if self.time.working:
            self.asked[event_name.split(".")[1]] += 1
            self.time.sleep(AWS_SECONDS)

    def process(self) -> Api:
        """What one process has, with nothing remembered yet."""
        return Api(
            self._environment,
            client=self._clients.__getitem__,
            transport=network(self.simulator, self.time),
            now=self.time,
            pause=lambda span: self.time.sleep(span.total_seconds()),
        )

    def world(self) -> World:
        """The world of one worker: a process of its own."""
        return replace(self.process().world(Silent(), IN_FLIGHT), queue=self.queue)

    def connect(self) -> None:
        """An operator connects the company and maps what the bills name."""
        api, at = self.process(), self.time()
        draft = api.credentials.create(ORGANIZATION, Destination.QUICKBOOKS_SANDBOX, "Books", by="bench", at=at).value
        self.connection = self._consent(api, draft)
        wanted = Wanted(
            name="Bills to QuickBooks",
            destination=Destination.QUICKBOOKS_SANDBOX,
            entity_type="Bill",
            config_data={},
            credential_id=self.connection.credential_id,
        )
        self.integration = api.configurations.create(ORGANIZATION, wanted, by="bench", at=at).value
        for key in MAPPED:
            self.mappings.append(api.mappings.create(ORGANIZATION, key, "1", by="bench", at=at).value)
        api.knowledge.keep_account(ORGANIZATION, ACCOUNT, {"id": ACCOUNT.id, "version": 1})

    def invoices(self) -> list[dict[str, Any]]:
        """Those of bills, as QuickBooks has them."""
        return [one for one in self.simulator.as_person(COMPANY).all("Invoice") if bill_of(one)]

    def in_memory(self) -> Memory:
        """What the table has of the integration, for stores in memory."""
        memory = Memory()
        memory.configure(self.integration)
        memory.connections[ORGANIZATION, self.connection.credential_id] = self.connection
        for mapping in self.mappings:
            memory.map(ORGANIZATION, mapping)
        memory.accounts[ORGANIZATION, ACCOUNT.id] = ACCOUNT
        return memory

    def _consent(self, api: Api, draft: Connection) -> Connection:
        consents = api.consents("https://api.example")
        authorize = httpx.URL(consents.begin(draft)).copy_merge_params({"auto_consent": COMPANY})
        back = httpx.URL(dict(self.simulator.handle("GET", str(authorize)).headers)["Location"]).params
        return consents.finish(Callback(state=back["state"], code=back["code"], realm_id=back["realmId"]))


@contextmanager
def installed(nap: float = 0.1) -> Iterator[Installed]:
    """Connected, and nothing sent yet."""
    with mock_aws():
        time = VirtualTime()
        office = Installed(time, nap)
        time.start(office.connect)
        time.run()
        office.asked.clear()
        office.simulator.calls.clear()
        yield office


def _environment(table: str) -> ApiEnvironment:
    return ApiEnvironment.read(
        {
            "STAGE": "bench",
            "TABLE_NAME": table,
            "QUEUE_URL": "https://sqs.example/bills",
            "SECRET_PREFIX": "m3ter-quickbooks/bench/",
            "QUICKBOOKS_APP_SECRET": "app",
            "QUICKBOOKS_API_URL": QUICKBOOKS,
            "QUICKBOOKS_SANDBOX_API_URL": QUICKBOOKS,
            "QUICKBOOKS_APP_URL": QUICKBOOKS,
            "QUICKBOOKS_SANDBOX_APP_URL": QUICKBOOKS,
            "INTUIT_AUTHORIZE_URL": f"{QUICKBOOKS}/connect/oauth2",
            "INTUIT_TOKEN_URL": f"{QUICKBOOKS}/oauth2/v1/tokens/bearer",
            "INTUIT_REVOKE_URL": f"{QUICKBOOKS}/v2/oauth2/tokens/revoke",
            "M3TER_API_URL": "https://m3ter.example",
            "USER_POOL_ID": "pool",
            "TOKEN_URL": "https://cognito.example/oauth2/token",
        }
    )
