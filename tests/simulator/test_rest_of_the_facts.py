"""Verified rows of the facts (1.5, 2.4, 2.9, 4, 5, 7) that are no other file's subject here, each by its name."""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import pytest
from intuitlib.utils import set_attributes
from quickbooks.objects import Invoice

from local.quickbooks import wire
from local.quickbooks.changes import MOST_OBJECTS
from local.quickbooks.limits import Limits
from local.quickbooks.oauth import Client
from local.quickbooks.seed import SAMPLE, SINGLE_CURRENCY
from local.quickbooks.simulator import Simulator
from local.quickbooks.webhooks import CLOUD_EVENTS, Endpoint
from tests.simulator.caller import Caller, invoice, line
from tests.simulator.test_oauth import (
    ASKED,
    BASIC,
    HOST,
    authorize,
    code,
    exchange,
    exchanged,
    refreshed,
    returned,
    token,
)


def changed(document: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {"Id": document["Id"], "SyncToken": document["SyncToken"], "sparse": True, **changes}


@pytest.mark.fact("1.5", "Error is an array, usually of one")
def test_a_fault_is_a_list_of_errors(company: Caller) -> None:
    faults = [
        company.post("invoice", invoice(line(Decimal("1.01"), Qty=1, UnitPrice=1))).json()["Fault"],
        company.get("invoice/1.5").json()["Fault"],
    ]
    for fault in faults:
        assert set(fault) == {"Error", "type"}
        (error,) = fault["Error"]
        assert isinstance(error["code"], str)
        assert isinstance(error.get("element", ""), str)


@pytest.mark.fact("2.4", "Qty decimals: at least 3 accepted")
def test_a_quantity_keeps_its_three_decimals(company: Caller) -> None:
    body = invoice(line(Decimal("1861.15"), Qty=Decimal("128.355"), UnitPrice=Decimal("14.50")))
    assert company.made("Invoice", body)["Line"][0]["SalesItemLineDetail"]["Qty"] == Decimal("128.355")


@pytest.mark.fact("2.4", "a changed Amount must travel with a changed UnitPrice")
def test_an_amount_is_not_changed_alone(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(100, Qty=4, UnitPrice=25)))
    alone = changed(made, Line=[{**line(120, Qty=4, UnitPrice=25), "Id": "1"}])
    assert company.fault("invoice", alone)["code"] == "6070"
    both = changed(made, Line=[{**line(120, Qty=4, UnitPrice=30), "Id": "1"}])
    assert company.made("Invoice", both)["TotalAmt"] == 120


@pytest.mark.fact("2.9", "sparse without Line keeps lines (Invoice)")
def test_an_invoice_changed_without_lines_keeps_them(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(1), line(2)))
    after = company.made("Invoice", changed(made, DueDate="2027-01-31"))
    assert (after["Line"], after["TotalAmt"], after["DueDate"]) == (made["Line"], 3, "2027-01-31")


@pytest.mark.fact("2.9", "sparse extra-required fields: Bill.VendorRef, Purchase.PaymentType")
@pytest.mark.parametrize(
    ("entity", "body", "missing"),
    [
        ("Bill", {"VendorRef": {"value": "1"}}, "VendorRef"),
        ("Purchase", {"AccountRef": {"value": "1"}, "PaymentType": "Cash"}, "PaymentType"),
    ],
)
def test_some_fields_are_needed_in_a_sparse_update_too(
    company: Caller, entity: str, body: dict[str, Any], missing: str
) -> None:
    spent = {"Amount": 5, "DetailType": "AccountBasedExpenseLineDetail"}
    spent["AccountBasedExpenseLineDetail"] = {"AccountRef": {"value": "1"}}
    vendor = company.made("Vendor", {"DisplayName": "Paper & Co"})["Id"]
    if "VendorRef" in body:
        body = body | {"VendorRef": {"value": vendor}}
    made = company.made(entity, {**body, "Line": [spent]})
    error = company.fault(entity.lower(), changed(made, PrivateNote="x"))
    assert (error["code"], error["element"]) == ("2020", missing)


