"""Several runs in hand at once: what is ready for the same company leaves as one batch, and each is settled alone.

    attempts ──▶ Reserve ──▶ two or more for one company: one batch slot, else a slot each
             ◀── Slot ─────┘
             ──▶ claim ──▶ Send ──▶ wait for the slot, check the lease, send ──▶ Sent ──▶ …until every attempt rests

One company after another, whoever need not wait first; and a slot is taken only when its company's turn in this worker
has come. Taken for all of them at once, the last one's would be used seconds late, when the company's next slots are
used too: QuickBooks would count more in a minute than it allows.

A batch is transport, not a unit (rule 4): it is never sent again, each of its bills is settled by its own attempt. A
bug in one bill must not hold back the others, so each step runs inside the `shield` that the door hands in.

Nobody waits beyond the time that it takes to put down in order what is in hand, and a company that hangs has only its
share of the invocation: each waits at most for its part of what is left, and who has to look or is unsure comes last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid5

from m3ter_quickbooks.patience import no_longer_than
from m3ter_quickbooks.problems import ConnectionLost, Refused, TryLater
from m3ter_quickbooks.run import gate, words
from m3ter_quickbooks.run.answer import Answer, Hindrance, NotSent, Unsure
from m3ter_quickbooks.run.asking import Busy, Reserve, Send, Sent, Slot, Steps
from m3ter_quickbooks.run.at_rest import AtRest, Shield
from m3ter_quickbooks.run.carry_out import Attempt
from m3ter_quickbooks.run.case import Case, InHand, about, prepare
from m3ter_quickbooks.run.fair_share import COMES_AGAIN, let_pass
from m3ter_quickbooks.run.rest import Ending, Pause, Rest, backoff, failed_reading
from m3ter_quickbooks.run.run import RunId, RunStatus
from m3ter_quickbooks.run.world import World

BATCH_SIZE = 30
LONGEST_TURN = timedelta(seconds=6)
"""How long a worker waits for its slot in place. Who must wait longer waits in the queue: the longer workers stand for
one company's slots, the fewer are left for the others (four batches of a company fit into it)."""
NO_WAIT = timedelta(0)
ROOM_TO_ANSWER = timedelta(seconds=20)
"""Nothing is sent that this invocation could not hear the answer of."""
ROOM_TO_REST = timedelta(seconds=8)
"""What is left, after all waiting for others, to record how each of 30 runs waits (a few writes of the table each)."""
SHARE_TO_PREPARE = 3
"""Reads before anything is sent may take a third of the invocation: who needs none must still be sent."""
LAST_CHANCE = timedelta(hours=24)
"""A run that nobody brought to rest for so long after its giving up is given up unseen, and swept no more."""
_NAMESPACE = UUID("7a3df3f0-2b51-5d0b-8f35-6d3b1c8f2a11")


@dataclass(slots=True)
class _Going:
    """An attempt on its way, and what it waits to be told."""

    in_hand: InHand
    attempt: Attempt
    steps: Steps
    asks: Reserve | Send | None = None


def carry_out(
    in_hands: Sequence[InHand],
    world: World,
    deadline: datetime,
    shield: Shield,
    protocol: Callable[[Case, World, datetime], Attempt] = Attempt,
) -> None:
    """Bring every run in hand to rest: closed, or waiting with a due date and a retry message.

    `protocol` makes the attempt; a test that takes out a rule hands in another one.
    """
    going: list[_Going] = []
    at_rest = AtRest(in_hands, world, shield)

    def attempt_at(case: Case) -> Attempt:
        return protocol(case, world, deadline)

    passing: set[RunId] = set()
    if in_hands:  # inside the shield as well: nothing but the order depends on it
        shield(in_hands[0].run, lambda: passing.update(one.run.id for one in let_pass(in_hands, world)))
    now, last_wait = world.clock(), deadline - ROOM_TO_REST
    with no_longer_than(now + (last_wait - now) / SHARE_TO_PREPARE):
        for in_hand in in_hands:
            if in_hand.run.id in passing:
                pause = Pause(RunStatus.WAITING, now + COMES_AGAIN, words.OTHERS_FIRST)
                shield(in_hand.run, partial(at_rest.rest, in_hand, None, pause))
            else:
                shield(in_hand.run, partial(_begin, in_hand, attempt_at, world, at_rest, going))
    at_rest.put_back()
    with no_longer_than(last_wait):
        while going:
            _Round(going, world, deadline, shield, at_rest).answer()
            at_rest.put_back()
            going = [taken for taken in going if taken.asks is not None]
    at_rest.finish()


