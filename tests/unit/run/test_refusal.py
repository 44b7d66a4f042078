"""Refusals of QuickBooks as sentences."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.identifiers import BillId
from m3ter_quickbooks.invoice.document import Document, DocumentKind
from m3ter_quickbooks.problems import Refused
from m3ter_quickbooks.run.answer import Fault, RefusedWrite
from m3ter_quickbooks.run.refusal import About, RefusalKind, about_write, read_refusal
from m3ter_quickbooks.run.refusal_words import BY_CODE, BY_CODE_OF_READS, BY_TEXT, OTHERWISE, READ_OTHERWISE, Words
from m3ter_quickbooks.run.rest import failed_reading
from tests.unit.run.builders import an_account

BILL = Bill.parse({"id": "b1", "accountId": "account-acme", "sequentialInvoiceNumber": "INV-0042", "lineItems": []})
DOCUMENT = Document(
    kind=DocumentKind.INVOICE,
    fields={
        "CustomerRef": {"value": "17"},
        "CurrencyRef": {"value": "EUR"},
        "DocNumber": "INV-0042",
        "BillEmail": {"Address": "someone@customer.test"},
        "Line": [
            {"Description": "CPU hours", "SalesItemLineDetail": {"ItemRef": {"value": "5"}}},
            {"Description": "More CPU hours", "SalesItemLineDetail": {"ItemRef": {"value": "5"}}},
            {"SalesItemLineDetail": {"ItemRef": {"value": "6"}}},
            {"Description": "No item", "SalesItemLineDetail": {}},
            {"DetailType": "DescriptionOnly"},
        ],
    },
    note="m3ter-bill:b1",
    total=Decimal(10),
    customer_id="17",
    txn_date=date(2026, 3, 1),
    shown="",
)
# fmt: off
REACHING_US = [str(code) for code in (
    500, 610, 620, 630, 800, 1000, 1010, 1020, 2010, 2020, 2030, 2050, 2060, 2070, 2080, 2090, 2100, 2110, 2130, 2140,
    2150, 2160, 2170, 2210, 2220, 2250, 2290, 2410, 2500, 3000, 4000, 4001, 4002, 5010, 5020, 5030, 6000, 6070, 6090,
    6100, 6110, 6120, 6130, 6140, 6160, 6170, 6190, 6200, 6210, 6220, 6230, 6250, 6270, 6420, 6430, 6440, 6450, 6460,
    6470, 6480, 6520, 6540,
)]
# fmt: on
"""Every row of QuickBooks facts 1.7 that an invoice or credit memo of ours can meet as a definite refusal."""


def said(*faults: Fault, tid: str | None = None) -> str:
    return refused(*faults, tid=tid)[1]


def refused(*faults: Fault, tid: str | None = None) -> tuple[RefusalKind, str, str]:
    refusal = read_refusal(
        RefusedWrite(faults, tid),
        kind=DocumentKind.INVOICE,
        bill_id=BillId("b1"),
        document=DOCUMENT,
        bill=BILL,
        account=an_account(),
    )
    return refusal.kind, refusal.message, refusal.cause


@pytest.mark.parametrize("code", REACHING_US)
def test_every_code_has_its_own_words_with_the_bill_the_account_and_the_code(code: str) -> None:
    message = said(Fault(code, "Remote text", "Remote text"), tid="1-5f73")

    assert code in BY_CODE
    assert message.startswith('The invoice for bill INV-0042 (b1) of account "Acme" (account-acme) ')
    assert message.endswith(f"(QuickBooks code {code}, intuit_tid 1-5f73.)")
    assert "Remote" not in message


def test_a_code_that_nobody_knows_still_says_what_to_do() -> None:
    assert "Enter it by hand in QuickBooks as a trial" in said(Fault("7777", "?"))
    assert said(Fault("", "?")).endswith("(QuickBooks gave no code.)")


@pytest.mark.parametrize("code", ["500", "4000", "4001", "4002", "5020", "5030", "6190", "7777"])
def test_a_read_that_is_refused_says_for_which_bill_it_was_and_what_to_do(code: str) -> None:
    ending = failed_reading(Refused("Remote text", code, "1-5f73"), about_bill())
    (problem,) = ending.problems
    assert problem.message.startswith('The invoice for bill INV-0042 (b1) of account "Acme" (account-acme) ')
    assert problem.message.endswith(f"(QuickBooks code {code}, intuit_tid 1-5f73.)")
    assert "Remote" not in problem.message
    assert (ending.cause, ending.counts, ending.intuit_tid) == (f"quickbooks.{code}", True, "1-5f73")


@pytest.mark.parametrize(("code", "cause"), [("", "quickbooks.unknown"), ("m3ter", "m3ter")])
def test_a_read_that_is_refused_in_our_own_words_keeps_them(code: str, cause: str) -> None:
    ending = failed_reading(Refused("Enter a rate for that day.", code), about_bill())
    (problem,) = ending.problems
    assert problem.message.endswith("(account-acme) could not be finished. Enter a rate for that day.")
    assert ending.cause == cause


def about_bill() -> About:
    return about_write(DocumentKind.INVOICE, BillId("b1"), None, BILL, an_account())


def test_an_account_that_nobody_told_us_of_is_called_as_the_bill_calls_it() -> None:
    about = about_write(DocumentKind.INVOICE, BillId("b1"), None, BILL, None)
    assert about.document == "The invoice for bill INV-0042 (b1) of account (account-acme)"


def test_without_document_and_account_ids_have_to_do() -> None:
    refusal = read_refusal(
        RefusedWrite((Fault("6200", ""),)), kind=DocumentKind.CREDIT_MEMO, bill_id=BillId("b1"), document=None
    )
    assert refusal.message.startswith("The credit memo for bill b1 is dated, in a period whose books are closed")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("5010", RefusalKind.STALE),
        ("610", RefusalKind.NOT_FOUND),
        ("6200", RefusalKind.PERIOD_CLOSED),
        ("6210", RefusalKind.PERIOD_CLOSED),
        ("6140", RefusalKind.DUPLICATE_NUMBER),
        ("630", RefusalKind.DUPLICATE),
        ("6240", RefusalKind.OTHER),
        ("6000", RefusalKind.OTHER),
        ("", RefusalKind.OTHER),
    ],
)
def test_the_kind_says_what_the_protocol_does_next(code: str, kind: RefusalKind) -> None:
    assert refused(Fault(code, ""))[0] is kind


def test_of_several_faults_the_one_that_decides_names_the_cause() -> None:
    kind, message, cause = refused(Fault("2050", "", element="DocNumber"), Fault("6210", ""), Fault("5010", ""))
    assert (kind, cause) == (RefusalKind.PERIOD_CLOSED, "quickbooks.6210")
    assert message.endswith("(QuickBooks code 2050, 6210, 5010.)")
    assert "books are closed" in message
    assert "too long" in message


def test_the_same_fault_twice_is_said_once() -> None:
    fault = Fault("6000", "", "Multi Currency should be enabled to perform this operation")
    assert said(fault, fault).count("multicurrency is off") == 1


@pytest.mark.parametrize(
    ("code", "detail", "expected"),
    [
        ("6000", "Business Validation Error: Multi Currency should be enabled to perform", "multicurrency is off"),
        ("6000", "You can only use one foreign currency per transaction.", "is in EUR, which is not the currency of"),
        ("6000", "Make sure all your transactions have a GST/HST rate before you save.", "`taxCode`"),
        ("6000", "You must specify a transaction amount that is 0 or greater.", "negative"),
        ("6000", "You must set a transaction amount.", "a line without an amount"),
        ("6000", "The discount amount can't be greater than the subtotal", "credits that are larger"),
        ("6000", "doc_num is longer than 21 characters", "too long"),
        ("2500", "Categories cannot be used in transactions.", "is a category"),
        ("2500", "Invalid Reference Id : Line.SalesItemLineDetail.ItemRef", 'item 5 (on "CPU hours"), item 6'),
        ("2500", "Invalid Reference Id : CustomerRef", "QuickBooks customer 17"),
        ("2500", "Invalid Reference Id : TaxCodeRef", "`taxCode`"),
        ("610", "Something you're trying to use has been made inactive.", "is inactive or deleted"),
        ("610", "Another user has deleted this transaction.", "was deleted"),
        ("2050", "Min:0 Max:21 supported. Supplied length:45", "may hold 21 characters and has 45"),
        ("6070", "Amount is not equal to UnitPrice * Qty. Supplied value:1,861.07", "It was given 1,861.07."),
        ("6140", "DocNumber=7 is assigned to TxnType=Invoice with TxnId=396", "belongs to Invoice 396"),
        ("6140", "", "has the number INV-0042"),
        ("6200", "", "dated 2026-03-01"),
        ("2210", "", "(BillEmail)"),
        ("2220", "", "is in EUR, a currency"),
    ],
)
def test_known_texts_are_said_in_our_words(code: str, detail: str, expected: str) -> None:
    assert expected in said(Fault(code, "", detail))


def test_objects_of_quickbooks_are_called_by_the_names_they_had_when_they_were_mapped() -> None:
    names = {("Customer", "17"): "Acme Europe", ("Item", "5"): "Services:CPU", ("Item", "6"): "jane@customer.test"}
    refusal = read_refusal(
        RefusedWrite((Fault("2500", ""),)),
        kind=DocumentKind.INVOICE,
        bill_id=BillId("b1"),
        document=replace(DOCUMENT, names=names),
    )
    assert (
        'QuickBooks customer "Acme Europe" (17), item "Services:CPU" (5) (on "CPU hours"), item 6,' in refusal.message
    )


def test_the_field_is_named_where_it_is_one_that_we_send() -> None:
    assert "The field is Line[2].SalesItemLineDetail.ItemRef." in said(
        Fault("2500", "", element="Line[2].SalesItemLineDetail.ItemRef")
    )
    assert "field" not in said(Fault("2500", "", element="Jane.Doe"))


def test_who_worked_on_it_at_the_same_time_is_not_told() -> None:
    detail = "You and Jane Doe were working on this at the same time. Jane Doe finished before you did."
    assert "Jane" not in said(Fault("5010", "Stale Object Error", detail))


_NAMES = st.sampled_from(["Jane Doe", "jane@customer.test", "Jane{document}", "Jane%s"])
_CODES = st.sampled_from([*REACHING_US, "", "x", "Jane", "9" * 50, "{customer}"])


@given(code=_CODES, name=_NAMES, around=st.text(max_size=30), known=st.sampled_from([one[1] for one in BY_TEXT]))
def test_no_remote_text_gets_through(code: str, name: str, around: str, known: str) -> None:
    detail = f"{around} {known} {name} Supplied value:{name} TxnType={name} with TxnId={name} Max:{name} length:{name}"
    message = said(Fault(code, name, detail, element=name))
    assert "Jane" not in message
    assert "jane" not in message


@given(st.text(max_size=40))
def test_names_of_ours_may_hold_anything(description: str) -> None:
    fields = {"Line": [{"Description": description, "SalesItemLineDetail": {"ItemRef": {"value": "5"}}}]}
    document = Document(DocumentKind.INVOICE, fields, "", Decimal(1), "17", date(2026, 3, 1), "")
    refusal = read_refusal(
        RefusedWrite((Fault("2500", "", "ItemRef"),)), kind=document.kind, bill_id=BillId("{b}"), document=document
    )
    assert "item 5" in refusal.message
    assert "\n" not in refusal.message


@pytest.mark.parametrize(
    "words", [OTHERWISE, READ_OTHERWISE, *BY_CODE.values(), *BY_CODE_OF_READS.values(), *(one[2] for one in BY_TEXT)]
)
def test_every_entry_says_what_and_what_to_do_in_whole_sentences(words: Words) -> None:
    assert words.what.startswith("{document} ")
    assert words.what.endswith(".")
    assert words.remedy.endswith(".")
    assert words.remedy[0].isupper()
