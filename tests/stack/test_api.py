"""The deployed API with the role that the template gives it: everything that an operator does, and what is refused."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.people import Operator, bill_event, put_on_the_bus
from local.stack import Stack

CUSTOMER = {
    "m3terEntity": "Account",
    "m3terId": "a1",
    "externalSystem": "QuickBooksSandbox",
    "externalTable": "Customer",
}
HEADER = "m3terEntity,m3terId,externalSystem,externalTable,externalId\r\n"


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Iterator[Operator]:
    with Operator.of_a_new_organization(stack, "API Ltd") as person:
        yield person


@pytest.fixture(scope="module")
def credential(stack: Stack, operator: Operator) -> str:
    return operator.connect(stack.quickbooks_company_id)


def asked(operator: Operator, method: str, path: str, **more: Any) -> httpx.Response:
    return operator.http.request(method, f"/organizations/{operator.organization}/{path}", **more)


def test_mappings_are_checked_fed_imported_exported_and_watched(operator: Operator, credential: str) -> None:
    missing = asked(operator, "POST", "externalmappings", json={**CUSTOMER, "externalId": "999999"})
    assert missing.status_code == 400
    assert "999999" in missing.json()["message"]
    path = f"externalmappingconfiguration/values/QuickBooksSandbox/Account/{credential}"
    values = asked(operator, "GET", path, params={"search": "amy's"}).json()
    assert [one["externalId"] for one in values] == ["1"]
    rows = HEADER + "Account,a1,QuickBooksSandbox,Customer,1\r\nAccount,a2,QuickBooksSandbox,Customer,999999\r\n"
    csv = {"Content-Type": "text/csv"}
    report = asked(operator, "POST", "externalmappings/import", content=rows.encode(), headers=csv).json()
    assert [line["result"] for line in report["lines"]] == ["created", "failed"]
    assert asked(operator, "GET", "externalmappings/export").text.count("\r\n") == 2
    told = asked(operator, "GET", "externalmappings/check").json()
    assert (told["checked"], told["data"]) == (1, [])


def test_a_bill_is_previewed_under_a_configuration_that_nobody_saved(operator: Operator, credential: str) -> None:
    assert credential
    bill = bill_event(operator.organization)["detail"]["m3terEvent"]["eventData"]["newDto"]
    body = {
        "bill": bill,
        "configuration": {"destination": "QuickBooksSandbox"},
        "mappings": [{**CUSTOMER, "m3terId": bill["accountId"], "externalId": "101"}],
    }
    told = asked(operator, "POST", "bills/preview", json=body).json()
    assert told["decision"] == {"send": True}
    assert told["documents"][0]["payload"]["ExchangeRate"] > 0


def test_a_failed_bill_is_seen_retried_and_replayed_and_rehearsed(
    stack: Stack, operator: Operator, credential: str
) -> None:
    body = {"entityType": "Bill", "destination": "QuickBooksSandbox", "integrationCredentialsId": credential}
    configuration = operator.post("integrationconfigs", body)["id"]
    event = bill_event(operator.organization)
    bill = event["detail"]["m3terEvent"]["eventData"]["newDto"]["id"]
    put_on_the_bus(stack, event)
    (run,) = operator.ended_runs(bill)
    assert run["status"] == "ERROR"
    readiness = operator.get(f"integrationconfigs/{configuration}/readiness")
    assert readiness["connected"] is True
    assert len(readiness["unmappedAccounts"]) == 1
    again = operator.post(f"integrationruns/{run['id']}/retry", {})
    assert again["parentIntegrationRunId"] == run["id"]
    operator.ended_runs(bill, count=2)
    assert operator.post(f"integrationconfigs/{configuration}/replay", {"statuses": ["ERROR"]})["replayed"] == 1
    operator.ended_runs(bill, count=3)
    change = {
        "integrationConfigId": configuration,
        "configuration": {"destination": "QuickBooksSandbox", "configData": {"onlySendBillOnApproval": True}},
    }
    assert len(operator.post("bills/rehearse", change)["data"]) == 1
    (found,) = [one for one in operator.get("events")["data"] if one["eventName"].endswith("mapping.error")][:1]
    marked = asked(operator, "PUT", f"events/{found['id']}/actioned", json={"actioned": True})
    assert marked.json()["dtActioned"]
    assert asked(operator, "DELETE", f"integrationconfigs/{configuration}").status_code == 200


def test_secrets_are_kept_and_forgotten(operator: Operator) -> None:
    sent = {"apiKey": "key", "apiSecret": "secret-5678"}
    told = asked(operator, "PUT", "m3tercredentials", json=sent)
    assert told.status_code == 200, told.text
    assert "secret-5678" not in told.text
    assert asked(operator, "DELETE", "m3tercredentials").json() == {"configured": False}


def test_people_are_invited(operator: Operator) -> None:
    body = {"email": f"ada-{uuid.uuid4()}@acme.example", "firstName": "Ada", "lastName": "L", "role": "operator"}
    made = asked(operator, "POST", "invitations", json=body)
    assert made.status_code == 200, made.text
    assert operator.get(f"users/{made.json()['id']}")["role"] == "operator"


def test_a_credential_is_reconnected_and_deleted(stack: Stack, operator: Operator) -> None:
    credential = operator.connect("9130000000000002")
    again = operator.post(f"integrationcredentials/{credential}/reconnect", {})
    page = httpx.get(f"{again['authorizeUrl']}&auto_consent={stack.quickbooks_company_id}", follow_redirects=True)
    assert page.status_code == 400
    assert "9130000000000002" in page.text
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    gone = asked(operator, "DELETE", f"integrationcredentials/{credential}")
    assert gone.json()["status"] == "DISCONNECTED"
    assert asked(operator, "GET", f"integrationcredentials/{credential}").status_code == 404


@pytest.mark.parametrize(
    ("content", "status"), [(b'{"x": "' + b"a" * 1_100_000 + b'"}', 413), (b"[" * 100_000, 400), (b"{", 400)]
)
def test_a_body_that_no_sdk_sends_is_refused_quickly(operator: Operator, content: bytes, status: int) -> None:
    began = time.perf_counter()
    answer = asked(operator, "POST", "integrationconfigs", content=content)
    assert answer.status_code == status
    assert time.perf_counter() - began < 5


def test_the_document_that_is_served_is_the_one_that_is_checked_in(stack: Stack) -> None:
    served = httpx.get(f"{stack.api_url}/openapi.json").json()
    assert served["openapi"] == "3.1.0"
    assert "/organizations/{orgId}/bills/preview" in served["paths"]
