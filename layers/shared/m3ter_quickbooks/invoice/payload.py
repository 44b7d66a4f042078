"""The one JSON encoder, the one decoder, and the four bodies that are sent to QuickBooks.

Money goes through here as Decimal, both ways: no float is ever made or taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from json.encoder import encode_basestring_ascii
from typing import Any

from m3ter_quickbooks.invoice.document import Document

SEND_MARKER = "m3ter-send:"
LONGEST_NOTE = 4000
"""QuickBooks' limit for a PrivateNote."""
MARKER_ROOM = len("\n" + SEND_MARKER) + 36
"""What a create adds to the note: its marker is a UUID."""

_MOST_DIGITS = 200


def encode(value: object) -> bytes:
    """JSON: compact, keys in the order given, numbers plain with all their digits, and only ASCII bytes.

    The same value always gives the same bytes: 1.50 and 1.5 are one number. Raises TypeError for a float (money must
    not pass through one) and for anything JSON has no form for, ValueError for a number that is not finite.
    """
    return _text(value).encode("ascii")


def _text(value: object) -> str:
    match value:
        case str():
            return encode_basestring_ascii(value)
        case None | bool():
            return json.dumps(value)
        case int():
            return str(int(value))
        case Decimal():
            return _number(value)
        case date():
            return f'"{value.isoformat()}"'
        case Mapping():
            return (
                "{"
                + ",".join(f"{encode_basestring_ascii(_key(key))}:{_text(part)}" for key, part in value.items())
                + "}"
            )
        case list() | tuple():
            return "[" + ",".join(map(_text, value)) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} cannot be written as JSON.")


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    raise TypeError("The keys of a JSON object are text.")


def _number(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise ValueError("A number that is not finite, or that is far too large, cannot be written as JSON.")
    with localcontext(prec=2 * _MOST_DIGITS):
        plain = format(value.normalize(), "f")
    return "0" if plain == "-0" else plain


def decode(data: bytes | str) -> Any:  # noqa: ANN401  JSON can be anything
    """Parsed JSON, its fractions as Decimal. Raises ValueError for NaN, Infinity, absurd numbers and nesting too."""
    try:
        return json.loads(data, parse_float=exact, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("JSON that is nested too deeply.") from None


def exact(number: str) -> Decimal:
    """A fraction in JSON. Raises ValueError for an exponent that no Decimal has."""
    try:
        return Decimal(number)
    except InvalidOperation:
        raise ValueError("A number in JSON is far too large, or far too small.") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON.")


def create_body(document: Document, marker: str) -> bytes:
    """A create. The note ends with the marker of this very create: an answer that got lost is found again by it."""
    return encode({**document.fields, "PrivateNote": f"{document.note}\n{SEND_MARKER}{marker}"})


def body_without_marker(document: Document) -> bytes:
    """The create without its marker: what the request id is made of (sending-once, rule 2)."""
    return encode({**document.fields, "PrivateNote": document.note})


def update_body(document: Document, document_id: str, sync_token: str) -> bytes:
    """A sparse update with every field we own and the full list of lines, which replaces the old list.

    PrivateNote stays out: from the creation on it belongs to the accountant. A field that the document does not have
    is not touched: QuickBooks fills some from the company's or the customer's defaults, people fill others, and both
    must survive. So an address that an earlier body had set stays, too: whether an empty one clears it is not verified,
    and a fault (2210) would keep the amounts from being updated. The run warns (`run/carry_out.py`).
    """
    return encode({"Id": document_id, "SyncToken": sync_token, "sparse": True, **document.fields})


ADDRESSES = ("BillEmail", "BillEmailCc", "BillEmailBcc")
"""The fields that come and go with settings and accounts."""


def void_body(document_id: str, sync_token: str) -> bytes:
    """A void (of a credit memo: a delete)."""
    return encode({"Id": document_id, "SyncToken": sync_token})
