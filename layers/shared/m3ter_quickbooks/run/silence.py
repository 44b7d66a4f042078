"""Who let this process wait in vain is not waited for again at once: a company that hangs must not hold up the others.

A write that hangs bars more writes to its company. A read may still be tried: it is how an unsure create is found. If
that hangs too, nothing more is asked for a while; if it is answered, all is well again. What could not be asked is a
`TryLater` (a write: `NotSent`), so its run is put down in order and comes again after its backoff.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.run.answer import Answer, Hindrance, NotSent, RemoteDocument, Unsure
from m3ter_quickbooks.run.delivery import Operation
from m3ter_quickbooks.run.ports import Clock, M3ter, QuickBooks

T = TypeVar("T")

IN_VAIN = timedelta(seconds=4)
"""Whoever fails sooner costs nobody anything, and may be asked again."""
SILENT_FOR = timedelta(seconds=60)


class Silence:
    """Who is silent, and until when. Kept in the process, of one kind of partner."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[object, datetime] = {}

    def of(self, whom: object) -> bool:
        """Whether they let somebody wait in vain a moment ago."""
        until = self._until.get(whom)
        return until is not None and self._clock() < until

    def noted(self, whom: object, ask: Callable[[], T], in_vain: Callable[[T], bool] = lambda _: False) -> T:
        """The answer to `ask`; if it was waited for in vain, that is remembered, and forgotten with the next answer."""
        asked_at = self._clock()
        try:
            answer = ask()
        except TryLater:
            self._note(whom, asked_at)
            raise
        if in_vain(answer):
            self._note(whom, asked_at)
        else:
            self._until.pop(whom, None)
        return answer

    def end(self, whom: object) -> None:
        """They have answered."""
        self._until.pop(whom, None)

    def _note(self, whom: object, asked_at: datetime) -> None:
        now = self._clock()
        if now - asked_at >= IN_VAIN:
            self._until[whom] = now + SILENT_FOR


class PatientQuickBooks:
    """QuickBooks (`run.ports.QuickBooks`) that waits for no silent company."""

    def __init__(self, quickbooks: QuickBooks, clock: Clock) -> None:
        self._quickbooks = quickbooks
        self._reads = Silence(clock)
        self._writes = Silence(clock)

    def write(self, connection: Connection, op: Operation) -> Answer:
        """One written-ahead operation."""
        return self._write(connection, lambda: [self._quickbooks.write(connection, op)], 1)[0]

    def write_batch(self, connection: Connection, ops: Sequence[Operation], request_id: str) -> list[Answer]:
        """Several of them."""
        return self._write(connection, lambda: self._quickbooks.write_batch(connection, ops, request_id), len(ops))

    def read(self, connection: Connection, kind: DocumentKind, document_id: str) -> RemoteDocument | None:
        """One document."""
        return self._read(connection, partial(self._quickbooks.read, connection, kind, document_id))

    def look_for(
        self, connection: Connection, kind: DocumentKind, customer_id: str, txn_date: date, marker: str
    ) -> list[RemoteDocument]:
        """Documents by their marker."""
        return self._read(
            connection, partial(self._quickbooks.look_for, connection, kind, customer_id, txn_date, marker)
        )

    def numbered(self, connection: Connection, kind: DocumentKind, number: str) -> list[RemoteDocument]:
        """Documents by their number."""
        return self._read(connection, partial(self._quickbooks.numbered, connection, kind, number))

    def exchange_rate(self, connection: Connection, currency: str, on: date) -> Decimal:
        """A rate of the company."""
        return self._read(connection, partial(self._quickbooks.exchange_rate, connection, currency, on))

    def _read(self, connection: Connection, ask: Callable[[], T]) -> T:
        whom = _speaks_for(connection)
        if self._reads.of(whom):
            message = "QuickBooks did not answer a moment ago; it is asked again later."
            raise TryLater(message)
        answer = self._reads.noted(whom, ask)
        self._writes.end(whom)
        return answer

    def _write(self, connection: Connection, send: Callable[[], list[Answer]], number: int) -> list[Answer]:
        whom = _speaks_for(connection)
        if self._writes.of(whom) or self._reads.of(whom):
            return [NotSent(Hindrance.UNAVAILABLE) for _ in range(number)]
        return self._writes.noted(whom, send, _came_to_nothing)


class PatientM3ter:
    """m3ter (`run.ports.M3ter`) that waits for no silent organization: each has a base URL of its own, maybe."""

    def __init__(self, m3ter: M3ter, clock: Clock) -> None:
        self._m3ter = m3ter
        self._silence = Silence(clock)

    def bill(self, organization_id: OrganizationId, bill_id: BillId) -> Bill | None:
        """A bill with its line items."""
        return self._ask(organization_id, partial(self._m3ter.bill, organization_id, bill_id))

    def account(
        self, organization_id: OrganizationId, account_id: AccountId
    ) -> tuple[Account, Mapping[str, object]] | None:
        """An account."""
        return self._ask(organization_id, partial(self._m3ter.account, organization_id, account_id))

    def _ask(self, organization_id: OrganizationId, ask: Callable[[], T]) -> T:
        if self._silence.of(organization_id):
            message = "m3ter did not answer a moment ago; it is asked again later."
            raise TryLater(message)
        return self._silence.noted(organization_id, ask)


def _speaks_for(connection: Connection) -> object:
    """Two connections may lead to one company; the tokens of one of them may be what does not come."""
    return connection.organization_id, connection.credential_id


def _came_to_nothing(answers: list[Answer]) -> bool:
    return all(
        isinstance(answer, Unsure) or (isinstance(answer, NotSent) and answer.because is Hindrance.UNAVAILABLE)
        for answer in answers
    )
