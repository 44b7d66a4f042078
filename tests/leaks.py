"""What must never be seen in a log, run, event, mail or outgoing event (design sections 7 and 14).

Names of accounts may be seen, their addresses may not. What the whole suite leaves behind is searched:

    output of every test                            tests/conftest.py
    runs, events, notices of every table            the fixtures that make the tables, when they take them down
    mails and outgoing events                       the fakes as they take them; SES of moto and of the stack at the end
    logs of every function, the bus, on the stack   tests/stack/conftest.py
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

_FORBIDDEN = {
    "a signed or encrypted token": r"eyJ[\w-]{5,}\.[\w-]{6,}",
    "a bearer token": r"Bearer\s+[\w.~+/-]{6,}",
    "a refresh token": r"RT1-[\w-]{6,}",
    "an authorization code": r"\bXAB[\w-]{6,}|[?&\"]code[\"=:]+\s*\"?[\w-]{12,}",
    "a state of a consent": r"[?&]state=[\w-]{6,}",
    "a client secret": r"simulator-secret|secret-of-client-\w+|client_secret=\w+",
    "an e-mail address": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b",
    "a line of a postal address": r"1 Market Street|D02 X285",
}
_SOUGHT = {what: re.compile(pattern) for what, pattern in _FORBIDDEN.items()}


def leaks(text: str, exact: Iterable[str] = ()) -> list[str]:
    """What of the forbidden is in the text, and of `exact` (the very secrets and addresses that a test made)."""
    found = [f"{what}: {hit.group(0)}" for what, sought in _SOUGHT.items() for hit in sought.finditer(text)]
    return found + [f"exactly: {one}" for one in exact if one and one in text]


RECORDED = frozenset({"run", "event", "notice"})
"""Items of the table that people get to see. Others are about people, or are what is sent to QuickBooks."""


def nothing_leaks(where: str, text: str) -> None:
    """Fails the test, also from inside a door that catches every exception."""
    found = leaks(text)
    if found:
        pytest.fail("\n".join((f"{where} holds what nobody may see:", *found)), pytrace=False)


def nothing_recorded_leaks(client: Any, table: str) -> None:
    """`nothing_leaks` for every run, event and notice of a table."""
    for item in recorded(client, table):
        nothing_leaks(f"{item['type']['S']} {item['pk']['S']} {item['sk']['S']}", plain_text(item))


def recorded(client: Any, table: str) -> Iterator[dict[str, Any]]:
    """The runs, events and notices of a table, as DynamoDB has them."""
    for page in client.get_paginator("scan").paginate(TableName=table):
        yield from (item for item in page["Items"] if item.get("type", {}).get("S") in RECORDED)


def plain_text(value: Any) -> str:
    """An item as text, what was compressed in it unpacked."""
    if isinstance(value, dict):
        return " ".join(map(plain_text, value.values()))
    if isinstance(value, list):
        return " ".join(map(plain_text, value))
    if isinstance(value, bytes):
        try:
            return zlib.decompress(value).decode()
        except (zlib.error, UnicodeDecodeError):
            return value.decode("latin-1")
    return str(value)
