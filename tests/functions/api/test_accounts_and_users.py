from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.storage.members import Member, Role, User, Users
from tests.adapters.storage.hurried import Hurried
from tests.functions.api.conftest import Place

ACCOUNT: dict[str, Any] = {"name": "Acme", "code": "acme", "emailAddress": "billing@acme.example"}


def told_by_m3ter(place: Place, **dto: Any) -> bool:
    organization_id = OrganizationId(place.organization_id)
    return place.gateway.house.accounts.keep(organization_id, Account.parse(dto), dto)


def test_events_and_api_write_the_same_account_and_a_tie_goes_to_the_event(place: Place) -> None:
    http = place.http()
    http.post("accounts", json={**ACCOUNT, "id": "a1"})
    changed = http.put("accounts/a1", json={**ACCOUNT, "name": "Ours", "version": 1}).json()
    assert changed["version"] == 2
    assert told_by_m3ter(place, id="a1", version=1, name="Old", code="acme") is False
    assert told_by_m3ter(place, id="a1", version=2, name="Theirs", code="acme") is True
    assert http.get("accounts/a1").json()["name"] == "Theirs"


def test_an_account_that_an_event_told_is_shown_as_it_was_told(place: Place) -> None:
    told_by_m3ter(
        place, id="a1", version=7, name="Acme", address={"country": "UK"}, customFields={"rate": Decimal("1.1")}
    )
    shown = place.http("viewer").get("accounts/a1").json()
    assert shown["address"] == {"country": "UK"}
    assert shown["customFields"] == {"rate": 1.1}
    assert shown["version"] == 7
    assert "code" not in shown


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"code": "x" * 81}, "code"),
        ({"address": {"postCode": "x" * 21}}, "address.postCode"),
        ({"customFields": {"on": True}}, "customFields.on"),
        ({"customFields": {"list": []}}, "customFields.list"),
        ({"version": 3}, "version"),
        ({"daysBeforeBillDue": 0}, "daysBeforeBillDue"),
    ],
)
def test_a_bad_field_is_named(place: Place, changes: dict[str, Any], field: str) -> None:
    answer = place.http().post("accounts", json={**ACCOUNT, **changes})
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["field"].startswith(field)


def test_accounts_by_id_or_by_code_never_both(place: Place) -> None:
    http = place.http()
    made = http.post("accounts", json=ACCOUNT).json()
    assert http.get("accounts", params={"codes": "acme,other"}).json() == {"data": [made]}
    assert http.get("accounts", params={"ids": made["id"], "codes": "acme"}).status_code == 400
    assert http.put(f"accounts/{made['id']}", json=ACCOUNT).status_code == 400
    assert http.put("accounts/nobody", json={**ACCOUNT, "version": 1}).status_code == 404


def somebody(place: Place, role: Role = Role.VIEWER) -> str:
    user_id = UserId(f"person-{place.organization_id}")
    user = User(OrganizationId(place.organization_id), user_id, "ada@acme.example", "Ada", "L", role)
    place.gateway.house.users.create(user, by="test", at=place.clock())
    return user_id


def test_a_role_that_is_changed_here_holds_here_at_once(place: Place) -> None:
    user_id = somebody(place)
    person = place.gateway.client(place.gateway.cognito.token_of_person(user_id))
    path = f"organizations/{place.organization_id}/accounts"
    assert person.post(path, json=ACCOUNT).status_code == 403
    changed = place.http().put(f"users/{user_id}", json={"role": "operator"}).json()
    assert (changed["role"], changed["version"]) == ("operator", 2)
    assert person.post(path, json=ACCOUNT).json()["createdBy"] == f"USER_{user_id}"


def test_the_end_of_access_stays_unless_it_is_named(place: Place) -> None:
    user_id = somebody(place)
    http = place.http()
    ends = (place.clock.at + timedelta(days=1)).isoformat()
    assert "dtEndAccess" in http.put(f"users/{user_id}", json={"dtEndAccess": ends}).json()
    assert "dtEndAccess" in http.put(f"users/{user_id}", json={"role": "admin"}).json()
    assert "dtEndAccess" not in http.put(f"users/{user_id}", json={"dtEndAccess": None}).json()
    assert http.put(f"users/{user_id}", json={"version": 1}).status_code == 409
    assert http.put(f"users/{user_id}", json={"dtEndAccess": "9999-12-31T23:59:59-12:00"}).status_code == 400
    assert http.put(f"users/{user_id}", json={"dtEndAccess": "soon"}).status_code == 400
    assert http.put("users/nobody", json={"role": "admin"}).status_code == 404


