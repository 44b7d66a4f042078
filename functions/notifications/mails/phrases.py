"""How names and times are said in every mail."""

from __future__ import annotations

from datetime import datetime
from typing import Final

NOT_MAPPED: Final = "An account is not mapped to a QuickBooks customer"
NOT_AN_INVOICE: Final = "The bill cannot become an invoice"
NOT_ACCEPTED: Final = "QuickBooks does not accept the connection"
NOT_TAKEN: Final = "QuickBooks refused the invoice"

_NAME_AT_MOST: Final = 60


def moment(at: datetime) -> str:
    """A moment, to the minute."""
    return f"{at.day} {at:%B %Y} at {at:%H:%M} UTC"


def span(first: datetime, last: datetime) -> str:
    """From the first to the last, no longer than it need be."""
    if first.date() != last.date():
        return f"from {moment(first)} to {moment(last)}"
    if (first.hour, first.minute) != (last.hour, last.minute):
        return f"on {first.day} {first:%B %Y} from {first:%H:%M} to {last:%H:%M} UTC"
    return f"on {moment(first)}"


def day(at: datetime | None) -> str:
    """A day, with its preposition."""
    return f"on {at.day} {at:%B %Y}" if at else "soon"


def capital(text: str) -> str:
    """The text as a sentence begins."""
    return text[:1].upper() + text[1:]


def name(text: str) -> str:
    """A name as it may stand in a subject: one line, and not long."""
    return short(plain(text), _NAME_AT_MOST)


def short(text: str, at_most: int) -> str:
    """The text, cut where it is longer."""
    return text if len(text) <= at_most else text[: at_most - 1].rstrip() + "…"


def plain(text: str) -> str:
    """On one line, what is not printable left out: a name may come from anywhere, and a subject is a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
