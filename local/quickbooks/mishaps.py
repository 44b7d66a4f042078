"""Faults on demand: what goes wrong, how often, and for which requests.

request ──> gateway ──────────────> commit ───────────────> answer
              │ throttle              │ late-landing          │ lost-answer, slow
              │ expire-access-token   │ lost-request          │ server-error (committed), unreadable
              │ server-error          │ fault                 │ fault-in-200
"""

import random
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from local.quickbooks.checked import (
    DAY,
    DIGITS,
    PATTERN,
    YES_OR_NO,
    BadSetting,
    checked,
    number,
    one_of,
    read_as,
    text,
    whole,
)
from local.quickbooks.entities import BY_SEGMENT

KINDS = {
    "lost-answer": "committed, but no answer: `how` is timeout (default) or reset; `seconds` before the line is cut",
    "lost-request": "never arrives: nothing happens and no answer comes; `how` as above",
    "late-landing": "the client hears nothing; the request is carried out `seconds` later (default 30)",
    "slow": "carried out at once, answered after `seconds` (default 5)",
    "throttle": "429 before anything happens; `format` json (default) or xml; `retryAfter` adds the header",
    "server-error": "`status` (default 503), `format` html (default), json or xml; `committed` true: after the commit",
    "unreadable": "committed; the answer is 200 with half a body",
    "fault": "a business fault `code` (default 6000, -30003) instead of the operation; `message`, `detail`, `status` "
    "as QuickBooks has them for the code unless given",
    "fault-in-200": "the same fault with HTTP 200",
    "expire-access-token": "the token sent runs out at this moment: 401",
    "lost-admin": "code 120: the user who connected is no administrator any more",
    "rotate-refresh-token": "the refresh gives a new refresh token; the old ones die after `seconds` (default 0)",
    "invalid-grant": "the token endpoint refuses with invalid_grant",
    "forget-request-id": "the request id of this request is neither looked up nor remembered",
    "inactive-customer": "the customer the document names is made inactive just before",
    "inactive-item": "the items the document names are made inactive just before",
    "deleted-document": "the document the request is about is deleted by somebody just before",
    "changed-document": "somebody changes the document just before: the SyncToken sent is stale",
    "closed-books": "the books are closed up to `date` (default: the document's own date) just before",
}


class BadRule(BadSetting):
    """A rule that names no fault, is not complete, or never strikes."""


