"""Settings as people give them in JSON, checked one by one: what is wrong is told by its name, with what is allowed."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any


class BadSetting(ValueError):
    """A setting that makes no sense; the message names it and what is allowed."""


class _Because(ValueError):
    """Not allowed, with a reason that is worth telling."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a setting may be, in words, and how it is read. `read` raises ValueError or TypeError for anything else."""

    allowed: str
    read: Callable[[Any], Any]


def whole(least: int, most: int) -> Kind:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError
        return value

    return Kind(f"a whole number from {least} to {most}", read)


def number(least: int, most: int) -> Kind:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not least <= value <= most:
            raise ValueError
        return float(value)

    return Kind(f"a number from {least} to {most}", read)


def text(longest: int = 4000) -> Kind:
    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value) > longest:
            raise ValueError
        return value

    return Kind(f"text of at most {longest} characters", read)


def one_of(words: Collection[str]) -> Kind:
    """Read without case, given back as it stands in `words`."""
    known = {word.lower(): word for word in words}

    def read(value: Any) -> str:
        if not isinstance(value, str) or value.lower() not in known:
            raise ValueError
        return known[value.lower()]

    return Kind(f"one of {', '.join(words)}", read)


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _digits(value: Any) -> str:
    said = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(said, str) or not re.fullmatch(r"[0-9]{1,19}", said):
        raise ValueError
    return said


def _country(value: Any) -> str:
    if not re.fullmatch("[A-Z]{2}", value):
        raise ValueError
    return str(value)


def _day(value: Any) -> str:
    if not isinstance(value, str) or date.fromisoformat(value).isoformat() != value:
        raise ValueError
    return value


def _pattern(value: Any) -> str:
    try:
        return str(re.compile(value).pattern)
    except (re.error, TypeError, RecursionError, OverflowError) as cause:
        raise _Because(str(cause)) from cause


def _positive(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise TypeError
    try:
        exact = Decimal(str(value))
    except ArithmeticError as cause:
        raise ValueError from cause
    if not exact.is_finite() or not 0 < exact < 10**12:
        raise ValueError
    return exact


YES_OR_NO = Kind("true or false", _yes_or_no)
DIGITS = Kind("a number in at most 19 digits", _digits)
COUNTRY = Kind("two capital letters", _country)
DAY = Kind("a day as YYYY-MM-DD", _day)
PATTERN = Kind("a regular expression", _pattern)
POSITIVE = Kind("a number above 0", _positive)


def or_nothing(kind: Kind) -> Kind:
    return Kind(f"{kind.allowed}, or null", lambda value: None if value is None else kind.read(value))


def listed(kinds: Mapping[str, Kind]) -> Kind:
    """An object whose keys are known. A key that is wrong is told as `outer.inner`."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeError
        return checked(value, kinds)

    return Kind(f"an object with {', '.join(kinds)}", read)


def by_key(keys: Collection[str], kind: Kind) -> Kind:
    """An object with any of these keys and one kind of value."""
    return listed(dict.fromkeys(keys, kind))


def checked(said: Mapping[str, Any], kinds: Mapping[str, Kind], what: str = "setting") -> dict[str, Any]:
    """What was said, read. Raises BadSetting for an unknown name and for a value that is not allowed."""
    unknown = sorted(set(said) - set(kinds))
    if unknown:
        raise BadSetting(f"unknown {what} {', '.join(_shown(one) for one in unknown[:5])}; known: {', '.join(kinds)}")
    return {name: read_as(name, kinds[name], value) for name, value in said.items()}


def read_as(name: str, kind: Kind, value: Any) -> Any:
    """One value. Raises BadSetting."""
    try:
        return kind.read(value)
    except BadSetting as inner:
        raise BadSetting(f"{name}: {inner}") from inner
    except (ValueError, TypeError) as cause:
        why = f": {cause}" if isinstance(cause, _Because) else ""
        raise BadSetting(f"{name} must be {kind.allowed}; {_shown(value)} is not{why}") from cause


def _shown(value: Any) -> str:
    written = json.dumps(value, default=str, ensure_ascii=False)
    return written if len(written) <= 60 else f"{written[:57]}..."