@pytest.mark.fact("4", "ORDERBY and ORDER BY both accepted")
def test_order_by_is_one_word_or_two(company: Caller) -> None:
    made = [company.made("Invoice", invoice(line(amount), DocNumber=f"O-{amount}"))["Id"] for amount in (2, 1, 3)]
    for words in ("orderby", "ORDER BY"):
        found = company.query(f"select * from Invoice where DocNumber like 'O-%' {words} TotalAmt desc")["Invoice"]
        assert [one["Id"] for one in found] == [made[2], made[0], made[1]]


@pytest.mark.fact("4", "dates: MetaData.LastUpdatedTime as time, TxnDate as date")
def test_documents_are_found_by_their_date(company: Caller) -> None:
    company.made("Invoice", invoice(TxnDate="2031-01-01"))
    later = company.made("Invoice", invoice(TxnDate="2031-01-02"))
    found = company.query("select * from Invoice where TxnDate >= '2031-01-02'")["Invoice"]
    assert [one["Id"] for one in found] == [later["Id"]]


@pytest.mark.fact("4", "refs: CustomerRef = '123' works on Invoice; DepartmentRef, AccountRef do not (4001)")
def test_a_reference_is_filterable_for_customers_only(company: Caller) -> None:
    made = company.made("Invoice", invoice(customer="3"))
    found = company.query("select * from Invoice where CustomerRef = '3'")["Invoice"]
    assert made["Id"] in {one["Id"] for one in found}
    for name in ("DepartmentRef", "AccountRef"):
        assert company.query_fault(f"select * from Invoice where {name} = '1'")["code"] == "4001"


@pytest.mark.fact("5", "a void appears in CDC as the normal object with zero totals and the Voided note")
def test_changes_show_a_void_as_an_object(simulator: Simulator, company: Caller) -> None:
    made = company.made("Invoice", invoice(PrivateNote="why"))
    simulator.advance(60)
    since = quote(wire.answer_time(simulator.now()))
    simulator.advance(60)
    company.made("Invoice", {"Id": made["Id"], "SyncToken": "0"}, "invoice?operation=void")
    (block,) = company.get(f"cdc?entities=Invoice&changedSince={since}").json()["CDCResponse"][0]["QueryResponse"]
    (void,) = block["Invoice"]
    assert (void["Id"], void["TotalAmt"], void["Balance"]) == (made["Id"], 0, 0)
    assert void["PrivateNote"].startswith("Voided")


@pytest.mark.fact("5", "a CDC block made only of deleted stubs has no startPosition")
def test_changes_of_deleted_documents_alone_have_no_start(simulator: Simulator, company: Caller) -> None:
    made = company.made("Invoice", invoice())
    simulator.advance(60)
    since = quote(wire.answer_time(simulator.now()))
    simulator.advance(60)
    company.post("invoice?operation=delete", {"Id": made["Id"], "SyncToken": "0"})
    (block,) = company.get(f"cdc?entities=Invoice&changedSince={since}").json()["CDCResponse"][0]["QueryResponse"]
    assert "startPosition" not in block
    (stub,) = block["Invoice"]
    assert (stub["status"], stub["Id"]) == ("Deleted", made["Id"])


@pytest.mark.fact("5", "a batch counts as one request of the minute, and has a limit of its own")
def test_a_batch_is_one_request(simulator: Simulator, company: Caller) -> None:
    simulator.limits = Limits(per_minute=3, batches_per_minute=2)
    items = [{"bId": str(number), "operation": "create", "Invoice": invoice()} for number in range(10)]
    answers = [company.post("batch", {"BatchItemRequest": items}).status for _ in range(3)]
    assert answers == [200, 200, 429]
    assert [company.get("companyinfo/1").status for _ in range(2)] == [200, 429]


