"""Customers, items and companies, read live from the simulator and from answers that it does not give."""

import pytest

from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.problems import Refused, TryLater
from m3ter_quickbooks.quickbooks.links import Links
from m3ter_quickbooks.quickbooks.wire import Hosts
from tests.adapters.quickbooks.making import CONNECTION, REALM, answering, at_simulator
from tests.adapters.quickbooks.test_write import GATEWAY_401, HTML, a_fault

SANDBOX = Destination.QUICKBOOKS_SANDBOX


def test_customers_come_by_name_and_page_by_page() -> None:
    desk, _ = at_simulator()
    everyone = desk.catalogue.customers(CONNECTION, size=1000)
    pages = [desk.catalogue.customers(CONNECTION, start=start, size=2) for start in range(1, len(everyone) + 1, 2)]

    assert [customer.name for customer in everyone] == sorted(customer.name for customer in everyone)
    assert [customer for page in pages for customer in page] == everyone


def test_a_customer_is_found_by_part_of_a_name_with_an_apostrophe() -> None:
    desk, _ = at_simulator()
    (amy,) = desk.catalogue.customers(CONNECTION, search="y's bird")
    assert (amy.id, amy.name, amy.active, amy.currency) == ("1", "Amy's Bird Sanctuary", True, "USD")


def test_an_inactive_customer_is_not_offered_but_can_be_read() -> None:
    desk, simulator = at_simulator()
    simulator.as_person(REALM).set_active("Customer", "2", active=False)

    assert "2" not in [customer.id for customer in desk.catalogue.customers(CONNECTION, size=1000)]
    bill = desk.catalogue.customer(CONNECTION, "2")
    assert bill is not None
    assert not bill.active


def test_items_are_offered_without_categories() -> None:
    desk, simulator = at_simulator()
    simulator.as_person(REALM).create("Item", {"Name": "A category", "Type": "Category"})
    items = desk.catalogue.items(CONNECTION, size=1000)

    assert {"Services", "Hours", "Design"} <= {item.name for item in items}
    assert all(item.sellable for item in items)
    assert desk.catalogue.items(CONNECTION, search="A category") == []
    (pest,) = desk.catalogue.items(CONNECTION, search="pest")
    assert (pest.id, pest.type) == ("10", "Service")


@pytest.mark.parametrize("object_id", ["999999", "", "../preferences", "1' or 'x", "²"])
def test_what_does_not_exist_is_none(object_id: str) -> None:
    desk, _ = at_simulator()
    assert desk.catalogue.customer(CONNECTION, object_id) is None
    assert desk.catalogue.item(CONNECTION, object_id) is None


def test_another_refusal_of_a_single_read_is_told() -> None:
    with pytest.raises(Refused):
        answering(400, a_fault("5030")).catalogue.item(CONNECTION, "1")


def test_a_company_says_what_it_is_and_may_do() -> None:
    desk, simulator = at_simulator()
    simulator.as_person(REALM).close_books("2025-12-31")
    company = desk.catalogue.company(CONNECTION)

    assert (company.company_id, company.name, company.country) == (REALM, "Sandbox Company_US_1", "US")
    assert (company.home_currency, company.multicurrency, company.custom_transaction_numbers) == ("USD", True, False)
    assert str(company.book_close_date) == "2025-12-31"


def test_facts_can_be_read_with_a_token_that_no_connection_has_yet() -> None:
    desk, _ = at_simulator()
    company = desk.companies.facts(SANDBOX, REALM, desk.tokens.tokens[0])
    assert company.name == "Sandbox Company_US_1"


def test_a_token_of_one_company_gets_no_facts_of_another() -> None:
    desk, _ = at_simulator()
    with pytest.raises(Refused):
        desk.companies.facts(SANDBOX, "9130000000000002", desk.tokens.tokens[0])
    assert desk.tokens.because == [], "nobody's connection is marked"


def test_a_token_that_is_not_accepted_gets_no_facts() -> None:
    with pytest.raises(Refused, match="this consent"):
        answering(401, GATEWAY_401).companies.facts(SANDBOX, REALM, "AT")


@pytest.mark.parametrize("body", [HTML, "{}", '{"CompanyInfo":{"CompanyName":"x"}}'])
def test_facts_that_are_incomplete_are_read_again_later(body: str) -> None:
    with pytest.raises(TryLater):
        answering(200, body).companies.facts(SANDBOX, REALM, "AT")


def test_a_link_leads_to_the_document_in_its_own_company_and_environment() -> None:
    links = Links(Hosts("https://app.qbo.intuit.com", "https://app.sandbox.qbo.intuit.com/"))
    assert links.document_url(CONNECTION, DocumentKind.CREDIT_MEMO, "17") == (
        f"https://app.sandbox.qbo.intuit.com/app/creditmemo?txnId=17&companyId={REALM}"
    )
