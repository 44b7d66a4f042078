"""How single values of m3ter's JSON are read: numbers without losing a digit, days, moments, text that may be unset.

Each reader takes what JSON gave and returns the value, or raises ValueError with words that complete "... should be".
"""

from __future__ import annotations

from contextlib import suppress
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from decimal import Decimal, localcontext
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

# Far beyond any bill, and small enough that no sum or product of two such numbers is ever rounded.
LARGEST_EXPONENT = 24
DECIMALS = 40
EXACT_DIGITS = 160
LONGEST_IDENTIFIER = 256
"""m3ter's are UUIDs. Ours become parts of keys, which must not grow without bound."""


def read_number(value: object) -> Decimal:
    """A finite number below 10^24. Decimals beyond the fortieth (residue of binary fractions) are rounded away.

    A float is read by its shortest text: a Lambda that was invoked directly has already parsed its event.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int | float | str):
        raise ValueError("a number")  # noqa: TRY004  pydantic collects ValueError, not TypeError
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except ArithmeticError:
        raise ValueError("a number") from None
    if not number.is_finite():
        raise ValueError("a finite number")
    if number and number.adjusted() >= LARGEST_EXPONENT:
        raise ValueError(f"smaller than 10^{LARGEST_EXPONENT}")
    if int(number.as_tuple().exponent) < -DECIMALS:
        with localcontext(prec=EXACT_DIGITS):
            return round(number, DECIMALS)
    return number


def read_day(value: object) -> object:
    """A calendar day; m3ter also writes it as a timestamp, whose own date counts."""
    if value is None or isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    if isinstance(value, str):
        text = value.strip()
        with suppress(ValueError):
            return date.fromisoformat(text[:10]) if text else None
    raise ValueError("a date such as 2026-01-31")


def read_moment(value: object) -> object:
    """A moment in UTC. One without a zone is taken to be UTC, which is what m3ter means."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("a time such as 2026-01-31T10:00:00Z") from None
    if value is None:
        return None
    if isinstance(value, datetime):
        # The first and the last year are left out so that no change of time zone can leave the calendar.
        if not MINYEAR < value.year < MAXYEAR:
            raise ValueError(f"a time between the years {MINYEAR + 1} and {MAXYEAR - 1}")
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    raise ValueError("a time such as 2026-01-31T10:00:00Z")


def read_text(value: object) -> object:
    """Text; null and blank both mean unset (m3ter answers empty strings for unset optional ones)."""
    return None if isinstance(value, str) and not value.strip() else value


def read_version(value: object) -> object:
    """A version; a missing one is 0."""
    return 0 if value is None else value


Number = Annotated[Decimal, BeforeValidator(read_number)]
Day = Annotated[date | None, BeforeValidator(read_day)]
Moment = Annotated[datetime | None, BeforeValidator(read_moment)]
Text = Annotated[str | None, BeforeValidator(read_text)]
Identifier = Annotated[Annotated[str, Field(max_length=LONGEST_IDENTIFIER)] | None, BeforeValidator(read_text)]
Version = Annotated[int, Field(ge=0), BeforeValidator(read_version)]


class Dto(BaseModel):
    """One of m3ter's JSON objects: camelCase outside, snake_case inside, never changed, unknown keys ignored."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, extra="ignore", coerce_numbers_to_str=True
    )