@pytest.mark.fact("7", "bad, old or revoked refresh token: 400 invalid_grant with its description")
@pytest.mark.fact("7", "headers of the token endpoint")
def test_a_bad_refresh_token_is_an_invalid_grant(simulator: Simulator) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "RT1-nobody-issued-this"}
    headers = {**BASIC, "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    url = "http://quickbooks.test/oauth2/v1/tokens/bearer"
    answer = simulator.handle("POST", url, headers, urlencode(form))
    assert answer.status == 400
    assert answer.json() == {"error_description": "Incorrect or invalid refresh token", "error": "invalid_grant"}
    named = {name.lower(): value for name, value in dict(answer.headers).items()}
    assert named["content-type"] == "application/json;charset=utf-8"
    assert named["intuit_tid"]


def test_a_person_may_change_a_bill_without_naming_its_vendor(simulator: Simulator, company: Caller) -> None:
    spent = {"Amount": 5, "DetailType": "AccountBasedExpenseLineDetail"}
    spent["AccountBasedExpenseLineDetail"] = {"AccountRef": {"value": "1"}}
    vendor = company.made("Vendor", {"DisplayName": "Paper & Co"})["Id"]
    made = company.made("Bill", {"VendorRef": {"value": vendor}, "Line": [spent]})
    edited = simulator.as_person(company.realm).edit("Bill", made["Id"], PrivateNote="seen")
    assert (edited["PrivateNote"], edited["VendorRef"]["value"]) == ("seen", vendor)


@pytest.mark.fact("1.5", "element may be absent, empty or a path")
def test_an_element_is_a_path_or_empty_or_absent(company: Caller) -> None:
    path = company.fault("invoice", invoice(line(Decimal("1.01"), Qty=1, UnitPrice=1)))
    empty = company.error_of(company.get("invoice/999999"))
    absent = company.error_of(company.get("unicorn/1"))
    assert (path["element"], empty["element"], "element" in absent) == ("Line.Amount", "", False)


@pytest.mark.fact("1.5", "some 2030 faults have no time")
def test_an_invalid_id_is_refused_without_a_time_when_read(company: Caller) -> None:
    assert set(company.get("invoice/x").json()) == {"Fault"}
    assert set(company.post("invoice", {"Id": "x", "SyncToken": "0"}).json()) == {"Fault", "time"}


@pytest.mark.fact("1.5", "XML: CustomerMemo is plain text")
def test_a_memo_is_plain_text_in_xml(company: Caller) -> None:
    made = company.made("Invoice", invoice(CustomerMemo={"value": "Thank you & see you"}))
    answer = company.get(f"invoice/{made['Id']}", Accept="application/xml")
    memo = ET.fromstring(answer.body).find(".//{*}CustomerMemo")  # noqa: S314  our own text
    assert memo is not None
    assert (memo.text, memo.attrib, len(memo)) == ("Thank you & see you", {}, 0)


@pytest.mark.fact("2.4", "the default item is the one of Preferences")
def test_the_default_item_is_that_of_the_company(simulator: Simulator, company: Caller) -> None:
    simulator.as_person(company.realm).settings(defaultItem="3")
    names = company.get("preferences").json()["Preferences"]["OtherPrefs"]["NameValue"]
    assert {"Name": "SalesFormsPrefs.DefaultItem", "Value": "3"} in names
    made = company.made("Invoice", invoice(line(40, item=None)))
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "3", "name": "Concrete"}


@pytest.mark.fact("2.5", "France: required when custom numbers are on")
def test_in_france_a_number_is_required(simulator: Simulator, numbered_company: Caller) -> None:
    simulator.as_person(numbered_company.realm).settings(country="FR")
    taxed = line(1, TaxCodeRef={"value": "2"})
    error = numbered_company.fault("invoice", invoice(taxed))
    assert (error["code"], error["element"]) == ("2020", "DocNumber")
    assert numbered_company.made("Invoice", invoice(taxed, DocNumber="F-1"))["DocNumber"] == "F-1"


@pytest.mark.fact("2.9", "full update: SalesReceipt.CustomerRef is lost")
def test_a_full_update_of_a_receipt_loses_its_customer(company: Caller) -> None:
    made = company.made("SalesReceipt", invoice())
    after = company.made("SalesReceipt", {"Id": made["Id"], "SyncToken": "0", "Line": [line(5)]})
    assert ("CustomerRef" in made, "CustomerRef" in after) == (True, False)