def _begin(
    in_hand: InHand, attempt_at: Callable[[Case], Attempt], world: World, at_rest: AtRest, going: list[_Going]
) -> None:
    """The gate and the translation, then the attempt's first question."""
    prepared = _prepare(in_hand, world) if world.clock() < in_hand.run.give_up_at + LAST_CHANCE else _never(in_hand)
    if not isinstance(prepared, Case):
        at_rest.in_its_place(in_hand, None, prepared)
        return
    attempt = attempt_at(prepared)
    taken = _Going(in_hand, attempt, attempt.steps())
    _advance(taken, None, at_rest)
    if taken.asks is not None:
        going.append(taken)


def _never(in_hand: InHand) -> Pause:
    """Each of its workers died or came upon a bug: people must hear of it from the run itself, too."""
    run = in_hand.run
    return Pause(run.status, run.give_up_at, run.reason or words.NEVER_RESTED)


def _prepare(in_hand: InHand, world: World) -> Case | Rest:
    run = in_hand.run
    try:
        return prepare(in_hand, world)
    except TryLater as later:
        wait = later.after or backoff(run.attempts, world.jitter())
        status = RunStatus.RATE_LIMIT_RETRY if later.throttled else RunStatus.AWAITING_RETRY
        return Pause(status, world.clock() + wait, later.message, attempt=not later.throttled)
    except ConnectionLost:
        return Ending(RunStatus.AUTH_FAILED, reason=gate.Reason.CONNECTION_LOST)
    except Refused as no:
        return failed_reading(no, about(in_hand))


def _advance(taken: _Going, told: Slot | Busy | Sent | None, at_rest: AtRest) -> None:
    """Tell an attempt what came of its question; it asks the next one, or rests."""
    asked, taken.asks = taken.asks, None
    try:
        taken.asks = next(taken.steps) if told is None or asked is None else taken.steps.send(told)
    except StopIteration as over:
        rest: Rest | None = over.value
        if rest is not None:
            come_to = at_rest.rest if isinstance(told, Sent) else at_rest.in_its_place
            come_to(taken.in_hand, taken.attempt, rest)


@dataclass(slots=True)
class _Round:
    """Every question that is open now is answered once. Who travels alone may have to look first, and comes last."""

    going: list[_Going]
    world: World
    deadline: datetime
    shield: Shield
    at_rest: AtRest
    _unsure: list[tuple[_Going, Sent]] = field(default_factory=list)
    _patience: timedelta = LONGEST_TURN
    """How long slots may still be waited for in place."""

    def answer(self) -> None:
        """Whoever is left unsure looks only when everybody else has been sent."""
        for alone in (False, True):
            asking = [group for group in _together(self.going) if _travels(group[0], alone=alone)]
            self._take_turns(asking)
            unsure, self._unsure = self._unsure, []
            _tell(unsure, self.shield, self.at_rest)

    def _take_turns(self, asking: list[list[_Going]]) -> None:
        """Whoever need not wait goes first, over and over; only when nobody's turn has come, the nearest is waited for.

        So nobody waits for another company that is busy, and no slot is held while others are being sent.
        """
        while len(asking) > 1:
            waits = [(self._turn(group, NO_WAIT, self._longest()), group) for group in asking]
            self.at_rest.put_back()
            waiting = sorted(((wait, group) for wait, group in waits if wait is not None), key=lambda entry: entry[0])
            still = [group for _, group in waiting]
            if len(still) == len(asking):
                self._turn(still.pop(0), self._longest())
            asking = still
        for group in asking:
            self._turn(group, self._longest())

    def _longest(self) -> timedelta:
        """How long a slot may be waited for: not until a moment from which nothing could be sent any more."""
        last_send = self.deadline - ROOM_TO_REST - ROOM_TO_ANSWER
        return max(min(self._patience, last_send - self.world.clock()), NO_WAIT)

    def _turn(self, group: list[_Going], within: timedelta, longest: timedelta = NO_WAIT) -> timedelta | None:
        """Take a slot `within` so long, and send. How long to wait for it instead, where that is at most `longest`."""
        told: list[Slot | Busy | timedelta] = []
        if not self.shield(group[0].in_hand.run, partial(_slot, group, self.world, within, told)):
            _drop(group)
            return None
        slot = told[0]
        if isinstance(slot, Slot):
            self._patience -= max(slot.at - self.world.clock(), NO_WAIT)
            self._advance_and_send(group, slot)
        elif isinstance(slot, Busy):
            self._advance(group, slot)
        elif slot + within <= longest:
            return slot
        else:
            wait = slot + slot * self.world.jitter() / 4
            self._advance(group, Busy(self.world.clock() + wait))
        return None

    def _advance(self, group: list[_Going], told: Slot | Busy) -> None:
        for taken in group:
            self.shield(taken.in_hand.run, partial(_advance, taken, told, self.at_rest))

    def _advance_and_send(self, group: list[_Going], slot: Slot) -> None:
        self._advance(group, slot)
        # Before anybody is waited for.
        self.at_rest.put_back()
        ready = [taken for taken in group if isinstance(taken.asks, Send)]
        if not ready:
            return
        answers: list[Sent] = []
        to_come = [*ready, *(taken for taken in self.going if isinstance(taken.asks, Reserve))]
        companies = len({_connection(taken) for taken in to_come})
        send = partial(_send, ready, self.world, self.deadline, companies, answers)
        if not self.shield(ready[0].in_hand.run, send):
            _drop(ready)
            return
        self.at_rest.answered(len(ready))
        answered = list(zip(ready, answers, strict=True))
        self._unsure += [(taken, sent) for taken, sent in answered if isinstance(sent.answer, Unsure)]
        sure = [(taken, sent) for taken, sent in answered if not isinstance(sent.answer, Unsure)]
        _tell(sure, self.shield, self.at_rest)


