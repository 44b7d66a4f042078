"""What is bought, owed to vendors, moved and worked (Intuit's references of Bill, BillPayment, Purchase and others)."""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.caller import Caller, invoice, line


def spent(amount: Any, account: str = "58", **detail: Any) -> dict[str, Any]:
    kind = "AccountBasedExpenseLineDetail"
    return {"Amount": amount, "DetailType": kind, kind: {"AccountRef": {"value": account}, **detail}}


def bill(*lines: dict[str, Any], vendor: str = "30", **header: Any) -> dict[str, Any]:
    return {"VendorRef": {"value": vendor}, "Line": list(lines) or [spent(100)], **header}


def paying(bill_id: str, amount: Any, **header: Any) -> dict[str, Any]:
    one = {"Amount": amount, "LinkedTxn": [{"TxnId": bill_id, "TxnType": "Bill"}]}
    account = {"CheckPayment": {"BankAccountRef": {"value": "35"}}}
    vendor = {"VendorRef": {"value": "30"}}
    return {**vendor, "PayType": "Check", **account, "TotalAmt": amount, "Line": [one], **header}


def posted(side: Any, amount: Any = 10) -> dict[str, Any]:
    kind = "JournalEntryLineDetail"
    return {"Amount": amount, "DetailType": kind, kind: {"PostingType": side, "AccountRef": {"value": "58"}}}


def test_a_bill_is_answered_with_what_is_open_and_when_it_is_due(company: Caller) -> None:
    made = company.made("Bill", bill(TxnDate="2026-11-02", SalesTermRef={"value": "2"}))
    assert (made["TotalAmt"], made["Balance"], made["HomeBalance"], made["DueDate"]) == (100, 100, 100, "2026-11-17")
    assert made["APAccountRef"] == {"value": "33", "name": "Accounts Payable (A/P)"}
    assert made["VendorRef"] == {"value": "30", "name": "Books by Bessie"}
    detail = made["Line"][0]["AccountBasedExpenseLineDetail"]
    assert detail["AccountRef"] == {"value": "58", "name": "Advertising"}


