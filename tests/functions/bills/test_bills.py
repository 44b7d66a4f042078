from datetime import timedelta
from decimal import Decimal

import pytest

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.run.run import RunId
from tests.functions.bills.conftest import COMPANY, Lambda, Office, Requests


def test_a_bill_becomes_an_invoice(office: Office) -> None:
    assert office.hand_over(office.event("bill-demo")) == {"batchItemFailures": []}
    [invoice] = office.invoices()
    assert Decimal(invoice["TotalAmt"]) == Decimal("1078.20")
    [run] = office.runs()
    assert (run["status"], run["outcome"], run["externalId"]) == ("COMPLETE", "CREATED", invoice["Id"])
    assert run["url"].endswith(f"/app/invoice?txnId={invoice['Id']}&companyId={COMPANY}")


def test_the_same_event_twice_changes_nothing(office: Office) -> None:
    event = office.event("bill-demo")
    office.hand_over(event)
    [before] = office.invoices()
    office.hand_over(event)
    office.hand_over(event, event)
    assert office.invoices() == [before]
    assert len(office.runs()) == 1


def test_another_event_of_the_same_version_is_unchanged(office: Office) -> None:
    office.hand_over(office.event("bill-demo"))
    office.hand_over(office.event("bill-demo"))
    assert len(office.invoices()) == 1
    assert [run["outcome"] for run in office.runs()] == ["UNCHANGED", "CREATED"]


def test_a_regenerated_bill_changes_the_same_invoice(office: Office) -> None:
    office.hand_over(office.event("bill-demo"))
    [before] = office.invoices()
    office.hand_over(office.event("bill-demo-regenerated"))
    [after] = office.invoices()
    assert after["Id"] == before["Id"]
    assert after["TotalAmt"] != before["TotalAmt"]
    assert after["PrivateNote"] == before["PrivateNote"]
    assert [run["outcome"] for run in office.runs()] == ["UPDATED", "CREATED"]


def test_an_older_version_that_comes_late_is_superseded(office: Office) -> None:
    office.hand_over(office.event("bill-demo-regenerated"))
    [before] = office.invoices()
    office.hand_over(office.event("bill-demo"))
    assert office.invoices() == [before]
    assert office.runs()[0]["outcome"] == "SUPERSEDED"


def test_bills_of_one_company_leave_as_one_batch(office: Office) -> None:
    bills = [office.event("bill-demo", id=f"bill-{number}") for number in range(4)]
    office.simulator.calls.clear()
    office.hand_over(*bills)
    assert len(office.invoices()) == 4
    written = [call for call in office.simulator.calls if call.method == "POST"]
    assert [call.operation for call in written] == ["batch"]
    assert {run["outcome"] for run in office.runs()} == {"CREATED"}


def test_a_missing_customer_is_said_with_the_mapping_to_create_and_a_retry_sends_the_bill(office: Office) -> None:
    office.hand_over(office.event("bill-demo", accountId="account-new"))
    [run] = office.runs()
    assert run["status"] == "ERROR"
    [event] = office.http.get("events").json()["data"]
    assert event["eventName"] == "integration.missingaccountmapping.error"
    mapping = event["m3terEvent"]["eventData"]["newDto"]["externalMapping"]
    assert office.http.post("externalmappings", json=mapping | {"externalId": "101"}).status_code == 200
    assert office.http.post(f"integrationruns/{run['id']}/retry").status_code == 200
    assert office.take_messages() == 1
    assert len(office.invoices()) == 1


def test_a_bill_that_cannot_be_read_is_a_run_that_says_why(office: Office) -> None:
    event = office.event("bill-demo", lineItems=[{"id": "line", "lineItemType": "USAGE", "convertedSubtotal": "much"}])
    assert office.hand_over(event) == {"batchItemFailures": []}
    [run] = office.runs()
    assert run["status"] == "ERROR"
    assert "convertedSubtotal" in run["error"]
    assert office.invoices() == []


def test_a_message_that_is_no_event_goes_back_and_the_rest_of_the_batch_goes_on(office: Office) -> None:
    records = [{"messageId": "broken", "body": "{"}, {"messageId": "odd", "body": "[]"}]
    from bills.handler import handle  # noqa: PLC0415

    answer = handle({"Records": records}, Lambda(), office.world)  # type: ignore[arg-type]
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["broken", "odd"]
    office.hand_over(office.event("bill-demo"), {"source": "somebody else"})
    assert len(office.invoices()) == 1


def test_an_event_that_no_organization_can_be_told_of_goes_to_the_dead_letters(office: Office) -> None:
    event = office.event("bill-demo")
    del event["detail"]["orgId"], event["detail"]["m3terEvent"]["eventData"]["newDto"]["orgId"]
    assert office.hand_over(event)["batchItemFailures"] == [{"itemIdentifier": "m0"}]


