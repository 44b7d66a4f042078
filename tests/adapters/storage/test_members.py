"""Organizations, members and users."""

from __future__ import annotations

from datetime import timedelta

import pytest

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.problems import Clash, Missing
from m3ter_quickbooks.storage.audit import Audit
from m3ter_quickbooks.storage.members import Member, Members, Organization, Organizations, Role, User, Users
from m3ter_quickbooks.storage.table import Table
from tests.unit.run.builders import NOON

LATER = NOON + timedelta(hours=1)


def ada(organization: OrganizationId, **changes: object) -> User:
    facts: dict[str, object] = {"first_name": "Ada", "last_name": "Lovelace", "role": Role.OPERATOR, **changes}
    return User(organization, UserId("ada"), "ada@acme.example", **facts)  # type: ignore[arg-type]


def test_an_organization_is_made_once(table: Table, organization: OrganizationId) -> None:
    organizations = Organizations(table)

    made = organizations.create(Organization(organization, "Acme"), by="ann", at=NOON)

    assert organizations.get(organization) == made
    with pytest.raises(Clash):
        organizations.create(Organization(organization, "Acme"), by="ann", at=NOON)
    with pytest.raises(Missing):
        organizations.get(OrganizationId(f"{organization}-other"))


def test_a_member_has_its_role_in_its_own_organization_only(table: Table, organization: OrganizationId) -> None:
    members = Members(table)
    client = Member(organization, "client", Role.ADMIN, name="robot")
    members.add(client)

    assert members.get(organization, "client") == client
    assert members.get(OrganizationId(f"{organization}-other"), "client") is None
    assert members.get(organization, "other") is None


def test_a_user_is_a_member_and_made_once(table: Table, organization: OrganizationId) -> None:
    users = Users(table)

    created = users.create(ada(organization), by="ann", at=NOON)

    assert created.audit == Audit(NOON, "ann", NOON, "ann", 1)
    assert users.get(organization, UserId("ada")) == created
    assert Members(table).get(organization, "ada") == Member(organization, "ada", Role.OPERATOR)
    with pytest.raises(Clash):
        users.create(ada(organization, role=Role.ADMIN), by="ann", at=NOON)
    member = Members(table).get(organization, "ada")
    assert member is not None
    assert member.role is Role.OPERATOR


def test_a_users_role_and_end_hold_for_the_member_too(table: Table, organization: OrganizationId) -> None:
    users = Users(table)
    users.create(ada(organization), by="ann", at=NOON)

    changed = users.update(organization, UserId("ada"), role=Role.VIEWER, ends_at=LATER, by="bob", at=LATER)

    assert (changed.value.role, changed.value.ends_at, changed.audit.version) == (Role.VIEWER, LATER, 2)
    assert Members(table).get(organization, "ada") == Member(organization, "ada", Role.VIEWER, LATER)

    back = users.update(organization, UserId("ada"), role=Role.ADMIN, ends_at=None, by="bob", at=LATER, version=2)
    assert (back.value.ends_at, back.audit.version) == (None, 3)
    with pytest.raises(Clash, match="version is 3"):
        users.update(organization, UserId("ada"), role=Role.ADMIN, ends_at=None, by="bob", at=LATER, version=2)
    with pytest.raises(Missing):
        users.update(organization, UserId("none"), role=Role.ADMIN, ends_at=None, by="bob", at=LATER)
    assert Members(table).get(organization, "none") is None


def test_users_are_listed_and_found_by_id(table: Table, organization: OrganizationId) -> None:
    users = Users(table)
    for name in ("a", "b", "c"):
        users.create(User(organization, UserId(name), f"{name}@acme.example"), by="ann", at=NOON)

    page = users.page(organization, size=2)
    rest = users.page(organization, size=2, token=page.next_token)

    assert [kept.value.id for kept in (*page.items, *rest.items)] == ["c", "b", "a"]
    found = users.get_many(organization, [UserId("c"), UserId("none"), UserId("a")])
    assert [kept.value.id for kept in found] == ["c", "a"]
    with pytest.raises(Missing):
        users.get(organization, UserId("none"))
