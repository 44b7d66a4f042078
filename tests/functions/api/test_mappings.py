import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import mapping_files, spreadsheet
from local.quickbooks.seed import ACME_EUROPE, SAMPLE, SINGLE_CURRENCY
from m3ter_quickbooks.integration.identifiers import ConfigurationId, MappingId
from m3ter_quickbooks.integration.mapping import Mapping
from tests.functions.api.conftest import Place
from tests.functions.api.test_the_main_job import connected

CUSTOMER = {
    "m3terEntity": "Account",
    "m3terId": "a1",
    "externalSystem": "quickbooks-sandbox",
    "externalTable": "Customer",
    "externalId": "1",
}
IDS = st.from_regex(r"[!-~¡-ÿ]([ -~\t\r¡-ÿ]*[!-~¡-ÿ])?", fullmatch=True).filter(
    lambda text: len(text) <= 200 and text == text.strip()
) | st.from_regex(r"'*[=+@-][!-~]*", fullmatch=True).filter(lambda text: len(text) <= 200)
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


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "'=1+1", "''-1", "'quoted", "a=1"])
def test_no_cell_of_an_export_is_a_formula_and_it_comes_back_as_it_was(
    place: Place, other_place: Place, text: str
) -> None:
    created(place, m3terId=text, externalId=text)
    exported = place.http().get("externalmappings/export").text
    (row,) = csv.DictReader(io.StringIO(exported))
    assert all(row[column][:1] not in "=+-@" for column in ("m3terId", "externalId"))
    assert imported(other_place, exported)["created"] == 1
    (mapping,) = other_place.http().get("externalmappings").json()["data"]
    assert (mapping["m3terId"], mapping["externalId"]) == (text, text)
    assert imported(place, exported)["unchanged"] == 1


