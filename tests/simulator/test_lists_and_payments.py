from decimal import Decimal
from typing import Any

import pytest

from local.quickbooks import wire
from local.quickbooks.seed import ACME_EUROPE, SINGLE_CURRENCY
from local.quickbooks.simulator import Simulator
from local.quickbooks.webhooks import Endpoint
from tests.simulator.caller import Caller, invoice, line


@pytest.mark.fact("1.7", "6240 name exists: customer, vendor or employee")
@pytest.mark.fact("3.2", "DisplayName unique over Customer + Vendor + Employee (6240)")
@pytest.mark.parametrize("entity", ["Customer", "Vendor", "Employee"])
def test_a_name_is_taken_once_over_customers_vendors_and_employees(company: Caller, entity: str) -> None:
    error = company.fault(entity.lower(), {"DisplayName": "AMY'S bird sanctuary"})
    assert (error["code"], error["Message"]) == ("6240", "Duplicate Name Exists Error")


@pytest.mark.fact("3.2", "no colon, tab, newline; at most 500 characters; at least one part of the name (6080)")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"DisplayName": "a:b"}, "2040"), ({"DisplayName": "a\tb"}, "2040"), ({"DisplayName": "x" * 501}, "2050"),
        ({"CompanyName": "Acme"}, "6080"), ({"DisplayName": "a", "GivenName": "x" * 101}, "2050"),
    ],
)  # fmt: skip
def test_names_have_rules(company: Caller, body: dict[str, Any], code: str) -> None:
    assert company.fault("customer", body)["code"] == code


@pytest.mark.fact("3.2", "create answers PrintOnCheckName, FullyQualifiedName, Active, Balance, CurrencyRef")
def test_a_new_customer_is_answered_whole(company: Caller) -> None:
    made = company.made("Customer", {"GivenName": "Ann", "FamilyName": "O'Neill"})
    assert (made["DisplayName"], made["PrintOnCheckName"], made["FullyQualifiedName"]) == ("Ann O'Neill",) * 3
    assert (made["Active"], made["Balance"], made["CurrencyRef"]["value"]) == (True, 0, "USD")


@pytest.mark.fact("3.2", "CurrencyRef fixed after creation")
def test_the_currency_of_a_customer_stays(company: Caller) -> None:
    change = {"Id": ACME_EUROPE, "SyncToken": "0", "sparse": True, "CurrencyRef": {"value": "GBP"}, "Notes": "x"}
    assert company.made("Customer", change)["CurrencyRef"]["value"] == "EUR"


@pytest.mark.fact("3.2", "no hard delete, only Active:false; inactive names get the suffix, which frees the name")
def test_a_customer_is_made_inactive_and_active_again(company: Caller) -> None:
    assert company.fault("customer?operation=delete", {"Id": "3", "SyncToken": "0"})["code"] == "500"
    gone = company.made("Customer", {"Id": "3", "SyncToken": "0", "sparse": True, "Active": False})
    assert (gone["DisplayName"], gone["Active"]) == ("Cool Cars (deleted)", False)
    back = company.made("Customer", {"Id": "3", "SyncToken": "1", "sparse": True, "Active": True})
    assert back["DisplayName"] == "Cool Cars"
    company.made("Customer", {"Id": "3", "SyncToken": "2", "sparse": True, "Active": False})
    company.made("Customer", {"DisplayName": "Cool Cars"})
    assert company.fault("customer", {"Id": "3", "SyncToken": "3", "sparse": True, "Active": True})["code"] == "6240"


@pytest.mark.fact("1.7", "6180 more than 5 levels")
@pytest.mark.fact("3.2", "at most 5 levels")
def test_customers_are_nested_five_levels_deep(company: Caller) -> None:
    parent, names = "1", []
    for level in range(2, 6):
        body = {"DisplayName": f"Job {level}", "Job": True, "ParentRef": {"value": parent}}
        made = company.made("Customer", body)
        parent, names = made["Id"], [*names, made["FullyQualifiedName"]]
    assert names[-1] == "Amy's Bird Sanctuary:Job 2:Job 3:Job 4:Job 5"
    assert company.fault("customer", {"DisplayName": "Job 6", "ParentRef": {"value": parent}})["code"] == "6180"


