"""Twenty workers, a thousand bills in one hour, one company: how often is the access token renewed?"""

from __future__ import annotations

import json
import random
from typing import Any
from uuid import uuid4

import boto3
import httpx
from moto import mock_aws

from local.quickbooks.simulator import Simulator
from local.quickbooks.transport import transport
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.consent import Callback
from m3ter_quickbooks.environment import ApiEnvironment
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.wiring import Api
from tests.bench.virtual_time import START, VirtualTime
from tests.protocol.on_moto import create_table

COMPANY = "9130000000000001"
QUICKBOOKS = "https://quickbooks.example"
ORGANIZATION = OrganizationId("org")


def renewals(workers: int = 20, bills: int = 1000) -> int:
    """Refreshes that Intuit saw in the hour after consent (a token is renewed when five minutes of it are left)."""
    time = VirtualTime()
    simulator = Simulator(clock=time, seed=3, recorded_calls=10_000)
    with mock_aws():
        clients = {
            name: boto3.client(name, "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")  # type: ignore[call-overload]  # by name
            for name in ("dynamodb", "secretsmanager", "sqs")
        }
        app = json.dumps({"clientId": "simulator-client", "clientSecret": "simulator-secret"})
        clients["secretsmanager"].create_secret(Name="app", SecretString=app)
        environment = _environment(create_table(clients["dynamodb"]))

        def office() -> Api:
            return Api(
                environment,
                client=clients.__getitem__,
                transport=transport(simulator, waited=lambda seconds: None),
                now=time,
                pause=lambda span: time.sleep(span.total_seconds()),
            )

        first = office()
        connection = first.credentials.create(
            ORGANIZATION, Destination.QUICKBOOKS_SANDBOX, "Sandbox", by="bench", at=START
        ).value
        connection = _consented(first, simulator, connection)
        simulator.calls.clear()
        offices = [office() for _ in range(workers)]
        chance = random.Random(5)

        def work(own: Api) -> None:
            for _ in range(bills // workers):
                time.sleep(chance.random() * 2 * 3600 * workers / bills * 0.98)
                own.access.access_token(connection)

        for own in offices:
            time.start(lambda own=own: work(own))  # type: ignore[misc]  # bound now
        time.run()
    return sum(1 for call in simulator.calls if call.operation == "refresh")


def _consented(office: Api, simulator: Simulator, connection: Any) -> Any:
    consents = office.consents("https://api.example")
    authorize = httpx.URL(consents.begin(connection)).copy_merge_params({"auto_consent": COMPANY})
    back = httpx.URL(dict(simulator.handle("GET", str(authorize)).headers)["Location"]).params
    return consents.finish(Callback(state=back["state"], code=back["code"], realm_id=back["realmId"]))


def _environment(table: str) -> ApiEnvironment:
    return ApiEnvironment.read(
        {
            "STAGE": "bench",
            "TABLE_NAME": table,
            "QUEUE_URL": f"https://sqs.example/{uuid4()}",
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