def _tell(answered: list[tuple[_Going, Sent]], shield: Shield, at_rest: AtRest) -> None:
    for taken, sent in answered:
        at_rest.up_to(taken.in_hand)
        shield(taken.in_hand.run, partial(_advance, taken, sent, at_rest))


def _drop(group: list[_Going]) -> None:
    """A bug on the way: nobody knows what left, so nobody goes on. Their leases run out, the sweep takes them up."""
    for taken in group:
        taken.asks = None


def _together(going: list[_Going]) -> list[list[_Going]]:
    """Who asks for a turn, and may share a batch: the same connection, nobody who must travel alone, at most 30.

    Two connections may lead to one company; each speaks with its own token, so that a lost one holds up nobody else.
    """
    groups: list[list[_Going]] = []
    connections: dict[tuple[str, str], list[_Going]] = defaultdict(list)
    for taken in going:
        match taken.asks:
            case Reserve(alone=True):
                groups.append([taken])
            case Reserve():
                connections[_connection(taken)].append(taken)
    for members in connections.values():
        groups.extend(members[start : start + BATCH_SIZE] for start in range(0, len(members), BATCH_SIZE))
    return groups


def _travels(taken: _Going, *, alone: bool) -> bool:
    return isinstance(taken.asks, Reserve) and taken.asks.alone is alone


def _slot(group: list[_Going], world: World, within: timedelta, told: list[Slot | Busy | timedelta]) -> None:
    """The next slot, or how much longer than `within` it takes until there is one.

    A table that does not know it now is not asked again, as each time costs its repeats: who asked waits in the queue.
    """
    company_id = group[0].attempt.case.company_id
    batch = len(group) > 1
    try:
        told.append(Slot(world.pacer.reserve(company_id, world.clock(), batch=batch, within=within), batch))
    except TryLater as later:
        told.append(later.after or Busy(world.clock() + LONGEST_TURN * (1 + world.jitter() / 4)))


def _connection(taken: _Going) -> tuple[str, str]:
    connection = taken.attempt.case.connection
    return connection.organization_id, connection.credential_id


def _send(group: list[_Going], world: World, deadline: datetime, companies: int, told: list[Sent]) -> None:
    """Wait for the slot, check the earliest lease, send (rule 3). The slot is taken before the check.

    So many `companies` have yet to be sent, this one included: it waits for its share of what is left.
    """
    sends = [taken.asks for taken in group if isinstance(taken.asks, Send)]
    world.wait_until(max(send.slot.at for send in sends))
    now = world.clock()
    earliest = min(send.lease_until for send in sends)
    left = deadline - ROOM_TO_REST - now
    if now + world.in_flight > earliest or left < ROOM_TO_ANSWER:
        told.extend(Sent(NotSent(Hindrance.LEASE_TOO_SHORT), now) for _ in sends)
        return
    ops, connection = [send.op for send in sends], sends[0].connection
    answers: list[Answer]
    with no_longer_than(now + max(left / companies, ROOM_TO_ANSWER)):
        if len(ops) == 1:
            answers = [world.quickbooks.write(connection, ops[0])]
        else:
            answers = world.quickbooks.write_batch(connection, ops, _batch_id([op.request_id for op in ops]))
    after = world.clock()
    told.extend(Sent(answer, after) for answer in answers)


def _batch_id(request_ids: list[str]) -> str:
    """A batch's own request id: it changes as soon as one of its operations does."""
    return str(uuid5(_NAMESPACE, "\n".join(request_ids)))
