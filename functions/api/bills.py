"""Bills: what one would become, or what a change of configuration would change. Nothing is sent, nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from api import mapping_words as words
from api.configurations import destination_of
from api.house import House
from api.mapping_checks import connected, connection_of
from api.request import Call
from api.route import Routes
from api.shapes import Identifier, Moment, Money, Paging, Shape, Until, optional, shown, told
from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.identifiers import ConfigurationId, MappingId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mapping as ExternalMapping
from m3ter_quickbooks.integration.mapping import Mappings, keys_needed
from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.invoice.company import rate_needed
from m3ter_quickbooks.invoice.document import Document
from m3ter_quickbooks.problems import BadRequest, BillCannotBeSent, BillProblem, FieldProblem, MalformedEvent
from m3ter_quickbooks.run.preview import PROBLEMS, Preview, preview
from m3ter_quickbooks.storage.members import Role

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
    """One of `bill` and `billId`; `integrationConfigId`, `configuration`, or both (then the second's settings)."""

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
    start_date: Moment | None = optional("Only bills seen after this.", "2026-03-01T00:00:00Z")
    end_date: Until | None = optional("Only bills seen at or before this.", "2026-04-01T00:00:00Z")
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
    next_token: str | None = optional("Give it back for the bills before these.", "eyJ2Ijox")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a bill is to be looked at under. `saved`: bills really go through this configuration."""

    integration: Integration
    connection: Connection | None
    saved: bool


@routes.post("/bills/preview", Role.VIEWER, statuses=(404, 409, 503))
def preview_bill(call: Call, house: House, body: PreviewBody) -> PreviewAnswer:
    """Show what a bill would become: the exact payload for QuickBooks, totals, warnings, problems, and why.

    Nothing is sent and nothing is stored.
    """
    terms = _terms(call.organization_id, body.integration_config_id, body.configuration, house)
    dto = _bill_of(call.organization_id, body, house)
    try:
        account = Account.parse(body.account) if body.account is not None else None
    except MalformedEvent as malformed:
        raise BadRequest(
            malformed.message, [FieldProblem(f"account.{malformed.key}", malformed.message)]
        ) from malformed
    drafts = [_draft_mapping(one, terms.integration) for one in body.mappings or ()]
    return _answer(Looking(call.organization_id, house).at(dto, terms, account, drafts))


@routes.post("/bills/rehearse", Role.VIEWER, statuses=(404, 409, 503))
def rehearse(call: Call, house: House, body: RehearseBody) -> RehearseAnswer:
    """Show what a change of configuration would change: for each bill seen in that time, before and after.

    Nothing is sent and nothing is stored. A bill that was seen several times stands on each page once, as last seen.
    """
    organization_id = call.organization_id
    # What is asked is what the settings change: whether the configuration is on and connected is left out of both.
    before = replace(_terms(organization_id, body.integration_config_id, None, house), saved=False)
    after = replace(_terms(organization_id, body.integration_config_id, body.configuration, house), saved=False)
    page = house.history.bills_seen(
        organization_id, size=body.page_size, token=body.next_token, start=body.start_date, end=body.end_date
    )
    looking = Looking(organization_id, house)
    rehearsed: dict[str, RehearsedBill] = {}
    for seen in page.items:
        if seen.bill_id not in rehearsed:
            was, will = (looking.at(seen.dto, terms) for terms in (before, after))
            rehearsed[seen.bill_id] = RehearsedBill(
                bill_id=seen.bill_id,
                dt_seen=seen.seen_at,
                changed=_differ(was, will),
                before=_answer(was),
                after=_answer(will),
            )
    return RehearseAnswer(data=list(rehearsed.values()), next_token=page.next_token)


class Looking:
    """Looks at bills of one organization; an exchange rate is asked for once."""

    def __init__(self, organization_id: OrganizationId, house: House) -> None:
        self._organization_id = organization_id
        self._house = house
        self._rates: dict[tuple[str | None, str, date], Decimal] = {}

    def at(
        self,
        dto: Mapping[str, object],
        terms: Terms,
        account: Account | None = None,
        drafts: list[ExternalMapping] | None = None,
    ) -> Preview:
        """What would become of it. Raises TryLater, ConnectionLost, Refused where the exchange rate cannot be read."""
        try:
            bill = self._complete(Bill.parse(dto))
        except BillCannotBeSent as cannot:
            return Preview(PROBLEMS, problems=cannot.problems)
        if account is None and bill.account_id:
            account = self._house.accounts.find(self._organization_id, AccountId(bill.account_id))
        stored = self._house.mappings.found(self._organization_id, keys_needed(bill, terms.integration))
        return preview(
            bill,
            account,
            terms.integration,
            Mappings([*stored, *(drafts or ())], terms.integration),
            terms.connection,
            self._rate(bill, terms.connection),
            saved=terms.saved,
        )

    def _complete(self, bill: Bill) -> Bill:
        """The bill with its line items, from m3ter where it came without."""
        if bill.line_items is not None:
            return bill
        found = self._house.runs_world.m3ter.bill(self._organization_id, BillId(bill.id))
        return (
            found if found is not None and found.line_items is not None else bill.model_copy(update={"line_items": ()})
        )

    def _rate(self, bill: Bill, connection: Connection | None) -> Decimal | None:
        needed = rate_needed(bill, connection.company) if connection else None
        if connection is None or needed is None or connection.status is not ConnectionStatus.CONNECTED:
            return None
        key = (connection.company_id, needed.currency, needed.on)
        if key not in self._rates:
            self._rates[key] = self._house.quickbooks.exchange_rate(connection, needed.currency, needed.on)
        return self._rates[key]


def _terms(
    organization_id: OrganizationId, configuration_id: str | None, draft: DraftConfiguration | None, house: House
) -> Terms:
    """The configuration that was asked for, and the company that it leads to. Raises BadRequest, Missing."""
    integration = None
    if configuration_id:
        integration = house.configurations.get(organization_id, ConfigurationId(configuration_id))
    if draft is not None:
        integration = _drafted(organization_id, integration, draft)
    if integration is None:
        problem = FieldProblem("integrationConfigId", "is required where there is no configuration.")
        raise BadRequest("Name a configuration by integrationConfigId, or send one as configuration.", [problem])
    return Terms(integration, _connection(integration, house), saved=draft is None)


def _drafted(
    organization_id: OrganizationId, integration: Integration | None, draft: DraftConfiguration
) -> Integration:
    try:
        destination = destination_of(draft.destination)
        settings = Settings.read(draft.config_data)
    except BadRequest as problem:
        fields = [FieldProblem(f"configuration.{one.field}", one.message) for one in problem.fields]
        raise BadRequest.about(*fields) from problem
    base = integration or Integration(ConfigurationId("unsaved"), organization_id, "", destination)
    return replace(base, destination=destination, settings=settings, config_data=draft.config_data or {})


def _connection(integration: Integration, house: House) -> Connection | None:
    """The configuration's company; where it names none, the only one that is connected."""
    if integration.credential_id:
        connection = connection_of(integration, house)
        return connection if connection and connection.destination is integration.destination else None
    companies = connected(integration.organization_id, integration.destination, house)
    return companies[0] if len(companies) == 1 and integration.id == "unsaved" else None


def _bill_of(organization_id: OrganizationId, body: PreviewBody, house: House) -> Mapping[str, object]:
    if (body.bill is None) == (body.bill_id is None):
        raise BadRequest(
            "Send one of bill and billId.", [FieldProblem("bill", "is required where there is no billId.")]
        )
    if body.bill is not None:
        return body.bill
    return house.history.newest_bill(organization_id, BillId(body.bill_id or "")).dto


def _draft_mapping(draft: DraftMapping, integration: Integration) -> ExternalMapping:
    key = words.key(
        draft.m3ter_entity, draft.m3ter_id, integration.destination.value, draft.external_table, integration.id
    )
    return ExternalMapping(
        MappingId("unsaved"),
        key.m3ter_entity,
        key.m3ter_id,
        key.external_system,
        key.external_table,
        draft.external_id,
        key.integration_config_id,
    )


def _differ(was: Preview, will: Preview) -> bool:
    hashes = [one.document.payload_hash if one.document else None for one in (was, will)]
    return (was.reason, was.problems, hashes[0]) != (will.reason, will.problems, hashes[1])


def _answer(seen: Preview) -> PreviewAnswer:
    return PreviewAnswer(
        decision=Decision(send=seen.reason is None, reason=seen.reason),
        documents=[_document(seen.document)] if seen.document else [],
        warnings=list(seen.document.warnings) if seen.document else [],
        problems=[_problem(one) for one in seen.problems],
    )


def _problem(one: BillProblem) -> BillProblemAnswer:
    return BillProblemAnswer(kind=one.kind.value, message=one.message, detail=dict(one.detail) or None)


def _document(document: Document) -> DocumentAnswer:
    return DocumentAnswer(
        type=document.kind.value,
        payload=shown({**document.fields, "PrivateNote": document.note}),
        total=document.total,
        explain=[
            LineAnswer(
                line=one.line,
                from_lines=list(one.from_lines),
                item_id=one.item_id,
                item=one.item,
                quantity=one.quantity,
                rounding=one.rounding,
            )
            for one in document.explain
        ],
    )
