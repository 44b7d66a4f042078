"""A bill as m3ter made it (m3ter facts 11). Amounts are exact, in the currency that each field names."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError

from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.bill.reading import (
    LONGEST_IDENTIFIER,
    Day,
    Dto,
    Identifier,
    Moment,
    Number,
    Text,
    Version,
    read_text,
)
from m3ter_quickbooks.problems import BillProblem, MalformedBill, ProblemKind


class LineItemType(StrEnum):
    """What a line charges or gives back: m3ter's nineteen types."""

    STANDING_CHARGE = "STANDING_CHARGE"
    USAGE = "USAGE"
    USAGE_CREDIT = "USAGE_CREDIT"
    COUNTER_RUNNING_TOTAL_CHARGE = "COUNTER_RUNNING_TOTAL_CHARGE"
    COUNTER_ADJUSTMENT_DEBIT = "COUNTER_ADJUSTMENT_DEBIT"
    COUNTER_ADJUSTMENT_CREDIT = "COUNTER_ADJUSTMENT_CREDIT"
    MINIMUM_SPEND = "MINIMUM_SPEND"
    MINIMUM_SPEND_REFUND = "MINIMUM_SPEND_REFUND"
    CREDIT_MEMO = "CREDIT_MEMO"
    DEBIT_MEMO = "DEBIT_MEMO"
    COMMITMENT_FEE = "COMMITMENT_FEE"
    COMMITMENT_CONSUMED = "COMMITMENT_CONSUMED"
    OVERAGE_SURCHARGE = "OVERAGE_SURCHARGE"
    OVERAGE_USAGE = "OVERAGE_USAGE"
    BALANCE_FEE = "BALANCE_FEE"
    BALANCE_CONSUMED = "BALANCE_CONSUMED"
    AD_HOC = "AD_HOC"
    CREDIT_DEDUCTION = "CREDIT_DEDUCTION"
    MANUAL_ADJUSTMENT = "MANUAL_ADJUSTMENT"

    @property
    def is_credit(self) -> bool:
        """Whether its amount reduces the bill, whatever sign it came with."""
        return self in CREDITS

    @property
    def is_usage(self) -> bool:
        """Whether it is metered, and so has pricing bands and is split as the operator chose."""
        return self in USAGE


CREDITS = frozenset(
    {
        LineItemType.USAGE_CREDIT,
        LineItemType.COUNTER_ADJUSTMENT_CREDIT,
        LineItemType.MINIMUM_SPEND_REFUND,
        LineItemType.CREDIT_MEMO,
        LineItemType.COMMITMENT_CONSUMED,
        LineItemType.BALANCE_CONSUMED,
        LineItemType.CREDIT_DEDUCTION,
    }
)
USAGE = frozenset({LineItemType.USAGE, LineItemType.OVERAGE_USAGE, LineItemType.USAGE_CREDIT})


class BandUsage(Dto):
    """What fell into one pricing band. `band_subtotal` is in the line's currency, the converted one in the bill's."""

    pricing_band_id: Identifier = None
    lower_limit: Number | None = None
    fixed_price: Number | None = None
    unit_price: Number | None = None
    unit_subtotal: Number | None = None
    band_units: Number | None = None
    band_quantity: Number | None = None
    band_subtotal: Number | None = None
    converted_band_subtotal: Number | None = None


def _no_bands_is_none(value: object) -> object:
    return () if value is None else value


