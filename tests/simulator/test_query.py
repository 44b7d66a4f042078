from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.quickbooks import query
from local.quickbooks.problems import Fault
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice, line


@pytest.fixture
def books(company: Caller) -> Caller:
    """Invoices 102 to 106: customers 2, 2, 3, 3, 3 on five days."""
    for day, customer in enumerate(("2", "2", "3", "3", "3"), 1):
        company.made("Invoice", invoice(line(day), customer=customer, TxnDate=f"2026-10-0{day}", DocNumber=f"N{day}"))
    return company


def ids(answer: Any) -> list[str]:
    return [one["Id"] for one in answer.get("Invoice", [])]


@pytest.mark.fact("4", "grammar: where, and, orderby, startposition, maxresults")
@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("where CustomerRef = '2'", ["102", "103"]),
        ("where CustomerRef = '3' and TxnDate >= '2026-10-04'", ["105", "106"]),
        ("where TxnDate > '2026-10-01' and TxnDate < '2026-10-03'", ["103"]),
        ("where TxnDate <= '2026-10-02'", ["102", "103"]),
        ("where Id in ('103', '105')", ["103", "105"]),
        ("where DocNumber like 'n%' orderby TotalAmt desc maxresults 2", ["106", "105"]),
        ("where DocNumber = 'n4'", ["105"]),
        ("where DocNumber = '01001'", []),
        ("where TotalAmt > 3 order by TotalAmt", ["105", "106", "101"]),
        ("where TotalAmt > '3' ORDER BY TxnDate DESC STARTPOSITION 2 MAXRESULTS 1", ["106"]),
        ("startposition 2 maxresults 2", ["102", "103"]),
        ("where customerref='2' AND txndate='2026-10-02'", ["103"]),
    ],
)
def test_documents_are_found(books: Caller, rest: str, expected: list[str]) -> None:
    assert ids(books.query(f"select * from Invoice {rest}")) == expected


@pytest.mark.fact("4", "keywords, entity, field names and values without case; the answer key is canonical")
def test_case_does_not_matter(books: Caller) -> None:
    answer = books.query("SELECT * FROM invoice WHERE CUSTOMERREF = '2'")
    assert list(answer) == ["Invoice", "startPosition", "maxResults"]


@pytest.mark.fact("4", "maxResults = rows in this page")
def test_a_page_says_where_it_starts_and_how_long_it_is(books: Caller) -> None:
    answer = books.query("select * from Invoice startposition 5 maxresults 10")
    assert (answer["startPosition"], answer["maxResults"]) == (5, 2)


@pytest.mark.fact("4", "empty: QueryResponse {}")
def test_nothing_found_is_an_empty_object(books: Caller) -> None:
    assert books.query("select * from Invoice where CustomerRef = '1' and TxnDate = '1999-01-01'") == {}
    assert books.query("select * from Invoice startposition 100") == {}


@pytest.mark.fact("4", "select count(*) answers totalCount")
def test_counting(books: Caller) -> None:
    assert books.query("select count(*) from Invoice where CustomerRef = '3'") == {"totalCount": 3}
    assert books.query("select count(*) from Invoice where TotalAmt > 3") == {"totalCount": 3}


@pytest.mark.fact("4", "defaults: 100 rows, at most 1000")
def test_a_page_has_100_rows_unless_asked_otherwise(company: Caller) -> None:
    for _ in range(101):
        company.made("Invoice", invoice())
    assert company.query("select * from Invoice")["maxResults"] == 100
    assert company.query("select * from Invoice maxresults 5000")["maxResults"] == 102


@pytest.mark.fact("4", "STARTPOSITION 0 is accepted like 1")
@pytest.mark.fact("4", "MAXRESULTS 0 is 4001")
def test_odd_pages(books: Caller) -> None:
    assert books.query("select * from Invoice startposition 0 maxresults 1")["startPosition"] == 1
    error = books.query_fault("select * from Invoice maxresults 0")
    assert error["code"] == "4001"
    assert "value 0 is too small. Min allowed value is 1" in error["Detail"]


@pytest.mark.fact("4", "fields in the select are parsed")
@pytest.mark.parametrize("fields", ["Id, DocNumber", "*, Sku", "Line.*, Id"])
def test_fields_in_the_select_are_read_and_everything_comes(company: Caller, fields: str) -> None:
    assert company.query(f"select {fields} from Item where Name = 'Design'")["Item"][0]["UnitPrice"] == 75