@pytest.mark.fact("2.9", "python-quickbooks sends the full object with sparse false")
def test_the_whole_object_of_python_quickbooks_is_a_full_update(company: Caller) -> None:
    made = company.made("Invoice", invoice(PrivateNote="old"))
    theirs = Invoice.from_json(made)
    theirs.PrivateNote = "new"
    sent = wire.loads(theirs.to_json())
    assert sent["sparse"] is False
    after = company.made("Invoice", sent)
    assert (after["PrivateNote"], after["TotalAmt"], after["SyncToken"]) == ("new", made["TotalAmt"], "1")


@pytest.mark.fact("2.9", "payment lines are replaced all or none")
def test_the_lines_of_a_payment_stay_or_are_replaced_as_a_whole(company: Caller) -> None:
    first, second = (company.made("Invoice", invoice(line(10)))["Id"] for _ in range(2))
    links = [{"Amount": 10, "LinkedTxn": [{"TxnId": id_, "TxnType": "Invoice"}]} for id_ in (first, second)]
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 20, "Line": links}
    made = company.made("Payment", body)
    none = company.made("Payment", changed(made, CustomerRef=body["CustomerRef"], TotalAmt=20, PrivateNote="x"))
    assert none["Line"] == made["Line"]
    some = company.made("Payment", changed(none, CustomerRef=body["CustomerRef"], TotalAmt=20, Line=links[:1]))
    assert (len(some["Line"]), some["UnappliedAmt"]) == (1, 10)
    assert company.read("Invoice", second)["Balance"] == 10


@pytest.mark.fact("2.9", "a Purchase read and echoed into delete can fail")
def test_a_purchase_that_is_read_cannot_be_echoed_into_a_delete(company: Caller) -> None:
    detail = {"AccountRef": {"value": "64"}}
    spent = {
        "Amount": 5, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail,
    }  # fmt: skip
    made = company.made("Purchase", {"PaymentType": "Cash", "AccountRef": {"value": "35"}, "Line": [spent]})
    read = company.read("Purchase", made["Id"])
    assert company.fault("purchase?operation=delete", read)["code"] == "2010"
    pointed = {"Id": made["Id"], "SyncToken": "0"}
    assert company.made("Purchase", pointed, "purchase?operation=delete")["status"] == "Deleted"


@pytest.mark.fact("4", "operators = < > <= >= in like, % only; no OR, NOT, JOIN, GROUP BY")
@pytest.mark.parametrize(
    "rest",
    ["where Id = '1' or Id = '2'", "where not Id = '1'", "join Customer", "group by CustomerRef", "where Id is null"],
)
def test_other_words_of_sql_are_refused(company: Caller, rest: str) -> None:
    assert company.query_fault(f"select * from Invoice {rest}")["code"] == "4000"


@pytest.mark.fact("4", "operators = < > <= >= in like, % only; no OR, NOT, JOIN, GROUP BY")
def test_the_percent_sign_is_the_only_wildcard(company: Caller) -> None:
    assert company.query("select count(*) from Item where Name like 'Des%'") == {"totalCount": 1}
    assert company.query("select count(*) from Item where Name like 'Desig_'") == {"totalCount": 0}
    assert company.query("select count(*) from Item where Name like 'Desig?'") == {"totalCount": 0}


@pytest.mark.fact("4", "keywords, entity, field names and values without case; the answer key is canonical")
def test_values_are_compared_without_case(company: Caller) -> None:
    assert company.query("select * from customer where displayname = 'COOL cars'")["Customer"][0]["Id"] == "3"


@pytest.mark.fact("4", "STARTPOSITION before MAXRESULTS")
def test_the_page_is_named_start_first(company: Caller) -> None:
    answer = company.query("select * from Customer STARTPOSITION 2 MAXRESULTS 1")
    assert (answer["startPosition"], [one["Id"] for one in answer["Customer"]]) == (2, ["2"])


