"""Numbers, times and text as QuickBooks writes them."""

import json
import re
import secrets
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import Any

Json = dict[str, Any]

CENT = Decimal("0.01")
LARGEST_EXPONENT = 40
DEEPEST = 60

# Python's encoder cannot write a Decimal as a number. Each goes out as a marked string whose quotes are then taken off;
# the mark is new in every process, so that no text from outside can pass as a number.
_MARK = secrets.token_hex(8)
_MARKED = re.compile(f'"{_MARK}([^"]*)"')
_HALF_A_PAIR = re.compile(r"\\u[dD][89abcdefABCDEF]")


def _marked(value: object) -> str:
    if isinstance(value, Decimal):
        return _MARK + format(value, "f")
    raise TypeError(f"not JSON: {type(value).__name__}")


_ENCODER = json.JSONEncoder(default=_marked, separators=(",", ":"), ensure_ascii=False)


class Malformed(ValueError):
    """The text is not JSON that can be worked with."""


def dumps(value: object) -> str:
    return _MARKED.sub(r"\1", _ENCODER.encode(value))


def _exact(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > LARGEST_EXPONENT:
        raise Malformed(f"number out of range: {text[:40]}")
    return value


def _no_constant(text: str) -> None:
    raise Malformed(f"not a number: {text}")


def loads(text: str | bytes) -> Any:
    """JSON with every fraction as a Decimal. Raises Malformed, also for numbers and nesting out of all bounds."""
    try:
        plain = text.decode() if isinstance(text, bytes) else text
        value = json.loads(plain, parse_float=_exact, parse_constant=_no_constant)
    except (ValueError, RecursionError, InvalidOperation) as cause:
        raise Malformed(str(cause)) from cause
    if _HALF_A_PAIR.search(plain):
        return _whole_characters(value)
    return value


def bounded(value: Any) -> Any:
    """What a stranger sent, if it is not nested deeper than it can be worked with. Raises Malformed."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise Malformed("nested too deep")
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return value


def _whole_characters(value: Any) -> Any:
    """An escaped half of a surrogate pair is legal JSON, but no text that can be stored."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole_characters(one) for one in value]
    return value


def half_up(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def money(value: Decimal | int) -> Decimal | int:
    """Two decimals, a bare 0 when zero: so does QuickBooks print it (facts 1.5)."""
    rounded = half_up(Decimal(value))
    return rounded or 0


def natural(value: Decimal | int) -> Decimal | int:
    """A quantity or price without trailing zeros: 4.5, 75."""
    exact = Decimal(value).normalize()
    return int(exact) if exact == exact.to_integral_value() else exact


def _first_sunday(year: int, month: int) -> datetime:
    first = datetime(year, month, 1, tzinfo=UTC)
    return first + timedelta(days=(6 - first.weekday()) % 7)


@cache
def _summer(year: int) -> tuple[datetime, datetime]:
    """Second Sunday of March to first Sunday of November, at 2 o'clock local time."""
    return _first_sunday(year, 3) + timedelta(days=7, hours=10), _first_sunday(year, 11) + timedelta(hours=9)


_STANDARD, _DAYLIGHT = timezone(timedelta(hours=-8)), timezone(timedelta(hours=-7))


def pacific(moment: datetime) -> datetime:
    """The same moment on the clock of QuickBooks' servers. Own rule (US since 2007): slim machines have no tz data."""
    start, end = _summer(moment.year)
    return moment.astimezone(_DAYLIGHT if start <= moment < end else _STANDARD)


def answer_time(moment: datetime) -> str:
    return pacific(moment).isoformat(timespec="milliseconds")


def record_time(moment: datetime) -> str:
    return pacific(moment).isoformat(timespec="seconds")


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def parsed_time(text: str) -> datetime:
    """A date or a time with or without offset (then Pacific). Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        offset = pacific(moment.replace(tzinfo=UTC)).utcoffset()
        moment = moment.replace(tzinfo=timezone(offset or timedelta()))
    return moment.astimezone(UTC)
