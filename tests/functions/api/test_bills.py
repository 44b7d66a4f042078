import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.quickbooks.seed import ACME_EUROPE
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.run.ports import Snapshot
from tests.functions.api.conftest import Place
from tests.functions.api.test_the_main_job import connected

EVENTS = Path(__file__).parents[3] / "events"
CONFIGURATION = {"destination": "QuickBooksSandbox", "configData": {}}


def bill_dto(name: str = "bill-demo") -> dict[str, Any]:
    event = json.loads((EVENTS / f"{name}.json").read_text(), parse_float=Decimal)
    return dict(event["detail"]["m3terEvent"]["eventData"]["newDto"])


def as_json(dto: object) -> Any:
    return json.loads(json.dumps(dto, default=float))


def seen(place: Place, dto: dict[str, Any]) -> None:
    """The bill as if an event had told it."""
    at = place.clock()
    place.gateway.house.runs.open(
        Snapshot(
            name=f"{at.isoformat()}#event",
            organization_id=OrganizationId(place.organization_id),
            bill_id=BillId(dto["id"]),
            account_id=AccountId(dto["accountId"]),
            seen_at=at,
            dto=dto,
        ),
        [],
    )


def mapped(place: Place, dto: dict[str, Any], customer: str) -> None:
    body = {
        "m3terEntity": "Account",
        "m3terId": dto["accountId"],
        "externalSystem": "QuickBooksSandbox",
        "externalTable": "Customer",
        "externalId": customer,
    }
    assert place.http().post("externalmappings", json=body).status_code == 200


def test_a_preview_tells_every_problem_with_the_mapping_to_create(place: Place) -> None:
    body = {"bill": as_json(bill_dto()), "configuration": CONFIGURATION}
    answer = place.http("viewer").post("bills/preview", json=body)
    assert answer.status_code == 200
    told = answer.json()
    assert told["decision"] == {"send": False, "reason": "the bill has problems"}
    assert told["documents"] == []
    missing = next(one for one in told["problems"] if one["kind"] == "missing_account_mapping")
    assert missing["detail"]["m3terId"] == bill_dto()["accountId"]


def test_a_preview_shows_the_payload_to_the_cent_and_why(place: Place) -> None:
    dto = bill_dto()
    draft = {"m3terEntity": "Account", "m3terId": dto["accountId"], "externalTable": "Customer", "externalId": "58"}
    body = {"bill": as_json(dto), "configuration": CONFIGURATION, "mappings": [draft]}
    told = place.http("viewer").post("bills/preview", json=body).json()
    assert told["decision"] == {"send": True}
    document = told["documents"][0]
    assert document["type"] == "Invoice"
    assert document["payload"]["CustomerRef"] == {"value": "58"}
    assert document["payload"]["PrivateNote"].startswith(f"m3ter-bill:{dto['id']}")
    assert Decimal(str(document["total"])) == dto["billTotal"]
    assert [one["line"] for one in document["explain"]] == list(range(1, len(document["payload"]["Line"]) + 1))


def test_a_preview_of_a_bill_seen_before_under_a_saved_configuration(place: Place) -> None:
    dto = bill_dto()
    seen(place, dto)
    credential = connected(place)
    mapped(place, dto, ACME_EUROPE)
    body = {
        "entityType": "Bill",
        "destination": "QuickBooksSandbox",
        "integrationCredentialsId": credential["id"],
        "configData": {"onlySendBillOnApproval": True},
    }
    configuration = place.http().post("integrationconfigs", json=body).json()
    wanted = {"billId": dto["id"], "integrationConfigId": configuration["id"]}
    told = place.http("viewer").post("bills/preview", json=wanted).json()
    assert told["decision"]["send"] is (dto["status"] == "APPROVED")
    off = {**wanted, "configuration": CONFIGURATION}
    told = place.http("viewer").post("bills/preview", json=off).json()
    assert told["decision"] == {"send": True}
    assert told["documents"][0]["payload"]["CurrencyRef"] == {"value": "EUR"}
    assert told["documents"][0]["payload"]["ExchangeRate"] > 0


def test_a_preview_under_a_configuration_that_is_not_connected_still_shows_the_document(place: Place) -> None:
    dto = bill_dto()
    mapped(place, dto, ACME_EUROPE)
    body = {"entityType": "Bill", "destination": "QuickBooksSandbox"}
    configuration = place.http().post("integrationconfigs", json=body).json()
    told = place.http().post("bills/preview", json={"bill": as_json(dto), "integrationConfigId": configuration["id"]})
    assert told.json()["decision"] == {"send": False, "reason": "not connected"}
    assert len(told.json()["documents"]) == 1


