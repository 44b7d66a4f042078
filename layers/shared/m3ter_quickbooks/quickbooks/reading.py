"""Reads and queries: they may be repeated, so they raise where a write would answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.connection.ports import AccessTokens
from m3ter_quickbooks.problems import ConnectionLost, Refused, TryLater
from m3ter_quickbooks.quickbooks.answers import no
from m3ter_quickbooks.quickbooks.documents import text
from m3ter_quickbooks.quickbooks.faults import faults_of, only_a_read_is_refused, read_json
from m3ter_quickbooks.quickbooks.wire import FIRST_SERVER_ERROR, NeverLeft, NoAnswer, Reply, Request, Wire
from m3ter_quickbooks.run.answer import Fault, Hindrance, NotSent, RefusedWrite, Unsure

LARGEST_PAGE = 1_000
"""QuickBooks' own limit for one page of a query."""


def quoted(value: str) -> str:
    r"""A value in a query: single quotes, an apostrophe as `\'` (facts 4; doubling it does not work)."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Reader:
    """Reads of one company. Every method raises TryLater, ConnectionLost, Refused (with Intuit's code)."""

    def __init__(self, wire: Wire, tokens: AccessTokens) -> None:
        self._wire = wire
        self._tokens = tokens

    def one(self, connection: Connection, entity: str, object_id: str) -> Mapping[str, object]:
        """The entity's object. Refused with code 610 if there is none."""
        answer = self.ask(connection, Request("GET", f"{entity.lower()}/{quote(object_id, safe='')}"))
        value = answer.get(entity)
        if not isinstance(value, Mapping):
            raise TryLater(f"QuickBooks answered without the {entity} that was asked for.")
        return value

    def page(
        self, connection: Connection, entity: str, clause: str, start: int = 1, size: int = LARGEST_PAGE
    ) -> list[Mapping[str, object]]:
        """Rows `start` (from 1) and on, at most `size`."""
        statement = f"select * from {entity} {clause} startposition {start} maxresults {size}"  # noqa: S608  QuickBooks' own language; values are `quoted`
        found = self.ask(connection, Request("GET", "query", {"query": statement})).get("QueryResponse")
        if not isinstance(found, Mapping):
            raise TryLater("QuickBooks answered a query with something that cannot be read.")
        rows = found.get(entity)
        if rows is None:
            return []
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise TryLater("QuickBooks answered a query with something that cannot be read.")
        return rows

    def all_rows(self, connection: Connection, entity: str, clause: str) -> Iterator[Mapping[str, object]]:
        """Every row, page by page. A row that moves from one page to the next is told once."""
        start = 1
        told: set[str] = set()
        while True:
            rows = self.page(connection, entity, clause, start)
            for row in rows:
                row_id = text(row.get("Id")) or ""
                if row_id not in told:
                    told.add(row_id)
                    yield row
            if len(rows) < LARGEST_PAGE:
                return
            start += len(rows)

    def ask(self, connection: Connection, request: Request) -> Mapping[str, object]:
        """The answer's JSON object."""
        try:
            reply = self._wire.speak(connection, request)
        except (NeverLeft, NoAnswer) as reason:
            raise TryLater(f"QuickBooks did not answer ({reason}).") from reason
        try:
            return understood(reply)
        except ConnectionLost as lost:
            self._tokens.refused(connection, lost.message)
            raise


def understood(reply: Reply) -> Mapping[str, object]:
    """The JSON object of a successful read. Raises what is said in `Reader`."""
    match no(reply):
        case NotSent(because=Hindrance.NOT_AUTHORIZED) as refusal:
            raise ConnectionLost(refusal.message)
        case NotSent() as refusal:
            is_throttled = refusal.because is Hindrance.THROTTLED
            message = refusal.message or "QuickBooks asks to slow down."
            raise TryLater(message, refusal.after, throttled=is_throttled)
        case Unsure() as refusal:
            faults = faults_of(reply.body, reply.status) if reply.status < FIRST_SERVER_ERROR else ()
            if any(map(only_a_read_is_refused, faults)):
                raise _refused(faults[0], reply.tid)
            raise TryLater(f"QuickBooks could not answer ({refusal.because}).")
        case RefusedWrite() as refusal:
            raise _refused(refusal.faults[0], refusal.intuit_tid)
    value = read_json(reply.body)
    if not isinstance(value, Mapping):
        raise TryLater("QuickBooks answered with something that cannot be read.")
    return value


def _refused(fault: Fault, tid: str | None) -> Refused:
    return Refused(f"QuickBooks refused to read this (code {fault.code}).", fault.code, tid)
