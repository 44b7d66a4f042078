"""QuickBooks as `run` sees it (`run.ports.QuickBooks`): writes that answer, reads that raise.

An operation's bytes go out exactly as they were written ahead, alone or inside a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.connection.ports import AccessTokens
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.problems import ConnectionLost, Refused, TryLater
from m3ter_quickbooks.quickbooks.answers import answer_to, answers_to_batch
from m3ter_quickbooks.quickbooks.documents import amount, deleted, read_document
from m3ter_quickbooks.quickbooks.reading import Reader, quoted
from m3ter_quickbooks.quickbooks.wire import NeverLeft, NoAnswer, Reply, Request, Wire
from m3ter_quickbooks.run.answer import Answer, Hindrance, NotSent, RemoteDocument, Unsure
from m3ter_quickbooks.run.delivery import Operation, Verb

LARGEST_BATCH = 30
_OBJECT_NOT_FOUND = "610"
_BATCH_OPERATION = {Verb.CREATE: "create", Verb.UPDATE: "update", Verb.VOID: "delete"}


def batchable(op: Operation) -> bool:
    """Whether an operation may travel in a batch. The void of an invoice may not: how a batch voids is not verified.

    Nor may a number that is used again: the permission belongs to a request (facts 2.5).
    """
    return not (op.number_again or (op.verb is Verb.VOID and op.kind is DocumentKind.INVOICE))


class QuickBooksClient:
    """Implements `run.ports.QuickBooks`. The realm comes from the connection and from nowhere else."""

    def __init__(self, wire: Wire, tokens: AccessTokens) -> None:
        self._wire = wire
        self._tokens = tokens
        self._reader = Reader(wire, tokens)

    def write(self, connection: Connection, op: Operation) -> Answer:
        """Rule 3: send one operation, once. Whatever QuickBooks or the network does is an answer."""
        params = {"requestid": op.request_id}
        if op.verb is Verb.VOID:
            params["operation"] = "void" if op.kind is DocumentKind.INVOICE else "delete"
        if op.number_again:
            params["include"] = "allowduplicatedocnum"
        reply = self._send(connection, Request("POST", op.kind.value.lower(), params, op.body))
        if not isinstance(reply, Reply):
            return reply
        return self._heeded(connection, [answer_to(op, reply)])[0]

    def write_batch(self, connection: Connection, ops: Sequence[Operation], request_id: str) -> list[Answer]:
        """At most 30 operations (each `batchable`) in one request; one answer each, in order."""
        if len(ops) > LARGEST_BATCH or not all(map(batchable, ops)):
            raise ValueError(
                "A batch holds at most 30 operations, none of them the void of an invoice or a number again."
            )
        reply = self._send(connection, Request("POST", "batch", {"requestid": request_id}, _batch_body(ops)))
        if not isinstance(reply, Reply):
            return [reply for _ in ops]
        return self._heeded(connection, answers_to_batch(list(ops), reply))

    def read(self, connection: Connection, kind: DocumentKind, document_id: str) -> RemoteDocument | None:
        """The document, or None if QuickBooks has none (610). Raises TryLater, ConnectionLost, Refused."""
        try:
            value = self._reader.one(connection, kind.value, document_id)
        except Refused as refused:
            if refused.code == _OBJECT_NOT_FOUND:
                return None
            raise
        if deleted(value):
            return None
        document = read_document(kind, value)
        if document is None:
            raise TryLater("QuickBooks answered with a document that cannot be read.")
        return document

    def look_for(
        self, connection: Connection, kind: DocumentKind, customer_id: str, txn_date: date, marker: str
    ) -> list[RemoteDocument]:
        """Every document of that customer and day whose PrivateNote contains `marker`, all pages."""
        condition = f"CustomerRef = {quoted(customer_id)} and TxnDate = {quoted(txn_date.isoformat())}"
        return [document for document in self._where(connection, kind, condition) if marker in document.note]

    def numbered(self, connection: Connection, kind: DocumentKind, number: str) -> list[RemoteDocument]:
        """Every document that carries this DocNumber."""
        return self._where(connection, kind, f"DocNumber = {quoted(number)}")

    def exchange_rate(self, connection: Connection, currency: str, on: date) -> Decimal:
        """QuickBooks' own rate of that day: home units per unit of `currency`. Raises Refused if it has none."""
        params = {"sourcecurrencycode": currency, "asofdate": on.isoformat()}
        value = self._reader.ask(connection, Request("GET", "exchangerate", params)).get("ExchangeRate")
        rate = amount(value.get("Rate")) if isinstance(value, Mapping) else None
        if rate is None or rate <= 0:
            raise Refused(
                f"QuickBooks has no exchange rate for {currency} on {on.isoformat()}: "
                "turn the currency on in QuickBooks (Settings, Currencies) or enter a rate for that day there."
            )
        return rate

    def _where(self, connection: Connection, kind: DocumentKind, condition: str) -> list[RemoteDocument]:
        documents = [
            read_document(kind, row) for row in self._reader.all_rows(connection, kind.value, f"where {condition}")
        ]
        if None in documents:
            # Leaving one out could make a create look lost that is not.
            raise TryLater("QuickBooks listed a document that cannot be read.")
        return [document for document in documents if document is not None]

    def _send(self, connection: Connection, request: Request) -> Reply | NotSent | Unsure:
        try:
            return self._wire.speak(connection, request)
        except ConnectionLost as lost:
            return NotSent(Hindrance.NOT_AUTHORIZED, message=lost.message)
        except TryLater as later:
            return NotSent(Hindrance.UNAVAILABLE, later.after, message=later.message)
        except NeverLeft as reason:
            return NotSent(Hindrance.UNAVAILABLE, message=f"QuickBooks could not be reached ({reason}).")
        except NoAnswer as reason:
            return Unsure(f"no answer ({reason})")

    def _heeded(self, connection: Connection, answers: list[Answer]) -> list[Answer]:
        """The same answers, after the connection was marked as broken if one of them says so."""
        for answer in answers:
            if isinstance(answer, NotSent) and answer.because is Hindrance.NOT_AUTHORIZED:
                try:
                    self._tokens.refused(connection, answer.message)
                except TryLater as later:
                    return [_not_now(each, later) for each in answers]
                break
        return answers


def _not_now(answer: Answer, later: TryLater) -> Answer:
    """The connection could not be marked, or was made anew meanwhile: what it refused is tried again."""
    if isinstance(answer, NotSent) and answer.because is Hindrance.NOT_AUTHORIZED:
        return NotSent(Hindrance.UNAVAILABLE, later.after, answer.intuit_tid, later.message)
    return answer


def _batch_body(ops: Sequence[Operation]) -> bytes:
    """The stored bytes of each operation, spliced in as they are."""
    items = [
        b'{"bId":"%d","operation":"%s","%s":%s}'
        % (place, _BATCH_OPERATION[op.verb].encode(), op.kind.value.encode(), op.body)
        for place, op in enumerate(ops)
    ]
    return b'{"BatchItemRequest":[' + b",".join(items) + b"]}"
