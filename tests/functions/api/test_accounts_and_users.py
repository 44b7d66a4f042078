from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.storage.members import Role, User, Users
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
