"""Bills, integrations and mappings for tests, with everything that a test does not care about filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, MappingId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mapping, Mappings
from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.invoice.company import Company
from m3ter_quickbooks.invoice.document import Document, NothingLeft
from m3ter_quickbooks.invoice.payload import decode
from m3ter_quickbooks.invoice.translate import translate

EVENTS = Path(__file__).parents[2] / "events"
ORGANIZATION = OrganizationId("0f0e0d0c-0000-4000-8000-000000000001")
CONFIGURATION = ConfigurationId("c0f10000-0000-4000-8000-000000000001")
SYSTEM = Destination.QUICKBOOKS_SANDBOX.value
COMPANY = Company("9130000000000001", "Our Company", "US", "USD", multicurrency=True)
SINGLE_CURRENCY = replace(COMPANY, multicurrency=False)


def event(name: str) -> Any:
    """One of the files in events/."""
    return decode((EVENTS / f"{name}.json").read_bytes())


def new_dto(name: str) -> Any:
    """What a bill or account event of events/ is about."""
    return event(name)["detail"]["m3terEvent"]["eventData"]["newDto"]


def a_line(amount: str | int = 10, **changes: object) -> dict[str, object]:
    """A line of m3ter's: a charge of `amount` in the bill's currency."""
    line: dict[str, object] = {
        "id": "l1",
        "lineItemType": "AD_HOC",
        "description": "A day of work",
        "quantity": 1,
        "units": 1,
        "unit": "day",
        "currency": "USD",
        "conversionRate": 1,
        "subtotal": Decimal(amount),
        "convertedSubtotal": Decimal(amount),
        "averageUnitPrice": abs(Decimal(amount)),
        "productId": "p1",
        "productName": "Work",
    }
    return line | changes


def usage(amount: str | int, units: str | int, price: str | int, **changes: object) -> dict[str, object]:
    """A metered line of m3ter's."""
    metered = {"lineItemType": "USAGE", "description": "Storage used", "unit": "GB", "aggregationId": "g1"}
    figures = {"quantity": Decimal(units), "units": Decimal(units), "averageUnitPrice": Decimal(price)}
    return a_line(amount, **metered, **figures) | changes


def a_band(amount: str | int, units: str | int, price: str | int, **changes: object) -> dict[str, object]:
    """A pricing band of a metered line."""
    band: dict[str, object] = {
        "pricingBandId": "pb1",
        "lowerLimit": 0,
        "fixedPrice": 0,
        "unitPrice": Decimal(price),
        "bandUnits": Decimal(units),
        "bandQuantity": Decimal(units),
        "bandSubtotal": Decimal(amount),
        "convertedBandSubtotal": Decimal(amount),
    }
    return band | changes


def a_bill(*lines: dict[str, object], **changes: object) -> Bill:
    """A bill in US dollars for account a1 that is the sum of its lines, unless `changes` say otherwise."""
    dto: dict[str, object] = {
        "id": "bill-0001",
        "accountId": "a1",
        "version": 1,
        "status": "APPROVED",
        "currency": "USD",
        "billDate": "2026-03-01",
        "dueDate": "2026-03-31",
        "startDate": "2026-02-01",
        "endDate": "2026-03-01",
        "lineItems": list(lines),
    }
    return Bill.parse(dto | changes)


def an_account(**changes: object) -> Account:
    """An account with an address to send bills to."""
    dto: dict[str, object] = {"id": "a1", "name": "Acme", "code": "acme", "emailAddress": "billing@acme.example"}
    return Account.parse(dto | changes)


def an_integration(**config_data: object) -> Integration:
    """An enabled integration with these settings."""
    return Integration(
        id=CONFIGURATION,
        organization_id=ORGANIZATION,
        name="Bills to QuickBooks",
        destination=Destination.QUICKBOOKS_SANDBOX,
        settings=Settings.read(config_data),
        config_data=config_data,
    )


def mapped(
    entity: str, m3ter_id: str, table: str, external_id: str, *, system: str = SYSTEM, parent: str | None = None
) -> Mapping:
    """A mapping; its id says what it maps."""
    config = ConfigurationId(parent) if parent else None
    identifier = MappingId(f"{entity}-{m3ter_id}-{parent or 'any'}")
    return Mapping(identifier, entity, m3ter_id, system, table, external_id, config)


CUSTOMER = mapped("Account", "a1", "Customer", "58")
ITEM = mapped("Product", "p1", "Item", "7")


def translated(
    bill: Bill,
    *found: Mapping,
    account: Account | None = None,
    company: Company | None = COMPANY,
    rate: Decimal | None = None,
    customer: Iterable[Mapping] = (CUSTOMER,),
    **config_data: object,
) -> Document | NothingLeft:
    """Translate `bill` with a mapped customer and these settings."""
    integration = an_integration(**config_data)
    mappings = Mappings((*customer, *found), integration)
    return translate(bill, account or an_account(), integration, mappings, company, rate)


def document(bill: Bill, *found: Mapping, **options: Any) -> Document:
    """As `translated`, for a bill of which something is left."""
    result = translated(bill, *found, **options)
    assert isinstance(result, Document)
    return result


def lines_of(doc: Document) -> list[dict[str, Any]]:
    """The document's lines, each with its SalesItemLineDetail unfolded."""
    lines: Any = doc.fields["Line"]
    return [{**line, **line["SalesItemLineDetail"]} for line in lines]


def amounts(doc: Document) -> list[Any]:
    """The amounts of the document's lines, in order."""
    return [line["Amount"] for line in lines_of(doc)]
