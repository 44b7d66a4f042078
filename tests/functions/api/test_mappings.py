from typing import Any

import pytest

from local.quickbooks.seed import ACME_EUROPE
from tests.functions.api.conftest import Place
from tests.functions.api.test_the_main_job import connected

CUSTOMER = {
    "m3terEntity": "Account",
    "m3terId": "a1",
    "externalSystem": "quickbooks-sandbox",
    "externalTable": "Customer",
    "externalId": "1",
}
ITEM = {**CUSTOMER, "m3terEntity": "Product", "m3terId": "p1", "externalTable": "Item", "externalId": "10"}


def created(place: Place, **changes: Any) -> dict[str, Any]:
    answer = place.http().post("externalmappings", json={**CUSTOMER, **changes})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_mapping_is_stored_in_the_words_that_bills_look_it_up_by(place: Place) -> None:
    mapping = created(place, m3terEntity="account")
    assert (mapping["m3terEntity"], mapping["externalSystem"]) == ("Account", "QuickBooksSandbox")
    assert place.http("viewer").get(f"externalmappings/{mapping['id']}").json() == mapping


def test_a_second_one_is_refused_and_names_the_first(place: Place) -> None:
    first = created(place)
    second = place.http().post("externalmappings", json={**CUSTOMER, "externalId": "2"})
    assert second.status_code == 409
    assert second.headers["x-should-retry"] == "false"
    assert first["id"] in second.json()["message"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"m3terEntity": "Invoice"}, "m3terEntity"),
        ({"externalSystem": "Xero"}, "externalSystem"),
        ({"externalTable": "Item"}, "externalTable"),
        ({"externalId": ""}, "externalId"),
        ({"externalId": " 1"}, "externalId"),
        ({"m3terId": "x" * 201}, "m3terId"),
        ({"integrationConfigId": "nobody"}, "integrationConfigId"),
        ({"version": 1}, "version"),
    ],
)
def test_what_no_bill_would_ever_look_up_is_refused(place: Place, changes: dict[str, Any], field: str) -> None:
    answer = place.http().post("externalmappings", json={**CUSTOMER, **changes})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_lists_filter_by_system_configuration_and_comma_joined_or_repeated_ids(place: Place) -> None:
    one, two, three = (created(place, m3terId=name)["id"] for name in ("one", "two", "three"))
    http = place.http("viewer")

    def found(params: Any) -> list[str]:
        return [mapping["id"] for mapping in http.get("externalmappings", params=params).json()["data"]]

    assert found({}) == [three, two, one]
    assert sorted(found({"m3terIds": "one,three"})) == [one, three]
    assert sorted(found([("m3terIds", "one"), ("m3terIds", "two")])) == [one, two]
    assert found({"externalSystemId": "QUICKBOOKS_SANDBOX"}) == [three, two, one]
    assert found({"externalSystemId": "Salesforce"}) == []
    assert found({"integrationConfigId": "nobody"}) == []


def test_the_external_id_may_hold_slashes_and_spaces(place: Place) -> None:
    mapping = created(place, externalId="58/9 a")
    found = place.http().get("externalmappings/externalid/QuickBooksSandbox/Customer/58/9 a").json()
    assert [one["id"] for one in found["data"]] == [mapping["id"]]
    found = place.http().get("externalmappings/external/Account/a1").json()
    assert [one["id"] for one in found["data"]] == [mapping["id"]]


def test_an_update_needs_the_version_and_a_delete_answers_with_what_it_was(place: Place) -> None:
    mapping = created(place)
    path = f"externalmappings/{mapping['id']}"
    http = place.http()
    assert http.put(path, json=CUSTOMER).status_code == 400
    changed = http.put(path, json={**mapping, "externalId": "3"}).json()
    assert (changed["externalId"], changed["version"]) == ("3", 2)
    assert http.put(path, json=mapping).status_code == 409
    assert http.delete(path).json() == changed
    assert http.get(path).status_code == 404


def test_a_connected_company_is_asked_whether_the_object_is_there_and_can_be_sold(place: Place) -> None:
    connected(place)
    http = place.http()
    missing = http.post("externalmappings", json={**CUSTOMER, "externalId": "999"})
    assert missing.status_code == 400
    assert "Sandbox Company_US_1 has no Customer with the id 999" in missing.json()["message"]
    place.simulator.as_person("9130000000000001").set_active("Customer", "2", active=False)
    inactive = http.post("externalmappings", json={**CUSTOMER, "externalId": "2"})
    assert inactive.status_code == 400
    assert "Bill's Windsurf Shop" in inactive.json()["message"]
    assert "inactive" in inactive.json()["message"]
    assert "warnings" not in created(place)


