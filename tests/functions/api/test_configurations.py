from datetime import timedelta

import pytest

from tests.functions.api.conftest import Place

BODY = {
    "name": "Bills UK",
    "entityType": "Bill",
    "destination": "quickbooks_sandbox",
    "configData": {"onlySendBillOnApproval": True, "ours": {"rate": 1234567890123456.789, "none": None}},
}


def test_a_new_one_is_enabled_not_authorized_and_reads_as_a_run_too(place: Place) -> None:
    answer = place.http("operator").post("integrationconfigs", json=BODY)
    assert answer.status_code == 200
    created = answer.json()
    assert created["destination"] == "QuickBooksSandbox"
    assert created["enabled"] is True
    assert created["authorized"] is False
    assert created["version"] == 1
    assert created["entityId"] == ""
    assert created["status"] == "WAITING"
    assert created["createdBy"] == f"CLIENT_{place.client_id('operator')}"
    assert created["dtCreated"].startswith("2026-11-22T12:00:00.")
    assert created["dtCreated"].endswith("Z")
    assert place.http("viewer").get(f"integrationconfigs/{created['id']}").json() == created


def test_config_data_comes_back_as_it_was_saved_to_the_last_digit(place: Place) -> None:
    text = '{"entityType":"Bill","destination":"QuickBooks","configData":{"x":1234567890123456.789,"y":null}}'
    created = place.http().post("integrationconfigs", content=text)
    assert '"configData":{"x":1234567890123456.789,"y":null}' in created.text


def test_everything_that_is_wrong_is_told_at_once(place: Place) -> None:
    body = {
        "entityType": "Invoice",
        "destination": "Xero",
        "credentials": {"type": "HTTP_BASIC"},
        "configData": {"accountFilter": "nosuchname == 1", "splitUsageLineItems": "ITEM_PER_MOON"},
    }
    answer = place.http().post("integrationconfigs", json=body)
    assert answer.status_code == 400
    errors = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert set(errors) == {
        "destination",
        "entityType",
        "credentials",
        "configData.accountFilter",
        "configData.splitUsageLineItems",
    }
    assert "QuickBooksSandbox" in errors["destination"]
    assert "column 1" in errors["configData.accountFilter"]


@pytest.mark.parametrize("credentials", [{}, {"type": "HTTP_BASIC"}, {"empty": True}, [], "text", False])
def test_inline_credentials_are_refused_in_every_form_even_an_empty_one(place: Place, credentials: object) -> None:
    answer = place.http().post("integrationconfigs", json={**BODY, "credentials": credentials})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["credentials"]
    assert "integrationcredentials" in answer.json()["message"]


def test_credentials_that_are_null_are_none(place: Place) -> None:
    assert place.http().post("integrationconfigs", json={**BODY, "credentials": None}).status_code == 200


def test_a_change_needs_the_version_that_was_read(place: Place) -> None:
    http = place.http()
    created = http.post("integrationconfigs", json=BODY).json()
    path = f"integrationconfigs/{created['id']}"
    assert http.put(path, json=BODY).status_code == 400
    changed = http.put(path, json={**created, "name": "Bills"})
    assert changed.status_code == 200
    assert (changed.json()["version"], changed.json()["name"]) == (2, "Bills")
    stale = http.put(path, json=created)
    assert stale.status_code == 409
    assert stale.headers["x-should-retry"] == "false"


def test_enable_disable_and_an_empty_json_body(place: Place) -> None:
    http = place.http()
    path = f"integrationconfigs/{http.post('integrationconfigs', json=BODY).json()['id']}"
    disabled = http.post(f"{path}/disable", headers={"Content-Type": "application/json"}).json()
    assert (disabled["enabled"], disabled["status"], disabled["version"]) == (False, "DISABLED", 2)
    enabled = http.post(f"{path}/enable", headers={"Content-Type": "application/json"}).json()
    assert (enabled["enabled"], enabled["status"], enabled["version"]) == (True, "WAITING", 3)


def test_a_list_is_paged_newest_first_and_its_token_is_good_for_nothing_else(place: Place, other_place: Place) -> None:
    http = place.http()
    ids = [http.post("integrationconfigs", json=BODY).json()["id"] for _ in range(5)]
    first = http.get("integrationconfigs", params={"pageSize": 2}).json()
    second = http.get("integrationconfigs", params={"pageSize": 2, "nextToken": first["nextToken"]}).json()
    third = http.get("integrationconfigs", params={"pageSize": 2, "nextToken": second["nextToken"]}).json()
    seen = [one["id"] for page in (first, second, third) for one in page["data"]]
    assert seen == ids[::-1]
    assert "nextToken" not in third
    token = {"nextToken": first["nextToken"]}
    assert other_place.http().get("integrationconfigs", params=token).status_code == 400
    assert http.get("externalmappings", params=token).status_code == 400
    assert http.get("integrationconfigs", params={"nextToken": "nextToken"}).status_code == 400
    assert http.get("integrationconfigs", params={"pageSize": 0}).status_code == 400
    assert http.get("integrationconfigs", params={"pageSize": 201}).status_code == 400


def test_by_entity_is_the_newest_enabled_one_with_all_under_data(place: Place) -> None:
    http = place.http()
    first = http.post("integrationconfigs", json=BODY).json()
    second = http.post("integrationconfigs", json=BODY).json()
    third = http.post("integrationconfigs", json=BODY).json()
    http.post(f"integrationconfigs/{third['id']}/disable")
    found = http.get("integrationconfigs/entity/Bill").json()
    assert found["id"] == second["id"]
    assert [one["id"] for one in found["data"]] == [second["id"], first["id"]]
    assert http.get("integrationconfigs/entity/Bill", params={"destination": "QuickBooks"}).status_code == 404
    assert http.get("integrationconfigs/entity/Notification").status_code == 404


def test_deleting_answers_with_what_it_was_and_then_it_is_gone_with_its_mappings(place: Place) -> None:
    http = place.http()
    created = http.post("integrationconfigs", json=BODY).json()
    mapping = {
        "m3terEntity": "Account",
        "m3terId": "a1",
        "externalSystem": "QuickBooksSandbox",
        "externalTable": "Customer",
        "externalId": "1",
        "integrationConfigId": created["id"],
    }
    mapped = http.post("externalmappings", json=mapping).json()
    gone = http.delete(f"integrationconfigs/{created['id']}")
    assert gone.status_code == 200
    assert gone.json()["id"] == created["id"]
    assert http.get(f"integrationconfigs/{created['id']}").status_code == 404
    assert http.delete(f"integrationconfigs/{created['id']}").status_code == 404
    assert http.get(f"externalmappings/{mapped['id']}").status_code == 404


def test_a_member_that_is_removed_from_the_role_is_forgotten_within_half_a_minute(place: Place) -> None:
    http = place.http("viewer")
    assert http.get("integrationconfigs").status_code == 200
    place.clock.move(timedelta(seconds=31))
    assert http.get("integrationconfigs").status_code == 200
