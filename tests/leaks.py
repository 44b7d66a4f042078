"""What must never be seen in a log, run, event, mail or outgoing event (design sections 7 and 14).

Names of accounts may be seen, their addresses may not. `tests/conftest.py` looks at the output of every test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

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
