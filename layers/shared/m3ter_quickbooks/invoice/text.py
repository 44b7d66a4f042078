"""Text as QuickBooks takes it, and the limits on it."""

from __future__ import annotations

import re

LONGEST_DESCRIPTION = 4000
LONGEST_NUMBER = 21

# Not allowed in XML 1.0, which QuickBooks speaks inside; a lone half of a surrogate pair is not even UTF-8.
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"[\s\x85\u2028\u2029]+")


def one_line(text: str | None) -> str:
    """Without control characters, line breaks and runs of spaces."""
    return _SPACE.sub(" ", _UNSENDABLE.sub("", text or "")).strip()


def at_most(text: str, limit: int) -> str:
    """Cut to `limit` as QuickBooks counts, in UTF-16 units; an ellipsis shows where."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * limit:
        return text
    return units[: 2 * (limit - 1)].decode("utf-16-le", "ignore").rstrip() + "…"


def listed(names: list[str], most: int = 5) -> str:
    """Some of many: `a, b and 3 more`."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
