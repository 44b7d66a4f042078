"""From a committed notice to SES and the bus, on the real template with IAM enforced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

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
from tests.stack.observing import Listener, mails_to, wait_for

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
    listener = Listener.of(stack, organization)
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

    for reader in READERS:
        address = f"{reader}@{organization}.example.com"
        wait_for(partial(mails_to, stack, address))
        (mail,) = mails_to(stack, address)
        assert "10 errors" in mail["BodyText"]

    heard = listener.hear(10)
    assert len(heard) == 10
    assert {event["detail-type"] for event in heard} == {"integration.perform.error"}
