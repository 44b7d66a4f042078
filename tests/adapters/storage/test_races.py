"""Somebody else is faster between our read and our write: nothing is lost, and it is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from m3ter_quickbooks.bill.identifiers import AccountId, OrganizationId
from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.mapping import MappingKey
from m3ter_quickbooks.problems import Clash, Missing, TryLater
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.accounts import Accounts
from m3ter_quickbooks.storage.configurations import Configurations, Wanted
from m3ter_quickbooks.storage.credentials import ConnectionBook, Credentials
from m3ter_quickbooks.storage.mappings import Mappings
from m3ter_quickbooks.storage.pacer import Pacer
from m3ter_quickbooks.storage.table import Delete, Put, Table, Update
from tests.adapters.storage.hurried import Hurried
from tests.unit.run.builders import CONFIGURATION, NOON

SANDBOX = Destination.QUICKBOOKS_SANDBOX
WANTED = Wanted("UK bills", SANDBOX)
KEY = MappingKey("Account", "a1", "QuickBooksSandbox", "Customer")
OTHER_KEY = MappingKey("Account", "a2", "QuickBooksSandbox", "Customer")


def test_a_credential_that_changes_while_it_is_attached_is_a_clash(table: Table, organization: OrganizationId) -> None:
    one = Configurations(table).create(organization, WANTED, by="ann", at=NOON).value
    draft = Credentials(table).create(organization, SANDBOX, "Ours", by="ann", at=NOON).value.credential_id
    consent = Update(keys.credential(organization, draft), "SET #status = :s", values={":s": "CONNECTED"})

    with pytest.raises(Clash, match="try again"):
        Configurations(Hurried(table, lambda: table.update(consent))).set_credential(
            organization, one.id, draft, by="ann", at=NOON
        )

    assert Configurations(table).get(organization, one.id).credential_id is None


def test_a_configuration_deleted_twice_at_once_is_deleted_once(table: Table, organization: OrganizationId) -> None:
    configurations = Configurations(table)
    one = configurations.create(organization, WANTED, by="ann", at=NOON).value
    hurried = Hurried(table, lambda: configurations.delete(organization, one.id, by="bob", at=NOON))

    with pytest.raises(Missing):
        Configurations(hurried).delete(organization, one.id, by="ann", at=NOON)

    assert table.get(keys.configuration(organization, one.id)) is None


def test_a_configuration_that_got_another_credential_keeps_it(table: Table, organization: OrganizationId) -> None:
    credentials, configurations = Credentials(table), Configurations(table)
    old, new = (
        credentials.create(organization, SANDBOX, name, by="ann", at=NOON).value.credential_id
        for name in ("old", "new")
    )
    one = configurations.create(organization, replace(WANTED, credential_id=old), by="ann", at=NOON).value
    hurried = Hurried(table, lambda: configurations.set_credential(organization, one.id, new, by="bob", at=NOON))

    Credentials(hurried).delete(organization, old, by="ann", at=NOON)

    assert configurations.get(organization, one.id).credential_id == new


def test_consent_for_a_credential_deleted_meanwhile_comes_to_nothing(
    table: Table, organization: OrganizationId
) -> None:
    credentials = Credentials(table)
    draft = credentials.create(organization, SANDBOX, "Ours", by="ann", at=NOON).value
    hurried = Hurried(table, lambda: credentials.delete(organization, draft.credential_id, by="bob", at=NOON))

    with pytest.raises(Missing):
        ConnectionBook(hurried, lambda: NOON).write(
            replace(draft, status=ConnectionStatus.CONNECTED, company_id="9130")
        )

    assert table.get(keys.credential(organization, draft.credential_id)) is None


def test_an_update_of_what_is_deleted_meanwhile_brings_nothing_back(table: Table, organization: OrganizationId) -> None:
    mappings, accounts = Mappings(table), Accounts(table)
    mapping = mappings.create(organization, KEY, "58", by="ann", at=NOON).value.id
    account = accounts.create(organization, {"name": "Acme"}, by="ann", at=NOON).value.id

    hurried = Hurried(table, lambda: mappings.delete(organization, mapping))
    with pytest.raises(Missing):
        Mappings(hurried).update(organization, mapping, KEY, "59", version=1, by="ann", at=NOON)
    hurried = Hurried(table, lambda: accounts.delete(organization, account))
    with pytest.raises(Missing):
        Accounts(hurried).update(organization, account, {"name": "B"}, version=1, by="ann", at=NOON)

    assert mappings.page(organization, size=10).items == ()
    assert accounts.find(organization, account) is None


def test_a_mapping_that_moves_while_it_is_deleted_leaves_nothing_that_bills_would_find(
    table: Table, organization: OrganizationId
) -> None:
    """Else bills would go by a mapping that no list shows and nobody can delete."""
    mappings = Mappings(table)
    one = mappings.create(organization, KEY, "58", by="ann", at=NOON).value.id
    move = lambda: mappings.update(organization, one, OTHER_KEY, "59", version=1, by="bob", at=NOON)  # noqa: E731

    gone = Mappings(Hurried(table, move)).delete(organization, one)

    assert gone.value.external_id == "59"
    assert mappings.found(organization, [KEY, OTHER_KEY]) == ()
    assert mappings.create(organization, OTHER_KEY, "60", by="ann", at=NOON)


def test_a_mapping_made_anew_while_the_old_one_is_deleted_twice_stays(
    table: Table, organization: OrganizationId
) -> None:
    mappings = Mappings(table)
    one = mappings.create(organization, KEY, "58", by="ann", at=NOON).value.id

    def anew() -> None:
        mappings.delete(organization, one)
        mappings.create(organization, KEY, "59", by="bob", at=NOON + timedelta(seconds=1))

    with pytest.raises(Missing):
        Mappings(Hurried(table, anew)).delete(organization, one)

    assert [found.external_id for found in mappings.found(organization, [KEY])] == ["59"]


def test_a_mapping_that_changes_all_the_time_is_deleted_later(table: Table, organization: OrganizationId) -> None:
    mappings = Mappings(table)
    one = mappings.create(organization, KEY, "58", by="ann", at=NOON).value.id

    def change() -> None:
        version = mappings.get(organization, one).audit.version
        mappings.update(organization, one, KEY, "59", version=version, by="bob", at=NOON)

    with pytest.raises(TryLater):
        Mappings(Hurried(table, change, every=True)).delete(organization, one)


@pytest.mark.parametrize("parent", [CONFIGURATION, None])
def test_a_mapping_that_changes_while_its_configuration_is_deleted_goes_with_it_unless_it_left(
    table: Table, organization: OrganizationId, parent: ConfigurationId | None
) -> None:
    mappings = Mappings(table)
    own = replace(KEY, integration_config_id=CONFIGURATION)
    one = mappings.create(organization, own, "58", by="ann", at=NOON).value.id
    moved = replace(OTHER_KEY, integration_config_id=parent)
    move = lambda: mappings.update(organization, one, moved, "59", version=1, by="bob", at=NOON)  # noqa: E731

    Mappings(Hurried(table, move)).delete_of_configuration(organization, CONFIGURATION)

    assert len(mappings.found(organization, [own, moved])) == (0 if parent else 1)


def test_a_deleted_account_whose_code_moves_meanwhile_is_tried_later(
    table: Table, organization: OrganizationId
) -> None:
    account = Accounts(table).create(organization, {"name": "Acme", "code": "acme"}, by="ann", at=NOON).value.id
    key = keys.account_code(organization, "acme")
    moved = Put({"pk": key.pk, "sk": key.sk, "type": "account code", "account_id": "other"})

    with pytest.raises(TryLater):
        Accounts(Hurried(table, lambda: table.put(moved))).delete(organization, account)

    Accounts(table).delete(organization, account)
    assert Accounts(table).find(organization, AccountId(account)) is None


def test_a_pacer_that_others_always_outrun_is_tried_later(table: Table, organization: OrganizationId) -> None:
    """Idle for one look, busy for the next: somebody else writes before each of ours."""

    def moods() -> Iterator[None]:
        key = keys.pacer(organization)
        while True:
            Pacer(table).reserve(organization, NOON, batch=True, within=timedelta(hours=1))
            yield
            table.delete(Delete(key))
            yield

    mood = moods()
    pacer = Pacer(Hurried(table, lambda: next(mood), every=True))

    with pytest.raises(TryLater):
        pacer.reserve(organization, NOON, batch=True, within=timedelta(hours=1))
