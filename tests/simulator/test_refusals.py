from decimal import Decimal
from typing import Any

import pytest

from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice, line

TEXT = {"DetailType": "DescriptionOnly", "Description": "just words"}


def payment(**changes: Any) -> dict[str, Any]:
    return {"CustomerRef": {"value": "1"}, "TotalAmt": 5, **changes}


def linked(**link: Any) -> dict[str, Any]:
    return payment(Line=[{"Amount": 5, "LinkedTxn": [link]}])


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("invoice", [], "2010"),
        ("invoice", b"{", "2010"),
        ("invoice", b'{"Line":' + b"[" * 100_000, "2010"),
        ("invoice", b'{"ExchangeRate":1e400}', "2010"),
        ("invoice", b'{"ExchangeRate":NaN}', "2010"),
        ("invoice", invoice() | {"Line": {}}, "2010"),
        ("invoice", invoice() | {"Line": ["x"]}, "2010"),
        ("invoice", invoice() | {"Line": [line()] * 10_001}, "6000"),
        ("invoice", invoice() | {"Line": [{"Amount": 1}]}, "2020"),
        ("invoice", invoice() | {"Line": [{"DetailType": "SubTotalLineDetail", "Amount": 1}]}, "2020"),
        ("invoice", invoice({"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}), "2020"),
        ("invoice", invoice({"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": 5, "Amount": 1}), "2010"),
        ("invoice", invoice({"DetailType": "GroupLineDetail", "GroupLineDetail": {"Line": 5}}), "2010"),
        ("invoice", invoice(line(10**13)), "2140"),
        ("invoice", invoice(line("ten")), "2100"),
        ("invoice", invoice(line(amount=True)), "2100"),
        ("invoice", invoice(line("1e99")), "2140"),
        ("invoice", invoice(line(1, item="SHIPPING_ITEM_ID")), "2500"),
        ("invoice", invoice(line(1, item="x" * 101)), "2500"),
        ("invoice", invoice() | {"CustomerRef": "1"}, "2010"),
        ("invoice", invoice(BillEmail="a@example.com"), "2010"),
        ("invoice", invoice(BillAddr="here"), "2010"),
        ("invoice", invoice(BillAddr={f"Line{n}": "x" * 500 for n in range(1, 6)}), "2050"),
        ("invoice", invoice(BillAddr={"City": "x" * 256}), "2050"),
        ("invoice", invoice(DocNumber={}), "2010"),
        ("invoice", invoice(ApplyTaxAfterDiscount="perhaps"), "2010"),
        ("invoice", invoice(TxnDate="20260101"), "2060"),
        ("invoice", invoice(TxnDate="9999-12-31"), "2070"),
        ("invoice", invoice(ExchangeRate=-1), "2110"),
        ("invoice", invoice(CustomField=[{"DefinitionId": "1", "StringValue": "x" * 32}]), "2050"),
        ("invoice", {"Id": "101", "SyncToken": "0", "CustomerRef": {"value": "1"}}, "2020"),
        ("invoice", {"Id": "101", "sparse": True}, "2020"),
        ("invoice?operation=update", invoice(), "2020"),
        ("invoice?operation=explode", invoice(), "500"),
        ("invoice/101/explode", {}, "500"),
        ("invoice/101/send?sendTo=nobody", {}, "2210"),
        ("payment/61/send", {}, "500"),
        ("taxcode", {"Name": "x"}, "500"),
        ("payment", payment(TotalAmt="x"), "2100"),
        ("payment", payment(CurrencyRef={"value": "XXQ"}), "2220"),
        ("payment", payment(CurrencyRef={"value": "EUR"}), "6000"),
        ("payment", payment(Line=[5]), "2010"),
        ("payment", payment(Line=[{"Amount": 5}]), "2020"),
        ("payment", linked(TxnId="101", TxnType="Bill"), "2170"),
        ("payment", payment(Line=[{"Amount": -5, "LinkedTxn": [{"TxnId": "101", "TxnType": "Invoice"}]}]), "6000"),
        ("account", {"Name": "New"}, "2020"),
        ("bill", {"VendorRef": {"value": "30"}}, "2020"),
        ("bill", {"VendorRef": {"value": "999"}, "Line": [{"Amount": 1}]}, "2500"),
        ("bill", {"VendorRef": {"value": "30"}, "Line": [5]}, "2010"),
        ("item", {"Id": "1", "SyncToken": "0", "Name": "x"}, "2020"),
        ("exchangerate", {"SourceCurrencyCode": "XXQ", "Rate": 1}, "2220"),
        ("exchangerate", {"SourceCurrencyCode": "EUR"}, "2020"),
        ("exchangerate", {"SourceCurrencyCode": "EUR", "Rate": 0}, "2110"),
        ("preferences", {"SyncToken": "9"}, "5010"),
        ("preferences", {"SalesFormsPrefs": 5}, "2010"),
        ("preferences", {"OtherPrefs": {"NameValue": [5]}}, "2010"),
        ("taxservice/taxcode", {"TaxRateDetails": []}, "2020"),
        ("taxservice/taxcode", {"TaxCode": "x"}, "2020"),
        ("taxservice/taxcode", {"TaxCode": "x", "TaxRateDetails": [{"RateValue": 1}]}, "2020"),
        ("recurringtransaction", {"Invoice": 5}, "2020"),
        ("recurringtransaction", {"RecurringTransaction": 5}, "2010"),
        ("recurringtransaction", {"Invoice": {"Id": "101", "SyncToken": "0"}}, "610"),
        ("upload", b"x", "2010"),
        ("batch", {"BatchItemRequest": [5]}, "2010"),
        ("batch", {"BatchItemRequest": {}}, "400"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_code(company: Caller, path: str, body: Any, code: str) -> None:
    assert company.fault(path, body)["code"] == code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("reports/Nothing", "500"), ("reports", "500"), ("exchangerate?sourcecurrencycode=XXQ", "2220"),
        ("exchangerate?sourcecurrencycode=INR", "2220"), ("exchangerate?sourcecurrencycode=EUR&asofdate=x", "2060"),
        ("invoice", "500"), ("invoice/101/x", "500"), ("customer/1/pdf", "500"),
        ("query?query=select%20count(1)%20from%20Item", "4000"),
        ("query?query=select%20*%20from%20Item%20order%20Id", "4000"),
        ("query?query=select%20*%20from%20Item%20where%20Id%20in%20('1'", "4000"),
        ("query?query=select%20*%20from%20Item%20where%20Id%20=%20,", "4000"),
        ("query?query=select%20*%20from%20Item%20where%20UnitPrice%20>%20'x'", "4001"),
        ("query?query=select%20*%20from%20Item%20where%20MetaData.CreateTime%20>%20'x'", "4001"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_code(company: Caller, path: str, code: str) -> None:
    answer = company.get(path)
    assert answer.status == 400
    assert company.error_of(answer)["code"] == code


def test_only_get_and_post_are_supported(company: Caller) -> None:
    answer = company.simulator.handle("DELETE", company.url("invoice/101"), company.headers)
    assert company.error_of(answer)["code"] == "500"


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("DueDate < '2000-01-01'", 0), ("Balance >= '75'", 1), ("Balance <= 75", 1), ("DocNumber = '1001'", 1),
        ("DocNumber in ('1001', '7')", 1), ("ShipDate = '2026-01-01'", 0), ("SalesTermRef = '3'", 0),
        ("TxnDate like '2026%'", 1), ("MetaData.CreateTime <= '2026-11-02T20:00:00Z'", 1), ("DocNumber != '1001'", 0),
    ],
)  # fmt: skip
def test_values_of_each_kind_are_compared(company: Caller, where: str, found: int) -> None:
    assert company.query(f"select count(*) from Invoice where {where}") == {"totalCount": found}


def test_rows_without_the_value_sort_first(company: Caller) -> None:
    names = [one["Name"] for one in company.query("select * from Item orderby Sku, Name desc")["Item"]]
    assert names[:2] == ["Services", "Pest Control"]
    assert set(names[-2:]) == {"Pump", "Rock Fountain"}


def test_a_recurring_template_needs_its_sync_token(company: Caller) -> None:
    made = company.made("RecurringTransaction", {"Invoice": invoice()})["Invoice"]
    change = {"Invoice": {"Id": made["Id"], "SyncToken": "9"}}
    assert company.fault("recurringtransaction", change)["code"] == "5010"


def test_words_groups_and_computed_amounts_make_lines(company: Caller) -> None:
    group = {"DetailType": "GroupLineDetail", "GroupLineDetail": {"Line": [line(3), line(4)]}}
    computed = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"Qty": 2, "UnitPrice": Decimal("1.005")}}
    made = company.made("Invoice", invoice(TEXT, group, computed))
    words, bundle, last, _ = made["Line"]
    assert (words["DetailType"], "Amount" in words) == ("DescriptionOnly", False)
    assert (bundle["Amount"], len(bundle["GroupLineDetail"]["Line"])) == (7, 2)
    assert (last["Amount"], made["TotalAmt"]) == (Decimal("2.01"), Decimal("9.01"))


@pytest.mark.fact("2.3", "an undefined Amount silently drops a discount line")
def test_a_discount_without_an_amount_disappears(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(5), {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}))
    assert len(made["Line"]) == 2


