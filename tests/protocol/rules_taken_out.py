"""The rules of the protocol, each taken out of the real code; docs/decisions/0010 has their numbers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.problems import Clash
from m3ter_quickbooks.run.answer import Answer, Hindrance, NotSent, RefusedWrite, RemoteDocument, Unsure
from m3ter_quickbooks.run.asking import Asks, Sent, Slot, Told
from m3ter_quickbooks.run.carry_out import Attempt
from m3ter_quickbooks.run.delivery import Delivery, Operation, Verb
from m3ter_quickbooks.run.ports import Closing
from m3ter_quickbooks.run.refusal import Refusal, RefusalKind
from m3ter_quickbooks.run.rest import Ending, Pause, Rest, failed
from m3ter_quickbooks.run.run import Outcome, Run, RunStatus
from m3ter_quickbooks.run.sweep import Swept
from m3ter_quickbooks.run.world import World
from tests.protocol.stage import Stage, Stores
from tests.protocol.workers import Killed

BILL = "bill-1"
A_DAY = timedelta(days=1)


class NotWrittenAhead(Attempt):
    """It sends, and writes no claim before."""

    def _claim(self, op: Operation, slot: Slot) -> None:
        self.record = replace(self.record, fence=self.case.run.fence, op=op, op_number=op.number)
        self.holding = True


class LeaseIgnored(Attempt):
    """A live lease keeps nobody from claiming."""

    def _before_claiming(self) -> Rest | None:
        rest = super()._before_claiming()
        return None if isinstance(rest, Pause) else rest


class StoppedWithoutLease(Attempt):
    """An orderly stop gives the lease back at once; the next one finds `sentAt` in the operation."""

    def _stop(self, op: Operation, until: datetime, sent_at: datetime) -> Pause:
        return replace(super()._stop(op, self.world.clock(), sent_at), until=until)


class SentAtIgnored(Attempt):
    """Not found counts as soon as the lease is over."""

    def _look_before_repeating(self, op: Operation) -> Rest | None:
        long_ago = op.sent_at - self.world.in_flight if op.sent_at else None
        return super()._look_before_repeating(replace(op, sent_at=long_ago))


class WindowIgnored(SentAtIgnored, StoppedWithoutLease):
    """Not found counts at once: neither the stop nor the look waits until sentAt + H."""


class VoidDropped(Attempt):
    """An open void of an older version is forgotten, as an update is."""

    def _before_claiming(self) -> Rest | None:
        rest = super()._before_claiming()
        op = self.record.op
        if op is not None and op.verb is Verb.VOID and op.fence != self.case.run.fence:
            self.record = replace(self.record, op=None)
        return rest


class UpdateKept(Attempt):
    """An open update of an older version is sent again, as a create is."""

    def _before_claiming(self) -> Rest | None:
        rest = super()._before_claiming()
        op = self.record.op
        if op is not None and op.verb is Verb.UPDATE:
            self.record = replace(self.record, op=replace(op, fence=self.case.run.fence))
        return rest


class OlderVersionsToo(Attempt):
    """A version older than the record's fence goes ahead."""

    def _before_claiming(self) -> Rest | None:
        self.record = replace(self.record, fence=None)
        return super()._before_claiming()


class DeletionNotLast(Attempt):
    """A deletion takes no fence above the version that it equals."""

    def _before_claiming(self) -> Rest | None:
        fence = self.record.fence
        if fence is not None:
            self.record = replace(self.record, fence=replace(fence, deleted=False))
        return super()._before_claiming()


class TurnedAwayWithoutFence(Attempt):
    """What the gate turns away, or has nothing left, leaves the record as it is."""

    def _before_claiming(self) -> Rest | None:
        rest = super()._before_claiming()
        if self.case.turned_away is not None and isinstance(rest, Ending):
            self.holding = False
        return rest


class DeletionWithoutFence(Attempt):
    """A deletion that voids nothing leaves the record as it is."""

    def _before_claiming(self) -> Rest | None:
        rest = super()._before_claiming()
        if self.case.wanted.document is None and isinstance(rest, Ending):
            self.holding = False
        return rest


