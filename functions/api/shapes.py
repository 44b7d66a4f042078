"""How requests and answers look: the base of every model, and how a model becomes JSON.

A body is read by pydantic from JSON that was parsed with `parse_float=Decimal`; an answer leaves through the one
encoder that writes Decimals as numbers. No amount is ever a float on its way.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationInfo,
    WithJsonSchema,
)

from m3ter_quickbooks.storage.audit import Audit

T = TypeVar("T")

Money = Annotated[Decimal, WithJsonSchema({"type": "number"})]
"""A number with all its digits, on the way in and out."""

LONGEST_ID = 200


def camel(name: str) -> str:
    """`m3ter_id` as `m3terId`; pydantic's own would make it `m3TerId`."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


class Shape(BaseModel):
    """The base of requests and answers: camelCase outside, snake_case inside, unknown keys ignored, frozen."""

    model_config = ConfigDict(alias_generator=camel, populate_by_name=True, frozen=True, extra="ignore")


def told(description: str, example: object = None, **limits: Any) -> Any:  # noqa: ANN401  it passes on what Field takes
    """A field with its meaning, unit and an example for the OpenAPI document."""
    if example is not None:
        limits["examples"] = [example]
    return Field(description=description, **limits)


def optional(description: str, example: object = None, **limits: Any) -> Any:  # noqa: ANN401  as told
    """The same for a field that may be left out: null and absent mean the same."""
    return told(description, example, default=None, **limits)


def _in_utc(value: object) -> object:
    """A date or a time, without a zone read as UTC. A number is none: pydantic would take 2026 for a second of 1970."""
    if value is None or isinstance(value, datetime):
        return value
    text = value.upper() if isinstance(value, str) else ""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        message = "must be a date or a time, such as 2026-03-01 or 2026-03-01T09:00:00Z."
        raise ValueError(message) from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _no_far_times(value: datetime) -> datetime:
    """Years that every later arithmetic and every zone can hold."""
    if not 1970 <= value.year <= 9990:  # noqa: PLR2004  any wider and adding an offset may overflow
        message = "must lie between the years 1970 and 9990."
        raise ValueError(message)
    return value.astimezone(UTC)


Moment = Annotated[datetime, BeforeValidator(_in_utc), AfterValidator(_no_far_times)]
"""ISO-8601 on the way in (a bare date is its midnight, no zone is UTC), with milliseconds and `Z` on the way out."""


def _not_before_start(value: datetime, info: ValidationInfo) -> datetime:
    start = info.data.get("start_date")
    if start and value < start:
        message = "must not be before startDate."
        raise ValueError(message)
    return value


Until = Annotated[Moment, AfterValidator(_not_before_start)]
"""The end of a time that begins with `start_date`, the field before it."""


class Page(Shape, Generic[T]):
    """One page of a list, newest first."""

    # A generic model does not hand its docstring down to `Page[...]`.
    model_config = ConfigDict(json_schema_extra={"description": "One page of a list, newest first."})

    data: list[T] = told("The entries of this page, newest first.")
    next_token: str | None = optional(
        "Give it back as `nextToken` for the next page; absent on the last one.", "eyJ2Ijox"
    )


def instant(moment: datetime) -> str:
    """ISO-8601 in UTC with milliseconds, as every time in an answer."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(value: object) -> Any:  # noqa: ANN401  JSON
    """A model as JSON values: camelCase, absent instead of null, Decimals kept for the encoder.

    A null inside a mapping is data of somebody's (`configData`, an event's body), so it stays. A field whose null says
    something carries `json_schema_extra={"null": True}`.
    """
    if isinstance(value, RootModel):
        return shown(value.root)
    if isinstance(value, BaseModel):
        answer = {}
        for name, about in type(value).model_fields.items():
            held = getattr(value, name, None)
            if held is not None or _says_null(about.json_schema_extra):
                answer[about.serialization_alias or about.alias or name] = shown(held)
        return answer
    if isinstance(value, Mapping):
        return {key: shown(held) for key, held in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [shown(held) for held in value]
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def _says_null(extra: object) -> bool:
    return isinstance(extra, dict) and bool(extra.get("null"))


class Audited(Shape):
    """The audit fields of m3ter's entities."""

    version: int = told("Starts at 1 and grows by one with every change.", 1)
    dt_created: Moment = told("When it was created.", "2026-03-01T09:00:00.000Z")
    dt_last_modified: Moment = told("When it was changed last.", "2026-03-01T09:00:00.000Z")
    created_by: str = told("Who created it: `USER_` or `CLIENT_` and an id.", "USER_a1b2")
    last_modified_by: str = told("Who changed it last.", "CLIENT_c3d4")


class Paging(Shape):
    """The two parameters of every list."""

    page_size: int = told(
        "Entries on one page; fewer where more would not fit into an answer.", 100, default=100, ge=1, le=200
    )
    next_token: str | None = optional("The `nextToken` of the page before.", "eyJ2Ijox", max_length=4000)


def _no_switch(value: object) -> object:
    """Python takes true for 1."""
    if isinstance(value, bool):
        message = "must be a whole number."
        raise ValueError(message)  # noqa: TRY004  pydantic collects ValueError, not TypeError
    return value


Whole = Annotated[int, BeforeValidator(_no_switch)]
Version = Annotated[Whole, Field(ge=0, le=2**63 - 1)]
"""m3ter's is an int64; DynamoDB compares no more than 38 digits."""

Identifier = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=r"^\S(.*\S)?$")]
"""An id or a code: no space around it."""


def audit(fields: Audit) -> dict[str, Any]:
    """The audit fields as arguments of an `Audited` answer."""
    return {
        "version": fields.version,
        "dt_created": fields.created_at,
        "dt_last_modified": fields.modified_at,
        "created_by": fields.created_by,
        "last_modified_by": fields.modified_by,
    }
