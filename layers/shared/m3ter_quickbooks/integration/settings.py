"""The settings of one integration: m3ter's `configData` for a Bill to QuickBooks, and five of ours.

The names are those of the README's table of settings. A key that we do not know is kept; a value that we do not know
under a key that we do is refused, with the field named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from email_validator import EmailNotValidError, validate_email
from pydantic.alias_generators import to_camel

from m3ter_quickbooks.bill.bill import LineItemType
from m3ter_quickbooks.bill.identifiers import AccountId
from m3ter_quickbooks.integration.account_filter import AccountFilter
from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.problems import BadRequest, FieldProblem

LONGEST_EMAIL = 100
"""QuickBooks' limit for one address (QuickBooks facts 2.2)."""


class Split(StrEnum):
    """How many invoice lines the usage of a bill becomes. All give the same total."""

    ITEM_PER_USAGE_BAND = "ITEM_PER_USAGE_BAND"
    ITEM_PER_PRODUCT = "ITEM_PER_PRODUCT"
    ITEM_PER_AGGREGATION = "ITEM_PER_AGGREGATION"


class Sort(StrEnum):
    """The order of the invoice's lines."""

    NONE = "NONE"
    SUBTOTAL = "SUBTOTAL"
    AGGREGATION_ID = "AGGREGATION_ID"


class GlobalTaxCalculation(StrEnum):
    """QuickBooks' own words for how tax relates to the amounts; not for US companies."""

    TAX_EXCLUDED = "TaxExcluded"
    TAX_INCLUSIVE = "TaxInclusive"
    NOT_APPLICABLE = "NotApplicable"


def is_email(text: str) -> bool:
    """Whether QuickBooks will take it for an address. Looks at the text only: nothing is asked of the network."""
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return text.isascii() and len(text) <= LONGEST_EMAIL


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("must be true or false.")


def _string(value: object) -> str:
    if isinstance(value, str) and value.strip() == value and value.isprintable():
        return value
    raise ValueError("must be text without spaces around it or control characters.")


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple) and all(isinstance(part, str) and part.strip() for part in value):
        return tuple(value)
    raise ValueError("must be a list of texts, none of them empty.")


def _accounts(value: object) -> frozenset[AccountId]:
    return frozenset(AccountId(part) for part in _strings(value))


def _users(value: object) -> tuple[UserId, ...]:
    return tuple(dict.fromkeys(UserId(part) for part in _strings(value)))


def _line_type(value: object) -> LineItemType:
    try:
        return LineItemType(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a line item type; there are {', '.join(LineItemType)}.") from None


def _line_types(value: object) -> frozenset[LineItemType]:
    return frozenset(_line_type(part) for part in _strings(value))


def _items(value: object) -> dict[LineItemType, str]:
    """Line item type -> QuickBooks item id. A blank id means: no item for this type."""
    if not isinstance(value, Mapping):
        raise ValueError("must be an object from line item type to QuickBooks item id.")  # noqa: TRY004  one kind here
    items: dict[LineItemType, str] = {}
    for key, item in value.items():
        if isinstance(item, bool) or not isinstance(item, str | int | None):
            raise ValueError(f"the QuickBooks item id of {key} must be text.")  # noqa: TRY004  one kind here
        if item not in (None, ""):
            items[_line_type(key)] = str(item)
    return items


def _one_of(words: type[StrEnum]) -> Callable[[object], StrEnum]:
    def read(value: object) -> StrEnum:
        try:
            return words(str(value))
        except ValueError:
            raise ValueError(f"must be one of {', '.join(words)}.") from None

    return read


def _email(value: object) -> str:
    text = _string(value)
    if is_email(text):
        return text
    raise ValueError(f"is not an e-mail address of at most {LONGEST_EMAIL} characters.")


def _custom_field_name(value: object) -> str:
    text = _string(value)
    if "@" in text:
        raise ValueError(
            "must be the name of an Account custom field that holds the address, not an e-mail address itself."
        )
    return text


def _filter(value: object) -> AccountFilter:
    if not isinstance(value, str):
        raise ValueError("must be text.")  # noqa: TRY004  one kind here
    return AccountFilter.read(value)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator chose. `raw` is `configData` as it came, unknown keys included.

    `account_ids` empty: every account. An account in both lists is excluded.
    """

    account_ids: frozenset[AccountId] = frozenset()
    restricted_account_ids: frozenset[AccountId] = frozenset()
    integration_disabled_notification_users: tuple[UserId, ...] = ()
    only_send_bill_on_approval: bool = False
    use_external_mapping_account_code: bool = False
    excluded_line_item_types: frozenset[LineItemType] = frozenset()
    account_filter: AccountFilter | None = None
    enforce_external_mappings_for_config: bool = False
    split_usage_line_items: Split = Split.ITEM_PER_AGGREGATION
    quick_books_item_mapping: Mapping[LineItemType, str] = field(default_factory=dict)
    send_zero_quantity_line_items: bool = False
    allow_bank_transfer_payment: bool = False
    allow_credit_card_payment: bool = False
    bcc_invoice_email_address: str | None = None
    account_manager_email_custom_field: str | None = None
    sort_line_items_by: Sort = Sort.NONE
    require_item_mapping: bool = False
    tax_code: str | None = None
    global_tax_calculation: GlobalTaxCalculation | None = None
    void_invoice_on_bill_deletion: bool = False
    daily_summary: bool = False
    raw: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def read(cls, config_data: Mapping[str, object] | None) -> Settings:
        """Read `configData`. null and the empty string mean unset. Raises BadRequest with every bad field at once."""
        given = dict(config_data or {})
        values: dict[str, Any] = {}
        wrong: list[FieldProblem] = []
        for name, read in _READERS.items():
            value = given.get(to_camel(name))
            if value is None or value == "":
                continue
            try:
                values[name] = read(value)
            except ValueError as error:
                wrong.append(FieldProblem(f"configData.{to_camel(name)}", str(error)))
        if wrong:
            raise BadRequest.about(*wrong)
        return cls(**values, raw=given)

    def config_data(self) -> dict[str, object]:
        """`configData` as it was saved."""
        return dict(self.raw)


_READERS: Mapping[str, Callable[[object], object]] = {
    "account_ids": _accounts,
    "restricted_account_ids": _accounts,
    "integration_disabled_notification_users": _users,
    "only_send_bill_on_approval": _switch,
    "use_external_mapping_account_code": _switch,
    "excluded_line_item_types": _line_types,
    "account_filter": _filter,
    "enforce_external_mappings_for_config": _switch,
    "split_usage_line_items": _one_of(Split),
    "quick_books_item_mapping": _items,
    "send_zero_quantity_line_items": _switch,
    "allow_bank_transfer_payment": _switch,
    "allow_credit_card_payment": _switch,
    "bcc_invoice_email_address": _email,
    "account_manager_email_custom_field": _custom_field_name,
    "sort_line_items_by": _one_of(Sort),
    "require_item_mapping": _switch,
    "tax_code": _string,
    "global_tax_calculation": _one_of(GlobalTaxCalculation),
    "void_invoice_on_bill_deletion": _switch,
    "daily_summary": _switch,
}

KEYS = tuple(map(to_camel, _READERS))
"""Every key that means something, in the order of the README's table."""