class UnchangedWithoutClaim(Attempt):
    """What is unchanged closes its run and takes neither claim nor fence."""

    def _finished(self, otherwise: Outcome) -> Ending:
        held = self.holding
        ending = super()._finished(otherwise)
        self.holding = held
        return ending


class SameIdForSameBody(Attempt):
    """The request id is made of the bill and the body, without the number of the operation."""

    def _plan(self) -> Operation | Rest:
        planned = super()._plan()
        if not isinstance(planned, Operation) or planned.verb is not Verb.CREATE:
            return planned
        same = str(uuid5(NAMESPACE_URL, f"{BILL} {planned.payload_hash}"))
        body = planned.body.replace(planned.request_id.encode(), same.encode())
        return replace(planned, request_id=same, body=body)


class NotChecked(Attempt):
    """The lease is not checked before sending (`not_checked` also lets the worker believe that it has time)."""

    def _send(self, op: Operation, slot: Slot) -> Generator[Asks, Told, Sent]:
        self.lease_until += A_DAY
        sent = yield from super()._send(op, slot)
        self.lease_until -= A_DAY
        return sent


class CheckedBeforeItsTurn(NotChecked):
    """The lease is checked first, and only then does the worker wait for its slot."""

    def _send(self, op: Operation, slot: Slot) -> Generator[Asks, Told, Sent]:
        now = self.world.clock()
        if now + self.world.in_flight > self.lease_until:
            return Sent(NotSent(Hindrance.LEASE_TOO_SHORT), now)
        return (yield from super()._send(op, slot))


class BatchedOnceLooked(Attempt):
    """A create that first left in a batch goes out alone after one look."""

    def _look_before_repeating(self, op: Operation) -> Rest | None:
        return super()._look_before_repeating(replace(op, batched=False))


class OlderCreateDropped(Attempt):
    """A claim plans afresh, whatever was open."""

    def _before_claiming(self) -> Rest | None:
        rest = super()._before_claiming()
        self.record = replace(self.record, op=None)
        return rest


class NoLook(Attempt):
    """A create is repeated without being looked for."""

    def _adopt(self, op: Operation) -> bool:
        return False


class FreshCreate(LeaseIgnored):
    """Not found: a fresh create under a new id in place of the same one."""

    def _look_before_repeating(self, op: Operation) -> Rest | None:
        rest = Attempt._look_before_repeating(self, op)
        if rest is None and self.record.op is not None:
            self.record = replace(self.record, op=None)
        return rest


class AnyMarker(Attempt):
    """Looks for any document of the bill, not for that of this very create."""

    def _adopt(self, op: Operation) -> bool:
        found = self.world.quickbooks.look_for(
            self.case.connection,
            op.kind,
            op.customer_id or "",
            op.txn_date or date.min,
            f"m3ter-bill:{BILL}",
        )
        if found:
            self._take_over(op, found[0])
        return bool(found)


class LookedForAsItIsNow(Attempt):
    """The look takes customer and day from the version in hand, not from the body that was sent."""

    def _adopt(self, op: Operation) -> bool:
        document = self.case.wanted.document
        if document is None:
            return super()._adopt(op)
        return super()._adopt(replace(op, customer_id=document.customer_id, txn_date=document.txn_date))


class AdoptedAsWanted(Attempt):
    """An older create that is found counts as the version in hand."""

    def _take_over(self, op: Operation, document: RemoteDocument) -> None:
        super()._take_over(op, document)
        self.shows = self.case.wanted.payload_hash


class NumberBelieved(Attempt):
    """6140 means somebody else's document, whoever's it is."""

    def _ours_by_number(self, op: Operation, answer: RefusedWrite) -> bool | None:
        return False


class GoneForGood(Attempt):
    """610 to an update is a refusal like any other."""

    def _read_then_plan_again(self, op: Operation, refusal: Refusal, answer: RefusedWrite) -> Rest | None:
        if refusal.kind is not RefusalKind.NOT_FOUND:
            return super()._read_then_plan_again(op, refusal, answer)
        self.record = replace(self.record, op=None)
        return failed(refusal.message, refusal.cause)


