"""The accounts as API and events keep them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import AccountId, OrganizationId
from m3ter_quickbooks.problems import Clash, Missing, TryLater
from m3ter_quickbooks.storage.accounts import Accounts, told_account
from m3ter_quickbooks.storage.audit import Audit
from m3ter_quickbooks.storage.table import Table
from tests.adapters.storage.hurried import Hurried
from tests.unit.run.builders import NOON

LATER = NOON + timedelta(hours=1)
DTO = {"name": "Acme", "code": "acme", "emailAddress": "a@acme.example", "customFields": {"seats": Decimal("1.10")}}


@pytest.fixture
def accounts(table: Table) -> Accounts:
    return Accounts(table)


def told(accounts: Accounts, organization: OrganizationId, account_id: str, **dto: object) -> bool:
    whole = {"id": account_id, "name": "Told", **dto}
    return accounts.keep(organization, Account.parse(whole), whole)


def test_a_new_one_is_kept_as_it_came(accounts: Accounts, organization: OrganizationId) -> None:
    created = accounts.create(organization, DTO, by="ann", at=NOON)

    assert (created.value.code, dict(created.value.dto)) == ("acme", DTO)
    assert created.audit == Audit(NOON, "ann", NOON, "ann", 1)
    assert accounts.get(organization, created.value.id) == created
    assert accounts.with_code(organization, "acme") == created
    account = accounts.find(organization, created.value.id)
    assert account == told_account(created)
    assert account is not None
    assert (account.name, account.version) == ("Acme", 1)
    assert accounts.find(organization, AccountId("none")) is None
    assert accounts.with_code(organization, "none") is None


def test_a_code_or_an_id_that_is_taken_is_a_clash(accounts: Accounts, organization: OrganizationId) -> None:
    first = accounts.create(organization, DTO, by="ann", at=NOON, account_id=AccountId("a1"))

    with pytest.raises(Clash, match=f"belongs to account {first.value.id}"):
        accounts.create(organization, DTO, by="ann", at=NOON)
    with pytest.raises(Clash, match="account a1"):
        accounts.create(organization, {**DTO, "code": "other"}, by="ann", at=NOON, account_id=AccountId("a1"))

    assert accounts.with_code(organization, "other") is None
    for _ in range(2):
        accounts.create(organization, {**DTO, "code": ""}, by="ann", at=NOON)


def test_an_update_replaces_it_and_moves_its_code(accounts: Accounts, organization: OrganizationId) -> None:
    one = accounts.create(organization, DTO, by="ann", at=NOON).value.id
    other = accounts.create(organization, {"name": "B", "code": "b"}, by="ann", at=NOON).value.id

    renamed = accounts.update(organization, one, {"name": "C", "code": "c"}, version=1, by="bob", at=LATER)

    assert (dict(renamed.value.dto), renamed.audit) == ({"name": "C", "code": "c"}, Audit(NOON, "ann", LATER, "bob", 2))
    assert accounts.with_code(organization, "acme") is None
    assert accounts.with_code(organization, "c") == renamed
    with pytest.raises(Clash, match="version is 2"):
        accounts.update(organization, one, DTO, version=1, by="bob", at=LATER)
    with pytest.raises(Clash, match=other):
        accounts.update(organization, one, {"name": "C", "code": "b"}, version=2, by="bob", at=LATER)
    with pytest.raises(Missing):
        accounts.update(organization, AccountId("none"), DTO, version=1, by="bob", at=LATER)
    without = accounts.update(organization, one, {"name": "C"}, version=2, by="bob", at=LATER)
    assert (without.value.code, accounts.with_code(organization, "c")) == (None, None)


def test_what_is_deleted_is_gone_and_its_code_is_free(accounts: Accounts, organization: OrganizationId) -> None:
    one = accounts.create(organization, DTO, by="ann", at=NOON)

    assert accounts.delete(organization, one.value.id) == one

    with pytest.raises(Missing):
        accounts.get(organization, one.value.id)
    with pytest.raises(Missing):
        accounts.delete(organization, one.value.id)
    accounts.create(organization, DTO, by="ann", at=NOON)


def test_lists_are_newest_first(accounts: Accounts, organization: OrganizationId) -> None:
    ids = [
        accounts.create(organization, {"name": str(number)}, by="ann", at=NOON + timedelta(seconds=number)).value.id
        for number in range(3)
    ]

    page = accounts.page(organization, size=2)
    rest = accounts.page(organization, size=2, token=page.next_token)

    assert [kept.value.id for kept in (*page.items, *rest.items)] == ids[::-1]
    found = accounts.get_many(organization, [ids[2], "none", ids[0], ids[2]])
    assert [kept.value.id for kept in found] == [ids[2], ids[0]]


# Given an account, when m3ter tells of it, then the higher version stays and codes follow m3ter.


def test_an_event_brings_its_own_audit_fields(accounts: Accounts, organization: OrganizationId) -> None:
    told(
        accounts,
        organization,
        "a1",
        version=4,
        dtCreated="2025-01-01T00:00:00Z",
        dtLastModified="2025-02-01T00:00:00Z",
        createdBy="USER_a",
        lastModifiedBy="USER_b",
    )

    kept = accounts.get(organization, AccountId("a1"))
    created, modified = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)
    assert kept.audit == Audit(created, "USER_a", modified, "USER_b", 4)
    assert dict(kept.value.dto) == {"name": "Told"}


def test_a_date_that_cannot_be_read_leaves_the_one_known(accounts: Accounts, organization: OrganizationId) -> None:
    one = accounts.create(organization, DTO, by="ann", at=NOON).value.id

    assert told(accounts, organization, one, version=1, dtCreated="yesterday")

    assert accounts.get(organization, one).audit.created_at == NOON


def test_an_event_without_any_date_is_of_the_epoch(accounts: Accounts, organization: OrganizationId) -> None:
    told(accounts, organization, "a1", version=1)

    assert accounts.get(organization, AccountId("a1")).audit.created_at.year == 1970


def test_the_api_and_events_write_the_same_account(accounts: Accounts, organization: OrganizationId) -> None:
    one = accounts.create(organization, DTO, by="ann", at=NOON).value.id
    assert told(accounts, organization, one, version=1, code="acme")
    changed = accounts.update(organization, one, DTO, version=1, by="ann", at=LATER)
    assert changed.audit.version == 2

    assert not told(accounts, organization, one, version=1)
    assert told(accounts, organization, one, version=2, code="told")
    assert accounts.get(organization, one).value.dto["name"] == "Told"
    assert accounts.with_code(organization, "acme") is None


def test_a_code_that_m3ter_gives_to_another_account_follows(accounts: Accounts, organization: OrganizationId) -> None:
    told(accounts, organization, "a1", version=1, code="x")
    told(accounts, organization, "a2", version=1, code="x")

    told(accounts, organization, "a1", version=2, code="y")

    holder = accounts.with_code(organization, "x")
    assert holder is not None
    assert holder.value.id == "a2"


def test_an_account_whose_code_went_to_another_can_still_be_deleted(
    accounts: Accounts, organization: OrganizationId
) -> None:
    told(accounts, organization, "a1", version=1, code="x")
    told(accounts, organization, "a2", version=1, code="x")

    accounts.forget(organization, AccountId("a1"))

    assert accounts.find(organization, AccountId("a1")) is None
    assert accounts.with_code(organization, "x") is not None


def test_an_account_that_others_keep_changing_is_tried_later(table: Table, organization: OrganizationId) -> None:
    versions = count(1)
    hurried = Hurried(table, lambda: told(Accounts(table), organization, "a1", version=next(versions)), every=True)

    with pytest.raises(TryLater):
        told(Accounts(hurried), organization, "a1", version=99)


def test_a_code_told_meanwhile_does_not_stay_taken(table: Table, organization: OrganizationId) -> None:
    accounts = Accounts(table)
    told(accounts, organization, "a1", version=1)
    hurried = Hurried(table, lambda: told(accounts, organization, "a1", version=1, code="b"))

    assert told(Accounts(hurried), organization, "a1", version=1, code="c")

    assert accounts.with_code(organization, "b") is None
    assert accounts.with_code(organization, "c") is not None
