"""Verified rows of the facts (1.5, 2.4, 2.9, 4, 5, 7) that are no other file's subject here, each by its name."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from local.quickbooks import wire
from local.quickbooks.limits import Limits
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice, line
from tests.simulator.test_oauth import BASIC


def changed(document: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {"Id": document["Id"], "SyncToken": document["SyncToken"], "sparse": True, **changes}


@pytest.mark.fact("1.5", "Error is an array; element may be absent, empty or a path; code is a string")
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


@pytest.mark.fact("4", "dates: TxnDate >= '2026-01-01'")
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


@pytest.mark.fact("7", "bad refresh token: 400 invalid_grant with its description; headers of the token endpoint")
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