def test_an_event_without_an_id_of_its_own_is_known_by_that_of_the_bus_and_sent_once(office: Office) -> None:
    event = office.event("bill-demo") | {"id": "the-bus-said"}
    del event["detail"]["id"]
    assert office.hand_over(event, event)["batchItemFailures"] == []
    assert [run["outcome"] for run in office.runs()] == ["CREATED"]
    assert len(office.invoices()) == 1


def test_a_bill_in_a_broken_envelope_is_no_newer_than_its_own_date(office: Office) -> None:
    broken = office.event("bill-demo") | {"id": "the-bus-said"}
    broken["detail"] |= {"id": "", "eventTime": "2099-01-01T00:00:00Z"}
    office.hand_over(broken)
    office.clock.move(timedelta(seconds=10))
    office.hand_over(office.event("bill-demo", dtLastModified="2026-11-03T00:00:00.000Z", dueDate="2026-12-09"))
    assert [run["outcome"] for run in office.runs()] == ["UPDATED", "CREATED"]
    assert office.invoices()[0]["DueDate"] == "2026-12-09"


def test_a_bill_without_its_id_goes_to_the_dead_letters_and_the_log_says_which_field(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    event = office.event("bill-demo")
    del event["detail"]["m3terEvent"]["eventData"]["newDto"]["id"]
    assert office.hand_over(event)["batchItemFailures"] == [{"itemIdentifier": "m0"}]
    [record] = caplog.records
    assert record.message == "message goes back to the queue"
    assert record.__dict__["why"] == "The bill cannot be read: id is missing."


@pytest.mark.parametrize("kind", ["lost-answer", "server-error", "throttle"])
def test_a_bill_that_could_not_be_sent_waits_in_the_queue_and_is_sent_later(office: Office, kind: str) -> None:
    office.simulator.mishaps.add(kind, entity="invoice", operation="create", count=1)
    office.hand_over(office.event("bill-demo"))
    waiting = [run for run in office.runs() if run["status"] in {"AWAITING_RETRY", "RATE_LIMIT_RETRY"}]
    if waiting:
        office.clock.move(office.world.in_flight * 2)
        handed = [{"retry": {"organizationId": office.place.organization_id, "runId": waiting[0]["id"]}}]
        office.hand_over(*handed)
    assert len(office.invoices()) == 1
    assert office.runs()[0]["status"] == "COMPLETE"


def test_the_sweep_takes_up_what_was_left_behind(office: Office) -> None:
    office.simulator.mishaps.add("server-error", entity="invoice", operation="create", count=1)
    office.hand_over(office.event("bill-demo"))
    office.drop_messages()
    office.clock.move(office.world.in_flight * 4)
    office.hand_over({"source": "m3ter-quickbooks.schedule", "detail-type": "sweep"})
    assert office.take_messages() == 1
    assert len(office.invoices()) == 1


def test_of_several_messages_for_one_waiting_run_only_one_takes_it_up_and_sends_another(office: Office) -> None:
    office.simulator.mishaps.add("server-error", entity="invoice", operation="update")
    office.hand_over(office.event("bill-demo"))
    office.hand_over(office.event("bill-demo", version=2, dueDate="2027-01-01"))
    [waiting] = [run for run in office.runs() if run["status"] == "AWAITING_RETRY"]
    organization_id, run_id = OrganizationId(office.place.organization_id), RunId(waiting["id"])
    message = office.world.runs.get(organization_id, run_id)
    office.drop_messages()

    # The queue is slow: the sweep has put the run back as well before the first message came.
    office.clock.move(timedelta(hours=1))
    office.hand_over({"source": "m3ter-quickbooks.schedule", "detail-type": "sweep"})
    retry = {"retry": {"organizationId": organization_id, "runId": run_id, "version": message.version}}
    office.hand_over(retry)
    once = office.world.runs.get(organization_id, run_id)
    assert (once.version, once.attempts) == (message.version + 1, message.attempts + 1)
    office.take_messages()

    assert office.world.runs.get(organization_id, run_id) == once


def test_ten_failures_in_a_row_disable_and_an_enabled_integration_can_replay_them(office: Office) -> None:
    bills = [office.event("bill-demo", id=f"bill-{number}", accountId="account-new") for number in range(11)]
    for bill in bills:
        office.hand_over(bill)
    assert [run["status"] for run in office.runs()] == ["DISABLED", *["ERROR"] * 10]
    path = f"integrationconfigs/{office.configuration['id']}"
    assert office.http.get(path).json()["enabled"] is False
    names = [event["eventName"] for event in office.http.get("events").json()["data"]]
    assert names.count("integration.disabled.error") == 1
    office.map("Account", "account-new", "Customer", "101")
    assert office.http.post(f"{path}/enable").status_code == 200
    assert office.http.post(f"{path}/replay", json={}).status_code == 200
    while office.take_messages():
        pass
    assert len(office.invoices()) == 11


def test_a_deleted_bill_is_voided_where_the_operator_wants_it(office: Office) -> None:
    path = f"integrationconfigs/{office.configuration['id']}"
    body = office.http.get(path).json() | {"configData": {"voidInvoiceOnBillDeletion": True}}
    assert office.http.put(path, json=body).status_code == 200
    created = office.event("bill-created")
    deleted = office.event("bill-deleted", id=created["detail"]["m3terEvent"]["eventData"]["newDto"]["id"])
    office.hand_over(created)
    office.hand_over(deleted)
    assert office.runs()[0]["outcome"] == "VOIDED"
    assert [Decimal(invoice["TotalAmt"]) for invoice in office.invoices()] == [0]


def test_an_account_event_keeps_what_the_filter_asks_for(office: Office) -> None:
    path = f"integrationconfigs/{office.configuration['id']}"
    body = office.http.get(path).json() | {"configData": {"accountFilter": "customFields.country == FR"}}
    office.http.put(path, json=body)
    office.hand_over(office.event("account-updated"))
    office.hand_over(office.event("bill-demo"))
    assert [(run["outcome"], run["reason"]) for run in office.runs()] == [
        ("SKIPPED", "accountFilter is false for the account")
    ]


def test_a_warm_bill_costs_six_requests_of_the_table_one_of_quickbooks_and_no_secret(office: Office) -> None:
    office.hand_over(office.event("bill-demo", id="bill-warm"))
    office.clock.move(timedelta(seconds=10))
    table, secrets = (Requests(office.aws.clients[name]) for name in ("dynamodb", "secretsmanager"))
    office.simulator.calls.clear()
    office.hand_over(office.event("bill-demo", id="bill-measured"))
    assert table.asked.total() <= 6, table.asked
    assert [call.operation for call in office.simulator.calls] == ["create"]
    assert secrets.asked.total() == 0


def test_a_warm_update_costs_as_much(office: Office) -> None:
    office.hand_over(office.event("bill-demo"))
    office.clock.move(timedelta(seconds=10))
    table = Requests(office.aws.clients["dynamodb"])
    office.simulator.calls.clear()
    office.hand_over(office.event("bill-demo-regenerated"))
    assert table.asked.total() <= 6, table.asked
    assert [call.operation for call in office.simulator.calls] == ["update"]


def test_bills_of_one_invocation_read_their_configurations_once(office: Office) -> None:
    table = Requests(office.aws.clients["dynamodb"])
    office.hand_over(*[office.event("bill-demo", id=f"bill-{number}") for number in range(5)])
    assert table.asked["Query"] == 1
    assert len(office.invoices()) == 5


def test_bills_that_wait_for_their_turn_go_back_ten_in_one_request(office: Office) -> None:
    office.world.pacer.hold_back(COMPANY, office.clock() + timedelta(minutes=1))
    queue = Requests(office.aws.clients["sqs"])
    office.hand_over(*[office.event("bill-demo", id=f"bill-{number}") for number in range(12)])
    assert queue.asked == {"SendMessageBatch": 2}
    assert len(office.runs(status="WAITING")) == 12


def test_a_replay_longer_than_a_batch_goes_on_by_itself_and_keeps_the_order(office: Office) -> None:
    path = f"integrationconfigs/{office.configuration['id']}"
    office.http.post(f"{path}/disable")
    for number in range(32):
        office.hand_over(office.event("bill-demo", id=f"bill-{number:02}"))
    assert {run["status"] for run in office.runs()} == {"DISABLED"}
    answer = office.http.post(f"{path}/enable", json={"replay": True})
    assert answer.status_code == 200
    while office.take_messages():
        pass
    made = sorted(office.invoices(), key=lambda invoice: int(invoice["Id"]))
    assert [invoice["PrivateNote"].split("\n")[0] for invoice in made] == [f"m3ter-bill:bill-{n:02}" for n in range(32)]


def test_an_address_that_is_not_wanted_any_more_stays_and_the_run_warns(office: Office) -> None:
    path = f"integrationconfigs/{office.configuration['id']}"
    body = office.http.get(path).json() | {"configData": {"bccInvoiceEmailAddress": "books@vendor.example"}}
    office.http.put(path, json=body)
    office.hand_over(office.event("bill-demo"))
    office.http.put(path, json=office.http.get(path).json() | {"configData": {}})
    office.hand_over(office.event("bill-demo-regenerated"))
    [invoice] = office.invoices()
    assert invoice["BillEmailBcc"] == {"Address": "books@vendor.example"}
    assert any("BillEmailBcc" in warning for warning in office.runs()[0]["warnings"])


def test_bills_held_by_a_lost_connection_go_out_when_it_is_given_back(office: Office) -> None:
    path = f"integrationconfigs/{office.configuration['id']}"
    assert office.http.delete(f"{path}/credential").status_code == 200
    for number in range(3):
        office.hand_over(office.event("bill-demo", id=f"bill-{number}"))
    assert {run["status"] for run in office.runs()} == {"AUTH_FAILED"}
    assert office.http.get("events").json()["data"] == []
    back = office.http.put(f"{path}/credential", json={"integrationCredentialsId": office.credential["id"]})
    assert back.status_code == 200
    while office.take_messages():
        pass
    assert len(office.invoices()) == 3
