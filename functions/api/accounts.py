"""Accounts, as last seen: from m3ter's events, or from whoever writes them here."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from api.field_words import LONGEST_NAME, short_name
from api.house import House
from api.request import Call
from api.route import Routes
from api.shapes import Audited, Identifier, Page, Paging, Shape, Version, Whole, audit, optional, shown, told
from m3ter_quickbooks.bill.identifiers import AccountId
from m3ter_quickbooks.problems import BadRequest, FieldProblem
from m3ter_quickbooks.storage.accounts import AccountRecord
from m3ter_quickbooks.storage.audit import Kept
from m3ter_quickbooks.storage.members import Role

routes = Routes.of("accounts")


LONGEST_TEXT = 2000


def _text_or_number(value: object) -> str | Decimal:
    if isinstance(value, str) and len(value) <= LONGEST_TEXT:
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    message = f"must be a number, or text of at most {LONGEST_TEXT} characters."
    raise ValueError(message)


FieldName = Annotated[str, AfterValidator(short_name), Field(max_length=LONGEST_NAME)]
FieldValue = Annotated[
    str | Decimal,
    # One reader for both: a union of pydantic's would say of each of the two why it is not that one.
    PlainValidator(_text_or_number),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": LONGEST_TEXT}, {"type": "number"}]}),
]


class Address(Shape):
    """Where an account is."""

    address_line1: str | None = optional("First line.", "1 High Street", max_length=200)
    address_line2: str | None = optional("Second line.", "Unit 4", max_length=200)
    address_line3: str | None = optional("Third line.", "Old Mill", max_length=200)
    address_line4: str | None = optional("Fourth line.", "Accounts", max_length=200)
    locality: str | None = optional("Town.", "Leeds", max_length=100)
    region: str | None = optional("County or state.", "West Yorkshire", max_length=100)
    post_code: str | None = optional("Post code.", "LS1 1AA", max_length=20)
    country: str | None = optional("Country, free text.", "UK", max_length=100)


class AccountFields(Shape):
    """m3ter's account."""

    name: str = told("Name of the account.", "Acme Europe", min_length=1, max_length=200)
    code: str = told("Short code, unique in the organization.", "acme-europe", min_length=1, max_length=80)
    email_address: str | None = optional("Where its invoices are mailed to.", "billing@acme.example", max_length=320)
    address: Address | None = optional("Where it is.")
    currency: str | None = optional("Currency that it is billed in; none: the organization's.", "EUR", max_length=10)
    purchase_order_number: str | None = optional("Goes to the invoice's note.", "PO-77", max_length=100)
    custom_fields: dict[FieldName, FieldValue] | None = optional(
        "Name -> text or number.", {"country": "UK"}, max_length=100
    )
    parent_account_id: str | None = optional(
        "The account above it. Kept as given; no bill uses it.", "2c1d0000-0000-4000-8000-000000000002", max_length=200
    )
    days_before_bill_due: Whole | None = optional(
        "Days from bill to due date. Kept as given; no bill uses it.", 30, ge=1, le=1000
    )
    bill_epoch: str | None = optional(
        "First day that is billed, a date. Kept as given; no bill uses it.", "2026-01-01", max_length=40
    )
    statement_definition_id: str | None = optional(
        "m3ter's statement definition. Kept as given; no bill uses it.",
        "5e1d0000-0000-4000-8000-000000000001",
        max_length=200,
    )
    auto_generate_statement_mode: str | None = optional(
        "When m3ter makes statements. Kept as given; no bill uses it.", "NONE", max_length=40
    )
    credit_application_order: list[str] | None = optional(
        "m3ter's order of credits. Kept as given; no bill uses it.", ["PREPAYMENT"], max_length=10
    )


class AccountBody(AccountFields):
    """An account to write. What is left out is unset."""

    id: Identifier | None = optional(
        "Its id in m3ter. On create only; none: a new one.", "2c1d0000-0000-4000-8000-000000000001"
    )
    version: Version | None = optional("On update: the version that was read. On create: absent or 0.", 1)


class AccountAnswer(AccountFields, Audited):
    """An account as last seen."""

    id: str = told("Its id in m3ter.", "2c1d0000-0000-4000-8000-000000000001")


class AccountQuery(Paging):
    """Which accounts."""

    ids: list[str] | None = optional("Exactly these ids.", max_length=200)
    codes: list[str] | None = optional("Exactly these codes.", ["acme-europe"], max_length=200)


@routes.post("/accounts", Role.OPERATOR, statuses=(409,))
def create(call: Call, house: House, body: AccountBody) -> AccountAnswer:
    """Create an account.

    m3ter's events write the same accounts; where both do, the higher `version` wins, and of two equal ones the event's.
    """
    if body.version:
        raise BadRequest.about(FieldProblem("version", "must be absent or 0 on create."))
    kept = house.accounts.create(
        call.organization_id,
        _dto(body),
        by=call.caller.name,
        at=house.now(),
        account_id=AccountId(body.id) if body.id else None,
    )
    return _answer(kept)


@routes.get("/accounts")
def list_(call: Call, house: House, query: AccountQuery) -> Page[AccountAnswer]:
    """List the accounts, newest first."""
    if query.ids and query.codes:
        raise BadRequest.about(FieldProblem("ids", "cannot be combined with codes."))
    if query.ids:
        found = house.accounts.get_many(call.organization_id, query.ids)
        return Page[AccountAnswer](data=[_answer(kept) for kept in found])
    if query.codes:
        having = (house.accounts.with_code(call.organization_id, code) for code in dict.fromkeys(query.codes))
        return Page[AccountAnswer](data=[_answer(kept) for kept in having if kept])
    page = house.accounts.page(call.organization_id, size=query.page_size, token=query.next_token)
    return Page[AccountAnswer](data=[_answer(kept) for kept in page.items], next_token=page.next_token)


@routes.get("/accounts/{id}", statuses=(404,))
def get(call: Call, house: House) -> AccountAnswer:
    """Get an account."""
    return _answer(house.accounts.get(call.organization_id, AccountId(call.ids["id"])))


@routes.put("/accounts/{id}", Role.OPERATOR, statuses=(404, 409))
def update(call: Call, house: House, body: AccountBody) -> AccountAnswer:
    """Change an account. What is left out is unset."""
    if body.version is None:
        raise BadRequest.about(FieldProblem("version", "is required: the version that was read."))
    kept = house.accounts.update(
        call.organization_id,
        AccountId(call.ids["id"]),
        _dto(body),
        version=body.version,
        by=call.caller.name,
        at=house.now(),
    )
    return _answer(kept)


@routes.delete("/accounts/{id}", Role.OPERATOR, statuses=(404,))
def delete(call: Call, house: House) -> AccountAnswer:
    """Delete an account."""
    return _answer(house.accounts.delete(call.organization_id, AccountId(call.ids["id"])))


def _dto(body: AccountBody) -> dict[str, Any]:
    """m3ter's own body of it."""
    written: dict[str, Any] = shown(body)
    return {key: value for key, value in written.items() if key not in ("id", "version")}


def _answer(kept: Kept[AccountRecord]) -> AccountAnswer:
    """As kept. What an event of m3ter's told was not checked by us, so it is not checked on the way out either."""
    body = {"id": kept.value.id, **kept.value.dto}
    known = {about.alias or name: name for name, about in AccountFields.model_fields.items()}
    told_fields: dict[str, Any] = {known[key]: value for key, value in body.items() if key in known}
    return AccountAnswer.model_construct(id=kept.value.id, **told_fields, **audit(kept.audit))