@pytest.mark.fact("2.3", "SHIPPING_ITEM_ID needs AllowShipping")
def test_shipping_is_an_item_where_it_is_allowed(company: Caller) -> None:
    company.made("Preferences", {"SyncToken": "0", "SalesFormsPrefs": {"AllowShipping": True}})
    made = company.made("Invoice", invoice(line(5, item="SHIPPING_ITEM_ID")))
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "SHIPPING_ITEM_ID"


def test_without_a_default_item_every_line_needs_one(simulator: Simulator, company: Caller) -> None:
    simulator.as_person(SAMPLE).settings(defaultItem=None)
    assert company.fault("invoice", invoice(line(5, item=None)))["code"] == "2020"


@pytest.mark.fact("2.8", "non-AST US company: TotalTax and TaxLine are taken as sent")
@pytest.mark.parametrize(
    "tax", [{"TotalTax": Decimal("8.25")}, {"TaxLine": [{"Amount": 8}, {"Amount": Decimal("0.25")}]}]
)
def test_without_automated_tax_the_tax_sent_counts(simulator: Simulator, company: Caller, tax: Any) -> None:
    simulator.as_person(SAMPLE).settings(automatedSalesTax=False)
    assert company.made("Invoice", invoice(line(100), TxnTaxDetail=tax))["TotalAmt"] == Decimal("108.25")


