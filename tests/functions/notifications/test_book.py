"""What the notices read of a table in which things have been deleted meanwhile, and of a day with many runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.run.run import Run, RunId
from m3ter_quickbooks.storage.configurations import Configurations
from m3ter_quickbooks.storage.credentials import Credentials
from m3ter_quickbooks.storage.events import Events
from m3ter_quickbooks.storage.members import Organizations, Users
from m3ter_quickbooks.storage.notices import Notices
from m3ter_quickbooks.storage.paging import Page
from m3ter_quickbooks.storage.runs import RunHistory
from m3ter_quickbooks.storage.table import Table
from notifications.book import TableBook
from tests.functions.notifications.incidents import AT
from tests.functions.notifications.test_day import RUN
from tests.functions.notifications.world_of_fakes import ANNA, CONFIGURATION, CREDENTIAL, ORGANIZATION

_organizations = count(1)


class ManyRuns:
    """450 runs, by the page."""

    def of_configuration(self, *_: object, size: int, token: str | None, **__: object) -> Page[Run]:
        first = int(token or 0)
        runs = tuple(replace(RUN, id=RunId(f"r{number}")) for number in range(first, min(first + size, 450)))
        return Page(runs, str(first + size) if first + size < 450 else None)


@pytest.fixture(scope="module")
def book() -> Iterator[TableBook]:
    keys = {"region_name": "eu-west-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    with mock_aws():
        client = cast("Any", boto3.client("dynamodb", **keys))  # type: ignore[call-overload]  # keys by name
        client.create_table(
            TableName="table",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        table = Table(client, "table")
        yield TableBook(
            Notices(table),
            Organizations(table),
            Configurations(table),
            Credentials(table),
            Users(table),
            Events(table),
            cast("RunHistory", ManyRuns()),
        )


def test_what_is_gone_is_none(book: TableBook) -> None:
    assert book.notice(ORGANIZATION, "gone") is None
    assert book.connection(ORGANIZATION, CredentialId("gone")) is None
    assert book.address(ORGANIZATION, ANNA, AT) is None
    assert list(book.integrations(ORGANIZATION)) == []


def test_an_organization_without_a_name_is_called_by_its_id(book: TableBook) -> None:
    unnamed = OrganizationId(f"unnamed-{next(_organizations)}")
    assert book.organization_name(unnamed) == unnamed


def test_a_credential_is_read_as_it_stands(book: TableBook) -> None:
    kept = book.credentials.create(ORGANIZATION, Destination.QUICKBOOKS, "Main", by="test", at=AT)
    assert kept.value.credential_id != CREDENTIAL
    assert book.connection(ORGANIZATION, kept.value.credential_id) == kept.value


def test_every_run_of_a_day_is_read_page_by_page(book: TableBook) -> None:
    runs = list(book.runs(ORGANIZATION, CONFIGURATION, since=AT - timedelta(days=1), until=AT))
    assert [run.id for run in runs] == [f"r{number}" for number in range(450)]
