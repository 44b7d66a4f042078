"""The claim on one delivery record: how it is taken, renewed with the next operation, and given back.

Rules 1 and 3 of docs/decisions/0010, as far as they are writes of the record; what is to be sent, and what an answer
means, is for `carry_out.py`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta

from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.run import logbook, planning, words
from m3ter_quickbooks.run.asking import Asks, Busy, Reserve, Send, Sent, Slot, Told
from m3ter_quickbooks.run.case import Case
from m3ter_quickbooks.run.delivery import Done, Operation, Verb
from m3ter_quickbooks.run.rest import Pause, backoff
from m3ter_quickbooks.run.run import RunStatus
from m3ter_quickbooks.run.world import World

SOON = timedelta(seconds=2)


class Hold:
    """`record` is the delivery record as we last wrote or read it; it is ours to write while `holding`."""

    def __init__(self, case: Case, world: World, deadline: datetime) -> None:
        self.case = case
        self.world = world
        self.lease_until = deadline + world.in_flight
        self.record = case.delivery
        self.holding = False
        self.kept = False
        """The open operation was written ahead by an earlier claim: it may have been sent, and may still land."""
        self.log = list(case.run.log)
        self.intuit_tid: str | None = None

    def _reserve(self, op: Operation, *, alone: bool = False) -> Generator[Asks, Told, Slot | Busy]:
        """A turn under the rate limit. Repeats travel alone, and so does what no batch can carry (`batchable`)."""
        told = yield Reserve(self.case.company_id, alone or op.verb is Verb.VOID or op.number_again)
        if isinstance(told, Sent):
            raise TypeError(told)
        return told

    def _send(self, op: Operation, slot: Slot) -> Generator[Asks, Told, Sent]:
        told = yield Send(self.case.connection, op, slot, self.lease_until)
        if not isinstance(told, Sent):
            raise TypeError(told)
        self.log.append(logbook.sent(op, told.answer, told.at))
        self.intuit_tid = getattr(told.answer, "intuit_tid", None) or self.intuit_tid
        return told

    def _claim(self, op: Operation, slot: Slot) -> None:
        """Rule 1: one conditional write takes claim, lease and fence, and writes the operation ahead.

        The lease outlives this invocation by H, and so whatever it may have sent. `sentAt` of a first send rides along.
        """
        if not self.kept:
            op = replace(op, sent_at=slot.at, batched=slot.batch)
        done = self.record.done
        if done is not None and self.record.op is not None:
            # What was open may have landed. Should it be forgotten before a write is accepted (turned away, refused),
            # nothing may count as unchanged.
            done = replace(done, payload_hash=planning.NOT_KNOWN)
        claimed = replace(
            self.record,
            claim=self.world.new_claim(),
            lease_until=self.lease_until,
            fence=self.case.run.fence,
            done=done,
            op=op,
            op_number=op.number,
        )
        self.record = self.world.deliveries.write(claimed)
        self.holding = True

    def _write_ahead(self, op: Operation, slot: Slot) -> None:
        op = replace(op, sent_at=slot.at, batched=slot.batch)
        self.record = self.world.deliveries.write(replace(self.record, op=op, op_number=op.number))
        self.kept = False

    def _doubt(self, op: Operation) -> None:
        """From now on this create may be there twice: whoever brings the bill to rest has it looked at once more."""
        place = planning.doubt(op)
        if place not in self.record.doubts:
            self.record = replace(self.record, doubts=(*self.record.doubts, place))

    def _stop(self, op: Operation, until: datetime, sent_at: datetime) -> Pause:
        """Rule 3, an orderly stop: the lease shrinks to sentAt + H, and nobody sends for this bill before."""
        self._let_go(replace(op, sent_at=sent_at, unsure=True), until)
        return Pause(RunStatus.AWAITING_RETRY, until, words.NO_ANSWER, attempt=True)

    def _let_go(self, op: Operation | None, until: datetime | None = None) -> None:
        """The claim is given back, with what has to be settled by the next one; nobody sends before `until`."""
        self.record = self.world.deliveries.write(replace(self.record, op=op, lease_until=until))
        self.holding = False

    def _put_down(self, op: Operation, later: TryLater) -> Pause:
        """Nothing was sent under this claim: all that may still land is what an earlier one has sent."""
        settled_from = op.sent_at + self.world.in_flight if op.sent_at is not None else None
        self._let_go(op, settled_from if settled_from is not None and settled_from > self.world.clock() else None)
        return self._later(later)

    def _busy(self, busy: Busy) -> Pause:
        if self.holding:
            op = self.record.op
            self._let_go(op if op is not None and (self.kept or op.unsure) else None)
        return Pause(RunStatus.WAITING, busy.until, words.ITS_TURN)

    def _later(self, later: TryLater) -> Pause:
        """A read, or a store, that did not work now. A claim that we hold runs out by itself."""
        now = self.world.clock()
        until = now + (later.after or self._backoff())
        if self.holding and self.record.lease_until is not None:
            until = max(until, self.record.lease_until)
        status = RunStatus.RATE_LIMIT_RETRY if later.throttled else RunStatus.AWAITING_RETRY
        return Pause(status, until, later.message, attempt=not later.throttled)

    def _backoff(self) -> timedelta:
        return backoff(self.case.run.attempts, self.world.jitter())

    def _pause(self, status: RunStatus, wait: timedelta, reason: str, *, attempt: bool = False) -> Pause:
        return Pause(status, self.world.clock() + wait, reason, attempt=attempt)

    def done(self) -> Done:
        """What the record remembers of a finished version."""
        return Done(self.case.run.fence, self.case.wanted.payload_hash, self.case.wanted.addresses)