def test_a_customer_in_another_currency_than_its_account_is_a_warning(place: Place) -> None:
    connected(place)
    account = {"id": "a1", "name": "Acme", "code": "acme", "emailAddress": "a@acme.example", "currency": "GBP"}
    place.http().post("accounts", json=account)
    warnings = created(place, externalId=ACME_EUROPE)["warnings"]
    assert len(warnings) == 1
    assert "Acme Europe (101) is in EUR" in warnings[0]


def test_mapping_goes_on_when_quickbooks_does_not_answer(place: Place) -> None:
    connected(place)
    place.simulator.mishaps.add("server-error", status=503)
    warnings = created(place)["warnings"]
    assert "was not checked" in warnings[0]


def test_live_values_feed_a_drop_down(place: Place) -> None:
    http = place.http("viewer")
    path = "externalmappingconfiguration/values/QuickBooksSandbox/Account"
    assert http.get(path).json() == []
    credential = connected(place)
    names = {one["externalName"]: one["externalId"] for one in http.get(path).json()}
    assert names["Amy's Bird Sanctuary"] == "1"
    assert [one["externalId"] for one in http.get(path, params={"search": "amy's"}).json()] == ["1"]
    items = http.get(f"externalmappingconfiguration/values/QuickBooksSandbox/Product/{credential['id']}").json()
    assert "Concrete" in {one["externalName"].split(":")[-1] for one in items}
    assert http.get("externalmappingconfiguration/values/QuickBooksSandbox/Bill").json() == []
    assert http.get("externalmappingconfiguration/values/Salesforce/Account").json() == []
    words = http.get("externalmappingconfiguration").json()
    assert words["m3terEntities"][0] == "Account"
    assert {system["name"] for system in words["externalSystems"]} == {"QuickBooks", "QuickBooksSandbox"}


HEADER = "m3terEntity,m3terId,externalSystem,externalTable,externalId,integrationConfigId\r\n"


def imported(place: Place, text: str, **params: Any) -> dict[str, Any]:
    answer = place.http().post(
        "externalmappings/import", content=text.encode(), params=params, headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_file_of_mappings_is_reported_line_by_line(place: Place) -> None:
    connected(place)
    text = (
        HEADER
        + "Account,a1,QuickBooksSandbox,Customer,1,\r\n"
        + "Account,a2,QuickBooksSandbox,Customer,999,\r\n"
        + "Moon,a3,QuickBooksSandbox,Customer,1,\r\n"
        + "Account,a4,QuickBooksSandbox,Customer,,\r\n"
    )
    report = imported(place, text)
    assert (report["created"], report["failed"]) == (1, 3)
    assert [(line["line"], line["result"]) for line in report["lines"]] == [
        (2, "created"),
        (3, "failed"),
        (4, "failed"),
        (5, "failed"),
    ]
    assert "999" in report["lines"][1]["message"]
    assert imported(place, text)["unchanged"] == 1
    other = HEADER + "Account,a1,QuickBooksSandbox,Customer,3,\r\n"
    assert imported(place, other)["failed"] == 1
    assert imported(place, other, update="true")["updated"] == 1


def test_what_is_exported_can_be_imported(place: Place, other_place: Place) -> None:
    created(place, m3terId='with "quotes", commas')
    created(place, m3terId="plain")
    exported = place.http("viewer").get("externalmappings/export")
    assert exported.headers["content-type"].startswith("text/csv")
    assert exported.text.splitlines()[0] + "\r\n" == HEADER
    assert imported(other_place, exported.text)["created"] == 2
    assert other_place.http().get("externalmappings/export").text.count("\r\n") == 3


@pytest.mark.parametrize("content", [b"\xff\xfe", b"no,columns\r\n1,2\r\n", b"", b"m3terEntity\x00"])
def test_a_file_that_is_none_is_refused(place: Place, content: bytes) -> None:
    answer = place.http().post("externalmappings/import", content=content, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 400


def test_mappings_whose_object_is_gone_or_inactive_are_listed(place: Place) -> None:
    created(place, m3terId="fine")
    created(place, m3terId="gone", externalId="999")
    created(place, m3terId="inactive", externalId="2")
    connected(place)
    place.simulator.as_person("9130000000000001").set_active("Customer", "2", active=False)
    told = place.http("viewer").get("externalmappings/check").json()
    assert told["checked"] == 3
    assert [(one["mapping"]["m3terId"], "inactive" in one["problem"]) for one in told["data"]] == [
        ("inactive", True),
        ("gone", False),
    ]
