"""A configuration that is given a credential of another company: ids mean nothing there."""

from typing import Any

import pytest

from m3ter_quickbooks.storage import keys
from tests.functions.bills.conftest import COMPANY, Office, connect

OTHER = "9130000000000003"


def lead_elsewhere(office: Office, credential: dict[str, Any]) -> None:
    path = f"integrationconfigs/{office.configuration['id']}/credential"
    assert office.http.put(path, json={"integrationCredentialsId": credential["id"]}).status_code == 200


@pytest.fixture
def other(office: Office) -> dict[str, Any]:
    return connect(office.place, office.simulator, OTHER)


def writes(office: Office, realm: str) -> list[str | None]:
    return [call.operation for call in office.simulator.calls if call.method == "POST" and call.realm == realm]


def test_a_bill_of_the_former_company_is_not_sent_to_another_one(office: Office, other: dict[str, Any]) -> None:
    office.hand_over(office.event("bill-demo"))
    [before] = office.invoices()
    lead_elsewhere(office, other)

    office.hand_over(office.event("bill-demo-regenerated"))

    assert writes(office, OTHER) == []
    run = office.runs()[0]
    assert (run["status"], run.get("url")) == ("ERROR", None)
    assert f"company {COMPANY} as Invoice {before['DocNumber']}" in run["error"]
    assert f"company {OTHER}" in run["error"]


def test_once_the_former_company_is_back_the_bill_goes_there(office: Office, other: dict[str, Any]) -> None:
    office.hand_over(office.event("bill-demo"))
    [before] = office.invoices()
    lead_elsewhere(office, other)
    office.hand_over(office.event("bill-demo-regenerated"))
    lead_elsewhere(office, office.credential)

    assert office.http.post(f"integrationruns/{office.runs()[0]['id']}/retry").status_code == 200
    office.take_messages()

    [after] = office.invoices()
    assert after["Id"] == before["Id"]
    assert after["TotalAmt"] != before["TotalAmt"]


def test_a_create_that_may_still_land_in_the_former_company_is_not_repeated_elsewhere(
    office: Office, other: dict[str, Any]
) -> None:
    office.simulator.mishaps.add("lost-request", entity="invoice", operation="create", count=1)
    office.hand_over(office.event("bill-demo"))
    lead_elsewhere(office, other)
    office.clock.move(office.world.in_flight * 4)

    office.hand_over({"retry": {"organizationId": office.place.organization_id, "runId": office.runs()[0]["id"]}})

    assert writes(office, OTHER) == []
    assert office.runs()[0]["status"] == "ERROR"


def test_a_bill_that_was_never_sent_goes_to_the_company_of_today(office: Office, other: dict[str, Any]) -> None:
    lead_elsewhere(office, other)
    office.hand_over(office.event("bill-demo"))

    assert writes(office, OTHER) == ["create"]
    key = keys.pacer(OTHER)
    office.aws.clients["dynamodb"].delete_item(
        TableName=office.aws.table_name, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    )
