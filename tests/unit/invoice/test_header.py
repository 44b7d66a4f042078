"""The header of the document, its items, its note, and what it is told about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.integration.mapping import Mappings
from m3ter_quickbooks.invoice.company import Company, RateNeeded, rate_needed
from m3ter_quickbooks.invoice.document import Document
from m3ter_quickbooks.invoice.payload import create_body, decode
from m3ter_quickbooks.invoice.translate import translate
from m3ter_quickbooks.problems import BillCannotBeSent, BillProblem, ProblemKind
from tests.unit.making import (
    COMPANY,
    CONFIGURATION,
    CUSTOMER,
    ITEM,
    SINGLE_CURRENCY,
    a_bill,
    a_line,
    an_account,
    an_integration,
    document,
    lines_of,
    mapped,
    translated,
    usage,
)

D = Decimal
MARKER = "6f1f9f0e-5d5c-5a1e-9c3e-0123456789ab"


def bill(**changes: object) -> Bill:
    return a_bill(a_line(10), **changes)


def problems(of: Bill, *found: Any, **options: Any) -> tuple[BillProblem, ...]:
    with pytest.raises(BillCannotBeSent) as caught:
        translated(of, *(found or (ITEM,)), **options)
    return caught.value.problems


# The customer


def test_the_customer_is_the_one_that_the_account_is_mapped_to() -> None:
    doc = document(bill())

    assert doc.fields["CustomerRef"] == {"value": "58"}
    assert doc.customer_id == "58"


def test_without_that_mapping_the_one_to_create_is_already_filled_in() -> None:
    [problem] = problems(bill(), customer=())

    assert problem.kind is ProblemKind.MISSING_ACCOUNT_MAPPING
    assert problem.message.startswith(
        'Account "Acme" (a1) has no QuickBooksSandbox customer. Create an external mapping'
    )
    assert problem.detail == {
        "m3terEntity": "Account",
        "m3terId": "a1",
        "externalSystem": "QuickBooksSandbox",
        "externalTable": "Customer",
        "externalId": "",
    }


def test_where_mappings_are_enforced_it_is_to_belong_to_this_integration() -> None:
    [problem] = problems(bill(), customer=(CUSTOMER,), enforceExternalMappingsForConfig=True, requireItemMapping=False)

    assert problem.detail["integrationConfigId"] == CONFIGURATION
    assert "that belongs to this integration" in problem.message


def test_an_unknown_account_is_named_by_the_code_on_the_bill() -> None:
    of = bill(accountCode="acme-eu")
    integration = an_integration()

    with pytest.raises(BillCannotBeSent) as caught:
        translate(of, None, integration, Mappings([ITEM], integration), COMPANY, None)

    assert 'Account "acme-eu" (a1)' in caught.value.message


def test_a_bill_of_nobody_is_a_problem() -> None:
    [problem] = problems(bill(accountId=None))

    assert (
        problem.message == "The bill INV-0001 (bill-0001) does not say which account it is for: accountId is missing."
    )


# Number and days


@pytest.mark.parametrize(
    ("number", "sent"),
    [
        ("INV-1007", "INV-1007"),
        ("  INV\n1007 ", "INV 1007"),
        ("A" * 21, "A" * 21),
        ("A" * 22, f"AAAAAAAAAAAA-{sha256(b'A' * 22).hexdigest()[:8]}"),
        (None, None),
        ("", None),
    ],
)
def test_the_number_is_the_one_of_the_bill_if_it_has_one(number: str | None, sent: str | None) -> None:
    doc = document(bill(sequentialInvoiceNumber=number))

    assert doc.doc_number == sent
    assert doc.fields.get("DocNumber") == sent
    assert sent is None or len(sent) <= 21


def test_a_number_that_was_cut_stands_whole_in_the_note() -> None:
    number = "CONTRACT-2026-000000000-0042"

    assert f"Reference: {number}" in document(bill(sequentialInvoiceNumber=number)).note


@pytest.mark.parametrize(
    ("changes", "day"), [({}, date(2026, 3, 1)), ({"externalInvoiceDate": "2026-02-28"}, date(2026, 2, 28))]
)
def test_the_external_invoice_date_comes_before_the_bill_date(changes: dict[str, object], day: date) -> None:
    doc = document(bill(**changes))

    assert doc.fields["TxnDate"] == day.isoformat()
    assert doc.txn_date == day


def test_the_due_date_is_sent_where_the_bill_has_one() -> None:
    assert document(bill()).fields["DueDate"] == "2026-03-31"
    assert "DueDate" not in document(bill(dueDate=None)).fields


def test_a_bill_without_a_date_is_a_problem() -> None:
    [problem] = problems(bill(billDate=None))

    assert "has no billDate" in problem.message


# Currency


def test_a_bill_in_the_home_currency_needs_no_rate() -> None:
    doc = document(bill(currency="usd"))

    assert doc.fields["CurrencyRef"] == {"value": "USD"}
    assert "ExchangeRate" not in doc.fields
    assert rate_needed(bill(currency="usd"), COMPANY) is None


def test_a_foreign_bill_is_sent_with_the_rate_of_its_day() -> None:
    foreign = bill(currency="EUR", externalInvoiceDate="2026-02-28")

    doc = document(foreign, ITEM, rate=D("1.0842"))

    assert doc.fields["ExchangeRate"] == D("1.0842")
    assert rate_needed(foreign, COMPANY) == RateNeeded("EUR", date(2026, 2, 28))
    assert doc.warnings == ()


@pytest.mark.parametrize("rate", [None, D(0), D(-1)])
def test_without_a_rate_a_foreign_bill_is_not_sent_at_a_rate_of_one(rate: Decimal | None) -> None:
    [problem] = problems(bill(currency="EUR"), rate=rate)

    assert problem.message.startswith("QuickBooks has no exchange rate from EUR to USD for 2026-03-01.")


def test_a_foreign_bill_for_a_company_without_multicurrency_is_warned_about() -> None:
    doc = document(bill(currency="EUR"), ITEM, company=SINGLE_CURRENCY, rate=D("1.08"))

    [warning] = doc.warnings
    assert "Multicurrency was off in Our Company when it was connected" in warning


@pytest.mark.parametrize(
    ("company", "said"),
    [
        (None, "No QuickBooks company is connected yet"),
        (Company("1", "Our Company"), "The home currency of Our Company is not known"),
    ],
)
def test_before_a_company_is_known_no_rate_is_shown_and_that_is_said(company: Company | None, said: str) -> None:
    doc = document(bill(currency="EUR"), ITEM, company=company)

    assert "ExchangeRate" not in doc.fields
    assert said in doc.warnings[0]
    assert rate_needed(bill(currency="EUR"), company) is None


def test_with_multicurrency_an_unknown_home_currency_is_a_problem() -> None:
    [problem] = problems(bill(), company=Company("1", "Our Company", multicurrency=True))

    assert "could be booked at a wrong exchange rate" in problem.message


@pytest.mark.parametrize(
    ("currency", "words"), [(None, "has no currency"), ("CREDITS", "is in CREDITS, which"), ("€", "is in €, which")]
)
def test_a_currency_that_quickbooks_does_not_know_is_a_problem(currency: str | None, words: str) -> None:
    of = bill(currency=currency, lineItems=[a_line(10, currency=None)])

    [problem] = problems(of)

    assert words in problem.message
    assert rate_needed(of, COMPANY) is None


def test_no_rate_is_asked_for_a_bill_without_currency_or_day() -> None:
    assert rate_needed(bill(currency=None), COMPANY) is None
    assert rate_needed(bill(currency="EUR", billDate=None), COMPANY) is None


# Addresses


def test_the_account_and_its_manager_and_the_fixed_address_get_the_invoice() -> None:
    account = an_account(customFields={"manager": " m@vendor.example "})

    fields = document(
        bill(), account=account, accountManagerEmailCustomField="manager", bccInvoiceEmailAddress="b@vendor.example"
    ).fields

    assert fields["BillEmail"] == {"Address": "billing@acme.example"}
    assert fields["BillEmailCc"] == {"Address": "m@vendor.example"}
    assert fields["BillEmailBcc"] == {"Address": "b@vendor.example"}


@pytest.mark.parametrize("custom", [None, {}, {"manager": ""}, {"other": "m@vendor.example"}])
def test_without_a_manager_nobody_gets_a_copy(custom: dict[str, object] | None) -> None:
    doc = document(bill(), ITEM, account=an_account(customFields=custom), accountManagerEmailCustomField="manager")

    assert "BillEmailCc" not in doc.fields
    assert doc.warnings == ()


@pytest.mark.parametrize("manager", ["not an address", 42])
def test_a_bad_address_is_left_out_with_a_warning_that_does_not_repeat_it(manager: object) -> None:
    account = an_account(emailAddress="nobody at home", customFields={"manager": manager})

    doc = document(bill(), ITEM, account=account, accountManagerEmailCustomField="manager")

    assert not {"BillEmail", "BillEmailCc"} & set(doc.fields)
    assert [warning.split(" is not a valid")[0] for warning in doc.warnings] == [
        'The e-mail address of Account "Acme" (a1)',
        'The address in custom field manager of Account "Acme" (a1)',
    ]
    assert not any("nobody at home" in warning or str(manager) in warning for warning in doc.warnings)


def unknown_account(of: Bill, **config: object) -> Document:
    integration = an_integration(**config)
    doc = translate(of, None, integration, Mappings([CUSTOMER, ITEM], integration), COMPANY, None)
    assert isinstance(doc, Document)
    return doc


def test_an_unknown_account_only_matters_where_a_setting_needs_it() -> None:
    assert unknown_account(bill()).warnings == ()
    assert "BillEmail" not in unknown_account(bill()).fields
    [warning] = unknown_account(bill(), accountManagerEmailCustomField="manager").warnings
    assert "The account is not known" in warning


def test_an_account_without_an_address_is_no_reason_for_a_warning() -> None:
    assert document(bill(), ITEM, account=an_account(emailAddress=None)).warnings == ()


# Switches and tax


@pytest.mark.parametrize("on", [True, False])
def test_the_payment_switches_are_always_said(*, on: bool) -> None:
    fields = document(bill(), allowBankTransferPayment=on, allowCreditCardPayment=not on).fields

    assert fields["AllowOnlineACHPayment"] is on
    assert fields["AllowOnlineCreditCardPayment"] is not on


def test_a_credit_memo_has_no_payment_switches_due_date_or_copies() -> None:
    account = an_account(customFields={"manager": "m@vendor.example"})

    fields = document(
        a_bill(a_line(-10)),
        account=account,
        accountManagerEmailCustomField="manager",
        bccInvoiceEmailAddress="b@vendor.example",
        allowCreditCardPayment=True,
    ).fields

    assert list(fields) == ["CustomerRef", "TxnDate", "CurrencyRef", "BillEmail", "Line"]


def test_tax_is_said_only_by_companies_that_set_it() -> None:
    taxed = document(bill(), taxCode="5", globalTaxCalculation="TaxExcluded")

    assert taxed.fields["GlobalTaxCalculation"] == "TaxExcluded"
    assert lines_of(taxed)[0]["TaxCodeRef"] == {"value": "5"}
    assert "GlobalTaxCalculation" not in document(bill()).fields
    assert "TaxCodeRef" not in lines_of(document(bill()))[0]


# The note


def test_the_note_says_whose_bill_this_is() -> None:
    assert document(bill(purchaseOrderNumber="PO-77")).note.splitlines() == [
        "m3ter-bill:bill-0001",
        "Account: a1",
        "Purchase order: PO-77",
        "Service period: 2026-02-01 to 2026-03-01",
        "Reference: INV-0001",
    ]


def test_the_account_may_be_named_by_its_external_id() -> None:
    assert "Account: 58\n" in document(bill(), useExternalMappingAccountCode=True).note


def test_the_purchase_order_may_come_from_the_account() -> None:
    assert "Purchase order: PO-9" in document(bill(), account=an_account(purchaseOrderNumber="PO-9")).note


def test_what_is_not_known_is_not_in_the_note() -> None:
    assert document(bill(endDate=None)).note.splitlines() == [
        "m3ter-bill:bill-0001",
        "Account: a1",
        "Reference: INV-0001",
    ]


@pytest.mark.parametrize("character", ["x", "😀", "\n"])
def test_the_note_leaves_room_for_the_marker(character: str) -> None:
    doc = document(bill(purchaseOrderNumber="a" + character * 9000 + "b", accountId="a1"))

    note = decode(create_body(doc, MARKER))["PrivateNote"]

    assert note.startswith("m3ter-bill:bill-0001\n")
    assert note.endswith(MARKER)
    assert len(note.encode("utf-16-le")) // 2 <= 4000


# Items (rule 4)

LADDER = {
    "band": mapped("PricingBand", "pb1", "Item", "band"),
    "aggregation": mapped("Aggregation", "g1", "Item", "aggregation"),
    "compound": mapped("CompoundAggregation", "g2", "Item", "compound"),
    "accounting": mapped("Product", "p9", "Item", "accounting"),
    "product": mapped("Product", "p1", "Item", "product"),
}


def item(line: dict[str, object], *rungs: str, **config: object) -> str | None:
    doc = document(a_bill(line), *(LADDER[rung] for rung in rungs), **config)
    chosen: dict[str, str] | None = lines_of(doc)[0].get("ItemRef")
    return chosen["value"] if chosen else None


METERED = usage(
    10, 100, "0.1", accountingProductId="p9", usagePerPricingBand=[{"pricingBandId": "pb1", "bandSubtotal": 10}]
)


@pytest.mark.parametrize(
    ("split", "rungs"),
    [
        ("ITEM_PER_USAGE_BAND", ["band", "aggregation", "accounting", "product"]),
        ("ITEM_PER_AGGREGATION", ["aggregation", "accounting", "product"]),
        ("ITEM_PER_PRODUCT", ["accounting", "product"]),
    ],
)
def test_the_first_rung_that_is_mapped_gives_the_item(split: str, rungs: list[str]) -> None:
    every = list(LADDER)
    for first in rungs:
        assert item(METERED, *every, splitUsageLineItems=split) == first
        every = every[every.index(first) + 1 :]
    assert item(METERED, *every, splitUsageLineItems=split) is None


def test_a_compound_aggregation_is_on_the_rung_of_aggregations() -> None:
    line = METERED | {"aggregationId": None, "compoundAggregationId": "g2"}

    assert item(line, *LADDER) == "compound"


def test_other_lines_are_booked_by_their_product() -> None:
    assert item(a_line(10, aggregationId="g1", accountingProductId="p9"), *LADDER) == "accounting"


@pytest.mark.parametrize("kind", ["CREDIT_MEMO", "DEBIT_MEMO", "AD_HOC", "USAGE"])
def test_a_line_type_may_have_an_item_of_its_own(kind: str) -> None:
    assert item(METERED | {"lineItemType": kind}, *LADDER, quickBooksItemMapping={kind: "own"}) == "own"


def test_a_memo_without_an_item_of_its_own_goes_by_its_product() -> None:
    assert item(a_line(10, lineItemType="CREDIT_MEMO"), *LADDER, quickBooksItemMapping={"CREDIT_MEMO": ""}) == "product"


def test_a_line_without_an_item_is_sent_with_a_warning() -> None:
    doc = document(a_bill(METERED, METERED | {"id": "l2"}))

    assert "ItemRef" not in lines_of(doc)[0]
    [warning] = doc.warnings
    assert warning == (
        'Line "Storage used" (USAGE, l1), "Storage used" (USAGE, l2) has no QuickBooks item; QuickBooks will book it '
        'on its default item. Map Aggregation (g1) or Product (p9) or Product "Work" (p1) to an Item of '
        "QuickBooksSandbox."
    )


def test_the_bands_of_a_line_are_warned_about_once() -> None:
    bands = [{"pricingBandId": f"pb{n}", "bandSubtotal": 5, "bandUnits": 1} for n in range(2)]
    line = METERED | {"usagePerPricingBand": bands}

    assert len(document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND").warnings) == 1


def test_a_band_that_is_all_there_is_to_map_is_named() -> None:
    line = METERED | {"accountingProductId": None, "productId": None, "aggregationId": None}

    [warning] = document(a_bill(line), splitUsageLineItems="ITEM_PER_USAGE_BAND").warnings

    assert "Map PricingBand (pb1) to an Item" in warning


def test_a_line_with_nothing_to_map_is_told_what_to_set() -> None:
    [warning] = document(a_bill(a_line(10, productId=None))).warnings

    assert warning.endswith("It has no product: set an item for its type in quickBooksItemMapping.")


def test_where_items_are_required_a_line_without_one_is_a_problem() -> None:
    [problem] = problems(a_bill(a_line(10)), CUSTOMER, requireItemMapping=True)

    assert "has no QuickBooks item, and requireItemMapping is on" in problem.message
    assert problem.kind is ProblemKind.VALIDATION


# All at once


def test_all_problems_of_a_bill_are_told_at_once() -> None:
    of = a_bill(
        a_line(10, lineItemType="TELEPATHY"),
        a_line(10, convertedSubtotal=None, subtotal=None),
        usage(5, 1, 5, usagePerPricingBand=[{"pricingBandId": "pb1", "bandSubtotal": 3, "bandUnits": 1}]),
        a_line(1, productId="unmapped"),
        billDate=None,
        currency="EUR",
    )

    found = problems(of, ITEM, customer=(), requireItemMapping=True, splitUsageLineItems="ITEM_PER_USAGE_BAND")

    assert len(found) == 6
    assert [problem.kind for problem in found].count(ProblemKind.MISSING_ACCOUNT_MAPPING) == 1
    assert all(problem.message.endswith((".", "!")) for problem in found)


def test_of_many_problems_the_first_fifty_are_told() -> None:
    lines = [a_line(1, productId=f"p{n}x", productName=None) for n in range(60)]

    found = problems(a_bill(*lines), requireItemMapping=True)

    assert len(found) == 51
    assert found[-1].message == "And 10 more problems like these."


def test_of_many_warnings_the_first_fifty_are_told() -> None:
    warnings = document(a_bill(*[a_line(1, productId=f"p{n}x") for n in range(60)])).warnings

    assert len(warnings) == 51
    assert warnings[-1] == "And 10 more warnings like these."


def test_a_bill_that_came_without_line_items_is_a_problem() -> None:
    [problem] = problems(bill(lineItems=None))

    assert "came without line items" in problem.message
    assert "PUT m3tercredentials" in problem.message


def test_more_lines_than_quickbooks_takes_are_a_problem() -> None:
    [problem] = problems(a_bill(*[a_line(1)] * 10_001))

    assert "would have 10,001 lines; QuickBooks takes 10,000" in problem.message


# Why it looks as it does


def test_every_line_is_explained() -> None:
    doc = document(
        a_bill(a_line(10, id=None), usage(5, 50, "0.1", id="u1")), ITEM, quickBooksItemMapping={"AD_HOC": "3"}
    )

    first, second = doc.explain
    assert (first.line, first.from_lines, first.item_id) == (1, ("AD_HOC",), "3")
    assert first.item == "Item 3: quickBooksItemMapping.AD_HOC."
    assert first.quantity == "Qty and UnitPrice are m3ter's quantity and price."
    assert (second.line, second.from_lines) == (2, ("u1",))
    assert second.item == 'Item 7: Product "Work" (p1), mapping Product-p1-any.'


def test_the_same_bill_always_gives_the_same_document() -> None:
    lines = [a_line(10, sequenceNumber=1), usage(5, 50, "0.1", sequenceNumber=2)]

    assert document(a_bill(*lines)).shown == document(a_bill(*reversed(lines))).shown
