"""The credentials as the API keeps them, and what the bills remember of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.connection.ports import Renewal
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.problems import Missing
from m3ter_quickbooks.run.trouble import EventName, Notice, NoticeKind, Trouble
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.audit import Audit
from m3ter_quickbooks.storage.configurations import Configurations, Wanted
from m3ter_quickbooks.storage.credentials import ConnectionBook, Connections, Credentials
from m3ter_quickbooks.storage.events import Events
from m3ter_quickbooks.storage.notices import Notices
from m3ter_quickbooks.storage.renewals import Renewals
from m3ter_quickbooks.storage.table import Table
from tests.adapters.storage.counting import Counting
from tests.unit.run.builders import NOON

LATER = NOON + timedelta(hours=1)
SANDBOX, PRODUCTION = Destination.QUICKBOOKS_SANDBOX, Destination.QUICKBOOKS


def connected(
    table: Table, organization: OrganizationId, company_id: str, destination: Destination = SANDBOX
) -> CredentialId:
    draft = Credentials(table).create(organization, destination, "Ours", by="ann", at=NOON).value
    book = ConnectionBook(table, lambda: LATER)
    book.write(replace(draft, status=ConnectionStatus.CONNECTED, company_id=company_id))
    return draft.credential_id


def test_a_new_one_is_a_draft(table: Table, organization: OrganizationId) -> None:
    created = Credentials(table).create(organization, SANDBOX, "Ours", by="ann", at=NOON)

    assert (created.value.status, created.value.company_id, created.value.name) == ("DRAFT", None, "Ours")
    assert created.audit == Audit(NOON, "ann", NOON, "ann", 1)
    assert Credentials(table).get(organization, created.value.credential_id) == created


def test_lists_are_newest_first_and_by_destination(table: Table, organization: OrganizationId) -> None:
    credentials = Credentials(table)
    for number in range(4):
        at = NOON + number * timedelta(seconds=1)
        credentials.create(organization, PRODUCTION if number % 2 else SANDBOX, str(number), by="ann", at=at)

    assert [kept.value.name for kept in credentials.page(organization, size=10).items] == ["3", "2", "1", "0"]
    page = credentials.page(organization, size=1, destination=SANDBOX)
    rest = credentials.page(organization, size=1, destination=SANDBOX, token=page.next_token)
    assert [page.items[0].value.name, rest.items[0].value.name, rest.next_token] == ["2", "0", None]


def test_a_deleted_one_connects_nothing_any_more(table: Table, organization: OrganizationId) -> None:
    credential, other = connected(table, organization, "1"), connected(table, organization, "2")
    configurations = Configurations(table)
    wanted = Wanted("UK", SANDBOX)
    ours, theirs = (
        configurations.create(organization, replace(wanted, credential_id=one), by="ann", at=NOON).value.id
        for one in (credential, other)
    )
    Renewals(table).write(Renewal(organization, credential, holder="A"))

    deleted = Credentials(table).delete(organization, credential, by="bob", at=LATER)

    assert deleted.value.company_id == "1"
    cleared, left = configurations.entry(organization, ours), configurations.get(organization, theirs)
    assert (cleared.value.credential_id, cleared.value.ever_connected, cleared.audit.version) == (None, True, 2)
    assert left.credential_id == other
    assert Renewals(table).get(organization, credential).rev == 0
    with pytest.raises(Missing):
        Credentials(table).get(organization, credential)
    with pytest.raises(Missing):
        Credentials(table).delete(organization, credential, by="bob", at=LATER)


def test_consent_marks_however_many_configurations(table: Table, organization: OrganizationId) -> None:
    draft = Credentials(table).create(organization, SANDBOX, "Ours", by="ann", at=NOON).value
    configurations = Configurations(table)
    wanted = Wanted("UK", SANDBOX, credential_id=draft.credential_id)
    for number in range(101):
        configurations.create(organization, wanted, by="ann", at=NOON + number * timedelta(seconds=1))

    connected = replace(draft, status=ConnectionStatus.CONNECTED, company_id="1")
    again = ConnectionBook(table, lambda: LATER).write(connected)
    ConnectionBook(table, lambda: LATER).write(again)

    assert all(one.ever_connected for one in configurations.for_bills(organization))


def test_two_connected_credentials_of_one_company_share_it(table: Table, organization: OrganizationId) -> None:
    other = OrganizationId(f"{organization}-other")
    company = f"company of {organization}"
    book = ConnectionBook(table, lambda: LATER)
    first = book.get(organization, connected(table, organization, company))

    assert not book.shared(first)
    connected(table, other, company, PRODUCTION)
    connected(table, other, f"{company} 2")
    assert not book.shared(first)

    second = book.get(other, connected(table, other, company))
    assert book.shared(first)
    assert book.shared(second)

    book.write(replace(second, status=ConnectionStatus.DISCONNECTED))
    assert not book.shared(first)
    assert not book.shared(replace(first, company_id=None))


def test_who_leads_to_a_company_is_found_within_the_organization_and_while_connected(
    table: Table, organization: OrganizationId
) -> None:
    other = OrganizationId(f"{organization}-other")
    company = f"company of {organization}"
    connections, book = Connections(table, lambda: NOON), ConnectionBook(table, lambda: LATER)
    connected(table, other, company)
    assert connections.to_company(organization, company) is None

    own = book.get(organization, connected(table, organization, company, PRODUCTION))
    assert connections.to_company(organization, company) == own

    book.write(replace(own, status=ConnectionStatus.DISCONNECTED))
    assert connections.to_company(organization, company) is None


def test_what_breaks_tells_so_in_the_same_moment(table: Table, organization: OrganizationId) -> None:
    credential = connected(table, organization, f"company of {organization}")
    book = ConnectionBook(table, lambda: LATER)
    connection = book.get(organization, credential)
    trouble = Trouble("e1", organization, EventName.AUTHENTICATION, LATER, {"message": "Lost."}, "lost")
    notice = Notice("n1", organization, NoticeKind.RECONNECT, LATER, credential_id=credential)

    assert book.break_(connection, trouble, notice)

    assert Events(table).get(organization, "e1").trouble == trouble
    assert Notices(table).get(organization, "n1") == notice
    twin = book.get(organization, connected(table, organization, f"company of {organization}"))
    assert not book.shared(twin)


def test_the_end_of_consent_of_a_deleted_one_is_of_no_interest(table: Table, organization: OrganizationId) -> None:
    credential = connected(table, organization, "1")
    book = ConnectionBook(table, lambda: LATER)
    connection = book.get(organization, credential)
    Credentials(table).delete(organization, credential, by="ann", at=LATER)

    book.consent_ends(connection, LATER)

    assert table.get(keys.credential(organization, credential)) is None


# Given a warm process, when bills ask for a connection, then the table is asked once a minute.


def test_a_working_connection_is_remembered_for_a_minute(counting: Counting, organization: OrganizationId) -> None:
    credential = connected(counting.table, organization, "1")
    now = [NOON]
    connections = Connections(counting.table, lambda: now[0])
    counting.requests.clear()

    for second in (0, 30, 59, 60, 61):
        now[0] = NOON + timedelta(seconds=second)
        connections.get(organization, credential)

    assert counting.requests == ["GetItem", "GetItem"]


def test_one_that_does_not_work_is_not_remembered(counting: Counting, organization: OrganizationId) -> None:
    draft = Credentials(counting.table).create(organization, SANDBOX, "Ours", by="ann", at=NOON).value
    connections = Connections(counting.table, lambda: NOON)
    assert connections.get(organization, draft.credential_id).status is ConnectionStatus.DRAFT

    ConnectionBook(counting.table, lambda: NOON).write(
        replace(draft, status=ConnectionStatus.CONNECTED, company_id="1")
    )

    assert connections.get(organization, draft.credential_id).status is ConnectionStatus.CONNECTED
