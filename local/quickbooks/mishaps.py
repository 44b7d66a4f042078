"""Faults on demand: what goes wrong, how often, and for which requests.

request ──> gateway ──────────────> commit ───────────────> answer
              │ throttle              │ late-landing          │ lost-answer, slow
              │ expire-access-token   │ lost-request          │ server-error (committed), unreadable
              │ server-error          │ fault                 │ fault-in-200
"""

import random
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

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


class BadRule(ValueError):
    """A rule that names no fault or is not complete."""


@dataclass(slots=True)
class Rule:
    """One fault and the requests that meet it. Every condition that is set must hold.

    `entity` is a path segment (invoice), `operation` one of create, update, void, delete, send, read, query, batch,
    cdc, token, refresh, revoke; `path` a regular expression on the path; `after` lets that many matching requests pass
    first; `count` is how often it happens at most (None: always); `probability` is between 0 and 1.
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

    def seed(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  chance, no secret

    def add(self, kind: str, **settings: Any) -> Rule:
        """A fault from now on. Raises BadRule."""
        known = {one.name for one in fields(Rule)} - {"kind", "id", "happened", "seen"}
        if kind not in KINDS:
            raise BadRule(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
        if unknown := set(settings) - known:
            raise BadRule(f"unknown setting {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        rule = Rule(kind, **settings)
        try:
            re.compile(rule.path or "")
            wrong = not 0 <= rule.probability <= 1 or (rule.seconds or 0) < 0 or (rule.count or 0) < 0
        except (re.error, TypeError) as cause:
            raise BadRule(str(cause)) from cause
        if wrong:
            raise BadRule("probability is between 0 and 1; seconds and count are not negative")
        rule.id, self._next = self._next, self._next + 1
        self.rules.append(rule)
        return rule

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
