"""One table on moto, as template.yaml describes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from moto import mock_aws

from m3ter_quickbooks.storage.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEXES = ("gsi1", "gsi2", "gsi3")
REGION = "eu-west-1"


def a_client(service: str) -> Any:
    """A client of moto: to be made inside of `mock_aws` only."""
    made_up = {"aws_access_key_id": "made-up", "aws_secret_access_key": "made-up"}
    return boto3.client(service, region_name=REGION, **made_up)  # type: ignore[call-overload]


@contextmanager
def on_moto() -> Iterator[DynamoDBClient]:
    """A client of a moto of its own."""
    with mock_aws():
        yield a_client("dynamodb")


@contextmanager
def a_table(client: DynamoDBClient) -> Iterator[Table]:
    """A table, and gone again: moto copies all that it holds at each transaction."""
    names = ["pk", "sk", *(f"{index}{part}" for index in INDEXES for part in ("pk", "sk"))]
    client.create_table(
        TableName="table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
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
    yield Table(client, "table", pause=lambda _: None)
    client.delete_table(TableName="table")
