"""Items as Python values, and as DynamoDB writes them.

Our own few lines instead of boto3's: no Decimal context that refuses long amounts, absent instead of null, bytes as
bytes, and the same reader for the images of a stream.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from m3ter_quickbooks.invoice.payload import decode, encode

Item = dict[str, Any]
"""Attribute name -> str, int, Decimal, bool, bytes, list or dict. What is None is not stored at all."""

BIGGEST_BLOB = 350_000
"""Bytes of one compressed body: with its keys and the rest of the item it stays under DynamoDB's 400 KB."""


def to_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as the API takes it. Attributes that are None are left out."""
    return {name: write_value(value) for name, value in item.items() if value is not None}


def write_value(value: Any) -> dict[str, Any]:  # noqa: ANN401  every kind of value comes through here
    """One value with its type. Raises TypeError for what has no place in the table, floats above all."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": str(value)}
        case int() | Decimal():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": to_wire(value)}
        case list() | tuple():
            return {"L": [write_value(part) for part in value]}
    raise TypeError(f"{type(value).__name__} has no place in the table")


def from_wire(attributes: Mapping[str, Any]) -> Item:
    """An item as the API answers it."""
    return _read_map(attributes, bytes)


def from_image(attributes: Mapping[str, Any]) -> Item:
    """An item as a stream record carries it to Lambda: JSON, so bytes are base64."""
    return _read_map(attributes, base64.b64decode)


def _read_map(attributes: Mapping[str, Any], read_bytes: Callable[[Any], bytes]) -> Item:
    return {name: _read_value(value, read_bytes) for name, value in attributes.items()}


def _read_value(attribute: Mapping[str, Any], read_bytes: Callable[[Any], bytes]) -> Any:  # noqa: ANN401  as above
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            number = Decimal(value)
            return int(number) if number == number.to_integral_value() and "." not in value else number
        case "B":
            return read_bytes(value)
        case "M":
            return _read_map(value, read_bytes)
        case "L":
            return [_read_value(part, read_bytes) for part in value]
        case "NULL":
            return None
        case _:
            return value


def moment_text(moment: datetime) -> str:
    """UTC to the microsecond in fixed width, so that text sorts as time does and nothing of a lease is lost."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    """The moment that `moment_text` wrote."""
    return datetime.fromisoformat(text)


def moment_or_none(text: str | None) -> datetime | None:
    """The same for an attribute that may be absent."""
    return None if text is None else moment_of(text)


def day_or_none(text: str | None) -> date | None:
    """A calendar day from its ISO text, where there is one."""
    return None if text is None else date.fromisoformat(text)


def written(value: object | None) -> str | None:
    """Text of a day, an amount or an enum word, where there is one."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def epoch(moment: datetime) -> int:
    """Seconds since 1970, as the table's TTL wants them."""
    return int(moment.timestamp())


def pack(value: object) -> bytes:
    """JSON, compressed. Decimals keep all their digits; a float (of an event that came already parsed) its own."""
    return zlib.compress(encode(_exact(value)), 6)


def unpack(packed: bytes) -> Any:  # noqa: ANN401  JSON
    """What `pack` took."""
    return decode(zlib.decompress(packed))


def _exact(value: object) -> object:
    match value:
        case float():
            return Decimal(repr(value))
        case Mapping():
            return {key: _exact(part) for key, part in value.items()}
        case list() | tuple():
            return [_exact(part) for part in value]
        case _:
            return value
