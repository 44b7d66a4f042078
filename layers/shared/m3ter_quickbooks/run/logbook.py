"""What a run did, line by line: what was sent (hashed, not shown) and what came back. No text of QuickBooks."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from m3ter_quickbooks.run.answer import Accepted, Answer, NotSent, RefusedWrite, Unsure
from m3ter_quickbooks.run.delivery import Operation, Verb

_VERBS = {Verb.CREATE: "create", Verb.UPDATE: "update", Verb.VOID: "take back"}


def sent(op: Operation, answer: Answer, at: datetime) -> str:
    """One line for one write and its answer."""
    digest = sha256(op.body).hexdigest()[:16]
    way = "in a batch" if op.batched else "alone"
    what = f"{_VERBS[op.verb]} {op.kind.value} (operation {op.number}, request {op.request_id}, sha256 {digest}, {way})"
    return f"{_time(at)} {what}: {_answered(answer)}"


def adopted(op: Operation, document_id: str, at: datetime) -> str:
    """One line for a create that was found to have happened."""
    return f"{_time(at)} found {op.kind.value} {document_id} by the marker of request {op.request_id}: adopted"


def _answered(answer: Answer) -> str:
    match answer:
        case Accepted(document=document):
            shown = f", Id {document.id}, SyncToken {document.sync_token}, total {document.total}" if document else ""
            said = f"accepted{shown}"
        case RefusedWrite():
            said = f"refused, codes {', '.join(sorted(answer.codes)) or 'none'}"
        case NotSent():
            said = f"not sent, {answer.because.value}"
        case Unsure():
            said = f"no usable answer, {answer.because}"
    return f"{said}, intuit_tid {answer.intuit_tid}" if answer.intuit_tid else said


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
