from typing import Any

import pytest
from quickbooks import exceptions
from quickbooks.client import QuickBooks

from local.quickbooks.catalogue import CODES
from local.quickbooks.simulator import Simulator
from local.quickbooks.traffic import LostAnswer
from tests.simulator.caller import Caller, invoice, line


@pytest.mark.parametrize("code", CODES)
def test_every_known_code_can_be_asked_for(simulator: Simulator, company: Caller, code: str) -> None:
    simulator.mishaps.add("fault", code=code, count=1)
    answer = company.post("invoice", invoice())
    error = company.error_of(answer)
    assert answer.status == CODES[code].status
    assert (error["code"], error["Message"], error["Detail"]) == (code, CODES[code].message, CODES[code].detail)
    assert company.post("invoice", invoice()).status == 200


@pytest.mark.fact("1.7", "10000 application error")
@pytest.mark.fact("1.5", "type SystemFault: 10000-class, HTTP 500, also 400 and 200")
def test_an_application_error_is_a_system_fault(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("fault", code="10000", count=1)
    answer = company.post("invoice", invoice())
    assert (answer.status, answer.json()["Fault"]["type"]) == (500, "SystemFault")


@pytest.mark.fact("1.7", "3100 with 500: internal error, transient")
def test_a_gateway_error_can_have_the_gateway_envelope(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("server-error", status=500, format="json", count=1)
    answer = company.post("invoice", invoice())
    error = answer.json()["fault"]["error"][0]
    assert (answer.status, error["code"], answer.json()["fault"]["type"]) == (500, "3100", "SERVICE")
    assert error["message"] == "message=InternalServerError; errorCode=003100; statusCode=500"


@pytest.mark.fact("1.5", "gateway errors can come back as XML although JSON was asked")
def test_a_gateway_error_can_be_xml(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("throttle", format="xml", count=1)
    answer = company.post("invoice", invoice())
    assert (answer.status, answer.headers["Content-Type"]) == (429, "application/xml")
    assert '<Fault type="SERVICE"><Error code="3001">' in answer.text


@pytest.mark.fact("1.5", "502/503 bodies may be HTML")
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_can_be_html(simulator: Simulator, company: Caller, status: int) -> None:
    simulator.mishaps.add("server-error", status=status, count=1)
    answer = company.get("companyinfo/1")
    assert (answer.status, answer.text.startswith("<html>")) == (status, True)


@pytest.mark.fact("1.6", "403 wrong company; 401 token; 429 throttled; 400 validation; 500 server error")
def test_a_message_of_ones_own_can_be_given(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("fault", code="6000", detail="Business Validation Error: tax engine", count=1)
    assert company.fault("invoice", invoice())["Detail"] == "Business Validation Error: tax engine"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("100", marks=pytest.mark.fact("1.7", "100 general authentication problem")),
        pytest.param("110", marks=pytest.mark.fact("1.7", "110 authorization problem")),
        pytest.param("130", marks=pytest.mark.fact("1.7", "130 wrong cluster")),
        pytest.param("140", marks=pytest.mark.fact("1.7", "140 company locked")),
        pytest.param("150", marks=pytest.mark.fact("1.7", "150 company under maintenance")),
        pytest.param("1000", marks=pytest.mark.fact("1.7", "1000 operation failed")),
        pytest.param("1010", marks=pytest.mark.fact("1.7", "1010 create failed")),
        pytest.param("1020", marks=pytest.mark.fact("1.7", "1020 update failed")),
        pytest.param("5020", marks=pytest.mark.fact("1.7", "5020 permission denied")),
        pytest.param("5030", marks=pytest.mark.fact("1.7", "5030 feature not available")),
        pytest.param("6190", marks=pytest.mark.fact("1.7", "6190 invalid company status")),
        pytest.param("6480", marks=pytest.mark.fact("1.7", "6480 matched transaction cannot be deleted")),
        pytest.param("10100", marks=pytest.mark.fact("1.7", "10100 query result too large")),
        pytest.param("10200", marks=pytest.mark.fact("1.7", "10200 company was reset")),
    ],
)
def test_what_only_intuit_or_the_bank_can_cause_is_a_fault_on_demand(
    simulator: Simulator, company: Caller, code: str
) -> None:
    known = CODES[code]
    simulator.mishaps.add("fault", code=code, count=1)
    answer = company.post("invoice", invoice())
    error = company.error_of(answer)
    assert (answer.status, error["code"], error["Message"]) == (known.status, code, known.message)
    assert company.post("invoice", invoice()).status == 200


@pytest.mark.fact("1.7", "4002 error processing query: one bad e-mail list fails the whole")
def test_a_query_can_fail_over_one_bad_invoice(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("fault", operation="query", code="4002", count=1)
    error = company.query_fault("select * from Invoice")
    assert (error["code"], error["Message"]) == ("4002", "Error processing query")
    assert error["Detail"].startswith("QueryProcessingError: ")
    assert company.query("select * from Invoice")["maxResults"] == 1


@pytest.mark.fact("1.7", "6000 tax engine failed while calculating")
def test_the_tax_engine_can_fail(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("fault", detail="Business Validation Error: the tax could not be calculated", count=1)
    assert company.fault("invoice", invoice())["code"] == "6000"


@pytest.mark.fact("1.5", "type AuthenticationFault")
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("100", "AuthenticationFault"),
        ("110", "AuthorizatonFault"),
        ("6000", "ValidationFault"),
        ("10100", "SystemFault"),
    ],
)
def test_a_fault_has_the_type_of_its_code(simulator: Simulator, company: Caller, code: str, kind: str) -> None:
    simulator.mishaps.add("fault", code=code, count=1)
    assert company.post("invoice", invoice()).json()["Fault"]["type"] == kind


def test_an_application_error_can_have_another_status(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("fault", code="10000", status=400, count=1)
    answer = company.post("invoice", invoice())
    assert (answer.status, answer.json()["Fault"]["type"]) == (400, "SystemFault")


@pytest.mark.fact("1.7", "600 duplicate request id")
@pytest.mark.fact("1.3", "600 duplicate request id, 2130 bad format")
def test_a_request_id_that_is_on_its_way_can_be_refused(simulator: Simulator, company: Caller) -> None:
    simulator.overlapping_request_ids = "refused"
    simulator.mishaps.add("late-landing", operation="create", count=1)
    with pytest.raises(LostAnswer):
        company.post("invoice?requestid=a", invoice())
    error = company.fault("invoice?requestid=a", invoice())
    assert (error["code"], error["Message"]) == ("600", "Duplicate Request ID")
    simulator.land_all()
    assert company.post("invoice?requestid=a", invoice()).status == 200
    assert company.fault("invoice?requestid=" + "a" * 51, invoice())["code"] == "2130"


@pytest.mark.fact("1.7", "3202 empty field, oauth_token")
def test_an_empty_token_is_named_so(company: Caller) -> None:
    answer = company.get("invoice/101", Authorization="Bearer ")
    assert (answer.status, answer.json()["fault"]["error"][0]["code"]) == (401, "3202")


def spent(**detail: Any) -> dict[str, Any]:
    return {"Amount": 5, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}


def bill(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"VendorRef": {"value": "30"}, "Line": list(lines)}


PERCENT = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True}}
CREDIT = {"Amount": -5, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": {"PostingType": "Credit"}}
TRANSFER = {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": "36"}, "Amount": 0}
STOCK = {"Name": "New", "Type": "Inventory", "IncomeAccountRef": {"value": "79"}, "AssetAccountRef": {"value": "81"},
         "ExpenseAccountRef": {"value": "80"}, "InvStartDate": "2026-01-01", "TrackQtyOnHand": True}  # fmt: skip
CARD = {"CreditChargeInfo": {"ProcessPayment": True, "Amount": 5}}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        pytest.param("invoice", invoice(LinkedTxn=[{"TxnId": "999", "TxnType": "Estimate"}]), "620",
                     marks=pytest.mark.fact("1.7", "620 transaction cannot be linked")),
        pytest.param("companycurrency", {"Code": "EUR", "Name": "Euro"}, "630",
                     marks=pytest.mark.fact("1.7", "630 duplicate object")),
        pytest.param("invoice", invoice(TxnDate="20260101"), "2060",
                     marks=pytest.mark.fact("1.7", "2060 date format")),
        pytest.param("invoice", invoice(line() | {"LineNum": "x"}), "2080",
                     marks=pytest.mark.fact("1.7", "2080 number format")),
        pytest.param("invoice", invoice(line() | {"LineNum": -1}), "2090",
                     marks=pytest.mark.fact("1.7", "2090 number")),
        pytest.param("invoice", invoice(ExchangeRate="x"), "2100",
                     marks=pytest.mark.fact("1.7", "2100 decimal format")),
        pytest.param("invoice", invoice(ExchangeRate=-1), "2110", marks=pytest.mark.fact("1.7", "2110 decimal")),
        pytest.param("invoice", invoice(line(10**13)), "2140",
                     marks=pytest.mark.fact("1.7", "2140 amount invalid")),
        pytest.param("invoice", invoice(line(), PERCENT | {"DiscountLineDetail": {"PercentBased": True,
                     "DiscountPercent": 101}}), "2150", marks=pytest.mark.fact("1.7", "2150 percent invalid")),
        pytest.param("invoice", invoice(line(1, Qty=10**13)), "2160",
                     marks=pytest.mark.fact("1.7", "2160 quantity invalid")),
        pytest.param("bill", bill(), "2250", marks=pytest.mark.fact("1.7", "2250 lines missing")),
        pytest.param("journalentry", {"Line": [CREDIT]}, "2290",
                     marks=pytest.mark.fact("1.7", "2290 negative amount on this line kind")),
        pytest.param("invoice", invoice(CustomField=[{"DefinitionId": "1", "Type": "DateType"}]), "3000",
                     marks=pytest.mark.fact("1.7", "3000 custom field invalid")),
        pytest.param("transfer", TRANSFER, "6000",
                     marks=pytest.mark.fact("1.7", "6000 you must set a transaction amount")),
        pytest.param("customer", {"CompanyName": "Acme"}, "6080",
                     marks=pytest.mark.fact("1.7", "6080 customer without any name")),
        pytest.param("invoice", invoice(line(), PERCENT), "6090",
                     marks=pytest.mark.fact("1.7", "6090 discount line incomplete")),
        pytest.param("invoice", invoice(TxnTaxDetail={"TxnTaxCodeRef": {"value": "CustomSalesTax"}}), "6160",
                     marks=pytest.mark.fact("1.7", "6160 CustomSalesTax on create")),
        pytest.param("invoice", {"Id": "101", "SyncToken": "0", "sparse": True,
                     "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "CustomSalesTax"}}}, "6230",
                     marks=pytest.mark.fact("1.7", "6230 CustomSalesTax on update")),
        pytest.param("customer", {"Id": "1", "SyncToken": "0", "sparse": True, "BillWithParent": True}, "6130",
                     marks=pytest.mark.fact("1.7", "6130 cannot change who the customer bills with")),
        pytest.param("customer", {"Id": "1", "SyncToken": "0", "sparse": True, "Active": False}, "6220",
                     marks=pytest.mark.fact("1.7", "6220 cannot delete, has a balance")),
        pytest.param("timeactivity", {"NameOf": "Employee", "CustomerRef": {"value": "999"}}, "6250",
                     marks=pytest.mark.fact("1.7", "6250 customer invalid or inactive")),
        pytest.param("invoice", invoice(line(item="5"), TxnDate="2025-12-31"), "6270",
                     marks=pytest.mark.fact("1.7", "6270 inventory item dated before its start date")),
        pytest.param("bill", bill(spent(AccountRef={"value": "64"}, BillableStatus="Billable")), "6310",
                     marks=pytest.mark.fact("1.7", "6310 customer missing on billable")),
        pytest.param("deposit", {"DepositToAccountRef": {"value": "1"}, "Line": [{"Amount": 5}]}, "6430",
                     marks=pytest.mark.fact("1.7", "6430 account type wrong")),
        pytest.param("bill", bill(spent()), "6440",
                     marks=pytest.mark.fact("1.7", "6440 split line needs item or account")),
        pytest.param("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 6, "CreditCardPayment": CARD}, "6460",
                     marks=pytest.mark.fact("1.7", "6460 deposit and card amount differ")),
        pytest.param("item", STOCK, "6520", marks=pytest.mark.fact("1.7", "6520 tracked item without quantity")),
    ],
)  # fmt: skip
def test_each_broken_rule_has_its_code(company: Caller, path: str, body: dict[str, Any], code: str) -> None:
    error = company.fault(path, body)
    assert error["code"] == code
    assert code == "6000" or error["Message"] == CODES[code].message


def test_the_amount_that_is_missing_is_named(company: Caller) -> None:
    assert company.fault("transfer", TRANSFER)["Detail"].endswith("You must set a transaction amount.")


@pytest.mark.fact("1.7", "6470 tax rate missing")
def test_a_tax_line_names_its_rate(british_company: Caller) -> None:
    body = invoice(line(100, TaxCodeRef={"value": "2"}), TxnTaxDetail={"TotalTax": 5, "TaxLine": [{"Amount": 5}]})
    assert british_company.fault("invoice", body)["code"] == "6470"


@pytest.mark.fact("1.7", "800 cannot delete, dependencies exist")
def test_an_estimate_that_became_an_invoice_cannot_be_deleted(company: Caller) -> None:
    estimate = company.made("Estimate", invoice())
    made = company.made("Invoice", invoice(LinkedTxn=[{"TxnId": estimate["Id"], "TxnType": "Estimate"}]))
    assert company.fault("estimate?operation=delete", company.read("Estimate", estimate["Id"]))["code"] == "800"
    company.made("Invoice", {"Id": made["Id"], "SyncToken": "0"}, "invoice?operation=delete")
    assert company.post("estimate?operation=delete", company.read("Estimate", estimate["Id"])).status == 200


@pytest.mark.fact("1.7", "6400 deleting a purchase would break a linked invoice")
def test_a_purchase_that_was_billed_cannot_be_deleted(company: Caller) -> None:
    body = {"PaymentType": "Cash", "AccountRef": {"value": "35"}, "Line": [spent(AccountRef={"value": "64"})]}
    purchase = company.made("Purchase", body)
    company.made("Invoice", invoice(LinkedTxn=[{"TxnId": purchase["Id"], "TxnType": "ReimburseCharge"}]))
    pointed = {"Id": purchase["Id"], "SyncToken": "0"}
    assert company.fault("purchase?operation=delete", pointed)["code"] == "6400"


@pytest.mark.fact("1.7", "6280 customer has unbilled charges")
def test_a_customer_with_time_to_be_billed_stays(company: Caller) -> None:
    time = {"NameOf": "Employee", "CustomerRef": {"value": "3"}, "BillableStatus": "Billable"}
    company.made("TimeActivity", {**time, "EmployeeRef": {"value": "54"}, "Hours": 2})
    gone = {"Id": "3", "SyncToken": "0", "sparse": True, "Active": False}
    assert company.fault("customer", gone)["code"] == "6280"


@pytest.mark.fact("1.7", "6110 payment-processing transaction cannot be updated")
@pytest.mark.fact("1.7", "6120 payment-processing transaction cannot be deleted")
@pytest.mark.fact("1.7", "6450 void refused, already settled")
def test_a_payment_taken_by_card_stays_as_it_is_once_settled(simulator: Simulator, company: Caller) -> None:
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 5, "CreditCardPayment": CARD}
    made = company.made("Payment", body)
    pointed = {**body, "Id": made["Id"], "SyncToken": "0"}
    assert company.fault("payment", pointed)["code"] == "6110"
    assert company.fault("payment?operation=delete", pointed)["code"] == "6120"
    simulator.advance(86_400)
    assert Caller(simulator, company.realm).fault("payment?operation=update&include=void", pointed)["code"] == "6450"


@pytest.mark.fact("1.7", "6140 across the numbers of checks and bill payments")
def test_checks_and_bill_payments_share_their_numbers(numbered_company: Caller) -> None:
    check = {"PaymentType": "Check", "AccountRef": {"value": "35"}, "DocNumber": "77"}
    made = numbered_company.made("Purchase", {**check, "Line": [spent(AccountRef={"value": "64"})]})
    paid = {"VendorRef": {"value": "30"}, "PayType": "Check", "TotalAmt": 5, "DocNumber": "77"}
    error = numbered_company.fault("billpayment", paid)
    assert error["code"] == "6140"
    assert error["Detail"].endswith(f"TxnType=Purchase with TxnId={made['Id']}")


@pytest.mark.fact("1.7", "python-quickbooks: which exception for which code")
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("100", exceptions.AuthorizationException), ("500", exceptions.UnsupportedException),
        ("610", exceptions.ObjectNotFoundException), ("1040", exceptions.GeneralException),
        ("2050", exceptions.ValidationException), ("4001", exceptions.ValidationException),
        ("6240", exceptions.QuickbooksException), ("10000", exceptions.SevereException),
    ],
)  # fmt: skip
def test_python_quickbooks_raises_by_code(
    simulator: Simulator, company: Caller, code: str, kind: type[Exception]
) -> None:
    simulator.mishaps.add("fault", code=code, count=1)
    fault = company.post("invoice", invoice()).json()["Fault"]
    with pytest.raises(exceptions.QuickbooksException) as raised:
        QuickBooks.handle_exceptions(fault)
    assert type(raised.value) is kind


@pytest.mark.fact("1.5", "python-quickbooks looks for capital Fault only")
def test_a_gateway_fault_has_no_key_that_python_quickbooks_looks_for(simulator: Simulator, company: Caller) -> None:
    simulator.mishaps.add("throttle", count=1)
    answer = company.post("invoice", invoice())
    assert "Fault" not in answer.json()
    assert answer.json()["fault"]["error"]
    assert company.get("invoice/101", Authorization="Bearer " + "x" * 40).status == 401
