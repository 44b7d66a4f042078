"""Users: who gets mails, who may do what, until when."""

from __future__ import annotations

from pydantic import EmailStr

from api.house import House
from api.last_admin import keeper_of
from api.request import Call
from api.route import Routes
from api.shapes import Audited, Moment, Page, Paging, Shape, Version, audit, optional, told
from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.problems import Clash
from m3ter_quickbooks.storage.audit import Kept
from m3ter_quickbooks.storage.members import Role, User

routes = Routes.of("users")


class InvitationBody(Shape):
    """Somebody to invite."""

    email: EmailStr = told("Where the invitation goes to.", "ada@acme.example", max_length=200)
    first_name: str = told("First name.", "Ada", min_length=1, max_length=100)
    last_name: str = told("Last name.", "Lovelace", min_length=1, max_length=100)
    role: Role = told("What the person may do.", "operator", default=Role.VIEWER)
    dt_end_access: Moment | None = optional("When access ends.", "2027-01-01T00:00:00Z")


class UserBody(Shape):
    """What can be changed. What is left out stays as it is."""

    role: Role | None = optional("What the person may do.", "operator")
    dt_end_access: Moment | None = optional("When access ends; null: never.", "2027-01-01T00:00:00Z")
    version: Version | None = optional("The version that was read; none: the newest.", 1)


class UserAnswer(Audited):
    """A member of the organization."""

    id: str = told("Its id: the subject of the person's tokens.", "a1b2c3d4-0000-4000-8000-000000000001")
    email: str | None = optional("E-mail address.", "ada@acme.example")
    first_name: str | None = optional("First name.", "Ada")
    last_name: str | None = optional("Last name.", "Lovelace")
    role: Role = told("What the person may do.", "operator")
    organizations: list[str] = told("The organization that was asked.", ["0f0e0d0c-0000-4000-8000-000000000001"])
    dt_end_access: Moment | None = optional("When access ends; past: it has ended.", "2027-01-01T00:00:00.000Z")


class UserQuery(Paging):
    """Which users."""

    ids: list[str] | None = optional("Exactly these.", max_length=200)


class MeOrganization(Shape):
    """The organization that was asked."""

    id: str = told("Its id.", "0f0e0d0c-0000-4000-8000-000000000001")


class MeServiceUser(Shape):
    """An API client."""

    id: str = told("Its client id.", "7c1d2e3f4a5b6c7d8e9f0a1b2c")


class MeAnswer(Shape):
    """Who calls: a person under `user`, an API client under `serviceUser`."""

    organization: MeOrganization = told("Which organization, by its id.")
    user: UserAnswer | None = optional("The person.")
    service_user: MeServiceUser | None = optional("The API client.")
    role: Role = told("What the caller may do here.", "operator")


@routes.post("/invitations", Role.ADMIN, statuses=(409, 503))
def invite(call: Call, house: House, body: InvitationBody) -> UserAnswer:
    """Invite somebody: Cognito mails a first password to the address."""
    user_id = house.people.invite(body.email, body.first_name, body.last_name)
    user = User(
        organization_id=call.organization_id,
        id=user_id,
        email=body.email,
        first_name=body.first_name,
        last_name=body.last_name,
        role=body.role,
        ends_at=body.dt_end_access,
    )
    try:
        kept = house.users.create(user, by=call.caller.name, at=house.now())
    except Clash as clash:
        raise Clash(f"{body.email} is a user of this organization already.") from clash
    return _answer(kept)


@routes.get("/users")
def list_(call: Call, house: House, query: UserQuery) -> Page[UserAnswer]:
    """List the people of the organization, those whose access has ended included."""
    if query.ids:
        found = house.users.get_many(call.organization_id, [UserId(one) for one in query.ids])
        return Page[UserAnswer](data=[_answer(kept) for kept in found])
    page = house.users.page(call.organization_id, size=query.page_size, token=query.next_token)
    return Page[UserAnswer](data=[_answer(kept) for kept in page.items], next_token=page.next_token)


@routes.get("/users/me", statuses=(404,))
def me(call: Call, house: House) -> MeAnswer:
    """Get who calls, and what the caller may do here."""
    organization = MeOrganization(id=call.organization_id)
    role = Role(call.caller.role)
    if not call.caller.person:
        service_user = MeServiceUser(id=call.caller.principal)
        return MeAnswer(organization=organization, service_user=service_user, role=role)
    user = _answer(house.users.get(call.organization_id, UserId(call.caller.principal)))
    return MeAnswer(organization=organization, user=user, role=role)


@routes.get("/users/{id}", statuses=(404,))
def get(call: Call, house: House) -> UserAnswer:
    """Get a user."""
    return _answer(house.users.get(call.organization_id, UserId(call.ids["id"])))


@routes.put("/users/{id}", Role.ADMIN, statuses=(404, 409))
def update(call: Call, house: House, body: UserBody) -> UserAnswer:
    """Change what a user may do, or until when. It holds everywhere within half a minute.

    Nobody can take the organization's last admin: that is a 409. An API client with the role admin counts as one.
    """
    user_id = UserId(call.ids["id"])
    read = house.users.get(call.organization_id, user_id)
    before = read.value
    role = body.role or before.role
    ends_at = body.dt_end_access if "dt_end_access" in body.model_fields_set else before.ends_at
    kept = house.users.update(
        call.organization_id,
        user_id,
        role=role,
        ends_at=ends_at,
        by=call.caller.name,
        at=house.now(),
        # What was left out is written back as it was read: somebody else's change in between must not be undone.
        version=read.audit.version if body.version is None else body.version,
        keeper=keeper_of(before, role, ends_at, house.members.admins, house.now()),
    )
    house.gate.forget(call.organization_id, user_id)
    return _answer(kept)


def _answer(kept: Kept[User]) -> UserAnswer:
    user = kept.value
    return UserAnswer(
        id=user.id,
        email=user.email,
        first_name=user.first_name or None,
        last_name=user.last_name or None,
        role=user.role,
        organizations=[user.organization_id],
        dt_end_access=user.ends_at,
        **audit(kept.audit),
    )
