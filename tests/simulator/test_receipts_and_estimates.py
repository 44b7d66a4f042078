"""Sales receipts, refunds and estimates, where they are no invoices (Intuit's references of the three)."""

from typing import Any

import pytest

from tests.simulator.caller import Caller, invoice, line


@pytest.mark.parametrize("entity", ["SalesReceipt", "RefundReceipt"])
def test_a_receipt_is_paid_at_once(company: Caller, entity: str) -> None:
    receipt = invoice(DepositToAccountRef={"value": "35"}, PaymentMethodRef={"value": "2"})
    made = company.made(entity, receipt)
    assert (made["TotalAmt"], made["Balance"], made["HomeBalance"]) == (100, 0, 0)
    assert made["DepositToAccountRef"] == {"value": "35", "name": "Checking"}
    assert made["PaymentMethodRef"] == {"value": "2", "name": "Check"}


def test_the_money_of_a_receipt_lies_in_undeposited_funds(company: Caller) -> None:
    assert company.made("SalesReceipt", invoice())["DepositToAccountRef"] == {"value": "4", "name": "Undeposited Funds"}


def test_a_refund_names_the_account_it_is_paid_from(company: Caller) -> None:
    error = company.fault("refundreceipt", invoice())
    assert (error["code"], error["element"]) == ("2020", "DepositToAccountRef")


@pytest.mark.parametrize("reference", ["DepositToAccountRef", "PaymentMethodRef"])
def test_a_receipt_refers_to_what_is_there(company: Caller, reference: str) -> None:
    assert company.fault("salesreceipt", invoice(**{reference: {"value": "999"}}))["code"] == "2500"


def test_an_estimate_is_pending_until_somebody_says_otherwise(company: Caller) -> None:
    made = company.made("Estimate", invoice())
    assert made["TxnStatus"] == "Pending"
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "TxnStatus": "Accepted", "AcceptedBy": "Amy"}
    company.made("Estimate", change)
    assert company.read("Estimate", made["Id"])["TxnStatus"] == "Accepted"
    assert company.fault("estimate", invoice(TxnStatus="Perhaps"))["code"] == "2170"


def test_an_estimate_closes_with_its_invoice_and_opens_when_that_is_deleted(company: Caller) -> None:
    estimate = company.made("Estimate", invoice())
    made = company.made("Invoice", invoice(LinkedTxn=[{"TxnId": estimate["Id"], "TxnType": "Estimate"}]))
    closed = company.read("Estimate", estimate["Id"])
    assert closed["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Invoice"}]
    assert (closed["TxnStatus"], closed["SyncToken"]) == ("Closed", "1")
    company.made("Invoice", {"Id": made["Id"], "SyncToken": "0"}, "invoice?operation=delete")
    reopened = company.read("Estimate", estimate["Id"])
    assert (reopened["TxnStatus"], reopened["LinkedTxn"], reopened["SyncToken"]) == ("Pending", [], "2")


def test_a_payment_is_not_linked_by_an_invoice(company: Caller) -> None:
    made = company.made("Invoice", invoice(LinkedTxn=[{"TxnId": "9999", "TxnType": "Payment"}]))
    assert made["LinkedTxn"] == []


@pytest.mark.parametrize(("link", "code"), [(1, "2010"), ({"TxnType": "Estimate"}, "2020")])
def test_a_link_that_links_nothing_is_refused(company: Caller, link: Any, code: str) -> None:
    assert company.fault("invoice", invoice(line(5), LinkedTxn=[link]))["code"] == code
