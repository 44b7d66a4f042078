"""Bills: what one would become, or what a change of configuration would change, with nothing sent and nothing stored."""

from __future__ import annotations

from typing import Any

from api.route import Routes
from api.shapes import Identifier, Moment, Money, Paging, Shape, optional, told

routes = Routes.of("bills")


class DraftConfiguration(Shape):
    """A configuration that need not be saved."""

    destination: str = told("`QuickBooks` or `QuickBooksSandbox`, in any case.", "QuickBooksSandbox", max_length=40)
    config_data: dict[str, Any] | None = optional("The settings.", {"splitUsageLineItems": "ITEM_PER_PRODUCT"})


class DraftMapping(Shape):
    """A mapping that need not be saved."""

    m3ter_entity: Identifier = told("Entity of m3ter.", "Account")
    m3ter_id: Identifier = told("Its id in m3ter.", "2c1d0000-0000-4000-8000-000000000001")
    external_table: Identifier = told("Table in QuickBooks.", "Customer")
    external_id: Identifier = told("Id there.", "58")


class PreviewBody(Shape):
    """One of `bill` and `billId`, and one of `integrationConfigId` and `configuration` (or both: the settings on top)."""

    bill: dict[str, Any] | None = optional(
        "A bill as m3ter writes it, with its line items.", {"id": "b1", "billTotal": 118.5}
    )
    bill_id: Identifier | None = optional(
        "A bill seen before; its newest version counts.", "b1f00000-0000-4000-8000-000000000001"
    )
    account: dict[str, Any] | None = optional(
        "The bill's account as m3ter writes it; none: as last seen.", {"id": "a1", "name": "Acme"}
    )
    mappings: list[DraftMapping] | None = optional("Mappings to take before the saved ones.", max_length=1000)
    integration_config_id: Identifier | None = optional(
        "A saved configuration.", "01957f3e-6a00-7000-8000-000000000001"
    )
    configuration: DraftConfiguration | None = optional("A configuration that need not be saved.")


class Decision(Shape):
    """Whether the bill would be sent."""

    send: bool = told("Whether it would be sent.", example=True)
    reason: str | None = optional("Why not.", "bill not approved")


class LineAnswer(Shape):
    """Why one line looks as it does."""

    line: int = told("Which line of the document, from 1.", 1)
    from_lines: list[str] = told("The bill's line items that it was made of.", ["l1"])
    item_id: str | None = optional("QuickBooks item.", "10")
    item: str = told("Which mapping chose the item.", "Product Storage")
    quantity: str = told("Why quantity and unit price are what they are.", "94.8 GB at 1.25")
    rounding: Money = told("What rounding moved the amount by, in the document's currency.", 0.004)


class DocumentAnswer(Shape):
    """One document as QuickBooks would be told."""

    type: str = told("`Invoice` or `CreditMemo`.", "Invoice")
    payload: dict[str, Any] = told(
        "The exact body of its creation, less the marker of the request.", {"CustomerRef": {"value": "58"}}
    )
    total: Money = told("Its total in its own currency.", 118.5)
    explain: list[LineAnswer] = told("One entry per line.")


class BillProblemAnswer(Shape):
    """One reason why the bill could not be sent."""

    kind: str = told("Which sort of problem.", "missing_account_mapping")
    message: str = told("What is wrong and how to fix it.", "Account Acme has no QuickBooks customer.")
    detail: dict[str, Any] | None = optional("What helps a program to fix it.", {"m3terEntity": "Account"})


class PreviewAnswer(Shape):
    """What would become of a bill."""

    decision: Decision = told("Whether it would be sent.")
    documents: list[DocumentAnswer] = told("What would be sent; empty where nothing would.")
    warnings: list[str] = told("What people should look at.", ["Line 3 has no item."])
    problems: list[BillProblemAnswer] = told("Every reason why it cannot be sent.")


class RehearseBody(Paging):
    """A change of configuration, and the bills to try it on."""

    integration_config_id: Identifier = told("The configuration as it is.", "01957f3e-6a00-7000-8000-000000000001")
    configuration: DraftConfiguration | None = optional("The configuration as it would be.")
    start_date: Moment | None = optional("Only bills seen at or after this.", "2026-03-01T00:00:00Z")
    end_date: Moment | None = optional("Only bills seen before this.", "2026-04-01T00:00:00Z")
    page_size: int = told("Bills on one page.", 20, default=20, ge=1, le=100)


class RehearsedBill(Shape):
    """One bill, before and after."""

    bill_id: str = told("Which bill.", "b1f00000-0000-4000-8000-000000000001")
    dt_seen: Moment = told("When it was seen.", "2026-03-02T10:00:00.000Z")
    changed: bool = told("Whether decision, documents or problems differ.", example=True)
    before: PreviewAnswer = told("Under the configuration as it is.")
    after: PreviewAnswer = told("Under the configuration as it would be.")


class RehearseAnswer(Shape):
    """The bills of one page, newest first."""

    data: list[RehearsedBill] = told("One entry per bill.")
    next_token: str | None = optional("Give it back for the bills before these.")