@pytest.mark.fact("4", "other characters: lexical error 4000 before minor version 65")
def test_every_minor_version_counts_as_one_that_knows_other_characters(company: Caller) -> None:
    quoted = quote("select * from Customer where DisplayName = 'Zoë’s – 喫茶'")
    assert company.get(f"query?query={quoted}&minorversion=45").json()["QueryResponse"] == {}
    error = company.query_fault("select * from Customer where DisplayName = ’Zoë’")
    assert (error["code"], "Lexical error" in error["Detail"]) == ("4000", True)


@pytest.mark.fact("4", "node-quickbooks' encoding")
def test_what_node_quickbooks_encodes_itself_is_understood(company: Caller) -> None:
    company.made("Customer", {"DisplayName": "Rock & Roll #1 50%"})
    statement = "select * from customer where DisplayName = 'Rock & Roll #1 50%'"
    for sign in "%'=<>&#\\+":
        statement = statement.replace(sign, f"%{ord(sign):02X}")
    answer = company.get(f"query?query={statement}".replace(" ", "%20"))
    assert answer.json()["QueryResponse"]["maxResults"] == 1


@pytest.mark.fact("5", "batch operations create, update, delete; the schema has revert, void, send, merge too")
@pytest.mark.parametrize(
    ("operation", "expected"),
    [("create", "Invoice"), ("update", "Invoice"), ("void", "Invoice"), ("send", "Invoice"), ("delete", "Invoice"),
     ("revert", "500"), ("merge", "500")],
)  # fmt: skip
def test_an_item_of_a_batch_names_its_operation(company: Caller, operation: str, expected: str) -> None:
    body = {**invoice(BillEmail={"Address": "a@example.com"}), "Id": "101", "SyncToken": "0"}
    company.made("Invoice", {**body, "sparse": True})
    item = {"bId": "1", "operation": operation, "Invoice": {**body, "SyncToken": "1"}}
    (found,) = company.post("batch", {"BatchItemRequest": [item]}).json()["BatchItemResponse"]
    assert (found["Fault"]["Error"][0]["code"] if "Fault" in found else "Invoice") == expected


@pytest.mark.fact("5", "batch: CDCQuery and ReportQuery of the schema")
def test_a_batch_can_ask_for_changes_and_not_for_reports(company: Caller) -> None:
    captured = {"bId": "1", "CDCQuery": {"Entities": "Invoice", "ChangedSince": "2026-11-01"}}
    report = {"bId": "2", "ReportQuery": "ProfitAndLoss"}
    answer = company.post("batch", {"BatchItemRequest": [captured, report]})
    first, second = answer.json()["BatchItemResponse"]
    assert first["CDCResponse"][0]["QueryResponse"][0]["Invoice"][0]["Id"] == "101"
    assert second["Fault"]["Error"][0]["code"] == "500"


@pytest.mark.fact("5", "python-quickbooks: 30 items, bIds of 36 characters, no requestid")
def test_thirty_items_with_long_ids_are_taken_without_a_request_id(company: Caller) -> None:
    ids = [str(uuid.UUID(int=number)) for number in range(30)]
    items = [{"bId": one, "operation": "create", "Invoice": invoice()} for one in ids]
    answer = company.post("batch", {"BatchItemRequest": items})
    assert [one["bId"] for one in answer.json()["BatchItemResponse"]] == ids
    assert company.error_of(company.post("batch?requestid=a", {"BatchItemRequest": items}))["code"] == "2130"


@pytest.mark.fact("5", "CDC: entities and changedSince, no end")
def test_changes_have_a_beginning_and_no_end(company: Caller) -> None:
    asked = "cdc?entities=Invoice,Customer&changedSince=2026-11-01"
    whole = company.get(asked).json()["CDCResponse"][0]["QueryResponse"]
    assert [next(iter(one)) for one in whole] == ["Invoice", "Customer"]
    ended = company.get(f"{asked}&changedUntil=2026-11-01").json()["CDCResponse"][0]["QueryResponse"]
    assert ended == whole


