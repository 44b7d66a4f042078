import base64
import hashlib
import hmac
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from local.quickbooks import wire
from local.quickbooks.app import running
from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator
from local.quickbooks.webhooks import CLASSIC, CLOUD_EVENTS, Endpoint
from tests.simulator.caller import Caller, invoice, line


def batch(*items: dict[str, Any]) -> dict[str, Any]:
    return {"BatchItemRequest": list(items)}


def answers(company: Caller, *items: dict[str, Any]) -> Any:
    answer = company.post("batch", batch(*items))
    assert answer.status == 200, answer.text
    return answer.json()["BatchItemResponse"]


@pytest.mark.fact("5", "batch items: bId with operation and entity, or bId and Query")
@pytest.mark.fact("5", "always HTTP 200; per-item Fault of type ValidationFault with element; order kept")
def test_each_item_of_a_batch_has_its_own_answer(company: Caller) -> None:
    found = answers(
        company,
        {"bId": "a", "operation": "create", "Invoice": invoice(line(7))},
        {"bId": "b", "operation": "create", "Invoice": invoice(customer="999")},
        {"bId": "c", "operation": "delete", "Invoice": {"Id": "101", "SyncToken": "0"}},
        {"bId": "d", "Query": "select * from Customer where Id = '1'"},
    )
    assert [one["bId"] for one in found] == ["a", "b", "c", "d"]
    assert found[0]["Invoice"]["TotalAmt"] == 7
    assert found[1]["Fault"]["type"] == "ValidationFault"
    assert (found[1]["Fault"]["Error"][0]["code"], found[1]["Fault"]["Error"][0]["element"]) == ("2500", "CustomerRef")
    assert found[2]["Invoice"]["status"] == "Deleted"
    assert found[3]["QueryResponse"]["Customer"][0]["Id"] == "1"


def test_a_failed_item_leaves_nothing_behind(company: Caller) -> None:
    before = company.query("select count(*) from Payment")
    link = [{"Amount": 5, "LinkedTxn": [{"TxnId": "101", "TxnType": "Invoice"}]}] * 2
    payment = {"CustomerRef": {"value": "1"}, "TotalAmt": 5, "Line": link}
    assert "Fault" in answers(company, {"bId": "1", "operation": "create", "Payment": payment})[0]
    assert company.query("select count(*) from Payment") == before
    assert company.read("Invoice", "101")["SyncToken"] == "0"


@pytest.mark.fact("5", "up to 30 payloads, more than the limit is 1040")
@pytest.mark.fact("1.7", "1040 batch size over the limit")
def test_a_batch_has_at_most_thirty_items(company: Caller) -> None:
    items = [{"bId": str(one), "operation": "create", "Invoice": invoice()} for one in range(31)]
    assert len(answers(company, *items[:30])) == 30
    assert company.fault("batch", batch(*items))["code"] == "1040"


@pytest.mark.fact("5", "empty list: code 400 Batch Request is Empty")
@pytest.mark.fact("1.7", "400 MalformedRequest, Batch Request is Empty")
def test_an_empty_batch_is_malformed(company: Caller) -> None:
    error = company.fault("batch", batch())
    assert (error["code"], error["Message"], error["Detail"]) == ("400", "MalformedRequest", "Batch Request is Empty")


@pytest.mark.fact("5", "items without bId and operation are creates")
def test_an_item_without_id_and_operation_is_a_create(company: Caller) -> None:
    (found,) = answers(company, {"Invoice": invoice()})
    assert found["Invoice"]["Id"]
    assert "bId" not in found


@pytest.mark.fact("5", "none sees an object created earlier in the same batch")
def test_an_item_does_not_see_what_an_earlier_one_made(company: Caller) -> None:
    next_id = str(int(company.made("Customer", {"DisplayName": "Before"})["Id"]) + 1)
    found = answers(
        company,
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "New"}},
        {"bId": "2", "operation": "create", "Invoice": invoice(customer=next_id)},
    )
    assert found[0]["Customer"]["Id"] == next_id
    assert found[1]["Fault"]["Error"][0]["code"] == "2500"
    assert company.made("Invoice", invoice(customer=next_id))


