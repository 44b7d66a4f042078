"""The chart of accounts and the terms of payment (Intuit's references of Account and Term)."""

from typing import Any

import pytest

from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice


def account(**fields: Any) -> dict[str, Any]:
    return {"Name": "Rent", "AccountType": "Expense", **fields}


def term(**fields: Any) -> dict[str, Any]:
    return {"Name": "Net 7", "DueDays": 7, **fields}


def changed(record: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Id": record["Id"], "SyncToken": record["SyncToken"], **fields}


@pytest.mark.parametrize(
    ("said", "kind", "sub", "of"),
    [
        ({"AccountType": "Income"}, "Income", "SalesOfProductIncome", "Revenue"),
        ({"AccountSubType": "Checking"}, "Bank", "Checking", "Asset"),
        ({"AccountType": "Credit Card", "AccountSubType": "CreditCard"}, "Credit Card", "CreditCard", "Liability"),
        ({"AccountType": "Cost of Goods Sold"}, "Cost of Goods Sold", "SuppliesMaterialsCogs", "Expense"),
    ],
)
def test_the_type_or_the_sub_type_says_what_an_account_is(
    company: Caller, said: dict[str, str], kind: str, sub: str, of: str
) -> None:
    made = company.made("Account", {"Name": "New", "Classification": "Nonsense", **said})
    assert (made["AccountType"], made["AccountSubType"], made["Classification"]) == (kind, sub, of)
    assert (made["CurrentBalance"], made["SubAccount"], made["Active"]) == (0, False, True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "Rent"}, "2020"),
        ({"AccountType": "Bank"}, "2020"),
        (account(AccountType="Banks"), "2170"),
        (account(AccountSubType="Chequing"), "2170"),
        (account(AccountSubType="Checking"), "6000"),
        (account(Name="Checking"), "6240"),
        (account(Name="checking"), "6240"),
        (account(Name="Rent: office"), "2040"),
        (account(Name='The "big" one'), "2040"),
        (account(Name="R" * 101), "2050"),
        (account(AcctNum="1" * 21), "2050"),
        (account(ParentRef={"value": "999"}), "2500"),
        (account(ParentRef={"value": "35"}), "6000"),
        (account(Rooms=3), "2010"),
        (account(CurrencyRef={"value": "XXX"}), "2220"),
    ],
)
def test_an_account_that_cannot_be_is_refused(company: Caller, body: dict[str, Any], code: str) -> None:
    assert company.fault("account", body)["code"] == code


def test_a_foreign_account_needs_a_company_with_more_than_one_currency(
    company: Caller, numbered_company: Caller
) -> None:
    foreign = {"Name": "Euro account", "AccountSubType": "Checking", "CurrencyRef": {"value": "EUR"}}
    assert company.made("Account", foreign)["CurrencyRef"] == {"value": "EUR", "name": "Euro"}
    assert numbered_company.fault("account", foreign)["code"] == "6000"


def test_the_currency_and_the_balance_of_an_account_are_not_written(company: Caller) -> None:
    made = company.made("Account", account(CurrentBalance=500))
    after = company.made("Account", {**made, "CurrencyRef": {"value": "EUR"}, "CurrentBalance": 7, "Name": "Rents"})
    assert (after["CurrencyRef"]["value"], after["CurrentBalance"], after["Name"]) == ("USD", 0, "Rents")


def test_an_account_under_another_one_reads_its_name_also_after_a_change(company: Caller) -> None:
    upper = company.made("Account", account())
    lower = company.made("Account", account(Name="Office", ParentRef={"value": upper["Id"]}))
    lowest = company.made("Account", account(Name="Desk", ParentRef={"value": lower["Id"]}))
    assert (lowest["FullyQualifiedName"], lowest["SubAccount"]) == ("Rent:Office:Desk", True)

    company.made("Account", changed(upper, Name="Rents", sparse=True))

    after = company.read("Account", lowest["Id"])
    assert (after["FullyQualifiedName"], after["SyncToken"]) == ("Rents:Office:Desk", "1")


def test_an_account_is_not_put_under_itself(company: Caller) -> None:
    upper = company.made("Account", account())
    lower = company.made("Account", account(Name="Office", ParentRef={"value": upper["Id"]}))
    circle = changed(upper, ParentRef={"value": lower["Id"]}, sparse=True)
    assert company.fault("account", circle)["code"] == "6000"


def test_a_sparse_update_of_an_account_keeps_what_a_full_one_clears(company: Caller) -> None:
    made = company.made("Account", account(Description="Of the office", AcctNum="6100"))
    kept = company.made("Account", changed(made, Name="Rents", sparse=True))
    assert (kept["Description"], kept["AcctNum"], kept["Name"]) == ("Of the office", "6100", "Rents")
    cleared = company.made("Account", changed(kept, Name="Rents", AccountType="Expense"))
    assert "Description" not in cleared