def test_a_preview_needs_one_bill_and_a_configuration(place: Place, other_place: Place) -> None:
    http = place.http("viewer")
    assert http.post("bills/preview", json={"configuration": CONFIGURATION}).status_code == 400
    assert (
        http.post("bills/preview", json={"bill": {}, "billId": "x", "configuration": CONFIGURATION}).status_code == 400
    )
    assert http.post("bills/preview", json={"bill": as_json(bill_dto())}).status_code == 400
    bad = {"bill": {}, "configuration": {"destination": "Xero", "configData": {"accountFilter": "("}}}
    assert http.post("bills/preview", json=bad).json()["errors"][0]["field"] == "configuration.destination"
    seen(place, bill_dto())
    elsewhere = {"billId": bill_dto()["id"], "configuration": CONFIGURATION}
    assert other_place.http("viewer").post("bills/preview", json=elsewhere).status_code == 404


def test_a_rehearsal_shows_before_and_after_for_each_bill_seen(place: Place) -> None:
    http = place.http("viewer")
    demo, credit = bill_dto(), bill_dto("bill-credit-only")
    mapped(place, demo, "58")
    seen(place, demo)
    place.clock.move(timedelta(minutes=1))
    seen(place, {**demo, "version": demo["version"] + 1})
    seen(place, credit)
    configuration = (
        place.http().post("integrationconfigs", json={"entityType": "Bill", "destination": "QuickBooksSandbox"}).json()
    )
    change = {
        "integrationConfigId": configuration["id"],
        "configuration": {
            "destination": "QuickBooksSandbox",
            "configData": {"splitUsageLineItems": "ITEM_PER_USAGE_BAND"},
        },
    }
    told = http.post("bills/rehearse", json=change)
    assert told.status_code == 200
    bills = told.json()["data"]
    assert [one["billId"] for one in bills] == [credit["id"], demo["id"]]
    after = bills[1]["after"]["documents"][0]["payload"]["Line"]
    before = bills[1]["before"]["documents"][0]["payload"]["Line"]
    assert len(after) > len(before)
    assert bills[1]["changed"] is True
    same = http.post("bills/rehearse", json={"integrationConfigId": configuration["id"]}).json()["data"]
    assert [one["changed"] for one in same] == [False, False]
    none = http.post("bills/rehearse", json={**change, "endDate": "2020-01-01"}).json()
    assert none == {"data": []}


def test_nothing_is_sent_and_nothing_is_stored(place: Place) -> None:
    dto = bill_dto()
    connected(place)
    calls = len(place.simulator.calls)
    place.http("viewer").post("bills/preview", json={"bill": as_json(dto), "configuration": CONFIGURATION})
    assert {call.method for call in list(place.simulator.calls)[calls:]} <= {"GET"}
    assert (
        place.http().post("bills/preview", json={"billId": dto["id"], "configuration": CONFIGURATION}).status_code
        == 404
    )


def decision(place: Place, dto: dict[str, Any], **config_data: Any) -> dict[str, Any]:
    configuration = {**CONFIGURATION, "configData": config_data}
    body = {"bill": as_json(dto), "configuration": configuration}
    return dict(place.http().post("bills/preview", json=body).json())


def test_each_no_has_its_name(place: Place) -> None:
    dto = bill_dto()
    restricted = decision(place, dto, restrictedAccountIds=[dto["accountId"]])
    assert restricted["decision"] == {"send": False, "reason": "account in restrictedAccountIds"}
    types = sorted({line["lineItemType"] for line in dto["lineItems"]})
    mapped(place, dto, "58")
    nothing = decision(place, dto, excludedLineItemTypes=types)
    assert nothing["decision"] == {"send": False, "reason": "nothing left after exclusions"}
    unclear = decision(place, dto, accountFilter="customFields.tier / 0 > 1")
    assert unclear["decision"]["send"] is False
    assert unclear["problems"][0]["kind"] == "validation"


def test_a_bill_that_cannot_be_read_says_every_reason(place: Place) -> None:
    told = decision(place, {"lineItems": [{"convertedSubtotal": "many"}]})
    assert told["decision"] == {"send": False, "reason": "the bill has problems"}
    assert told["problems"]


def test_the_account_that_is_sent_along_counts_and_must_be_one(place: Place) -> None:
    dto = bill_dto()
    mapped(place, dto, "58")
    body: dict[str, Any] = {
        "bill": as_json(dto),
        "configuration": {**CONFIGURATION, "configData": {"accountFilter": "customFields.country == UK"}},
    }
    account = {"id": dto["accountId"], "name": "Acme", "customFields": {"country": "UK"}}
    http = place.http()
    assert http.post("bills/preview", json={**body, "account": account}).json()["decision"] == {"send": True}
    assert http.post("bills/preview", json={**body, "account": {"name": 1}}).status_code == 400


def test_a_credential_of_the_other_destination_is_no_connection(place: Place) -> None:
    dto = bill_dto()
    mapped(place, dto, "101")
    credential = connected(place)
    body = {"entityType": "Bill", "destination": "QuickBooksSandbox", "integrationCredentialsId": credential["id"]}
    saved = place.http().post("integrationconfigs", json=body).json()["id"]
    change = {"bill": as_json(dto), "integrationConfigId": saved, "configuration": {"destination": "QuickBooks"}}
    told = place.http().post("bills/preview", json=change).json()
    assert told["problems"][0]["kind"] == "missing_account_mapping"
