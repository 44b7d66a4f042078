"""Organizations, who may use them, and their users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.problems import Clash, Missing
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.audit import Audit, Kept, audit_item, audit_of
from m3ter_quickbooks.storage.paging import Page
from m3ter_quickbooks.storage.table import (
    Action,
    Check,
    ConditionFailed,
    Listing,
    Put,
    Table,
    TransactionRefused,
    Update,
)
from m3ter_quickbooks.storage.wire import Item, moment_or_none, moment_text, written


class Role(StrEnum):
    """What a member may do. A viewer reads and previews, an operator also changes, an admin also invites."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Member:
    """An API client or a user of one organization. `ends_at`: from then on it is none any more."""

    organization_id: OrganizationId
    principal: str
    role: Role
    ends_at: datetime | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person; `id` is the Cognito sub. `ends_at` is m3ter's dtEndAccess."""

    organization_id: OrganizationId
    id: UserId
    email: str
    first_name: str = ""
    last_name: str = ""
    role: Role = Role.VIEWER
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Organization:
    """One of m3ter's organizations."""

    id: OrganizationId
    name: str


class Organizations:
    """The organizations of the installation."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, organization: Organization, *, by: str, at: datetime) -> Kept[Organization]:
        """Raises Clash if it is there."""
        key = keys.organization(organization.id)
        kept = Kept(organization, Audit.new(by, at))
        item = {
            "pk": key.pk,
            "sk": key.sk,
            "type": "organization",
            "id": organization.id,
            "name": organization.name,
            **audit_item(kept.audit),
        }
        try:
            self._table.put(Put(item, "attribute_not_exists(#pk)"))
        except ConditionFailed as failed:
            raise Clash(f"There is an organization {organization.id} already.") from failed
        return kept

    def get(self, organization_id: OrganizationId) -> Kept[Organization]:
        """Raises Missing."""
        item = self._table.get(keys.organization(organization_id))
        if item is None:
            raise Missing(f"There is no organization {organization_id}.")
        return Kept(Organization(organization_id, item["name"]), audit_of(item))


class Members:
    """Who may use an organization."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, member: Member) -> None:
        """Make an API client (or a user's sub) a member, or change its role."""
        self._table.put(Put(member_item(member)))

    def get(self, organization_id: OrganizationId, principal: str) -> Member | None:
        """The member, whether its access has ended or not; None: it never was one."""
        item = self._table.get(keys.member(organization_id, principal))
        return None if item is None else member_of(item)

    def admins(self, organization_id: OrganizationId) -> list[Member]:
        """Every admin, people and API clients, those whose access has ended included."""
        listing = Listing(keys.of_organization(organization_id), begins=keys.MEMBERS)
        return [member for member in map(member_of, self._table.each(listing)) if member.role is Role.ADMIN]