@pytest.mark.fact("4", "single quotes, escaped with a backslash")
def test_an_apostrophe_is_escaped_with_a_backslash(company: Caller) -> None:
    answer = company.query(r"select * from Customer where DisplayName = 'Amy\'s Bird Sanctuary'")
    assert [one["Id"] for one in answer["Customer"]] == ["1"]
    answer = company.query(r"select * from Customer where DisplayName like 'amy\'s%'")
    assert [one["Id"] for one in answer["Customer"]] == ["1"]


@pytest.mark.fact("4", "doubling the apostrophe does not work")
def test_a_doubled_apostrophe_is_refused(company: Caller) -> None:
    error = company.query_fault("select * from Customer where DisplayName = 'Amy''s Bird Sanctuary'")
    assert error["code"] == "4000"


@pytest.mark.fact("4", "PrimaryEmailAddr is filterable")
def test_customers_are_found_by_email(company: Caller) -> None:
    answer = company.query("select * from Customer where PrimaryEmailAddr = 'birds@intuit.com'")
    assert [one["Id"] for one in answer["Customer"]] == ["1"]


@pytest.mark.fact("4", "inactive rows hidden unless Active IN (true,false), then with the (deleted) suffix")
def test_inactive_customers_are_hidden_unless_asked_for(simulator: Simulator, company: Caller) -> None:
    simulator.as_person(company.realm).set_active("Customer", "3", active=False)
    assert company.query("select * from Customer where Id = '3'") == {}
    answer = company.query("select * from Customer where Id = '3' and Active in (true, false)")
    assert answer["Customer"][0]["DisplayName"] == "Cool Cars (deleted)"
    answer = company.query("select * from Customer where Active = false")
    assert [one["Id"] for one in answer["Customer"]] == ["3"]


@pytest.mark.fact("4", "unknown entity: 4001")
@pytest.mark.fact("1.7", "4001 invalid query")
@pytest.mark.fact("4", "fields that are not queryable: 4001")
@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("select * from Unicorn", "QueryValidationError: invalid context declaration: Unicorn"),
        (
            "select * from Invoice where PrivateNote = 'x'",
            "QueryValidationError: property 'PrivateNote' is not queryable",
        ),
        (
            "select * from Invoice where DepartmentRef = '1'",
            "QueryValidationError: property 'DepartmentRef' is not queryable",
        ),
        (
            "select * from Invoice where Colour = 'x'",
            "QueryValidationError: Property Colour not found for Entity Invoice",
        ),
    ],
)
def test_what_cannot_be_asked_for_is_refused(company: Caller, statement: str, detail: str) -> None:
    error = company.query_fault(statement)
    assert (error["code"], error["Message"], error["Detail"]) == ("4001", "Invalid query", detail)


@pytest.mark.fact("1.7", "4000 error parsing query")
@pytest.mark.fact("4", "operators = < > <= >= in like, % only; no OR, NOT, JOIN, GROUP BY")
@pytest.mark.parametrize(
    "statement",
    [
        "", "select", "delete from Invoice", "select * Invoice", "select * from Invoice where",
        "select * from Invoice limit 5",
        "select * from Invoice where Id = '1' or Id = '2'", "select * from Invoice where Id <> '1'",
        "select * from Invoice where DocNumber = ’x’", "select * from Invoice where Id in '1'",
    ],
)  # fmt: skip
def test_what_cannot_be_parsed_is_refused(company: Caller, statement: str) -> None:
    error = company.query_fault(statement)
    assert (error["code"], error["Message"]) == ("4000", "Error parsing query")


@pytest.mark.fact("1.2", "since 65 other characters are allowed in values")
def test_values_may_hold_any_character(company: Caller) -> None:
    company.made("Customer", {"DisplayName": "Zoë’s – 喫茶"})
    assert company.query("select * from Customer where DisplayName = 'Zoë’s – 喫茶'")["maxResults"] == 1


@pytest.mark.fact("4", "GET ?query= or POST body application/text")
def test_a_query_may_be_posted(books: Caller) -> None:
    answer = books.post(
        "query", b"select * from Invoice where CustomerRef = '2'", **{"Content-Type": "application/text"}
    )
    assert ids(answer.json()["QueryResponse"]) == ["102", "103"]


@pytest.mark.fact("4", "dates: MetaData.LastUpdatedTime as time, TxnDate as date")
def test_changes_since_a_moment_are_found(simulator: Simulator, company: Caller) -> None:
    simulator.advance(1900)
    made = company.made("Invoice", invoice())
    answer = company.query("select * from Invoice where MetaData.LastUpdatedTime > '2026-11-02T12:30:00-08:00'")
    assert ids(answer) == [made["Id"]]