def test_a_role_that_is_given_while_access_is_ended_does_not_open_it_again(place: Place) -> None:
    user_id, http, house = somebody(place), place.http(), place.gateway.house
    users, now = house.users, place.clock()

    def end() -> None:
        users.update(OrganizationId(place.organization_id), user_id, role=Role.VIEWER, ends_at=now, by="test", at=now)

    house.users = Users(Hurried(house.table, end))
    assert http.put(f"users/{user_id}", json={"role": "admin"}).status_code == 409
    user = http.get(f"users/{user_id}").json()
    assert (user["role"], "dtEndAccess" in user) == ("viewer", True)


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 250 + "@acme.example"])
def test_an_invitation_needs_an_address(place: Place, email: str) -> None:
    body = {"email": email, "firstName": "Ada", "lastName": "L"}
    assert place.http().post("invitations", json=body).status_code == 400


def admin(place: Place, name: str, ends_at: datetime | None = None) -> httpx.Client:
    """A person who is an admin, at a client of their own below the organization."""
    organization_id = OrganizationId(place.organization_id)
    user = User(organization_id, UserId(f"{name}-{organization_id}"), f"{name}@acme.example", name, "L", Role.ADMIN)
    place.gateway.house.users.create(replace(user, ends_at=ends_at), by="test", at=place.clock())
    client = place.gateway.client(place.gateway.cognito.token_of_person(user.id))
    client.base_url = httpx.URL(f"{client.base_url}organizations/{organization_id}/")
    return client


def no_admin_client(place: Place) -> None:
    """The API client that the organization was made with is none any more."""
    client = Member(OrganizationId(place.organization_id), place.client_id(), Role.VIEWER)
    place.gateway.house.members.add(client)


PAST = "2026-01-01T00:00:00Z"
NEXT_YEAR = "2027-01-01T00:00:00Z"


@pytest.mark.parametrize("change", [{"dtEndAccess": PAST}, {"dtEndAccess": NEXT_YEAR}, {"role": "operator"}])
def test_nobody_takes_the_last_admin_of_an_organization(place: Place, change: dict[str, str]) -> None:
    no_admin_client(place)
    ada = admin(place, "ada")
    admin(place, "until-tomorrow", place.clock.at + timedelta(days=1))
    path = f"users/ada-{place.organization_id}"
    refused = ada.put(path, json=change)
    assert refused.status_code == 409
    assert refused.headers["x-should-retry"] == "false"
    assert "last admin" in refused.json()["message"]
    assert ada.get(path).json()["version"] == 1
    admin(place, "grace")
    assert ada.put(path, json=change).status_code == 200


def test_an_api_client_with_that_role_is_an_admin_too(place: Place) -> None:
    ada = admin(place, "ada")
    assert ada.put(f"users/ada-{place.organization_id}", json={"role": "viewer"}).status_code == 200


def test_an_admin_whose_access_ends_can_be_given_longer_and_not_shorter_while_alone(place: Place) -> None:
    no_admin_client(place)
    ends = place.clock.at + timedelta(days=10)
    ada = admin(place, "ada", ends)
    path = f"users/ada-{place.organization_id}"
    assert ada.put(path, json={"dtEndAccess": (ends - timedelta(days=1)).isoformat()}).status_code == 409
    assert (
        ada.put(path, json={"role": "admin", "dtEndAccess": (ends + timedelta(days=1)).isoformat()}).status_code == 200
    )
    assert ada.put(path, json={"dtEndAccess": None}).status_code == 200


def test_of_two_admins_who_end_each_other_at_once_one_stays(place: Place) -> None:
    no_admin_client(place)
    ada, grace = admin(place, "ada"), admin(place, "grace")
    house = place.gateway.house
    answers: list[httpx.Response] = []

    def meanwhile() -> None:
        answers.append(grace.put(f"users/ada-{place.organization_id}", json={"dtEndAccess": PAST}))

    house.users = Users(Hurried(house.table, meanwhile))
    answers.append(ada.put(f"users/grace-{place.organization_id}", json={"dtEndAccess": PAST}))
    assert [answer.status_code for answer in answers] == [200, 409]
    assert grace.get("users/me").json()["role"] == "admin"