class Impatient(Attempt):
    """It reads and sends again however often somebody else was faster."""

    def _read_then_plan_again(self, op: Operation, refusal: Refusal, answer: RefusedWrite) -> Rest | None:
        self.stale_in_a_row = 0
        return super()._read_then_plan_again(op, refusal, answer)


class UnchangedAlways(Attempt):
    """`unchanged` compares with what is done, also while an operation is open."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        done = self.case.delivery.done
        self.shows = done.payload_hash if done else None


class DoneBelieved(Attempt):
    """What was done last still counts as shown, although an update that nobody heard of went out after it."""

    def _claim(self, op: Operation, slot: Slot) -> None:
        done = self.record.done
        super()._claim(op, slot)
        self.record = replace(self.record, done=done)


class UpdateAdopted(Attempt):
    """An unsure update counts as sent when the create's marker is found."""

    def _before_claiming(self) -> Rest | None:
        rest = super()._before_claiming()
        op = self.record.op
        if op is not None and op.verb is Verb.UPDATE:
            self.record = replace(self.record, op=None)
            self.shows = op.payload_hash
        return rest


class Blind(Attempt):
    """After a 5010 it sends although the record says that somebody else has the bill."""

    def _write_ahead(self, op: Operation, slot: Slot) -> None:
        try:
            super()._write_ahead(op, slot)
        except Clash:
            self.record = replace(self.record, op=op)
            self.kept = False


class Unconditional:
    """Delivery records that are written whatever their rev is."""

    def __init__(self, deliveries: Any) -> None:
        self._deliveries = deliveries

    def __getattr__(self, name: str) -> Any:
        return getattr(self._deliveries, name)

    def write(self, delivery: Delivery) -> Delivery:
        stored = self._deliveries.get(delivery.organization_id, delivery.configuration_id, delivery.bill_id)
        written: Delivery = self._deliveries.write(replace(delivery, rev=stored.rev))
        return written


class GivenUpForgets(Unconditional):
    """Giving up after 24 hours clears the operation."""

    def write(self, delivery: Delivery) -> Delivery:
        written: Delivery = self._deliveries.write(delivery)
        return written

    def close(self, closing: Closing) -> None:
        self._deliveries.close(closing)
        if closing.run.status is RunStatus.TIMEOUT_LIMIT_EXCEEDED:
            run = closing.run
            stored = self._deliveries.get(run.organization_id, run.configuration_id, run.bill_id)
            self._deliveries.write(replace(stored, op=None))


class Retrying:
    """A client that repeats what was not answered: single writes, and batches as a whole."""

    def __init__(self, quickbooks: Any) -> None:
        self._quickbooks = quickbooks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._quickbooks, name)

    def write(self, connection: Connection, op: Operation) -> Answer:
        answer: Answer = self._quickbooks.write(connection, op)
        return self._quickbooks.write(connection, op) if isinstance(answer, Unsure) else answer

    def write_batch(self, connection: Connection, ops: Sequence[Operation], request_id: str) -> list[Answer]:
        answers: list[Answer] = self._quickbooks.write_batch(connection, ops, request_id)
        if any(isinstance(answer, Unsure) for answer in answers):
            answers = self._quickbooks.write_batch(connection, ops, f"{request_id[:-1]}x")
        return answers


class BelievesErrors:
    """A client to whom an error means that nothing happened."""

    def __init__(self, quickbooks: Any) -> None:
        self._quickbooks = quickbooks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._quickbooks, name)

    def write(self, connection: Connection, op: Operation) -> Answer:
        return self._believed(self._quickbooks.write(connection, op))

    def write_batch(self, connection: Connection, ops: Sequence[Operation], request_id: str) -> list[Answer]:
        return [self._believed(answer) for answer in self._quickbooks.write_batch(connection, ops, request_id)]

    def _believed(self, answer: Answer) -> Answer:
        return NotSent(Hindrance.UNAVAILABLE) if isinstance(answer, Unsure) else answer