def test_a_new_document_can_be_made_invisible_to_queries_for_a_while(simulator: Simulator, company: Caller) -> None:
    simulator.query_lag_seconds = 10
    made = company.made("Invoice", invoice(customer="3"))
    statement = "select * from Invoice where CustomerRef = '3'"
    assert company.query(statement) == {}
    assert company.read("Invoice", made["Id"])
    simulator.advance(10)
    assert ids(company.query(statement)) == [made["Id"]]


@given(st.text() | st.text("select * from Invoice where Id='\\(),<>=1in like orderby"))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    code = "none"
    try:
        query.parse(text)
    except Fault as fault:
        code = fault.code
    assert code in ("none", "4000", "4001")


def test_attachments_are_found_by_what_they_hang_on(company: Caller) -> None:
    def note(*ids: str) -> Any:
        hung = [{"EntityRef": {"type": "Invoice", "value": one}} for one in ids]
        return company.made("Attachable", {"Note": "hello", "AttachableRef": hung})

    both, _ = note("101", "102"), note("103")
    where = "AttachableRef.EntityRef.Type = 'invoice' and AttachableRef.EntityRef.value = '102'"
    assert company.query(f"select * from Attachable where {where}")["Attachable"] == [both]


def test_a_rate_is_asked_for_by_its_day(simulator: Simulator, company: Caller) -> None:
    simulator.as_person(company.realm).set_rate("EUR", Decimal("1.2"), "2026-10-15")

    def rates(rest: str) -> list[tuple[str, Any, str]]:
        found = company.query(f"select * from ExchangeRate where SourceCurrencyCode in ('EUR', 'GBP'){rest}")
        return [(one["SourceCurrencyCode"], one["Rate"], one["AsOfDate"]) for one in found["ExchangeRate"]]

    gbp, eur = Decimal("1.2701"), Decimal("1.0855")
    assert sorted(rates(" and AsOfDate = '2026-10-14'")) == [("EUR", eur, "2026-10-14"), ("GBP", gbp, "2026-10-14")]
    assert sorted(rates("")) == [("EUR", Decimal("1.2"), "2026-11-02"), ("GBP", gbp, "2026-11-02")]


def test_a_pattern_with_many_wildcards_takes_no_longer_than_another(company: Caller) -> None:
    """A pattern that backtracks would take longer than anybody lives."""
    long = {"Name": "Long", "Type": "Service", "IncomeAccountRef": {"value": "1"}, "Description": "a" * 3900}
    id_ = company.made("Item", long)["Id"]
    assert company.query(f"select * from Item where Description like '{'%a' * 40}%b'") == {}
    found = company.query(f"select * from Item where Description like '{'%A' * 40}%'")
    assert [one["Id"] for one in found["Item"]] == [id_]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("Hours", True), ("hours", True), ("H%s", True), ("%our%", True), ("%%", True), ("Hours%", True), ("%Hours", True),
     ("H%ours%s", False), ("H%o%r%s", True), ("Hour", False), ("ours", False), ("%u%o%", False), ("Hours.", False)],
)  # fmt: skip
def test_a_pattern_fits_as_a_whole(company: Caller, pattern: str, found: bool) -> None:
    rows = company.query(f"select * from Item where Name like '{pattern}'").get("Item", [])
    assert ("Hours" in [one["Name"] for one in rows]) is found


@pytest.mark.parametrize(
    "condition",
    [" and ".join(["Id = '2'"] * 3000), f"Id in ({','.join(str(one) for one in range(40_000))})",
     f"Id = '2' and Active in ({','.join(['true'] * 2000)})"],
    ids=["comparisons", "values", "truths"],
)  # fmt: skip
def test_more_conditions_than_the_database_takes_are_met_all_the_same(company: Caller, condition: str) -> None:
    answer = company.post("query", f"select * from Item where {condition}".encode())
    assert answer.status == 200
    assert "2" in [one["Id"] for one in answer.json()["QueryResponse"]["Item"]]


@pytest.mark.parametrize("place", ["99999999999", "9" * 40])
def test_beyond_the_last_row_there_is_nothing(company: Caller, place: str) -> None:
    assert company.query(f"select * from Item startposition {place} maxresults {place}") == {}


def test_digits_that_are_no_numbers_are_compared_as_text(company: Caller) -> None:
    body = {"Name": "Square", "Type": "Service", "IncomeAccountRef": {"value": "1"}, "Sku": "²"}
    id_ = company.made("Item", body)["Id"]
    assert [one["Id"] for one in company.query("select * from Item where Sku >= '²'")["Item"]] == [id_]
    assert id_ in [one["Id"] for one in company.query("select * from Item orderby Sku")["Item"]]
