"""Carrying out one run: claim, settle what is open, send what is wanted, close. The protocol of docs/decisions/0010.

    W1  claim v1 ─ C op1 ─▶╎ no answer; look: none; stop      lease until sentAt + H
           ├───────────────╎────────── may still land ────────┤
    QBO                    ╎        (commits here, late)      ╎
    W2      v2: live lease ╎ run WAITING, due                 ├ claim v2, op1 kept ─ look: FOUND, adopt ─ op2 = U, close
                           ╎                                  ╎                    └ none: op1 again, same bytes and id
    W1 (zombie)            ╎                                  ╎ wakes: send? lease over, stops. close? rev moved, stops.

An attempt is a generator without a network of its own for writes: it yields `Reserve` and `Send`, and is told what came
of it. That is how several bills for one company leave as one batch while each is settled alone (rule 4, `dispatch.py`).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from m3ter_quickbooks.problems import (
    BillCannotBeSent,
    BillProblem,
    Clash,
    ConnectionLost,
    ProblemKind,
    Refused,
    TryLater,
)
from m3ter_quickbooks.run import gate, logbook, numbers, planning, words
from m3ter_quickbooks.run.answer import Accepted, Hindrance, NotSent, RefusedWrite, RemoteDocument, Unsure
from m3ter_quickbooks.run.asking import Asks, Busy, Sent, Slot, Steps, Told
from m3ter_quickbooks.run.case import Case, refused
from m3ter_quickbooks.run.delivery import DocumentRef, Operation, Verb
from m3ter_quickbooks.run.hold import SOON, Hold
from m3ter_quickbooks.run.refusal import Refusal, RefusalKind, read_refusal
from m3ter_quickbooks.run.rest import Ending, Pause, Rest, failed, failed_as_paid, failed_reading
from m3ter_quickbooks.run.run import Outcome, RunStatus
from m3ter_quickbooks.run.world import World

THROTTLED_FOR = timedelta(seconds=60)
"""What Intuit asks for after a 429 that does not say how long (facts 6)."""


class Attempt(Hold):
    """One worker's attempt at one run."""

    def __init__(self, case: Case, world: World, deadline: datetime) -> None:
        super().__init__(case, world, deadline)
        self.elsewhere = case.delivery.company_id not in {None, case.company_id}
        # `unchanged` compares with what is done, and only where no operation is open: an open update may have landed.
        settled = case.delivery.done if case.delivery.op is None else None
        self.shows = settled.payload_hash if settled else None
        self.outcome: Outcome | None = None
        self.warnings = list(dict.fromkeys((*case.run.warnings, *case.warnings)))
        self.stale_in_a_row = 0
        self.looked = False
        self.number_again = False
        self.request_id: str | None = None

    def steps(self) -> Steps:
        """Until the run rests; None when somebody else has taken the bill over and we have nothing left to say."""
        try:
            return (yield from self._until_it_rests())
        except Clash:
            if self.holding:
                return None
            return self._pause(RunStatus.WAITING, SOON, words.JUST_CLAIMED)
        except TryLater as later:
            return self._later(later)
        except ConnectionLost:
            return Ending(RunStatus.AUTH_FAILED, reason=gate.Reason.CONNECTION_LOST, keep_op=True)
        except BillCannotBeSent as cannot:
            return refused(cannot)
        except Refused as no:
            return replace(failed_reading(no, self.case.about()), keep_op=True)

    # --- rule 1: claim

    def _until_it_rests(self) -> Steps:
        rest = self._before_claiming()
        if rest is not None:
            return rest
        op = self.record.op
        self.kept = op is not None and planning.keeps(op, self.case.run.fence)
        if op is None or not self.kept:
            planned = self._plan_next()
            if not isinstance(planned, Operation):
                return planned
            op = planned
        slot = yield from self._reserve(op, alone=self.kept)
        if isinstance(slot, Busy):
            return self._busy(slot)
        self._claim(op, slot)
        while True:
            rest = yield from self._settle(slot)
            if rest is not None:
                return rest
            planned = self._plan_next()
            if not isinstance(planned, Operation):
                return planned
            slot = yield from self._reserve(planned)
            if isinstance(slot, Busy):
                return self._busy(slot)
            self._write_ahead(planned, slot)

    def _before_claiming(self) -> Rest | None:
        """Rule 1: what is older, finished or under a live lease is not claimed, a newer version neither."""
        record, fence, now = self.record, self.case.run.fence, self.world.clock()
        if record.fence is not None and fence < record.fence:
            return Ending(RunStatus.COMPLETE, Outcome.SUPERSEDED, gate.Reason.SUPERSEDED)
        asked_again = self.case.turned_away is not None or self.case.run.parent_run_id is not None
        if record.done is not None and record.done.fence == fence and record.op is None and not asked_again:
            self._warn_of_other_total()
            return Ending(RunStatus.COMPLETE, Outcome.UNCHANGED, gate.Reason.UNCHANGED)
        if record.lease_until is not None and record.leased(now):
            return Pause(RunStatus.WAITING, record.lease_until, words.BEING_SENT)
        away = self._turned_away()
        if away is not None:
            # It takes the fence though nothing is sent: nothing older that still waits follows it.
            self.record = replace(record, fence=fence, claim=self.world.new_claim(), lease_until=None)
            self.holding = True
            self._take_over_what_landed()
            is_open = self.record.op is not None
            return replace(away, finished=away.finished and not is_open, keep_op=is_open)
        if self.elsewhere and (record.document is not None or record.op is not None):
            # Invoice 145 of one company is somebody else's in another.
            former, here = record.company_id or "", self.case.company_id
            message = words.sent_elsewhere(self.case.run.bill_id, former, record.document, here)
            return refused(BillCannotBeSent([BillProblem(ProblemKind.VALIDATION, message)]))
        self.record = replace(record, company_id=self.case.company_id)
        return None

    def _turned_away(self) -> Ending | None:
        """The end of a bill that is not wanted, or of a deletion that takes nothing back."""
        if self.case.turned_away is not None:
            return self.case.turned_away
        if self.case.wanted.document is None and not self.case.integration.settings.void_invoice_on_bill_deletion:
            return Ending(RunStatus.COMPLETE, Outcome.SKIPPED, gate.Reason.NOT_VOIDED, finished=True)
        return None

    def _take_over_what_landed(self) -> None:
        """A create that was left unsure, before the last run that could take it over ends."""
        op = self.record.op
        if op is None or op.verb is not Verb.CREATE or self.elsewhere:
            return
        self._doubt(op)
        with suppress(TryLater, ConnectionLost, Refused):  # else the later look tells of it
            if self._adopt(op) and self.record.document is not None:
                self._warn(words.still_there(self.record.document))

    def _warn_of_other_total(self) -> None:
        """Nobody should be sent twice for one version; but money that differs is not passed over in silence."""
        ref, document = self.record.document, self.case.wanted.document
        if ref is not None and document is not None and (ref.kind, ref.total) != (document.kind, document.total):
            self.warnings.append(words.same_version(ref, document.kind, document.total))

    # --- rule 2: plan

    def _plan(self) -> Operation | Rest:
        """Rule 2: the next write, or the end: QuickBooks shows what is wanted."""
        wanted, ref = self.case.wanted, self.record.document
        if ref is not None and self._needs_a_look(ref):
            paid = self._look_at_document(ref)
            if paid is not None:
                return paid
            ref = self.record.document
        if wanted.document is None:
            return planning.void(self.record, wanted, ref) if ref is not None else self._finished(Outcome.SKIPPED)
        if ref is None:
            return planning.create(self.record, wanted, wanted.document)
        if ref.kind is not wanted.document.kind:
            return planning.void(self.record, wanted, ref)
        if self._shows_it(ref):
            return self._finished(Outcome.UNCHANGED)
        self._warn_of_old_addresses()
        return planning.update(self.record, wanted, wanted.document, ref)

    def _plan_next(self) -> Operation | Rest:
        planned = self._plan()
        if isinstance(planned, Operation) and planned.verb is not Verb.VOID:
            return replace(planned, number_again=self.number_again)
        return planned

    def _warn_of_old_addresses(self) -> None:
        """An update cannot take an address away (`invoice/payload.py`)."""
        done = self.record.done
        stays = [name for name in (done.addresses if done else ()) if name not in self.case.wanted.addresses]
        if stays:
            self._warn(words.addresses_stay(stays))

    def _shows_it(self, ref: DocumentRef) -> bool:
        document = self.case.wanted.document
        return document is not None and ref.kind is document.kind and self.shows == document.payload_hash

    def _finished(self, otherwise: Outcome) -> Ending:
        outcome = self.outcome or otherwise
        reasons = {Outcome.UNCHANGED: gate.Reason.UNCHANGED, Outcome.SKIPPED: gate.Reason.NOTHING_SENT}
        if not self.holding:
            # Rule 1, no `unchanged` without the claim: this closing takes it, in the one transaction, and no lease.
            self.record = replace(
                self.record, fence=self.case.run.fence, claim=self.world.new_claim(), lease_until=None
            )
            self.holding = True
        return Ending(RunStatus.COMPLETE, outcome, reasons.get(outcome), finished=True, intuit_tid=self.intuit_tid)

    def _needs_a_look(self, ref: DocumentRef) -> bool:
        """A payment was seen on it, or somebody retries what was sent: is it still there, and may it be changed?"""
        if self.looked:
            return False
        retried = self._shows_it(ref) and self.case.run.parent_run_id is not None
        return retried or (ref.balance != ref.total and not self._shows_it(ref))

    def _look_at_document(self, ref: DocumentRef) -> Ending | None:
        self.looked = True
        remote = self.world.quickbooks.read(self.case.connection, ref.kind, ref.id)
        if remote is None or remote.voided:
            self._forget_document(ref, remote)
            return None
        if not self._shows_it(ref) and planning.paid_bars(remote, self.case.wanted):
            return failed_as_paid(remote, self.case.about(remote.kind))
        self.record = replace(self.record, document=planning.ref_of(remote))
        return None

    # --- rule 3: send, settle

    def _settle(self, slot: Slot) -> Steps:
        """Rule 2: bring the one open operation to its end; None when it has one and the next may be planned."""
        if self.kept:
            slot_or_rest = yield from self._before_repeating(slot)
            if not isinstance(slot_or_rest, Slot):
                return slot_or_rest
            slot = slot_or_rest
        op = self.record.op
        if op is None:
            return None
        self.request_id = op.request_id
        sent = yield from self._send_if_need_be_alone(op, slot)
        if isinstance(sent, Busy):
            return self._busy(sent)
        match sent.answer:
            case Accepted(document=document):
                self._accepted(op, document)
                return None
            case RefusedWrite():
                return self._refused(op, sent.answer)
            case NotSent():
                return self._not_sent(op, sent.answer)
            case Unsure():
                return self._unsure(op, sent)

    def _send_if_need_be_alone(self, op: Operation, slot: Slot) -> Generator[Asks, Told, Sent | Busy]:
        """A batch that was turned away as a whole says nothing of this bill: the same operation goes out alone."""
        sent = yield from self._send(op, slot)
        if not isinstance(sent.answer, NotSent) or sent.answer.because is not Hindrance.BATCH_REFUSED:
            return sent
        alone = yield from self._reserve(op, alone=True)
        if isinstance(alone, Busy):
            return alone
        self._write_ahead(op, alone)
        return (yield from self._send(op, alone))

    def _before_repeating(self, slot: Slot) -> Generator[Asks, Told, Slot | Rest | None]:
        """An operation of an earlier claim: a create is looked for first, and `sentAt` is written ahead anew."""
        op = self.record.op
        if op is None:
            return slot
        if op.verb is Verb.CREATE:
            self.request_id = op.request_id
            self._doubt(op)
            rest = self._look_before_repeating(op)
            if rest is not None or self.record.op is None:
                return rest
            again = yield from self._reserve(op, alone=True)
            if isinstance(again, Busy):
                return self._busy(again)
            slot = again
        self.record = self.world.deliveries.write(replace(self.record, op=replace(op, sent_at=slot.at, unsure=True)))
        return slot

    def _look_before_repeating(self, op: Operation) -> Rest | None:
        """Rule 3: a create that may have landed is looked for by its own marker. Found means adopt, at any time.

        "Not found" counts only after sentAt + H. A create that first left in a batch goes out under another id than it
        did then, so it gets a second look, one more H later (sending-once part 3).
        """
        try:
            if self._adopt(op):
                return None
        except TryLater as later:
            return self._put_down(op, later)
        now = self.world.clock()
        settled_from = (op.sent_at or now) + self.world.in_flight
        if now < settled_from:
            return self._stop(op, settled_from, op.sent_at or now)
        if op.batched:
            return self._stop(replace(op, batched=False), now + self.world.in_flight, now)
        return None

    def _adopt(self, op: Operation) -> bool:
        where = planning.doubt(op)
        found = self.world.quickbooks.look_for(
            self.case.connection, where.kind, where.customer_id, where.txn_date, planning.marker(op)
        )
        if not found:
            return False
        self._take_over(op, found[0])
        return True

    def _take_over(self, op: Operation, document: RemoteDocument) -> None:
        self.outcome = Outcome.ADOPTED
        self.log.append(logbook.adopted(op, document.id, self.world.clock()))
        if document.voided:
            self._forget_document(planning.ref_of(document), document)
            self.record = replace(self.record, op=None)
            return
        self.record = replace(self.record, op=None, document=planning.ref_of(document))
        self.shows = op.payload_hash
        self._compare_total(op, document)

    def _accepted(self, op: Operation, document: RemoteDocument | None) -> None:
        self.stale_in_a_row = 0
        if op.verb is Verb.VOID or document is None:
            self._let_document_go(op=None)
            self.outcome = Outcome.VOIDED
            return
        self.record = replace(self.record, op=None, document=planning.ref_of(document))
        self.shows = op.payload_hash
        self.outcome = Outcome.CREATED if op.verb is Verb.CREATE else Outcome.UPDATED
        self._compare_total(op, document)

    def _compare_total(self, op: Operation, document: RemoteDocument) -> None:
        if document.total != op.total:
            self._warn(words.other_total(document, op.total))

    def _warn(self, sentence: str) -> None:
        """Once: an attempt begins with what the one before it had to tell."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def _unsure(self, op: Operation, sent: Sent) -> Rest | None:
        op = replace(op, sent_at=sent.at, unsure=True)
        if op.verb is not Verb.CREATE:
            # The SyncToken makes a repeat once: no lease is needed for it.
            self._let_go(op)
            return self._pause(RunStatus.AWAITING_RETRY, self._backoff(), words.NO_ANSWER, attempt=True)
        self._doubt(op)
        try:
            if self._adopt(op):
                return None
        except (TryLater, ConnectionLost, Refused):
            pass  # the look failed as the create did: it is made again when the window is over
        return self._stop(op, sent.at + self.world.in_flight, sent.at)

    def _not_sent(self, op: Operation, answer: NotSent) -> Rest:
        """Rule 3: nothing happened. The lease may be given back; an operation that never left is forgotten with it."""
        now = self.world.clock()
        if answer.because is Hindrance.NOT_AUTHORIZED:
            self.record = replace(self.record, op=op if op.unsure else None)
            return Ending(
                RunStatus.AUTH_FAILED, reason=gate.Reason.CONNECTION_LOST, keep_op=op.unsure, intuit_tid=self.intuit_tid
            )
        self._let_go(op if op.unsure else None)
        if answer.because is Hindrance.THROTTLED:
            until = now + (answer.after or THROTTLED_FOR)
            self.world.pacer.hold_back(self.case.company_id, until)
            until += SOON * self.world.jitter()
            return Pause(RunStatus.RATE_LIMIT_RETRY, until, words.THROTTLED)
        if answer.because is Hindrance.LEASE_TOO_SHORT:
            return self._pause(RunStatus.WAITING, SOON, words.TOO_LATE)
        return self._pause(RunStatus.AWAITING_RETRY, self._backoff(), words.not_now(answer.message), attempt=True)

    # --- definite refusals

    def _refused(self, op: Operation, answer: RefusedWrite) -> Rest | None:
        case = self.case
        refusal = read_refusal(
            answer,
            kind=op.kind,
            bill_id=case.run.bill_id,
            document=case.wanted.document,
            bill=case.bill,
            account=case.account,
        )
        if op.verb is not Verb.CREATE and refusal.kind in {RefusalKind.STALE, RefusalKind.NOT_FOUND}:
            return self._read_then_plan_again(op, refusal, answer)
        if op.verb is Verb.CREATE and refusal.kind in {RefusalKind.DUPLICATE_NUMBER, RefusalKind.DUPLICATE}:
            ours = self._ours_by_number(op, answer)
            if ours:
                return None
            if ours is None and op.unsure:
                # 6140 or 630 to a repeat, and nobody is seen with the number: it may be this very create.
                return self._stop(op, self.world.clock() + self.world.in_flight, self.world.clock())
        self.record = replace(self.record, op=None)
        if refusal.kind is RefusalKind.DUPLICATE_NUMBER and not op.number_again and self._on_our_void_only(op, answer):
            self.kept, self.number_again = False, True
            return None
        if self.kept and op.fence != self.case.run.fence:
            # A create of an older version, refused for good: nothing of it is in QuickBooks. Ours comes next.
            self.kept = False
            return None
        if refusal.kind is RefusalKind.PERIOD_CLOSED:
            return replace(
                failed(refusal.message, refusal.cause, intuit_tid=answer.intuit_tid),
                status=RunStatus.ACCOUNTING_PERIOD_CLOSED,
                counts=False,
            )
        return failed(refusal.message, refusal.cause, intuit_tid=answer.intuit_tid)

    def _read_then_plan_again(self, op: Operation, refusal: Refusal, answer: RefusedWrite) -> Rest | None:
        """Rule 3, 5010 and 610: read the document FIRST, then the record (the next conditional write is that check)."""
        if op.document_id is None:
            raise TypeError(op.verb)
        remote = self.world.quickbooks.read(self.case.connection, op.kind, op.document_id)
        self.record = replace(self.record, op=None)
        if remote is None or remote.voided:
            if op.verb is Verb.VOID:
                self.outcome = Outcome.VOIDED
            self._forget_document(self.record.document, remote)
            return None
        if refusal.kind is RefusalKind.NOT_FOUND:
            # The document is there: something that it refers to is not.
            return failed(refusal.message, refusal.cause, intuit_tid=answer.intuit_tid)
        if planning.paid_bars(remote, self.case.wanted):
            return failed_as_paid(remote, self.case.about(remote.kind))
        self.record = replace(self.record, document=planning.ref_of(remote))
        self.stale_in_a_row += 1
        if self.stale_in_a_row > 1:
            self._let_go(None)
            return self._pause(RunStatus.AWAITING_RETRY, self._backoff(), words.BEING_EDITED)
        return None

    def _forget_document(self, ref: DocumentRef | None, remote: RemoteDocument | None) -> None:
        """Deleted or voided by a person: what comes next is a new create."""
        if ref is not None and self.case.wanted.document is not None:
            self._warn(words.made_anew(ref, "deleted" if remote is None else "voided"))
        self._let_document_go(op=self.record.op)

    def _let_document_go(self, op: Operation | None) -> None:
        gone = self.record.gone or self.record.document
        self.record = replace(self.record, op=op, document=None, gone=gone)
        self.shows = None

    def _ours_by_number(self, op: Operation, answer: RefusedWrite) -> bool | None:
        """Is the number taken by this very create, whose answer was lost? None: nobody is seen with it."""
        holders = numbers.seen_with(op, answer.faults, self.world.quickbooks, self.case.connection)
        if holders is None:
            return None
        ours = next((document for document in holders if planning.marker(op) in document.note), None)
        if ours is not None:
            self._take_over(op, ours)
        return ours is not None

    def _on_our_void_only(self, op: Operation, answer: RefusedWrite) -> bool:
        case = self.case
        return numbers.on_void_ones_only(case.run.bill_id, op, answer.faults, self.world.quickbooks, case.connection)