class Users:
    """The people of an organization. Each is a member, too: both are written in one transaction."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, user: User, *, by: str, at: datetime) -> Kept[User]:
        """Raises Clash if there is this user already."""
        kept = Kept(user, Audit.new(by, at))
        try:
            self._table.transact(
                [Put(user_item(kept), "attribute_not_exists(#pk)"), Put(member_item(_as_member(user)))]
            )
        except TransactionRefused as refused:
            raise Clash(f"There is a user {user.id} already.") from refused
        return kept

    def get(self, organization_id: OrganizationId, user_id: UserId) -> Kept[User]:
        """Raises Missing."""
        item = self._table.get(keys.user(organization_id, user_id))
        if item is None:
            raise _missing(user_id)
        return user_of(item)

    def get_many(self, organization_id: OrganizationId, user_ids: list[UserId]) -> list[Kept[User]]:
        """Those that are there, in the order asked for."""
        wanted = [keys.user(organization_id, user_id) for user_id in dict.fromkeys(user_ids)]
        found = self._table.get_many(wanted)
        return [user_of(found[key]) for key in wanted if key in found]

    def page(self, organization_id: OrganizationId, *, size: int, token: str | None = None) -> Page[Kept[User]]:
        """In the order of their ids, backwards."""
        return self._table.page(
            [Listing(keys.of_organization(organization_id), begins=keys.USERS)],
            user_of,
            size=size,
            token=token,
            question=(organization_id, "users"),
        )

    def update(
        self,
        organization_id: OrganizationId,
        user_id: UserId,
        *,
        role: Role,
        ends_at: datetime | None,
        by: str,
        at: datetime,
        version: int | None = None,
        keeper: Member | None = None,
    ) -> Kept[User]:
        """Change role and end of access. Raises Missing, Clash if `version` is given and stale.

        `keeper`: another admin, who must still be one for as long as was read. It is looked at in the same transaction:
        of two admins who end each other's access at once, one comes second, and is refused.
        """
        values: dict[str, object] = {":role": str(role), ":by": by, ":at": moment_text(at), ":one": 1}
        change = "#role = :role, #modified_by = :by, #modified_at = :at, #version = #version + :one"
        if ends_at is None:
            change = f"SET {change} REMOVE #ends_at"
        else:
            change = f"SET {change}, #ends_at = :ends_at"
            values[":ends_at"] = moment_text(ends_at)
        condition = "attribute_exists(#pk)"
        if version is not None:
            condition += " AND #version = :read"
            values[":read"] = version
        member = Member(organization_id, user_id, role, ends_at)
        actions: list[Action] = [
            Update(keys.user(organization_id, user_id), change, condition, values),
            Put(member_item(member)),
        ]
        if keeper:
            actions.append(_still_admin(keeper))
        try:
            self._table.transact(actions)
        except TransactionRefused as refused:
            if 0 not in refused.failed:
                raise Clash("Somebody changed another admin at the same time: look who is one now.") from refused
            stored = refused.failed[0]
            if stored is None:
                raise _missing(user_id) from refused
            raise Clash(f"The user was changed by somebody else: the version is {stored['version']} now.") from refused
        return self.get(organization_id, user_id)


def _still_admin(keeper: Member) -> Check:
    values = {":admin": str(Role.ADMIN)}
    lasts = "attribute_not_exists(#ends_at)"
    if keeper.ends_at:
        lasts = f"({lasts} OR #ends_at >= :ends_at)"
        values[":ends_at"] = moment_text(keeper.ends_at)
    return Check(keys.member(keeper.organization_id, keeper.principal), f"#role = :admin AND {lasts}", values)


def _as_member(user: User) -> Member:
    return Member(user.organization_id, user.id, user.role, user.ends_at)


def member_item(member: Member) -> Item:
    """A member as the table keeps it."""
    key = keys.member(member.organization_id, member.principal)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "type": "member",
        "organization_id": member.organization_id,
        "principal": member.principal,
        "role": str(member.role),
        "ends_at": written(member.ends_at),
        "name": member.name,
    }


def member_of(item: Item) -> Member:
    """The member that `member_item` wrote."""
    return Member(
        OrganizationId(item["organization_id"]),
        item["principal"],
        Role(item["role"]),
        moment_or_none(item.get("ends_at")),
        item.get("name"),
    )


def user_item(kept: Kept[User]) -> Item:
    """A user as the table keeps it."""
    user = kept.value
    key = keys.user(user.organization_id, user.id)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "type": "user",
        "id": user.id,
        "organization_id": user.organization_id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": str(user.role),
        "ends_at": written(user.ends_at),
        **audit_item(kept.audit),
    }


def user_of(item: Item) -> Kept[User]:
    """The user that `user_item` wrote."""
    user = User(
        OrganizationId(item["organization_id"]),
        UserId(item["id"]),
        item["email"],
        item["first_name"],
        item["last_name"],
        Role(item["role"]),
        moment_or_none(item.get("ends_at")),
    )
    return Kept(user, audit_of(item))


def _missing(user_id: UserId) -> Missing:
    return Missing(f"There is no user {user_id}.")
