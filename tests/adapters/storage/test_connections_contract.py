"""What the stores of `connection/ports.py` promise, asked of the table and of the fakes of `connection`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from moto import mock_aws

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.connection.ports import (
    ConnectionBook,
    ConsentStates,
    PendingConsent,
    Renewal,
    Renewals,
    TokenSecret,
    TokenStore,
)
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.problems import Clash, Missing
from m3ter_quickbooks.run.trouble import EventName, Notice, NoticeKind, Trouble
from m3ter_quickbooks.storage import credentials, renewals, secrets
from m3ter_quickbooks.storage.audit import Audit, Kept
from m3ter_quickbooks.storage.events import Events
from m3ter_quickbooks.storage.table import Put, Table
from tests.adapters.storage.on_moto import a_client
from tests.unit.connection import making
from tests.unit.connection.making import COMPANY, NOON, REALM, a_connection

HOUR = timedelta(hours=1)
CREDENTIAL = CredentialId("credential")


@dataclass
class Places:
    """The ports, and a way to put a credential in."""

    tokens: TokenStore
    renewals: Renewals
    book: ConnectionBook
    states: ConsentStates
    given: making.Book | Table

    def put(self, connection: Connection) -> Connection:
        if isinstance(self.given, Table):
            audit = replace(Audit.new("test", NOON), version=connection.version)
            self.given.put(Put(credentials.credential_item(Kept(connection, audit))))
        else:
            self.given.held[connection.organization_id, connection.credential_id] = connection
        return connection


@pytest.fixture(params=["memory", "moto"])
def places(request: pytest.FixtureRequest) -> Iterator[Places]:
    if request.param == "memory":
        book = making.Book()
        yield Places(making.Secrets(), making.Items(), book, making.States(), book)
        return
    table: Table = request.getfixturevalue("table")
    with mock_aws():
        vault = secrets.Vault(a_client("secretsmanager"))
        book_of_table = credentials.ConnectionBook(table, lambda: NOON)
        tokens = secrets.Tokens(vault, "m3ter-quickbooks/test/")
        yield Places(tokens, renewals.Renewals(table), book_of_table, renewals.ConsentStates(table), table)


def a_secret(token: str) -> TokenSecret:
    return TokenSecret(token, bytes(range(32)), NOON + timedelta(microseconds=3))


# Given a token, when it is stored, then it is there to the byte, and gone when deleted.


def test_a_secret_is_created_replaced_and_deleted(places: Places, organization: OrganizationId) -> None:
    assert places.tokens.get(organization, CREDENTIAL) is None

    version = None
    for token in ("first", "second", "third"):
        places.tokens.put(organization, CREDENTIAL, replace(a_secret(token), version=version))
        stored = places.tokens.get(organization, CREDENTIAL)
        assert stored == a_secret(token)
        version = stored.version

    places.tokens.delete(organization, CREDENTIAL)
    places.tokens.delete(organization, CREDENTIAL)
    assert places.tokens.get(organization, CREDENTIAL) is None


def read(places: Places, organization: OrganizationId) -> TokenSecret:
    stored = places.tokens.get(organization, CREDENTIAL)
    assert stored is not None
    return stored


def test_of_two_who_read_the_same_secret_one_replaces_it(places: Places, organization: OrganizationId) -> None:
    places.tokens.put(organization, CREDENTIAL, a_secret("first"))
    late = read(places, organization)
    for token in ("second", "third"):
        places.tokens.put(organization, CREDENTIAL, replace(read(places, organization), refresh_token=token))
        with pytest.raises(Clash):
            places.tokens.put(organization, CREDENTIAL, replace(late, refresh_token="late"))
        assert read(places, organization).refresh_token == token


def test_of_two_who_read_no_secret_one_creates_it(places: Places, organization: OrganizationId) -> None:
    places.tokens.put(organization, CREDENTIAL, a_secret("first"))
    with pytest.raises(Clash):
        places.tokens.put(organization, CREDENTIAL, a_secret("second"))
    assert read(places, organization) == a_secret("first")


def test_a_secret_that_was_deleted_since_it_was_read_is_not_made_again(
    places: Places, organization: OrganizationId
) -> None:
    places.tokens.put(organization, CREDENTIAL, a_secret("first"))
    late = read(places, organization)
    places.tokens.delete(organization, CREDENTIAL)
    with pytest.raises(Clash):
        places.tokens.put(organization, CREDENTIAL, replace(late, refresh_token="late"))
    assert places.tokens.get(organization, CREDENTIAL) is None


def test_secrets_of_organizations_never_mix(places: Places) -> None:
    names = [("a", "b/c"), ("a/b", "c"), ("a b", "c"), ("a=20b", "c"), ("ä", "c"), ("x" * 600, "c")]
    for organization, credential in names:
        place = (OrganizationId(organization), CredentialId(credential))
        assert places.tokens.get(*place) is None
        places.tokens.put(*place, a_secret(organization + credential))


# Given a renewal, when two want it, then one gets it.


def test_a_renewal_is_read_as_it_was_written(places: Places, organization: OrganizationId) -> None:
    renewal = Renewal(
        organization, CREDENTIAL, 0, "A", NOON + HOUR, "sealed", NOON, NOON + HOUR, NOON + timedelta(microseconds=1)
    )

    assert places.renewals.get(organization, CREDENTIAL) == Renewal(organization, CREDENTIAL)
    assert places.renewals.write(renewal) == replace(renewal, rev=1)
    assert places.renewals.get(organization, CREDENTIAL) == replace(renewal, rev=1)

    places.renewals.forget(organization, CREDENTIAL)
    places.renewals.forget(organization, CREDENTIAL)
    assert places.renewals.get(organization, CREDENTIAL).rev == 0


def test_of_two_renewers_that_read_the_same_one_renews(places: Places, organization: OrganizationId) -> None:
    first = places.renewals.write(Renewal(organization, CREDENTIAL, holder="A"))

    with pytest.raises(Clash):
        places.renewals.write(Renewal(organization, CREDENTIAL, holder="B"))
    with pytest.raises(Clash):
        places.renewals.write(Renewal(organization, CREDENTIAL))

    assert places.renewals.write(replace(first, holder="B")).rev == 2
    with pytest.raises(Clash):
        places.renewals.write(replace(first, holder="A"))


def test_ones_own_renewal_that_arrived_is_a_success(places: Places, organization: OrganizationId) -> None:
    claim = Renewal(organization, CREDENTIAL, holder="A")
    places.renewals.write(claim)

    assert places.renewals.write(claim).rev == 1


def test_idle_connections_come_oldest_first(places: Places, organization: OrganizationId) -> None:
    for number, idle_at in enumerate([NOON + HOUR, NOON - HOUR, NOON, NOON - 2 * HOUR, None]):
        renewal = Renewal(organization, CredentialId(f"credential-{number}"), idle_at=idle_at)
        places.renewals.write(renewal)

    idle = [credential for _, credential in places.renewals.idle(NOON, 10)]

    assert idle == ["credential-3", "credential-1", "credential-2"]
    assert list(places.renewals.idle(NOON, 1)) == [(organization, "credential-3")]


# Given a credential, when it changes, then only who has read its newest version changes it.


def test_a_credential_is_replaced_by_who_read_it(places: Places, organization: OrganizationId) -> None:
    draft = places.put(a_connection(ConnectionStatus.DRAFT, organization_id=organization))
    connected = replace(
        draft, status=ConnectionStatus.CONNECTED, company_id=REALM, company=COMPANY, consent_ends=NOON + HOUR
    )

    written = places.book.write(connected)

    assert written == replace(connected, version=2)
    assert places.book.get(organization, draft.credential_id) == written
    with pytest.raises(Clash):
        places.book.write(connected)
    with pytest.raises(Missing):
        places.book.write(replace(connected, credential_id=CredentialId("none")))
    with pytest.raises(Missing):
        places.book.get(organization, CredentialId("none"))


def a_break(connection: Connection) -> tuple[Trouble, Notice]:
    organization, credential = connection.organization_id, connection.credential_id
    trouble = Trouble(f"event-{credential}", organization, EventName.AUTHENTICATION, NOON, {"message": "Lost."}, "lost")
    return trouble, Notice(f"notice-{credential}", organization, NoticeKind.RECONNECT, NOON, credential_id=credential)


def test_a_connection_breaks_once(places: Places, organization: OrganizationId) -> None:
    connection = places.put(a_connection(organization_id=organization))

    assert places.book.break_(connection, *a_break(connection))
    assert not places.book.break_(connection, *a_break(connection))

    broken = places.book.get(organization, connection.credential_id)
    assert broken == replace(connection, status=ConnectionStatus.NEEDS_RECONNECT, version=2)


def test_a_connection_that_was_renewed_meanwhile_does_not_break(places: Places, organization: OrganizationId) -> None:
    connection = places.put(a_connection(organization_id=organization))
    renewed = places.book.write(connection)

    assert not places.book.break_(connection, *a_break(connection))
    assert places.book.get(organization, connection.credential_id) == renewed
    if isinstance(places.given, Table):
        assert Events(places.given).page(organization, size=10).items == ()


def test_the_end_of_consent_is_noted_without_a_new_version(places: Places, organization: OrganizationId) -> None:
    connection = places.put(a_connection(organization_id=organization))

    places.book.consent_ends(connection, NOON + HOUR)

    noted = places.book.get(organization, connection.credential_id)
    assert (noted.consent_ends, noted.version) == (NOON + HOUR, connection.version)


def test_a_notice_is_announced_once(places: Places, organization: OrganizationId) -> None:
    connection = places.put(a_connection(organization_id=organization))
    notice = Notice("ends", organization, NoticeKind.CONSENT_ENDING, NOON, credential_id=connection.credential_id)

    assert places.book.announce(connection, notice)
    assert not places.book.announce(connection, notice)


def test_a_consent_is_taken_once_and_by_its_own_digest(places: Places, organization: OrganizationId) -> None:
    pending = PendingConsent(organization, CREDENTIAL, NOON)
    places.states.keep(f"digest-{organization}", pending)

    assert places.states.take(f"{organization}-digest") is None
    assert places.states.take(f"digest-{organization}") == pending
    assert places.states.take(f"digest-{organization}") is None