OPERATIONS = (
    "create", "update", "void", "delete", "send", "read", "pdf", "query", "batch", "cdc", "token", "refresh", "revoke",
)  # fmt: skip
OF_OAUTH = frozenset({"token", "refresh", "revoke"})
_OF_BOOKS = frozenset(OPERATIONS) - OF_OAUTH
_WRITES = frozenset({"create", "update", "void", "delete"})
# The operations that a fault can strike; those not listed strike any.
_STRIKES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("late-landing", "fault", "fault-in-200", "expire-access-token", "lost-admin"), _OF_BOOKS),
    "rotate-refresh-token": frozenset({"refresh"}),
    "invalid-grant": OF_OAUTH,
    "forget-request-id": _WRITES | {"send", "batch"},
    **dict.fromkeys(("inactive-customer", "inactive-item"), frozenset({"create", "update"})),
    **dict.fromkeys(("changed-document", "deleted-document"), _WRITES - {"create"}),
    "closed-books": _WRITES,
}
_A_YEAR = 366 * 86_400
_SEGMENTS = (*BY_SEGMENT, "upload", "reports", "taxservice")
_SETTINGS = {
    "probability": number(0, 1), "count": whole(0, 10**9), "after": whole(0, 10**9), "path": PATTERN,
    "method": one_of(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")), "entity": one_of(_SEGMENTS),
    "operation": one_of(OPERATIONS), "realm": DIGITS, "seconds": number(0, _A_YEAR),
    "how": one_of(("timeout", "reset")), "format": one_of(("html", "json", "xml")), "status": whole(400, 599),
    "committed": YES_OR_NO, "code": DIGITS, "message": text(), "detail": text(), "retryAfter": whole(0, _A_YEAR),
    "date": DAY,
}  # fmt: skip


@dataclass(slots=True)
class Rule:
    """One fault and the requests that meet it. Every condition that is set must hold.

    `entity` is a path segment (invoice), `operation` one of OPERATIONS; `path` a regular expression on the path;
    `after` lets that many matching requests pass first; `count` is how often it happens at most (None: always);
    `probability` is between 0 and 1.
    """

    kind: str
    probability: float = 1.0
    count: int | None = None
    after: int = 0
    path: str | None = None
    method: str | None = None
    entity: str | None = None
    operation: str | None = None
    realm: str | None = None
    seconds: float | None = None
    how: str = "timeout"
    format: str | None = None
    status: int | None = None
    committed: bool = False
    code: str = "6000"
    message: str | None = None
    detail: str | None = None
    retryAfter: int | None = None  # noqa: N815  the name on the wire
    date: str | None = None
    id: int = 0
    happened: int = 0
    seen: int = field(default=0, repr=False)

    def public(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if key != "seen"}

    def meets(self, about: Mapping[str, str]) -> bool:
        """Whether a request is one that this fault can strike at all, and one that it was bound to."""
        struck = _STRIKES.get(self.kind)
        if struck is not None and about["operation"] not in struck:
            return False
        for name in ("method", "entity", "operation", "realm"):
            wanted = getattr(self, name)
            if wanted is not None and wanted.lower() != about.get(name, "").lower():
                return False
        return self.path is None or re.search(self.path, about["path"]) is not None


class Mishaps:
    """The rules in force. One seeded source of chance, so that a run can be repeated."""

    def __init__(self, seed: int | None = None) -> None:
        self.rules: list[Rule] = []
        self.chance = random.Random(seed)  # noqa: S311  chance, no secret
        self._next = 1

    def seed(self, seed: int | None) -> None:
        self.chance = random.Random(seed)  # noqa: S311  chance, no secret

    def add(self, kind: str, /, **settings: Any) -> Rule:
        """A fault from now on; a setting of None counts as not given. Raises BadRule."""
        try:
            kind = read_as("kind", one_of(KINDS), kind)
            given = {name: value for name, value in settings.items() if value is not None or name not in _SETTINGS}
            rule = Rule(kind, **checked(given, _SETTINGS))
        except BadSetting as problem:
            raise BadRule(str(problem)) from problem
        rule.id, self._next = self._next, self._next + 1
        self.rules.append(rule)
        return rule

    def bind(self, kind: str, /, **settings: Any) -> Rule:
        """As `add`, for somebody who can be told: raises BadRule also for a fault that could never happen so."""
        struck, operation = _STRIKES.get(str(kind)), settings.get("operation")
        if struck is not None and isinstance(operation, str) and operation.lower() not in struck:
            able = ", ".join(one for one in OPERATIONS if one in struck)
            raise BadRule(f"{kind} cannot strike the operation {operation[:40]}; it strikes {able}")
        return self.add(kind, **settings)

    def remove(self, rule_id: int) -> bool:
        before = len(self.rules)
        self.rules = [one for one in self.rules if one.id != rule_id]
        return len(self.rules) < before

    def clear(self) -> None:
        self.rules.clear()

    def befalling(self, about: Mapping[str, str], only: str | None = None) -> tuple[Rule, ...]:
        """The rules that strike this request; each strike is counted. `only` names the one kind that can."""
        struck = []
        for rule in self.rules:
            if (
                (only and rule.kind != only)
                or not rule.meets(about)
                or (rule.count is not None and rule.happened >= rule.count)
            ):
                continue
            rule.seen += 1
            if rule.seen <= rule.after or self.chance.random() >= rule.probability:
                continue
            rule.happened += 1
            struck.append(rule)
        return tuple(struck)