@pytest.mark.fact("5", "CDC: at most 1000 objects in an answer")
def test_an_answer_of_changes_has_at_most_1000_objects_in_all(simulator: Simulator, company: Caller) -> None:
    person = simulator.as_person(company.realm)
    with simulator.store.transaction():
        for number in range(MOST_OBJECTS - 2):
            person.create("Class", {"Name": f"class {number}"})
    answer = company.get("cdc?entities=Class,Customer&changedSince=2026-11-01").json()
    blocks = answer["CDCResponse"][0]["QueryResponse"]
    assert [one["maxResults"] for one in blocks] == [MOST_OBJECTS - 2, 2]


@pytest.mark.fact("5", "CloudEvents: one delivery may mix realms")
def test_a_delivery_of_cloud_events_can_tell_of_several_companies(simulator: Simulator, company: Caller) -> None:
    simulator.webhooks.endpoints.append(Endpoint("http://app.test/hook", "verifier", CLOUD_EVENTS))
    changes = {SAMPLE: [("Invoice", "101", "Update")], SINGLE_CURRENCY: [("Invoice", "101", "Create")]}
    simulator.webhooks.tell_all(changes, simulator.now())
    (one,) = simulator.webhooks.deliveries
    events = wire.loads(one.body)
    assert [event["intuitaccountid"] for event in events] == [SAMPLE, SINGLE_CURRENCY]
    assert re.fullmatch(r"intuit\.[A-Za-z0-9+/=]+", events[0]["source"])
    assert re.fullmatch(r"2026-11-02T20:00:00\.\d{9}Z", events[0]["time"])


@pytest.mark.fact("5", "CloudEvents from 2026-05-15, extended to 2026-07-31")
@pytest.mark.fact("5", "the classic format is still sent after that date")
def test_both_formats_are_sent_after_the_date_of_migration(simulator: Simulator, company: Caller) -> None:
    assert simulator.now() > datetime(2026, 7, 31, tzinfo=UTC)
    simulator.webhooks.endpoints += [Endpoint("http://a.test", "v"), Endpoint("http://b.test", "v", CLOUD_EVENTS)]
    company.made("Invoice", invoice())
    classic, events = (wire.loads(one.body) for one in simulator.webhooks.deliveries)
    assert (list(classic), type(events)) == (["eventNotifications"], list)


@pytest.mark.fact("5", "webhooks carry no field values")
def test_a_webhook_says_what_changed_and_not_how(simulator: Simulator, company: Caller) -> None:
    simulator.webhooks.endpoints += [Endpoint("http://a.test", "v"), Endpoint("http://b.test", "v", CLOUD_EVENTS)]
    company.made("Invoice", invoice(line(4711), PrivateNote="secret"))
    for one in simulator.webhooks.deliveries:
        assert b"4711" not in one.body
        assert b"secret" not in one.body


@pytest.mark.fact("5", "webhooks: tried again on 500, 502, 503, 504 and 408 only")
@pytest.mark.parametrize(
    ("status", "again"),
    [(200, False), (400, False), (404, False), (None, True), (408, True), (500, True), (502, True), (503, True),
     (504, True)],
)  # fmt: skip
def test_a_webhook_is_tried_again_by_status(
    simulator: Simulator, company: Caller, status: int | None, again: bool
) -> None:
    simulator.webhooks.endpoints.append(Endpoint("http://app.test/hook", "verifier"))
    company.made("Invoice", invoice())
    simulator.webhooks.deliver(simulator.now(), lambda url, headers, body: status)
    assert (simulator.webhooks.deliveries[0].due is not None) is again


@pytest.mark.fact("5", "persistent failure disables the webhook endpoint after about a day")
def test_an_endpoint_that_fails_for_a_day_is_told_nothing_more(simulator: Simulator, company: Caller) -> None:
    hooks, person = simulator.webhooks, simulator.as_person(company.realm)
    hooks.endpoints.append(Endpoint("http://app.test/hook", "verifier"))
    for _ in range(3):
        person.create("Invoice", invoice())
        hooks.deliver(simulator.now(), lambda url, headers, body: 503)
        simulator.advance(43_200)
    told = len(hooks.deliveries)
    person.create("Invoice", invoice())
    assert len(hooks.deliveries) == told