@given(st.text())
def test_any_text_comes_back_from_a_cell_that_is_no_formula(text: str) -> None:
    written = spreadsheet.cell(text)
    assert spreadsheet.text_of(written) == text
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.lists(IDS, min_size=1, max_size=20))
def test_any_ids_come_back_from_a_file(ids: list[str]) -> None:
    """Quotes, commas, semicolons, carriage returns: whatever an id may hold."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(mapping_files.COLUMNS)
    for one in ids:
        mapping = Mapping(MappingId("m"), "Account", one, "QuickBooks", "Customer", one, ConfigurationId(one))
        rows.writerow(mapping_files._cells(mapping))
    lines = [mapping_files._read(*row) for row in mapping_files._rows(file.getvalue().encode())]
    assert [(line.key and line.key.m3ter_id, line.external_id) for line in lines] == [(one, one) for one in ids]
    assert [line.key and line.key.integration_config_id for line in lines] == ids


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


def test_with_several_companies_a_configuration_says_which_one_is_asked(place: Place) -> None:
    connected(place)
    other = connected(place, SINGLE_CURRENCY)
    assert "several companies" in created(place)["warnings"][0].lower()
    body = {"entityType": "Bill", "destination": "QuickBooksSandbox", "integrationCredentialsId": other["id"]}
    configuration = place.http().post("integrationconfigs", json=body).json()
    own = {**CUSTOMER, "integrationConfigId": configuration["id"]}
    assert place.http().post("externalmappings", json={**own, "externalId": ACME_EUROPE}).status_code == 400
    assert "warnings" not in created(place, integrationConfigId=configuration["id"])
    elsewhere = place.http().post("externalmappings", json={**own, "externalSystem": "QuickBooks"})
    assert [error["field"] for error in elsewhere.json()["errors"]] == ["integrationConfigId"]
    assert place.http().get("externalmappingconfiguration/values/QuickBooksSandbox/Account").json() == []


def test_a_configuration_that_is_not_connected_has_nobody_to_ask(place: Place) -> None:
    body = {"entityType": "Bill", "destination": "QuickBooksSandbox"}
    configuration = place.http().post("integrationconfigs", json=body).json()
    assert "warnings" not in created(place, integrationConfigId=configuration["id"], externalId="999")
    draft = place.http().post("integrationcredentials", json={"destination": "QuickBooksSandbox"}).json()
    chosen = {"integrationCredentialsId": draft["id"]}
    place.http().put(f"integrationconfigs/{configuration['id']}/credential", json=chosen)
    assert "warnings" not in created(place, m3terId="a2", integrationConfigId=configuration["id"], externalId="999")
    path = f"externalmappingconfiguration/values/QuickBooksSandbox/Account/{draft['id']}"
    assert place.http().get(path).json() == []


def test_an_item_that_is_a_category_cannot_be_sold(place: Place) -> None:
    connected(place)
    category = place.simulator.as_person(SAMPLE).create("Item", {"Name": "Everything", "Type": "Category"})
    refused = place.http().post("externalmappings", json={**ITEM, "externalId": category["Id"]})
    assert refused.status_code == 400
    assert "category" in refused.json()["message"]
    assert place.http().post("externalmappings", json=ITEM).status_code == 200


def test_an_account_in_another_currency_than_a_company_of_one_currency_is_a_warning(place: Place) -> None:
    connected(place, SINGLE_CURRENCY)
    account = {"id": "a1", "name": "Acme", "code": "acme", "currency": "EUR"}
    assert place.http().post("accounts", json=account).status_code == 200
    warnings = created(place)["warnings"]
    assert "EUR" in warnings[0]


def test_a_mapping_whose_configuration_was_deleted_is_listed_as_unhealthy(place: Place) -> None:
    body = {"entityType": "Bill", "destination": "QuickBooksSandbox"}
    configuration = place.http().post("integrationconfigs", json=body).json()
    created(place, m3terEntity="Bill", externalTable="Invoice")
    created(place, integrationConfigId=configuration["id"])
    told = place.http().get("externalmappings/check").json()
    assert (told["checked"], told["data"]) == (0, [])


def test_too_many_lines_are_refused_before_any_is_taken(place: Place) -> None:
    text = HEADER + "Account,a,QuickBooksSandbox,Customer,1,\r\n" * 501
    answer = place.http().post("externalmappings/import", content=text.encode(), headers={"Content-Type": "text/csv"})
    assert answer.status_code == 400
    assert "501 lines" in answer.json()["message"]
    assert place.http().get("externalmappings").json() == {"data": []}


def test_an_export_can_be_narrowed(place: Place) -> None:
    created(place)
    created(place, externalSystem="QuickBooks")
    narrowed = place.http().get("externalmappings/export", params={"externalSystemId": "quickbooks"})
    assert narrowed.text.count("\r\n") == 2
    assert "x-next-token" not in narrowed.headers


def test_a_company_that_does_not_answer_is_asked_once_for_a_whole_file(place: Place) -> None:
    connected(place)
    place.simulator.mishaps.add("server-error", status=503)
    before = len(place.simulator.calls)
    text = HEADER + "".join(f"Account,a{number},QuickBooksSandbox,Customer,1,\r\n" for number in range(20))
    report = imported(place, text)
    assert report["created"] == 20
    assert all("was not checked" in line["message"] for line in report["lines"])
    assert len(place.simulator.calls) == before + 1


def test_one_line_twice_in_a_file_is_taken_once(place: Place) -> None:
    report = imported(place, HEADER + "Account,a,QuickBooksSandbox,Customer,1,\r\n" * 2)
    assert [line["result"] for line in report["lines"]] == ["created", "failed"]
    assert "already" in report["lines"][1]["message"]


def test_a_line_with_more_cells_than_columns_is_no_guess(place: Place) -> None:
    """An id with a comma that nobody quoted would else lead to another customer."""
    text = (
        HEADER + "Account,a1,QuickBooksSandbox,Customer,5,8,\r\n" + "Account,a2,QuickBooksSandbox,Customer,58,,,,\r\n"
    )
    report = imported(place, text.replace(",integrationConfigId", ""))
    assert [line["result"] for line in report["lines"]] == ["failed", "created"]
    assert report["lines"][0]["message"] == "The line has more cells than the first line names columns."


@pytest.mark.parametrize(
    ("first_line", "message"),
    [
        (HEADER.strip() + ",externalId", "The first line names externalId more than once."),
        (
            HEADER.strip().replace(",", ";"),
            "The first line must name the columns, with commas between; missing: m3terEntity",
        ),
    ],
)
def test_a_first_line_that_could_mean_two_things_is_refused(place: Place, first_line: str, message: str) -> None:
    answer = place.http().post("externalmappings/import", content=first_line.encode())
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)
