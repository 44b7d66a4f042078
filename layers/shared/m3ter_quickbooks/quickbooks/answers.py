"""What a reply to a write means: one of the four answers of `run/answer.py` (sending-once rule 3).

5xx, anything unreadable                         Unsure
429, 3001                                        NotSent: throttled
100, 110, 120, 3100                              NotSent: not authorized (the connection is broken)
401 though the token was new                     NotSent: unavailable, to be tried again
150 and its like, 10000.., SystemFault, -30003   Unsure (10200 is a no)
600                                              Unsure: something was done under this request id
a fault, whatever the status                     RefusedWrite
2xx with the document we meant                   Accepted
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.payload import SEND_MARKER
from m3ter_quickbooks.quickbooks.documents import deleted, read_document, text
from m3ter_quickbooks.quickbooks.faults import (
    consent_refused,
    faults_in,
    faults_of,
    read_json,
    says_nothing,
    throttled,
    token_refused,
)
from m3ter_quickbooks.quickbooks.wire import FIRST_SERVER_ERROR, UNAUTHORIZED, Reply
from m3ter_quickbooks.run.answer import Accepted, Answer, Fault, Hindrance, NotSent, RefusedWrite, Unsure
from m3ter_quickbooks.run.delivery import Operation, Verb

_OK = range(200, 300)
_THROTTLED = 429


def answer_to(op: Operation, reply: Reply) -> Answer:
    """What the reply to one write says. Never raises, whatever the bytes."""
    return no(reply) or yes(op, read_json(reply.body), reply.tid)


def answers_to_batch(ops: list[Operation], reply: Reply) -> list[Answer]:
    """One answer for each operation, found by its place in the batch. What the reply does not name is Unsure.

    A batch that was refused as a whole did nothing, and does not say which of its bills is at fault.
    """
    whole = no(reply)
    if isinstance(whole, RefusedWrite):
        codes = ", ".join(sorted(code for code in whole.codes if code)) or "no code"
        message = f"QuickBooks refused the batch as a whole ({codes})."
        whole = NotSent(Hindrance.BATCH_REFUSED, intuit_tid=reply.tid, message=message)
    if whole is not None:
        return [whole for _ in ops]
    items = _by_place(read_json(reply.body))
    return [_answer_to_item(op, items.get(str(place)), reply.tid) for place, op in enumerate(ops)]


def no(reply: Reply) -> NotSent | RefusedWrite | Unsure | None:
    """Everything but success; None where the body is that of a success."""
    if reply.status >= FIRST_SERVER_ERROR:
        return Unsure(f"HTTP {reply.status}", reply.tid)
    faults = faults_of(reply.body, reply.status)
    if reply.status == _THROTTLED:
        return NotSent(Hindrance.THROTTLED, reply.after, reply.tid)
    refusal = _no_of(faults, reply.after, reply.tid)
    if refusal is None and reply.status == UNAUTHORIZED:
        refusal = _token_not_accepted(reply.tid)
    if refusal is None and reply.status not in _OK:
        refusal = Unsure(f"HTTP {reply.status} without a fault that can be read", reply.tid)
    if isinstance(refusal, RefusedWrite) and reply.status == UNAUTHORIZED:
        refusal = _token_not_accepted(reply.tid)
    return refusal


def yes(op: Operation, value: object, tid: str | None) -> Accepted | Unsure:
    """The document that the body shows, if it is the one that the operation is about."""
    entity = value.get(op.kind.value) if isinstance(value, Mapping) else None
    if not isinstance(entity, Mapping):
        return Unsure("an answer that cannot be read", tid)
    if op.verb is not Verb.CREATE and text(entity.get("Id")) != op.document_id:
        return Unsure("an answer about another document", tid)
    if op.verb is Verb.VOID and op.kind is DocumentKind.CREDIT_MEMO:
        return Accepted(None, tid) if deleted(entity) else Unsure("a delete without its confirmation", tid)
    document = read_document(op.kind, entity)
    if document is None:
        return Unsure("an answer that cannot be read", tid)
    if op.verb is Verb.CREATE:
        marked = SEND_MARKER + op.request_id in document.note or not document.note
        if not marked or (op.customer_id and document.customer_id not in {op.customer_id, None}):
            return Unsure("an answer about another document", tid)
    return Accepted(document, tid)


def _answer_to_item(op: Operation, item: Mapping[object, object] | None, tid: str | None) -> Answer:
    if item is None:
        return Unsure("the batch's answer does not name this bill", tid)
    refusal = _no_of(faults_in(item, 400), None, tid)
    return refusal or yes(op, item, tid)


def _by_place(value: object) -> dict[str, Mapping[object, object]]:
    """Items by `bId`; one that is named twice says nothing."""
    listed = value.get("BatchItemResponse") if isinstance(value, Mapping) else None
    found: dict[str, Mapping[object, object]] = {}
    twice = set()
    for item in listed if isinstance(listed, list) else []:
        place = text(item.get("bId")) if isinstance(item, Mapping) else None
        if place is None:
            continue
        if place in found:
            twice.add(place)
        found[place] = item
    return {place: item for place, item in found.items() if place not in twice}


def _no_of(
    faults: tuple[Fault, ...], after: timedelta | None, tid: str | None
) -> NotSent | RefusedWrite | Unsure | None:
    if not faults:
        return None
    if any(map(throttled, faults)):
        return NotSent(Hindrance.THROTTLED, after, tid)
    lost = [fault.code for fault in faults if consent_refused(fault)]
    if lost:
        return NotSent(Hindrance.NOT_AUTHORIZED, intuit_tid=tid, message=because_lost(lost[0]))
    if any(map(token_refused, faults)):
        return _token_not_accepted(tid)
    passing = [fault for fault in faults if says_nothing(fault) or fault.code == "3100"]
    if passing:
        return Unsure(f"QuickBooks fault {passing[0].code}".strip(), tid)
    return RefusedWrite(faults, tid)


def because_lost(code: str) -> str:
    """Why the consent is gone, in words."""
    if code == "3100":
        return "QuickBooks does not let this app into the company: its keys are for another environment (code 3100)."
    return f"The QuickBooks user who connected this company may no longer do so: it takes an admin (code {code})."


def _token_not_accepted(tid: str | None) -> NotSent:
    return NotSent(
        Hindrance.UNAVAILABLE, intuit_tid=tid, message="QuickBooks did not accept a token that it had just issued."
    )