@pytest.mark.fact("7", "issuer")
@pytest.mark.fact("7", "authorize endpoint")
@pytest.mark.fact("7", "token endpoint, the same for sandbox and production")
@pytest.mark.fact("7", "revocation endpoint")
@pytest.mark.fact("7", "jwks")
def test_the_endpoints_have_the_paths_of_intuit(simulator: Simulator) -> None:
    for name in ("openid_configuration", "openid_sandbox_configuration"):
        content = simulator.handle("GET", f"{HOST}/.well-known/{name}").json()
        assert content["issuer"] == "https://oauth.platform.intuit.com/op/v1"
        assert content["authorization_endpoint"] == f"{HOST}/connect/oauth2"
        assert content["token_endpoint"] == f"{HOST}/oauth2/v1/tokens/bearer"
        assert content["revocation_endpoint"] == f"{HOST}/v2/oauth2/tokens/revoke"
        assert content["jwks_uri"] == f"{HOST}/op/v1/jwks"
    assert simulator.handle("GET", f"{HOST}/op/v1/jwks").json() == {"keys": []}


@pytest.mark.fact("7", "authorize parameters client_id, response_type, scope, redirect_uri, state")
@pytest.mark.fact("7", "state is mandatory and comes back unchanged; realmId comes only in the callback")
@pytest.mark.parametrize("name", ASKED)
def test_every_parameter_of_authorize_is_needed(simulator: Simulator, name: str) -> None:
    assert authorize(simulator, auto_consent=SAMPLE).status == 302
    assert authorize(simulator, auto_consent=SAMPLE, **{name: ""}).status == 400


@pytest.mark.fact("7", "production redirect URIs are https only")
def test_a_production_app_is_called_back_over_https_only() -> None:
    simulator = Simulator(client=Client(production=True))
    assert authorize(simulator, auto_consent=SAMPLE).status == 302
    assert authorize(simulator, auto_consent=SAMPLE, redirect_uri="http://app.example/callback").status == 400
    simulator.close()


@pytest.mark.fact("7", "scopes")
def test_all_scopes_of_intuit_can_be_asked_for(simulator: Simulator) -> None:
    scope = (
        "com.intuit.quickbooks.accounting com.intuit.quickbooks.payment openid profile email phone address "
        "app-foundations.custom-field-definitions.read project-management.project"
    )
    one = returned(authorize(simulator, auto_consent=SAMPLE, scope=scope))["code"]
    assert exchanged(simulator, one).status == 200


@pytest.mark.fact("7", "token calls: form body, Basic auth, Accept JSON, two grant types")
def test_tokens_are_asked_for_with_a_form_and_basic_auth(simulator: Simulator) -> None:
    headers = {**BASIC, "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    form = {"grant_type": "authorization_code", "code": code(simulator), "redirect_uri": ASKED["redirect_uri"]}
    first = token(simulator, headers, **form)
    assert (first.status, first.headers["Content-Type"]) == (200, "application/json;charset=utf-8")
    assert refreshed(simulator, first.json()["refresh_token"]).status == 200
    assert token(simulator, {}, **form).status == 401


@pytest.mark.fact("7", "invalid_grant without a description")
@pytest.mark.fact("7", "invalid_grant with the description Token invalid")
@pytest.mark.parametrize(
    ("detail", "content"),
    [
        ("", {"error": "invalid_grant"}),
        ("Token invalid", {"error_description": "Token invalid", "error": "invalid_grant"}),
    ],
)
def test_an_invalid_grant_is_told_in_other_words_too(
    simulator: Simulator, detail: str, content: dict[str, str]
) -> None:
    one = exchange(simulator)["refresh_token"]
    simulator.mishaps.add("invalid-grant", count=1, detail=detail)
    answer = refreshed(simulator, one)
    assert (answer.status, answer.json()) == (400, content)


@pytest.mark.fact("7", "intuit-oauth takes every key of the answer; id_token is left out")
def test_intuit_oauth_makes_attributes_of_the_token_answer(simulator: Simulator) -> None:
    client, answer = SimpleNamespace(id_token=None), exchange(simulator)
    set_attributes(client, answer)
    assert client.access_token == answer["access_token"]
    assert client.x_refresh_token_expires_in == 8726400
    assert client.id_token is None
