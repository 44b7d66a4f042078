from decimal import Decimal
from typing import Any

import pytest

from local.quickbooks.seed import ACME_EUROPE, GLOBEX_UK
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice, line


@pytest.mark.fact("1.7", "2500 invalid reference id")
@pytest.mark.parametrize(
    ("body", "element"),
    [
        (invoice(customer="999"), "CustomerRef"),
        (invoice(line(item="999")), "Line.SalesItemLineDetail.ItemRef"),
        (invoice(SalesTermRef={"value": "99"}), "SalesTermRef"),
    ],
)
def test_a_reference_to_nothing_is_refused(company: Caller, body: dict[str, Any], element: str) -> None:
    error = company.fault("invoice", body)
    assert (error["code"], error["Message"]) == ("2500", "Invalid Reference Id")
    assert error["Detail"] == f"Invalid Reference Id : {element}"


@pytest.mark.fact("1.7", "610 something was made inactive")
@pytest.mark.parametrize(("entity", "id_"), [("Customer", "1"), ("Item", "3")])
def test_an_inactive_object_cannot_be_used(simulator: Simulator, company: Caller, entity: str, id_: str) -> None:
    simulator.as_person(company.realm).set_active(entity, id_, active=False)
    error = company.fault("invoice", invoice(line(item="3")))
    assert error["code"] == "610"
    assert "has been made inactive" in error["Detail"]


@pytest.mark.fact("1.7", "2500 categories cannot be used in transactions")
def test_a_category_cannot_be_sold(company: Caller) -> None:
    category = company.made("Item", {"Name": "Fruit", "Type": "Category"})
    error = company.fault("invoice", invoice(line(item=category["Id"])))
    assert (error["code"], error["Detail"]) == ("2500", "Categories cannot be used in transactions.")


@pytest.mark.fact("2.1", "CustomerRef.name = DisplayName and ItemRef.name = Name are filled by the server")
def test_references_are_answered_with_names(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(item="3")))
    assert made["CustomerRef"] == {"value": "1", "name": "Amy's Bird Sanctuary"}
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "3", "name": "Concrete"}


@pytest.mark.fact("1.7", "6000 only one foreign currency per transaction")
@pytest.mark.fact("3.3", "transaction currency must equal the customer's currency, else 6000")
def test_the_currency_must_be_that_of_the_customer(company: Caller) -> None:
    error = company.fault("invoice", invoice(CurrencyRef={"value": "EUR"}))
    assert error["code"] == "6000"
    assert "You can only use one foreign currency per transaction." in error["Detail"]


@pytest.mark.fact("1.7", "6000 multi currency should be enabled")
def test_a_foreign_currency_needs_multicurrency(numbered_company: Caller) -> None:
    error = numbered_company.fault("invoice", invoice(CurrencyRef={"value": "EUR"}))
    assert "Multi Currency should be enabled to perform this operation" in error["Detail"]
    error = numbered_company.fault("customer", {"DisplayName": "Acme", "CurrencyRef": {"value": "EUR"}})
    assert error["code"] == "6000"


@pytest.mark.fact("1.7", "2220 currency type unknown")
def test_an_unknown_currency_is_refused(company: Caller) -> None:
    assert company.fault("invoice", invoice(CurrencyRef={"value": "XXQ"}))["code"] == "2220"


def test_the_home_currency_may_be_named_where_there_is_only_one(numbered_company: Caller) -> None:
    made = numbered_company.made("Invoice", invoice(CurrencyRef={"value": "USD"}, ExchangeRate=1))
    assert made["CurrencyRef"]["value"] == "USD"
    assert "ExchangeRate" not in made


@pytest.mark.parametrize(("customer", "currency"), [(ACME_EUROPE, "EUR"), (GLOBEX_UK, "GBP")])
def test_a_foreign_invoice_has_its_total_in_both_currencies(company: Caller, customer: str, currency: str) -> None:
    made = company.made(
        "Invoice", invoice(line(100), customer=customer, CurrencyRef={"value": currency}, ExchangeRate=Decimal("1.25"))
    )
    assert made["CurrencyRef"]["value"] == currency
    assert (made["TotalAmt"], made["HomeTotalAmt"], made["ExchangeRate"]) == (100, 125, Decimal("1.25"))


