"""What the end of a run leaves of the delivery record, and which later looks it orders.

A create that was once unsure is looked at again fifteen minutes after its bill came to rest (docs/decisions/0010, "What
stays open"). Nobody may come after the run that ends now, so its own closing orders the look, whatever ended it: an
attempt, the gate (the integration was disabled meanwhile), that its integration is gone, or the end of its 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from m3ter_quickbooks.run import planning
from m3ter_quickbooks.run.aftermath import LOOK_AGAIN_AFTER
from m3ter_quickbooks.run.carry_out import Attempt
from m3ter_quickbooks.run.delivery import Delivery, Doubt, Operation, Verb
from m3ter_quickbooks.run.rest import Ending
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.trouble import LookAgain


@dataclass(frozen=True, slots=True)
class Left:
    """`record`: what the closing writes of it, None to leave it alone. `places`: where the later look has to look."""

    record: Delivery | None
    places: tuple[Doubt, ...]
    company_id: str | None = None

    def look_of(self, run: Run, now: datetime) -> LookAgain | None:
        """The later look that `run` orders: are there two documents (sending-once part 3, last resort)?"""
        if not self.places:
            return None
        due_at = now + LOOK_AGAIN_AFTER
        own = run.organization_id, run.configuration_id, run.bill_id, run.id
        return LookAgain(*own, self.places, due_at, self.company_id)


def left_by(attempt: Attempt, ending: Ending, now: datetime) -> Left:
    """What the end of an attempt leaves; the look is ordered and its doubts are cleared in one transaction."""
    if not attempt.holding:
        return left_alone(_as_stored(attempt), attempt.case.run, now)
    record, op = attempt.record, attempt.record.op if ending.keep_op else None
    written = replace(
        record,
        lease_until=None,
        op=op,
        doubts=record.doubts if op is not None else (),
        gone=None,
        done=attempt.done() if ending.finished else record.done,
    )
    return Left(written, _places(record.doubts, op), record.company_id)


def left_alone(stored: Delivery, run: Run, now: datetime) -> Left:
    """What a run leaves that ends without a claim of its own.

    An open operation is settled by whoever comes next, and orders another look then. If nobody comes, the last claimer
    was the last who could: the fence tells whose run that is, so that newer versions which the gate closes as well do
    not order the same look again.
    """
    if stored.op is None:
        cleared = bool(stored.doubts) and not stored.leased(now)
        return Left(replace(stored, doubts=()), stored.doubts, stored.company_id) if cleared else Left(None, ())
    places = _places(stored.doubts, stored.op) if stored.fence == run.fence else ()
    return Left(None, places, stored.company_id)


def _as_stored(attempt: Attempt) -> Delivery:
    """Its last write of the record, else what it read: in between it may have thought further than it wrote."""
    return attempt.record if attempt.record.rev != attempt.case.delivery.rev else attempt.case.delivery


def _places(doubts: tuple[Doubt, ...], op: Operation | None) -> tuple[Doubt, ...]:
    """Also of a create that nobody knows to be unsure: its worker may have died between sending and hearing."""
    if op is None or op.verb is not Verb.CREATE or planning.doubt(op) in doubts:
        return doubts
    return (*doubts, planning.doubt(op))