def test_payments_lower_what_is_owed_to_a_vendor_until_they_are_taken_back(company: Caller) -> None:
    owed = company.made("Bill", bill())
    company.made("VendorCredit", bill(spent(5)))
    assert company.read("Vendor", "30")["Balance"] == 95
    payment = company.made("BillPayment", paying(owed["Id"], 40))
    paid = company.read("Bill", owed["Id"])
    assert (paid["Balance"], paid["SyncToken"]) == (60, "1")
    assert paid["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "BillPaymentCheck"}]
    found = company.query("select * from Vendor where Balance = '55'")["Vendor"]
    assert [one["Id"] for one in found] == ["30"]
    company.made("BillPayment", paying(owed["Id"], 70, Id=payment["Id"], SyncToken="0"))
    assert company.read("Bill", owed["Id"])["Balance"] == 30
    company.made("BillPayment", {"Id": payment["Id"], "SyncToken": "1"}, "billpayment?operation=update&include=void")
    assert company.read("Bill", owed["Id"])["Balance"] == 100
    company.made("BillPayment", {"Id": payment["Id"], "SyncToken": "2"}, "billpayment?operation=delete")
    assert (company.read("Bill", owed["Id"])["Balance"], company.read("Bill", owed["Id"])["LinkedTxn"]) == (100, [])


def test_a_bill_that_changes_keeps_what_was_paid(company: Caller) -> None:
    owed = company.made("Bill", bill())
    company.made("BillPayment", paying(owed["Id"], 40))
    changed = company.made("Bill", bill(spent(50), Id=owed["Id"], SyncToken="1"))
    assert (changed["TotalAmt"], changed["Balance"], len(changed["LinkedTxn"])) == (50, 10, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [({"Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "999", "TxnType": "Bill"}]}]}, "610"),
     ({"VendorRef": {"value": "31"}}, "6000"), ({"PayType": "Barter"}, "2170"), ({"VendorRef": {"value": ""}}, "2020")],
)  # fmt: skip
def test_a_payment_of_bills_that_pays_none_is_refused(company: Caller, change: dict[str, Any], code: str) -> None:
    owed = company.made("Bill", bill())
    assert company.fault("billpayment", paying(owed["Id"], 5, **change))["code"] == code


def test_a_bill_is_in_the_currency_of_its_vendor(company: Caller) -> None:
    vendor = company.made("Vendor", {"DisplayName": "Euro Vendor", "CurrencyRef": {"value": "EUR"}})
    made = company.made("Bill", bill(vendor=vendor["Id"], ExchangeRate="1.1"))
    assert (made["CurrencyRef"]["value"], made["Balance"], made["HomeBalance"]) == ("EUR", 100, 110)
    assert company.fault("bill", bill(vendor=vendor["Id"], CurrencyRef={"value": "USD"}))["code"] == "6000"


def test_amounts_that_come_as_text_are_added_up(company: Caller) -> None:
    assert company.made("Bill", bill(spent("60.5"), spent(2)))["TotalAmt"] == Decimal("62.5")


def test_a_line_keeps_its_id_and_a_new_one_gets_a_fresh_one(company: Caller) -> None:
    made = company.made("Bill", bill(spent(1), spent(2)))
    lines = [spent(3), {**spent(2), "Id": "2"}]
    changed = company.made("Bill", bill(*lines, Id=made["Id"], SyncToken="0"))
    assert [(one["Id"], one["Amount"]) for one in changed["Line"]] == [("3", 3), ("2", 2)]


@pytest.mark.parametrize(
    ("entity", "body", "code"),
    [
        ("bill", bill(spent(1, "999")), "2500"),
        ("bill", bill(spent(1, CustomerRef={"value": "999"})), "2500"),
        ("bill", bill(spent("ten")), "2100"),
        ("purchase", {"PaymentType": "Barter", "AccountRef": {"value": "35"}, "Line": [spent(1)]}, "2170"),
        ("purchase", {"PaymentType": "Check", "AccountRef": {"value": "42"}, "Line": [spent(1)]}, "6430"),
        ("purchase", {"PaymentType": "CreditCard", "AccountRef": {"value": "35"}, "Line": [spent(1)]}, "6430"),
        ("journalentry", {"Line": [posted("Sideways"), posted("Credit")]}, "2170"),
        ("journalentry", {"Line": [posted(None), posted("Credit")]}, "2020"),
        ("deposit", {"DepositToAccountRef": {"value": "35"},
                     "Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "999", "TxnType": "Payment"}]}]}, "610"),
        ("timeactivity", {"NameOf": "Robot", "Hours": 1}, "2170"),
        ("timeactivity", {"NameOf": "Employee", "Hours": 1}, "2020"),
        ("timeactivity", {"NameOf": "Vendor", "EmployeeRef": {"value": "54"}, "Hours": 1}, "2020"),
        ("timeactivity", {"NameOf": "Employee", "EmployeeRef": {"value": "54"}}, "2020"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(company: Caller, entity: str, body: dict[str, Any], code: str) -> None:
    assert company.fault(entity, body)["code"] == code


def test_a_deposit_that_changes_lets_go_of_what_it_no_longer_sweeps_up(company: Caller) -> None:
    first, second = (company.made("Payment", {"CustomerRef": {"value": "3"}, "TotalAmt": 5}) for _ in range(2))

    def swept(payment: Any) -> dict[str, Any]:
        one = {"Amount": 5, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment", "TxnLineId": "0"}]}
        return {"DepositToAccountRef": {"value": "35"}, "Line": [one]}

    made = company.made("Deposit", swept(first))
    company.made("Deposit", {**swept(second), "Id": made["Id"], "SyncToken": "0"})
    links = [company.read("Payment", one["Id"])["LinkedTxn"] for one in (first, second)]
    assert links == [[], [{"TxnId": made["Id"], "TxnType": "Deposit"}]]


def test_time_is_billed_by_an_invoice_until_that_is_deleted(company: Caller) -> None:
    worked = {"NameOf": "Employee", "EmployeeRef": {"value": "54"}, "Hours": 2, "CustomerRef": {"value": "1"}}
    assert company.made("TimeActivity", worked)["BillableStatus"] == "NotBillable"
    time = company.made("TimeActivity", {**worked, "BillableStatus": "Billable"})
    assert (time["EmployeeRef"]["name"], time["Taxable"], time["HourlyRate"]) == ("Emily Platt", False, 0)
    assert "CurrencyRef" not in time
    billed = {**line(100), "LinkedTxn": [{"TxnId": time["Id"], "TxnType": "TimeActivity"}]}
    made = company.made("Invoice", invoice(billed))
    after = company.read("TimeActivity", time["Id"])
    assert (after["BillableStatus"], after["SyncToken"]) == ("HasBeenBilled", "0")
    company.made("Invoice", {"Id": made["Id"], "SyncToken": "0"}, "invoice?operation=delete")
    assert company.read("TimeActivity", time["Id"])["BillableStatus"] == "Billable"


def test_a_purchase_says_whom_it_was_paid_to(company: Caller) -> None:
    body = {"PaymentType": "Cash", "AccountRef": {"value": "35"}, "Line": [spent(1)]}
    made = company.made("Purchase", {**body, "EntityRef": {"type": "Vendor", "value": "30"}})
    assert made["EntityRef"] == {"value": "30", "name": "Books by Bessie", "type": "Vendor"}
    assert company.fault("purchase", {**body, "EntityRef": {"type": "Vendor", "value": "1"}})["code"] == "2500"
