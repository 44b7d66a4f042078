"""What a run says of itself: why it waits, and what somebody should look at."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.run.answer import RemoteDocument
from m3ter_quickbooks.run.delivery import DocumentRef

NO_ANSWER = "QuickBooks' answer was lost; the document is looked for before anything is sent again"
THROTTLED = "QuickBooks asked to wait (rate limit)"
TOO_LATE = "this invocation ends before QuickBooks could answer"
BEING_EDITED = "somebody else is working on the document in QuickBooks"
BEING_SENT = "another worker may still be sending this bill"
JUST_CLAIMED = "another worker has just claimed this bill"
NEVER_RESTED = "every try broke off; the log and the dead-letter queue of this installation say why"
ITS_TURN = "waiting for its turn under QuickBooks' rate limit"
OTHERS_FIRST = "letting bills of other companies pass that have had fewer sent in this minute"


def not_now(why: str) -> str:
    """Nothing was sent: QuickBooks, its tokens or what keeps them was out of reach."""
    return why or "QuickBooks could not be reached"


def addresses_stay(fields: Sequence[str]) -> str:
    """An address that is not wanted any more."""
    return f"{', '.join(fields)} of an earlier version stays on the document in QuickBooks; remove it there."


def other_total(document: RemoteDocument, expected: Decimal) -> str:
    """QuickBooks made another total of it."""
    name = f"{document.kind.value} {document.number or document.id}"
    return (
        f"QuickBooks shows a total of {document.total} for {name}, the bill says {expected}: usually tax that "
        "QuickBooks added. Compare both before you send it on."
    )


def still_there(ref: DocumentRef) -> str:
    """The bill is not wanted as it is now, and what was sent of it before stays."""
    return f"{_named(ref)} of an earlier version of this bill is still in QuickBooks and was not changed."


def same_version(ref: DocumentRef, kind: DocumentKind, total: Decimal) -> str:
    """Told again with the version and the dates that were sent, and another total."""
    return (
        f"This telling has the version and the dates of what was sent as {_named(ref)} ({ref.total}), but comes to "
        f"{kind.value} {total}. Nothing was changed. Compare it with the bill in m3ter; to send it, retry this run."
    )


def sent_elsewhere(bill_id: str, former: str, ref: DocumentRef | None, company_id: str) -> str:
    """The configuration was connected to another company after the bill had been sent."""
    name = f" as {_named(ref)}" if ref else ""
    return (
        f"Bill {bill_id} was sent to QuickBooks company {former}{name}, and this configuration now leads to company "
        f"{company_id}: nothing was sent. Connect the configuration to company {former} again and retry the run, or "
        f"send to company {company_id} through a configuration of its own."
    )


def made_anew(ref: DocumentRef, how: str) -> str:
    """A person had deleted or voided the document."""
    return f"{_named(ref)} had been {how} in QuickBooks; a new one was made for this bill."


def given_up(what: str, reason: str | None) -> str:
    """A whole day was not enough."""
    last = (reason or "none").rstrip(".")
    return (
        f"{what} could not be brought into QuickBooks within 24 hours; the last reason was: {last}. When QuickBooks "
        "answers again, retry the run: whatever may have been sent is looked for first."
    )


def bill_gone(bill_id: str) -> str:
    """Its snapshot is not stored any more: somebody, or a restored table, has removed it."""
    return f"What m3ter told of bill {bill_id} is not stored any more. Recalculate the bill in m3ter: it is sent then."


def already_paid(document: RemoteDocument, what: str) -> str:
    """A payment bars the change."""
    name = f"{document.kind.value} {document.number or document.id}"
    return (
        f"{what} is {name} in QuickBooks and has payments or credits of {document.paid} on it, so it was not changed. "
        "Unapply the payment there and retry the run, or settle the difference with a document of your own."
    )


def _named(ref: DocumentRef) -> str:
    return f"{ref.kind.value} {ref.number or ref.id}"