class ClosedWhateverTheRev(Unconditional):
    """A closing writes its delivery record whatever the stored rev is."""

    def write(self, delivery: Delivery) -> Delivery:
        written: Delivery = self._deliveries.write(delivery)
        return written

    def close(self, closing: Closing) -> None:
        record = closing.delivery
        if record is not None:
            stored = self._deliveries.get(record.organization_id, record.configuration_id, record.bill_id)
            closing = replace(closing, delivery=replace(record, rev=stored.rev))
        self._deliveries.close(closing)


class CountedUnseen(ClosedWhateverTheRev):
    """The count is written whatever it has become since it was read."""

    def __init__(self, deliveries: Any, configurations: Any) -> None:
        super().__init__(deliveries)
        self._configurations = configurations

    def close(self, closing: Closing) -> None:
        if closing.count is not None:
            run = closing.run
            stored = self._configurations.get(run.organization_id, run.configuration_id)
            closing = replace(closing, count_read=stored.error_count)
        self._deliveries.close(closing)


class ClosedTwice(ClosedWhateverTheRev):
    """A closing does not ask whether its run is still open, and counts whatever the count has become."""

    def __init__(self, stores: Stores) -> None:
        super().__init__(stores.deliveries)
        self._stores = stores

    def close(self, closing: Closing) -> None:
        run = closing.run
        self._stores.put_run(replace(run, status=RunStatus.STARTED, completed_at=None))
        if closing.count is not None:
            stored = self._stores.configurations.get(run.organization_id, run.configuration_id)
            closing = replace(closing, count=stored.error_count + 1, count_read=stored.error_count)
        super().close(closing)


class RecordAfterwards(ClosedWhateverTheRev):
    """The run is closed first, and the record in a second write, which its worker does not live to make."""

    def close(self, closing: Closing) -> None:
        super().close(replace(closing, delivery=None))
        if closing.delivery is not None:
            raise Killed


class DisabledAfterwards(ClosedWhateverTheRev):
    """The tenth failure is counted first and disables in a second write, which its worker does not live to make."""

    def close(self, closing: Closing) -> None:
        self._deliveries.close(replace(closing, disable=False))
        if closing.disable:
            raise Killed


def sweeps_leases_only(world: World) -> Swept:
    """A sweep that knows only the runs whose own lease ran out."""
    due = world.runs.due(world.clock(), 500)
    started = [run for run in due if isinstance(run, Run) and run.status is RunStatus.STARTED]
    world.queue.retry(started, timedelta(0))
    return Swept(len(started))


# --- how to take a rule out of a stage

TakeOut = Callable[[Stage], None]


def attempt(protocol: type[Attempt]) -> TakeOut:
    """Workers attempt with this protocol."""

    def take_out(stage: Stage) -> None:
        stage.protocol = protocol

    return take_out


def sending(protocol: type[NotChecked]) -> TakeOut:
    """Neither the lease nor the end of the invocation keeps anybody from sending when its slot has come."""

    def take_out(stage: Stage) -> None:
        stage.protocol = protocol
        stage.trusted = A_DAY

    return take_out


def deliveries(made: Callable[[Any], Any]) -> TakeOut:
    """Delivery records are kept in another way."""

    def take_out(stage: Stage) -> None:
        stage.stores = replace(stage.stores, deliveries=made(stage.stores.deliveries))

    return take_out


def counted_unseen(stage: Stage) -> None:
    """See `CountedUnseen`."""
    stores = stage.stores
    stage.stores = replace(stores, deliveries=CountedUnseen(stores.deliveries, stores.configurations))


def closed_twice(stage: Stage) -> None:
    """See `ClosedTwice`."""
    stage.stores = replace(stage.stores, deliveries=ClosedTwice(stage.stores))


def client(made: Callable[[Any], Any]) -> TakeOut:
    """QuickBooks is spoken to by another client."""

    def take_out(stage: Stage) -> None:
        stage.quickbooks = made(stage.quickbooks)

    return take_out


def sweeping_leases_only(stage: Stage) -> None:
    """See `sweeps_leases_only`."""
    stage.sweep = sweeps_leases_only


def acknowledged_first(stage: Stage) -> None:
    """A message is acknowledged before its runs are stored."""
    stage.acknowledged_first = True
