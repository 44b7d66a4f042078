"""The rush: one item per minute counts, over all workers, how many bills each company has had in it.

    RUSH#<minute>   had_<hash of the company> = 14, had_… = 9, …     ttl: gone after an hour

One request adds what an invocation has in hand and answers with what its companies have had: nothing is read first, and
nothing is conditional. The attribute names are hashes because a name in an expression is plain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.table import Table, Update
from m3ter_quickbooks.storage.wire import epoch, moment_text

KEPT = timedelta(hours=1)
MINUTE = len("2026-11-30T12:00")
MOST_AT_ONCE = 80
"""Companies in one request: DynamoDB takes expressions of 4 KB."""


class Rush:
    """Implements `run.ports.Rush`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def had(self, bills: Mapping[str, int], now: datetime) -> dict[str, int]:
        """See the port."""
        companies = list(bills)
        had: dict[str, int] = {}
        for start in range(0, len(companies), MOST_AT_ONCE):
            had |= self._add(companies[start : start + MOST_AT_ONCE], bills, now)
        return had

    def _add(self, companies: Sequence[str], bills: Mapping[str, int], now: datetime) -> dict[str, int]:
        adding = ", ".join(f"#{_attribute(company)} :n{number}" for number, company in enumerate(companies))
        values: dict[str, object] = {f":n{number}": bills[company] for number, company in enumerate(companies)}
        values |= {":type": "rush", ":ttl": epoch(now + KEPT)}
        change = f"SET #type = :type, #ttl = :ttl ADD {adding}"
        # Asked once: only the order of bills depends on it, and all that are in hand wait for the answer.
        item = self._table.update(Update(keys.rush(moment_text(now)[:MINUTE]), change, None, values), attempts=1)
        return {company: item[_attribute(company)] for company in companies}


def _attribute(company: str) -> str:
    return f"had_{sha256(company.encode()).hexdigest()[:24]}"