def test_an_account_is_made_inactive_and_never_deleted(company: Caller) -> None:
    made = company.made("Account", account())
    assert company.post("account?operation=delete", changed(made)).status != 200
    gone = company.made("Account", changed(made, Active=False, sparse=True))
    assert (gone["Name"], gone["Active"]) == ("Rent (deleted)", False)
    assert company.query("select * from Account where Name = 'Rent'") == {}
    assert company.made("Account", account())["Id"] != made["Id"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("AccountType = 'Bank'", {"35", "36"}),
        ("AccountSubType = 'Inventory'", {"81"}),
        ("FullyQualifiedName like 'Sales of%'", {"79"}),
        ("Classification = 'Liability' and AccountType != 'Credit Card'", {"33"}),
    ],
)
def test_accounts_are_found_by_what_they_are(company: Caller, where: str, found: set[str]) -> None:
    rows = company.query(f"select Id from Account where {where}")["Account"]
    assert {row["Id"] for row in rows} == found


def test_accounts_are_not_asked_for_by_what_is_no_property_of_theirs(company: Caller) -> None:
    assert company.query_fault("select * from Account where Rooms = '3'")["code"] == "4001"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"DueDays": 7, "DiscountDays": 3, "DiscountPercent": 2}, "STANDARD"),
        ({"DayOfMonthDue": 15, "DueNextMonthDays": 5, "DiscountDayOfMonth": 10}, "DATE_DRIVEN"),
        ({"DueDays": 0, "DayOfMonthDue": 15}, "STANDARD"),
        ({"DueDays": 7, "Type": "DATE_DRIVEN"}, "STANDARD"),
    ],
)
def test_the_kind_of_a_term_follows_from_its_days(company: Caller, said: dict[str, Any], kind: str) -> None:
    made = company.made("Term", {"Name": "New", **said})
    assert made["Type"] == kind
    assert ("DayOfMonthDue" in made) is (kind == "DATE_DRIVEN")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "Net 7"}, "2020"),
        ({"DueDays": 7}, "2020"),
        (term(DueDays=1000), "2090"),
        (term(DueDays=-1), "2090"),
        (term(DueDays=Caller), "2080"),
        ({"Name": "The 32nd", "DayOfMonthDue": 32}, "2090"),
        (term(DiscountPercent=101), "2090"),
        (term(Name="net 30"), "6240"),
        (term(Name="N" * 32), "2050"),
        (term(Days=3), "2010"),
    ],
)
def test_a_term_that_cannot_be_is_refused(company: Caller, body: dict[str, Any], code: str) -> None:
    body = {key: "soon" if value is Caller else value for key, value in body.items()}
    assert company.fault("term", body)["code"] == code


@pytest.mark.parametrize(
    ("days", "dated", "due"),
    [
        ({"DueDays": 45}, "2026-01-31", "2026-03-17"),
        ({"DayOfMonthDue": 20}, "2026-03-05", "2026-03-20"),
        ({"DayOfMonthDue": 20}, "2026-03-20", "2026-03-20"),
        ({"DayOfMonthDue": 20}, "2026-03-21", "2026-04-20"),
        ({"DayOfMonthDue": 20, "DueNextMonthDays": 10}, "2026-03-15", "2026-04-20"),
        ({"DayOfMonthDue": 20, "DueNextMonthDays": 10}, "2026-03-10", "2026-03-20"),
        ({"DayOfMonthDue": 31}, "2026-02-03", "2026-02-28"),
        ({"DayOfMonthDue": 15}, "2026-12-20", "2027-01-15"),
    ],
)
def test_a_document_is_due_as_its_term_says(company: Caller, days: dict[str, int], dated: str, due: str) -> None:
    made = company.made("Term", {"Name": "New", **days})
    assert company.made("Invoice", invoice(TxnDate=dated, SalesTermRef={"value": made["Id"]}))["DueDate"] == due


def test_a_due_date_of_its_own_goes_before_the_term(company: Caller) -> None:
    said = invoice(TxnDate="2026-03-05", DueDate="2026-03-06", SalesTermRef={"value": "3"})
    assert company.made("Invoice", said)["DueDate"] == "2026-03-06"


def test_the_term_of_the_company_is_in_force_where_nobody_names_one(simulator: Simulator, company: Caller) -> None:
    made = company.made("Term", {"Name": "The 20th", "DayOfMonthDue": 20})
    simulator.as_person(company.realm).settings(defaultTerm=made["Id"])
    assert company.made("Invoice", invoice(TxnDate="2026-03-05"))["DueDate"] == "2026-03-20"


def test_an_inactive_term_is_not_used_any_more(company: Caller) -> None:
    made = company.made("Term", term())
    company.made("Term", changed(made, Active=False, sparse=True))
    assert company.fault("invoice", invoice(SalesTermRef={"value": made["Id"]}))["code"] == "610"


def test_a_term_becomes_one_of_the_other_kind(company: Caller) -> None:
    made = company.made("Term", term(DiscountDays=3))
    after = company.made("Term", changed(made, Name="Net 7", DayOfMonthDue=15))
    assert (after["Type"], after["DayOfMonthDue"], "DueDays" in after) == ("DATE_DRIVEN", 15, False)


def test_terms_are_found_by_what_they_are(company: Caller) -> None:
    rows = company.query("select * from Term where Type = 'STANDARD' and DueDays > '20'")["Term"]
    assert [row["Name"] for row in rows] == ["Net 30", "Net 60"]