@pytest.mark.parametrize(
    ("header", "total"),
    [({}, 120), ({"GlobalTaxCalculation": "NotApplicable"}, 100), ({"TxnTaxDetail": {"TotalTax": 19}}, 119)],
)
def test_british_tax_is_by_rate_unless_told_otherwise(
    british_company: Caller, header: dict[str, Any], total: int
) -> None:
    made = british_company.made("Invoice", invoice(line(100, TaxCodeRef={"value": "2"}, TaxInclusiveAmt=120), **header))
    assert made["TotalAmt"] == total


def test_a_void_invoice_stays_as_it_is_when_voided_again(company: Caller) -> None:
    first = company.made("Invoice", {"Id": "101", "SyncToken": "0"}, "invoice?operation=void")
    again = company.made("Invoice", {"Id": "101", "SyncToken": "1"}, "invoice?operation=void")
    assert again == first


@pytest.mark.fact("2.9", "deposited receipt: 6540")
def test_a_sales_receipt_in_a_deposit_cannot_be_changed(company: Caller) -> None:
    receipt = company.made("SalesReceipt", invoice(line(5)))
    swept = {"Amount": 5, "LinkedTxn": [{"TxnId": receipt["Id"], "TxnType": "SalesReceipt"}]}
    company.made("Deposit", {"DepositToAccountRef": {"value": "35"}, "Line": [swept]})
    held = company.read("SalesReceipt", receipt["Id"])
    assert company.fault("salesreceipt", {**held, "PrivateNote": "x"})["code"] == "6540"


@pytest.mark.parametrize(
    ("entity", "body"),
    [
        ("Customer", {"DisplayName": "x"}),
        ("Item", {"Name": "x", "Type": "Service", "IncomeAccountRef": {"value": "1"}}),
    ],
)
def test_a_customer_and_an_item_have_no_other_properties(company: Caller, entity: str, body: dict[str, Any]) -> None:
    error = company.fault(entity.lower(), {**body, "DisplayNmae": "y"})
    assert error["code"] == "2010"
    assert f'"DisplayNmae" (class com.intuit.schema.finance.v3.{entity})' in error["Detail"]
    made = company.made(entity, body)
    assert company.made(entity, made)["SyncToken"] == "0"


ODD: list[Any] = [[1], {"value": None}, [[]]]


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_text_is_refused_where_text_belongs(company: Caller, odd: Any) -> None:
    kind = "JournalEntryLineDetail"
    account = {"AccountRef": {"value": "58"}}
    posted = {"Amount": 1, "DetailType": kind, kind: {**account, "PostingType": odd}}
    link = {"TxnId": "101", "TxnType": odd}
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("invoice", invoice(LinkedTxn=[link])), ("invoice", invoice({**line(1), "LinkedTxn": [link]})),
        ("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5, "Line": [{"Amount": 5, "LinkedTxn": [link]}]}),
        ("journalentry", {"Line": [posted]}), ("companycurrency", {"Code": odd}),
        ("bill", {"VendorRef": {"value": "30"}, "Line": [{"Id": odd, "Amount": 1}]}),
        ("bill", {"VendorRef": {"value": "30"}, "Line": [{"Amount": 1, "LinkedTxn": [link]}]}),
        ("deposit", {"DepositToAccountRef": {"value": "35"}, "Line": [{"Amount": 1, "LinkedTxn": [link]}]}),
    ]  # fmt: skip
    for path, body in bodies:
        assert company.post(path, body).status == 400, path