def test_without_a_rate_a_foreign_invoice_is_booked_at_one(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(100), customer=ACME_EUROPE))
    assert (made["ExchangeRate"], made["HomeTotalAmt"]) == (1, 100)


@pytest.mark.fact("1.1", "GET exchangerate?sourcecurrencycode=..&asofdate=..")
def test_the_exchange_rate_of_a_day_can_be_read(simulator: Simulator, company: Caller) -> None:
    simulator.as_person(company.realm).set_rate("EUR", Decimal("1.2"), "2026-10-10")

    def rate(day: str) -> Any:
        return company.get(f"exchangerate?sourcecurrencycode=EUR&asofdate={day}").json()["ExchangeRate"]

    assert rate("2026-10-09")["Rate"] == Decimal("1.0855")
    assert rate("2026-10-10")["Rate"] == Decimal("1.2")
    assert rate("2026-10-11") == rate("2026-10-11") | {
        "SourceCurrencyCode": "EUR",
        "TargetCurrencyCode": "USD",
        "Rate": Decimal("1.2"),
        "AsOfDate": "2026-10-11",
    }


@pytest.mark.fact("3.3", "setting an existing rate needs its SyncToken")
def test_a_rate_that_is_set_already_needs_its_sync_token(company: Caller) -> None:
    body = {"SourceCurrencyCode": "EUR", "Rate": Decimal("1.1"), "AsOfDate": "2026-10-10"}
    assert company.made("ExchangeRate", body)["SyncToken"] == "0"
    assert company.fault("exchangerate", body)["code"] == "5010"
    assert company.made("ExchangeRate", {**body, "SyncToken": "0"})["SyncToken"] == "1"


@pytest.mark.fact("1.7", "6000 GST/HST rate on every line")
def test_outside_the_us_every_line_needs_a_tax_code(british_company: Caller) -> None:
    error = british_company.fault("invoice", invoice(line(100)))
    assert error["code"] == "6000"
    assert "Make sure all your transactions have a GST/HST rate before you save." in error["Detail"]
    made = british_company.made("Invoice", invoice(line(100, TaxCodeRef={"value": "2"})))
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (20, 120)


@pytest.mark.fact("1.7", "6100 US line tax code must be TAX or NON")
def test_in_the_us_a_line_is_taxable_or_not(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(100)))
    assert made["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    error = company.fault("invoice", invoice(line(100, TaxCodeRef={"value": "10"})))
    assert error["code"] == "6100"
    assert "Supplied value: 10" in error["Detail"]


@pytest.mark.fact("2.8", "automated sales tax replaces what was supplied")
def test_automated_sales_tax_replaces_the_tax_supplied(company: Caller) -> None:
    tax = {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": Decimal("16.83")}
    made = company.made("Invoice", invoice(line(100, TaxCodeRef={"value": "TAX"}), TxnTaxDetail=tax))
    assert made["TxnTaxDetail"] == {"TotalTax": 0}


@pytest.mark.fact("1.7", "6170 TxnTaxDetail where GlobalTaxCalculation is NotApplicable")
def test_tax_detail_is_refused_where_tax_does_not_apply(british_company: Caller) -> None:
    body = invoice(
        line(100, TaxCodeRef={"value": "2"}), GlobalTaxCalculation="NotApplicable", TxnTaxDetail={"TotalTax": 5}
    )
    assert british_company.fault("invoice", body)["code"] == "6170"


@pytest.mark.parametrize("source", [[], ["EUR"], {"value": "EUR"}, 7, True])
def test_a_rate_of_what_is_no_text_is_refused(company: Caller, source: object) -> None:
    answer = company.post("exchangerate", {"SourceCurrencyCode": source, "Rate": 1.1})
    assert answer.status == 400
