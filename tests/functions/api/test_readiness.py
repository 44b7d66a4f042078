from dataclasses import replace

from local.quickbooks.seed import SINGLE_CURRENCY
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import ConnectionStatus
from tests.functions.api.conftest import Place
from tests.functions.api.test_bills import bill_dto, mapped, seen
from tests.functions.api.test_the_main_job import connected

BODY = {"entityType": "Bill", "destination": "QuickBooksSandbox"}


def readiness(place: Place, configuration_id: str) -> dict[str, object]:
    answer = place.http("viewer").get(f"integrationconfigs/{configuration_id}/readiness")
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_new_configuration_is_told_to_connect_and_to_map_its_accounts(place: Place) -> None:
    configuration = place.http().post("integrationconfigs", json=BODY).json()
    seen(place, bill_dto())
    told = readiness(place, configuration["id"])
    assert (told["ready"], told["connected"]) == (False, False)
    assert [one["bills"] for one in told["unmappedAccounts"]] == [1]  # type: ignore[attr-defined]
    assert told["currencies"] == ["EUR"]
    assert len(told["todo"]) == 2  # type: ignore[arg-type]


def test_a_connected_and_mapped_one_is_ready(place: Place) -> None:
    credential = connected(place)
    body = {**BODY, "integrationCredentialsId": credential["id"]}
    configuration = place.http().post("integrationconfigs", json=body).json()
    dto = bill_dto()
    seen(place, dto)
    mapped(place, dto, "101")
    told = readiness(place, configuration["id"])
    assert told["todo"] == []
    assert told["ready"] is True
    assert told["companyName"] == "Sandbox Company_US_1"
    assert told["unmappedAccounts"] == []


def test_a_company_of_one_currency_is_told_to_turn_on_multicurrency_and_when_its_books_closed(place: Place) -> None:
    credential = connected(place, SINGLE_CURRENCY)
    body = {**BODY, "integrationCredentialsId": credential["id"]}
    configuration = place.http().post("integrationconfigs", json=body).json()
    seen(place, bill_dto())
    place.simulator.as_person(SINGLE_CURRENCY).close_books("2025-12-31")
    told = readiness(place, configuration["id"])
    assert any("multicurrency" in sentence for sentence in told["todo"])  # type: ignore[attr-defined]
    assert told["closingDate"] == "2025-12-31"
    assert any("2025-12-31" in sentence for sentence in told["notes"])  # type: ignore[attr-defined]


def test_a_company_that_does_not_answer_is_shown_as_it_was(place: Place) -> None:
    credential = connected(place)
    body = {**BODY, "integrationCredentialsId": credential["id"]}
    configuration = place.http().post("integrationconfigs", json=body).json()
    place.simulator.mishaps.add("server-error", status=503)
    told = readiness(place, configuration["id"])
    assert told["companyName"] == "Sandbox Company_US_1"
    assert "as it was at consent" in told["notes"][0]  # type: ignore[index]


def todo(place: Place, configuration_id: str) -> str:
    return " ".join(readiness(place, configuration_id)["todo"])  # type: ignore[arg-type]


def test_each_state_of_configuration_and_credential_has_its_sentence(place: Place) -> None:
    http = place.http()
    configuration = http.post("integrationconfigs", json=BODY).json()["id"]
    http.post(f"integrationconfigs/{configuration}/disable")
    assert "Enable the configuration" in todo(place, configuration)
    draft = http.post("integrationcredentials", json={"destination": "QuickBooksSandbox"}).json()["id"]
    http.put(f"integrationconfigs/{configuration}/credential", json={"integrationCredentialsId": draft})
    assert "Finish the consent" in todo(place, configuration)
    connection = place.gateway.house.credentials.get(OrganizationId(place.organization_id), draft).value
    place.gateway.house._book.write(replace(connection, status=ConnectionStatus.NEEDS_RECONNECT))
    assert "Reconnect the credential" in todo(place, configuration)
    http.delete(f"integrationcredentials/{draft}")
    assert "Connect the configuration" in todo(place, configuration)


def test_accounts_that_the_configuration_leaves_out_need_no_customer(place: Place) -> None:
    dto = bill_dto()
    seen(place, dto)
    seen(place, dto)
    body = {**BODY, "configData": {"restrictedAccountIds": [dto["accountId"]]}}
    configuration = place.http().post("integrationconfigs", json=body).json()["id"]
    assert readiness(place, configuration)["unmappedAccounts"] == []


def test_a_setting_whose_name_was_mistyped_is_noted_and_a_key_of_somebody_elses_is_not(place: Place) -> None:
    """It is kept as every unknown key, and does nothing: bills would go out that nobody approved."""
    data = {"onlySendBillOnAproval": True, "AccountFilter": "currency == USD", "ours": 1, "taxCode": None}
    configuration = place.http().post("integrationconfigs", json={**BODY, "configData": data}).json()["id"]
    assert readiness(place, configuration)["notes"] == [
        "configData.onlySendBillOnAproval is no setting and changes nothing; there is onlySendBillOnApproval.",
        "configData.AccountFilter is no setting and changes nothing; there is accountFilter.",
    ]