@pytest.mark.fact("3.4", "Type required; income account needed; name unique, without colon, at most 100")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "New"}, "2020"),
        ({"Name": "New", "Type": "Service"}, "2020"),
        ({"Name": "New", "Type": "Group"}, "6000"),
        ({"Name": "New", "Type": "Servce"}, "2170"),
        ({"Name": "design", "Type": "Service", "IncomeAccountRef": {"value": "1"}}, "6240"),
        ({"Name": "a:b", "Type": "NonInventory"}, "2040"),
        ({"Name": "x" * 101, "Type": "NonInventory"}, "2050"),
        ({"Name": "New", "Type": "Service", "IncomeAccountRef": {"value": "999"}}, "2500"),
    ],
)
def test_items_have_rules(company: Caller, body: dict[str, Any], code: str) -> None:
    assert company.fault("item", body)["code"] == code


def test_the_balance_of_a_customer_is_what_is_open(simulator: Simulator, company: Caller) -> None:
    person = simulator.as_person(company.realm)
    made = company.made("Invoice", invoice(line(Decimal("10.10")), customer="3"))
    company.made("Invoice", invoice(line(5), customer="3"))
    company.made("CreditMemo", invoice(line(2), customer="3"))
    assert company.read("Customer", "3")["Balance"] == Decimal("13.10")
    person.pay(made["Id"])
    assert company.query("select * from Customer where Id = '3'")["Customer"][0]["Balance"] == 3


@pytest.mark.fact("3.5b", "amount above the invoice balance is accepted, the rest becomes UnappliedAmt")
def test_what_is_paid_too_much_stays_unapplied(company: Caller) -> None:
    link = {"TxnId": "101", "TxnType": "Invoice"}
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 100, "Line": [{"Amount": 100, "LinkedTxn": [link]}]}
    made = company.made("Payment", body)
    assert (made["UnappliedAmt"], made["Line"][0]["Amount"]) == (25, 75)
    assert company.read("Invoice", "101")["Balance"] == 0


@pytest.mark.fact("3.1", "a zero-total Payment links the invoice and the credit memo")
def test_a_credit_memo_is_applied_by_a_payment_of_zero(company: Caller) -> None:
    memo = company.made("CreditMemo", invoice(line(30)))
    lines = [{"Amount": 30, "LinkedTxn": [{"TxnId": id_, "TxnType": kind}]}
             for id_, kind in (("101", "Invoice"), (memo["Id"], "CreditMemo"))]  # fmt: skip
    made = company.made("Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 0, "Line": lines})
    assert made["UnappliedAmt"] == 0
    assert company.read("Invoice", "101")["Balance"] == 45
    assert company.read("CreditMemo", memo["Id"])["RemainingCredit"] == 0


def paid(amount: int, invoice_id: str) -> list[dict[str, Any]]:
    return [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}]}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"TotalAmt": 5}, "2020"),
        ({"CustomerRef": {"value": "1"}}, "2020"),
        ({"CustomerRef": {"value": "1"}, "TotalAmt": -1}, "6000"),
        ({"CustomerRef": {"value": "2"}, "TotalAmt": 5, "Line": paid(5, "101")}, "6000"),
        ({"CustomerRef": {"value": "1"}, "TotalAmt": 5, "Line": paid(6, "101")}, "6000"),
        ({"CustomerRef": {"value": "1"}, "TotalAmt": 5, "Line": paid(5, "9")}, "610"),
    ],
)  # fmt: skip
def test_payments_have_rules(company: Caller, body: dict[str, Any], code: str) -> None:
    assert company.fault("payment", body)["code"] == code


@pytest.mark.fact("2.9", "deposited payment: 6540, blocks every update, sparse too")
@pytest.mark.fact("1.7", "6540 deposited transaction cannot be changed")
def test_a_deposited_payment_cannot_be_changed(simulator: Simulator, company: Caller) -> None:
    payment = simulator.as_person(company.realm).pay("101")
    swept = {"Amount": 75, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]}
    deposit = company.made("Deposit", {"DepositToAccountRef": {"value": "35"}, "Line": [swept]})
    held = company.read("Payment", payment["Id"])
    change = {**held, "PrivateNote": "x"}
    assert company.fault("payment", change)["code"] == "6540"
    assert company.fault("payment", {**change, "sparse": True})["code"] == "6540"
    assert company.fault("payment?operation=delete", change)["code"] == "6540"
    company.made("Deposit", {"Id": deposit["Id"], "SyncToken": "0"}, "deposit?operation=delete")
    assert company.made("Payment", company.read("Payment", payment["Id"]) | {"PrivateNote": "x"})