@pytest.mark.fact("5", "optionsData for voids")
def test_an_item_can_be_voided(company: Caller) -> None:
    item = {"bId": "1", "operation": "update", "optionsData": "void", "Invoice": {"Id": "101", "SyncToken": "0"}}
    assert answers(company, item)[0]["Invoice"]["TotalAmt"] == 0


@pytest.mark.fact("5", "CDC: blocks per entity, deleted stubs")
@pytest.mark.fact("5", "CDC: {} when nothing changed")
def test_changes_are_captured_per_entity(simulator: Simulator, company: Caller) -> None:
    simulator.advance(60)
    since = quote(wire.answer_time(simulator.now()))
    simulator.advance(60)

    def captured(entities: str) -> Any:
        answer = company.get(f"cdc?entities={entities}&changedSince={since}")
        assert answer.status == 200, answer.text
        return answer.json()["CDCResponse"][0]["QueryResponse"]

    assert captured("Invoice,Customer") == [{}]
    made = company.made("Invoice", invoice())
    void = company.made("Invoice", invoice(line(9)))
    company.made("Invoice", {"Id": void["Id"], "SyncToken": "0"}, "invoice?operation=void")
    memo = company.made("CreditMemo", invoice())
    company.made("CreditMemo", {"Id": memo["Id"], "SyncToken": "0"}, "creditmemo?operation=delete")
    invoices, memos = captured("Invoice,CreditMemo,Customer")
    assert (invoices["startPosition"], invoices["maxResults"], invoices["totalCount"]) == (1, 2, 2)
    assert {one["Id"]: one["TotalAmt"] for one in invoices["Invoice"]} == {made["Id"]: 100, void["Id"]: 0}
    assert "startPosition" not in memos
    (stub,) = memos["CreditMemo"]
    assert (stub["status"], stub["domain"], stub["Id"]) == ("Deleted", "QBO", memo["Id"])


@pytest.mark.fact("5", "CDC: look-back 30 days")
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("entities=Invoice&changedSince=2026-09-01", "6000"),
        ("entities=Invoice", "2020"),
        ("changedSince=2026-11-01", "2020"),
        ("entities=Unicorn&changedSince=2026-11-01", "4001"),
        ("entities=Invoice&changedSince=yesterday", "2060"),
    ],
)
def test_changes_cannot_be_asked_for_in_any_way(company: Caller, asked: str, code: str) -> None:
    assert company.error_of(company.get(f"cdc?{asked}"))["code"] == code


@pytest.mark.fact("5", "signature: base64 HMAC-SHA256 of the raw body, in both formats")
@pytest.mark.fact("5", "webhook headers intuit-created-time, intuit-t-id, intuit-notification-schema-version")
@pytest.mark.parametrize("form", [CLASSIC, CLOUD_EVENTS])
def test_webhooks_are_signed(simulator: Simulator, company: Caller, form: str) -> None:
    simulator.webhooks.endpoints.append(Endpoint("http://app.test/hook", "verifier", form))
    company.made("Invoice", invoice())
    (one,) = simulator.webhooks.deliveries
    expected = base64.b64encode(hmac.new(b"verifier", one.body, hashlib.sha256).digest()).decode()
    assert one.headers["intuit-signature"] == expected
    assert {"intuit-created-time", "intuit-t-id", "intuit-notification-schema-version"} <= set(one.headers)