class BillLine(Dto):
    """One line of a bill. `subtotal` and `average_unit_price` are in `currency`, `converted_subtotal` in the bill's.

    `line_item_type` stays text: a type that m3ter adds tomorrow must be reported, not dropped.
    `service_period_start_date` is inclusive, the end exclusive.
    """

    line_item_type: str
    id: Identifier = None
    description: Text = None
    product_id: Identifier = None
    product_name: Text = None
    product_code: Text = None
    accounting_product_id: Identifier = None
    accounting_product_name: Text = None
    accounting_product_code: Text = None
    aggregation_id: Identifier = None
    compound_aggregation_id: Identifier = None
    quantity: Number | None = None
    units: Number | None = None
    unit: Text = None
    subtotal: Number | None = None
    currency: Text = None
    conversion_rate: Number | None = None
    converted_subtotal: Number | None = None
    average_unit_price: Number | None = None
    sequence_number: int | None = None
    service_period_start_date: Moment = None
    service_period_end_date: Moment = None
    # The bill routes call the list usagePerPricingBand, the line item routes bandUsage.
    usage_per_pricing_band: Annotated[tuple[BandUsage, ...], BeforeValidator(_no_bands_is_none)] = Field(
        default=(), validation_alias=AliasChoices("usagePerPricingBand", "bandUsage")
    )

    @property
    def type(self) -> LineItemType | None:
        """One of the nineteen, None if m3ter has invented another."""
        try:
            return LineItemType(self.line_item_type)
        except ValueError:
            return None


class Bill(Dto):
    """A bill. `line_items` None: the event came without them (they can be had from the m3ter API)."""

    id: BillId = Field(min_length=1, max_length=LONGEST_IDENTIFIER)
    org_id: OrganizationId | None = None
    account_id: Annotated[
        Annotated[AccountId, Field(max_length=LONGEST_IDENTIFIER)] | None, BeforeValidator(read_text)
    ] = None
    account_code: Text = None
    version: Version = 0
    status: Text = None
    currency: Text = None
    bill_total: Number | None = None
    bill_date: Day = None
    due_date: Day = None
    start_date: Day = None
    end_date: Day = None
    external_invoice_date: Day = None
    timezone: Text = None
    purchase_order_number: Text = None
    sequential_invoice_number: Text = None
    last_calculated_date: Moment = None
    dt_last_modified: Moment = None
    line_items: tuple[BillLine, ...] | None = None

    @property
    def approved(self) -> bool:
        """Whether somebody approved it. There is no event of its own for that."""
        return self.status == "APPROVED"

    @property
    def reference(self) -> str:
        """What people call this bill: its invoice number, else what the m3ter Console shows."""
        return self.sequential_invoice_number or f"INV-{self.id[-4:]}"

    @classmethod
    def parse(cls, dto: Mapping[str, object]) -> Self:
        """Read m3ter's bill. Raises MalformedBill with every bad field at once."""
        try:
            return cls.model_validate(dto)
        except ValidationError as error:
            known = dto.get("id") if isinstance(dto, dict) else None
            name = f"Bill {known}" if isinstance(known, str) and known else "The bill"
            raise MalformedBill(
                [BillProblem(ProblemKind.VALIDATION, sentence) for sentence in sentences(name, error)]
            ) from None


def sentences(name: str, error: ValidationError) -> list[str]:
    """One sentence for each bad field of something of m3ter's. Values are not repeated: they may be personal."""
    said: list[str] = []
    for wrong in error.errors(include_url=False, include_input=False):
        if len(said) == MOST_SENTENCES:
            return [*said, f"And {error.error_count() - MOST_SENTENCES} more problems like these."]
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in wrong["loc"]).lstrip(".")
        if wrong["type"] == "missing":
            said.append(f"{name} cannot be read: {where} is missing.")
            continue
        own = str(wrong["ctx"]["error"]) if wrong["type"] == "value_error" else None
        wanted = own or _WANTED.get(wrong["type"]) or wrong["msg"].removeprefix("Input should be ")
        said.append(f"{name} cannot be read: {where or 'it'} should be {wanted}.")
    return said


MOST_SENTENCES = 50
_WANTED = {
    "model_type": "an object",
    "mapping_type": "an object",
    "dict_type": "an object",
    "tuple_type": "a list",
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "string_too_long": f"text of at most {LONGEST_IDENTIFIER} characters",
}
"""pydantic's names of what may be wrong, in the words of JSON."""
