"""The stage's stores as they really are, on moto's DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Self
from uuid import uuid4

import boto3
from moto import mock_aws

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import MappingKey
from m3ter_quickbooks.storage.audit import Audit, Kept
from m3ter_quickbooks.storage.configurations import Configurations, configuration_item
from m3ter_quickbooks.storage.credentials import credential_item
from m3ter_quickbooks.storage.deliveries import Deliveries
from m3ter_quickbooks.storage.knowledge import Knowledge
from m3ter_quickbooks.storage.mappings import Mappings
from m3ter_quickbooks.storage.run_items import run_item
from m3ter_quickbooks.storage.runs import Runs
from m3ter_quickbooks.storage.rush import Rush
from m3ter_quickbooks.storage.table import Put, Table
from tests.protocol.stage import CONNECTIONS, ELSEWHERE, INTEGRATION, MAPPINGS, START, Stores

INDEXES = ("gsi1", "gsi2", "gsi3")


class AtOnce:
    """A pacer without limits: pacing has tests of its own."""

    def reserve(self, company_id: str, now: datetime, *, batch: bool, within: timedelta) -> datetime:
        return now

    def hold_back(self, company_id: str, until: datetime) -> None:
        pass


class StageConnections:
    """The companies of the stage."""

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection:
        return next(connection for connection in CONNECTIONS if connection.credential_id == credential_id)

    fresh = get

    def to_company(self, organization_id: OrganizationId, company_id: str) -> Connection | None:
        return next((connection for connection in CONNECTIONS if connection.company_id == company_id), None)


class Moto:
    """One moto and one client, for as many tables as a test wants."""

    def __enter__(self) -> Self:
        self._mock = mock_aws()
        self._mock.start()
        self._client: Any = boto3.client("dynamodb", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        return self

    def __exit__(self, *_: object) -> None:
        self._mock.stop()

    @contextmanager
    def stores(self) -> Iterator[Stores]:
        """A table of its own, with the stage's configuration and mappings in it; gone again afterwards."""
        name = create_table(self._client)
        yield stores_of(Table(self._client, name))
        # moto copies all that it holds at each transaction.
        self._client.delete_table(TableName=name)


@contextmanager
def stores_on_moto() -> Iterator[Stores]:
    """The same on a moto of its own."""
    with Moto() as moto, moto.stores() as stores:
        yield stores


def stores_of(table: Table) -> Stores:
    """The stage's configuration and mappings are put into it."""

    def configure(integration: Integration) -> None:
        table.put(Put(configuration_item(Kept(integration, Audit.new("test", START)))))

    for connection in CONNECTIONS:
        table.put(Put(credential_item(Kept(connection, Audit.new("test", START)))))
    mappings = Mappings(table)
    for integration, mapping in product((INTEGRATION, ELSEWHERE), MAPPINGS):
        configure(integration)
        key = MappingKey(mapping.m3ter_entity, mapping.m3ter_id, mapping.external_system, mapping.external_table)
        mappings.create(integration.organization_id, key, mapping.external_id, by="test", at=START)
    return Stores(
        Runs(table),
        Deliveries(table),
        Knowledge(table),
        Configurations(table),
        StageConnections(),
        AtOnce(),
        Rush(table),
        configure,
        lambda run: table.put(Put(run_item(run))),
    )


def create_table(client: Any) -> str:
    """A table with the keys and indexes of template.yaml; its name."""
    name = f"table-{uuid4()}"
    names = ["pk", "sk", *(f"{index}{part}" for index in INDEXES for part in ("pk", "sk"))]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in names],
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
            for index in INDEXES
        ],
    )
    return name