@pytest.mark.fact("5", "classic body")
@pytest.mark.fact("5", "Invoice operations Create, Update, Delete, Void, Emailed")
def test_classic_webhooks_name_entity_and_operation(simulator: Simulator, company: Caller) -> None:
    simulator.webhooks.endpoints.append(Endpoint("http://app.test/hook", "verifier"))
    made = company.made("Invoice", invoice(BillEmail={"Address": "a@example.com"}))
    company.made("Invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
    assert company.post(f"invoice/{made['Id']}/send", b"").status == 200
    company.made("Invoice", {"Id": made["Id"], "SyncToken": "1"}, "invoice?operation=void")
    company.made("Invoice", {"Id": made["Id"], "SyncToken": "2"}, "invoice?operation=delete")
    told = [wire.loads(one.body)["eventNotifications"][0] for one in simulator.webhooks.deliveries]
    assert {one["realmId"] for one in told} == {SAMPLE}
    entities = [one["dataChangeEvent"]["entities"][0] for one in told]
    assert [one["operation"] for one in entities] == ["Create", "Update", "Emailed", "Void", "Delete"]
    assert {(one["name"], one["id"]) for one in entities} == {("Invoice", made["Id"])}


@pytest.mark.fact("5", "CloudEvents: JSON array, qbo.invoice.created.v1, intuitentityid, intuitaccountid")
def test_cloud_events_are_an_array(simulator: Simulator, company: Caller) -> None:
    simulator.webhooks.endpoints.append(Endpoint("http://app.test/hook", "verifier", CLOUD_EVENTS))
    made = company.made("CreditMemo", invoice())
    (event,) = wire.loads(simulator.webhooks.deliveries[0].body)
    assert event["type"] == "qbo.creditmemo.created.v1"
    assert (event["specversion"], event["intuitentityid"], event["intuitaccountid"]) == ("1.0", made["Id"], SAMPLE)
    assert event["source"].startswith("intuit.")
    assert event["data"] == {}


@pytest.mark.fact("5", "webhooks are answered 200 within about 3 s; tried again after 20, 30, 50 min, then dropped")
def test_a_webhook_is_tried_again_after_20_30_and_50_minutes(simulator: Simulator, company: Caller) -> None:
    simulator.webhooks.endpoints.append(Endpoint("http://app.test/hook", "verifier"))
    company.made("Invoice", invoice())
    tried: list[str] = []

    def post(url: str, headers: Mapping[str, str], body: bytes) -> int:
        tried.append(url)
        return 503

    for minutes in (0, 20, 30, 50):
        assert simulator.webhooks.deliver(simulator.now(), post) == 0 or minutes == 0
        simulator.advance(minutes * 60)
        simulator.webhooks.deliver(simulator.now(), post)
    assert len(tried) == 4
    simulator.advance(86_400)
    assert simulator.webhooks.deliver(simulator.now(), post) == 0


def test_a_batch_is_told_in_one_delivery_and_a_refusal_not_at_all(simulator: Simulator, company: Caller) -> None:
    simulator.webhooks.endpoints.append(Endpoint("http://app.test/hook", "verifier"))
    company.fault("invoice", invoice(customer="999"))
    answers(company, {"Invoice": invoice()}, {"Invoice": invoice(customer="999")}, {"Invoice": invoice()})
    (one,) = simulator.webhooks.deliveries
    assert len(wire.loads(one.body)["eventNotifications"][0]["dataChangeEvent"]["entities"]) == 2


@pytest.mark.fact("5", "webhooks come about a second after the write")
def test_the_server_sends_webhooks_by_itself(simulator: Simulator, company: Caller) -> None:
    heard = threading.Event()
    bodies: list[bytes] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            heard.set()

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as hook, running(simulator) as base:
        thread = threading.Thread(target=hook.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{hook.server_port}/"
        assert httpx.post(f"{base}/_simulator/webhooks", json={"url": url, "verifier": "v"}).status_code == 201
        httpx.post(f"{base}/v3/company/{SAMPLE}/invoice", headers=company.headers, json=invoice())
        assert heard.wait(5)
        hook.shutdown()
        thread.join()
    assert wire.loads(bodies[0])["eventNotifications"][0]["realmId"] == SAMPLE