@pytest.mark.fact("2.10", "send: EmailSent, DeliveryInfo, BillEmail replaced by sendTo; SyncToken unchanged")
def test_an_invoice_is_sent(company: Caller) -> None:
    made = company.made("Invoice", invoice())
    assert company.fault(f"invoice/{made['Id']}/send", b"")["code"] == "6420"
    answer = company.post(f"invoice/{made['Id']}/send?sendTo=a%40example.com", b"", Accept="application/json")
    sent = answer.json()["Invoice"]
    assert (sent["EmailStatus"], sent["BillEmail"]["Address"], sent["SyncToken"]) == ("EmailSent", "a@example.com", "0")
    assert sent["DeliveryInfo"]["DeliveryType"] == "Email"


@pytest.mark.fact("2.10", "PDF: binary body")
@pytest.mark.parametrize("entity", ["invoice", "creditmemo"])
def test_a_document_comes_as_pdf(company: Caller, entity: str) -> None:
    id_ = company.post(entity, invoice(DocNumber="(é\\)")).json()[{"invoice": "Invoice"}.get(entity, "CreditMemo")][
        "Id"
    ]
    answer = company.get(f"{entity}/{id_}/pdf", Accept="application/pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.body.startswith(b"%PDF-1.4")
    assert answer.body.rstrip().endswith(b"%%EOF")


def test_a_receipt_of_nobody_comes_as_pdf(company: Caller) -> None:
    made = company.made("SalesReceipt", {key: value for key, value in invoice().items() if key != "CustomerRef"})
    assert company.get(f"salesreceipt/{made['Id']}/pdf", Accept="application/pdf").body.startswith(b"%PDF-1.4")


@pytest.mark.fact("2.7", "legacy custom fields; others are dropped silently")
def test_custom_fields_of_the_company_are_kept_and_others_dropped(company: Caller) -> None:
    fields = [{"DefinitionId": "1", "StringValue": "blue"}, {"DefinitionId": "1000000003", "StringValue": "lost"}]
    kept = company.made("Invoice", invoice(CustomField=fields))["CustomField"]
    assert kept == [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType", "StringValue": "blue"}]


@pytest.mark.fact("2.2", "DueDate default from the term: invoice, customer, company")
def test_the_due_date_comes_from_the_term(simulator: Simulator, company: Caller) -> None:
    assert company.made("Invoice", invoice(TxnDate="2026-01-31"))["DueDate"] == "2026-03-02"
    assert (
        company.made("Invoice", invoice(TxnDate="2026-01-31", SalesTermRef={"value": "2"}))["DueDate"] == "2026-02-15"
    )
    simulator.as_person(company.realm).settings(defaultTerm=None)
    assert company.made("Invoice", invoice(TxnDate="2026-01-31"))["DueDate"] == "2026-01-31"


@pytest.mark.fact("3.6", "CompanyInfo: Id 1, no home currency, ISO-3 country inside addresses")
def test_company_info(company: Caller) -> None:
    info = company.get(f"companyinfo/{company.realm}").json()["CompanyInfo"]
    assert (info["Id"], info["Country"], info["CompanyAddr"]["Country"]) == ("1", "US", "USA")
    assert "CurrencyRef" not in info
    assert {"Name": "SubscriptionStatus", "Value": "PAID"} in info["NameValue"]
    assert info["DefaultTimeZone"] == "America/Los_Angeles"


@pytest.mark.fact("3.5", "Preferences: home currency and switches; some cannot be switched through the API")
def test_preferences_say_how_the_company_is_set(simulator: Simulator, company: Caller) -> None:
    def preferences(one: Caller) -> Any:
        return one.get("preferences").json()["Preferences"]

    assert preferences(company)["CurrencyPrefs"] == {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "USD"}}
    assert preferences(company)["SalesFormsPrefs"]["CustomTxnNumbers"] is False
    assert preferences(Caller(simulator, SINGLE_CURRENCY))["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    names = {one["Name"]: one["Value"] for one in preferences(company)["OtherPrefs"]["NameValue"]}
    assert names["SalesFormsPrefs.DefaultItem"] == "1"
    switched = {"SyncToken": "0", "SalesFormsPrefs": {"CustomTxnNumbers": True},
                "AccountingInfoPrefs": {"BookCloseDate": "2026-01-01"}}  # fmt: skip
    company.made("Preferences", switched)
    assert preferences(company)["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    assert "BookCloseDate" not in preferences(company)["AccountingInfoPrefs"]
    assert "DocNumber" not in company.made("Invoice", invoice())


@pytest.mark.fact("1.1", "CreditCardPayment: path creditcardpayment, JSON key CreditCardPaymentTxn")
def test_the_json_key_of_a_card_payment_is_not_its_path(company: Caller) -> None:
    body = {"Amount": 5, "CreditCardAccountRef": {"value": "42"}, "BankAccountRef": {"value": "35"}}
    made = company.made("CreditCardPaymentTxn", body, "creditcardpayment")
    assert company.get(f"creditcardpayment/{made['Id']}").json()["CreditCardPaymentTxn"]["Amount"] == 5
    assert "CreditCardPaymentTxn" in company.query("select * from CreditCardPayment")


def test_a_changed_payment_changes_its_invoice_once(simulator: Simulator, company: Caller) -> None:
    made = company.made("Invoice", invoice(line(100)))
    link = {"TxnId": made["Id"], "TxnType": "Invoice"}
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 40, "Line": [{"Amount": 40, "LinkedTxn": [link]}]}
    payment = company.made("Payment", body)
    simulator.webhooks.endpoints.append(Endpoint("http://hooks.test", "verifier"))
    more = {**body, "TotalAmt": 50, "Line": [{"Amount": 50, "LinkedTxn": [link]}]}
    company.made("Payment", {**more, "Id": payment["Id"], "SyncToken": "0"})
    paid = company.read("Invoice", made["Id"])
    assert (paid["Balance"], paid["SyncToken"]) == (50, "2")
    told = wire.loads(simulator.webhooks.deliveries[-1].body)["eventNotifications"][0]["dataChangeEvent"]["entities"]
    assert sorted((one["name"], one["operation"]) for one in told) == [("Invoice", "Update"), ("Payment", "Update")]


def test_a_note_on_a_payment_leaves_its_invoices_as_they_are(simulator: Simulator, company: Caller) -> None:
    made = company.made("Invoice", invoice(line(100)))
    link = {"TxnId": made["Id"], "TxnType": "Invoice"}
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 40, "Line": [{"Amount": 40, "LinkedTxn": [link]}]}
    payment = company.made("Payment", body)
    paid = company.read("Invoice", made["Id"])
    simulator.advance(60)
    company.made("Payment", {**body, "Id": payment["Id"], "SyncToken": "0", "PrivateNote": "hello"})
    assert company.read("Invoice", made["Id"]) == paid


def test_a_category_makes_a_level(company: Caller) -> None:
    above = company.made("Item", {"Name": "Gardens", "Type": "Category"})
    sold = {"Name": "Roses", "Type": "Service", "IncomeAccountRef": {"value": "79"}, "SubItem": True}
    below = company.made("Item", {**sold, "ParentRef": {"value": above["Id"]}})
    assert (below["FullyQualifiedName"], below["Level"], below["SubItem"]) == ("Gardens:Roses", 1, True)
    assert below["ParentRef"] == {"value": above["Id"], "name": "Gardens"}
    assert "Level" not in above
    company.made("Item", {"Id": above["Id"], "SyncToken": "0", "sparse": True, "Name": "Parks"})
    moved = company.read("Item", below["Id"])
    assert (moved["FullyQualifiedName"], moved["ParentRef"]["name"], moved["Level"]) == ("Parks:Roses", "Parks", 1)


def test_a_job_has_a_level(company: Caller) -> None:
    job = company.made("Customer", {"DisplayName": "Shed", "Job": True, "ParentRef": {"value": "1"}})
    assert (job["FullyQualifiedName"], job["Level"]) == ("Amy's Bird Sanctuary:Shed", 1)


@pytest.mark.parametrize("reference", ["DepositToAccountRef", "PaymentMethodRef"])
def test_a_payment_refers_to_what_is_there(company: Caller, reference: str) -> None:
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 5, reference: {"value": "999"}}
    error = company.fault("payment", body)
    assert (error["code"], error["element"]) == ("2500", reference)


def test_a_payment_of_what_is_paid_links_nothing(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(40)))
    link = {"TxnId": made["Id"], "TxnType": "Invoice"}
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 40, "Line": [{"Amount": 40, "LinkedTxn": [link]}]}
    company.made("Payment", body)
    paid = company.read("Invoice", made["Id"])
    again = company.made("Payment", body)
    assert (again["Line"], again["UnappliedAmt"]) == ([], 40)
    assert company.read("Invoice", made["Id"]) == paid
