"""The table, and the two kinds of stores that the contract suite asks the same of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import pytest

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.storage.table import Table
from tests.adapters.storage.counting import Counting
from tests.adapters.storage.on_moto import a_table, on_moto
from tests.adapters.storage.stores import Stores, in_memory, on_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_numbers = count(1)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[DynamoDBClient]:
    """One moto for each module."""
    with on_moto() as client:
        yield client


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Iterator[Table]:
    with a_table(dynamodb) as table:
        yield table


@pytest.fixture
def counting(dynamodb: DynamoDBClient, table: Table) -> Iterator[Counting]:
    counting = Counting(table)
    dynamodb.meta.events.register("before-call.dynamodb", counting.note)
    yield counting
    dynamodb.meta.events.unregister("before-call.dynamodb", counting.note)


@pytest.fixture
def organization() -> OrganizationId:
    return OrganizationId(f"org-{next(_numbers)}")


@pytest.fixture(params=["memory", "moto"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return in_memory()
    return on_table(request.getfixturevalue("table"))
