"""Several runs in hand at once: what is ready for the same company leaves as one batch, and each is settled alone.

    attempts ──▶ Reserve ──▶ two or more for one company: one batch slot, else a slot each
             ◀── Slot ─────┘
             ──▶ claim ──▶ Send ──▶ wait for the slot, check the lease, send ──▶ Sent ──▶ …until every attempt rests

A batch is transport, not a unit (rule 4): it is never sent again, each of its bills is settled by its own attempt. A
bug in one bill must not hold back the others, so each step runs inside the `shield` that the door hands in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID, uuid5

from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.problems import Clash, ConnectionLost, Missing, Refused, TryLater
from m3ter_quickbooks.run import aftermath, gate, words
from m3ter_quickbooks.run.aftermath import LOOK_AGAIN_AFTER, Story
from m3ter_quickbooks.run.answer import Answer, Hindrance, NotSent
from m3ter_quickbooks.run.asking import Busy, Reserve, Send, Sent, Slot, Steps
from m3ter_quickbooks.run.carry_out import Attempt
from m3ter_quickbooks.run.case import Case, InHand, about, connection_of, prepare
from m3ter_quickbooks.run.doubts import Left, left_alone, left_by
from m3ter_quickbooks.run.opening import again
from m3ter_quickbooks.run.ports import CountMoved
from m3ter_quickbooks.run.put_back import PutBack
from m3ter_quickbooks.run.rest import Ending, Pause, Rest, backoff, failed, failed_reading
from m3ter_quickbooks.run.run import Run, RunStatus
from m3ter_quickbooks.run.trouble import LookAgain
from m3ter_quickbooks.run.world import World

BATCH_SIZE = 30
LONGEST_TURN = timedelta(seconds=6)
"""How long a worker waits for its slot in place. Who must wait longer waits in the queue: the longer workers stand for
one company's slots, the fewer are left for the others (four batches of a company fit into it)."""
ROOM_TO_ANSWER = timedelta(seconds=20)
"""Nothing is sent that this invocation could not hear the answer of."""
SWEEP_GRACE = timedelta(seconds=90)
"""The retry message comes first; the sweep takes over when it was lost."""
LAST_CHANCE = timedelta(hours=24)
"""A run that nobody brought to rest for so long after its giving up is given up unseen, and swept no more."""
CLOSING_TRIES = 20
_NAMESPACE = UUID("7a3df3f0-2b51-5d0b-8f35-6d3b1c8f2a11")


class Shield(Protocol):
    """Runs one step; what the door makes of a bug is the door's business. False: the step did not come through."""

    def __call__(self, run: Run, step: Callable[[], None]) -> bool:
        """Run `step` for `run`."""


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
    put_back = PutBack(world.queue, world.clock)
    world = replace(world, queue=put_back)

    def attempt_at(case: Case) -> Attempt:
        return protocol(case, world, deadline)

    for in_hand in in_hands:
        shield(in_hand.run, partial(_begin, in_hand, attempt_at, world, going))
    put_back.send(shield)
    while going:
        _answer_once(going, world, deadline, shield, put_back)
        put_back.send(shield)
        going = [taken for taken in going if taken.asks is not None]


def _begin(in_hand: InHand, attempt_at: Callable[[Case], Attempt], world: World, going: list[_Going]) -> None:
    """The gate and the translation, then the attempt's first question."""
    prepared = _prepare(in_hand, world) if world.clock() < in_hand.run.give_up_at + LAST_CHANCE else _never(in_hand)
    if not isinstance(prepared, Case):
        _rest(in_hand, None, prepared, world)
        return
    attempt = attempt_at(prepared)
    taken = _Going(in_hand, attempt, attempt.steps())
    _advance(taken, None, world)
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


def _advance(taken: _Going, told: Slot | Busy | Sent | None, world: World) -> None:
    """Tell an attempt what came of its question; it asks the next one, or rests."""
    asked, taken.asks = taken.asks, None
    try:
        taken.asks = next(taken.steps) if told is None or asked is None else taken.steps.send(told)
    except StopIteration as over:
        rest: Rest | None = over.value
        if rest is not None:
            _rest(taken.in_hand, taken.attempt, rest, world)


def _answer_once(going: list[_Going], world: World, deadline: datetime, shield: Shield, put_back: PutBack) -> None:
    """Answer every question that is open now, once."""
    for group in _together(going):
        told = _slot(group, world)
        for taken in group:
            shield(taken.in_hand.run, partial(_advance, taken, told, world))
    # Before anybody is waited for.
    put_back.send(shield)
    for group in _by_slot(going):
        answers: list[Sent] = []
        if not shield(group[0].in_hand.run, partial(_send, group, world, deadline, answers)):
            _drop(group)
            continue
        for taken, sent in zip(group, answers, strict=True):
            shield(taken.in_hand.run, partial(_advance, taken, sent, world))


def _drop(group: list[_Going]) -> None:
    """A bug while sending: nobody knows what left, so nobody goes on. Their leases run out, the sweep takes them up."""
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


def _slot(group: list[_Going], world: World) -> Slot | Busy:
    company_id = group[0].attempt.case.company_id
    batch = len(group) > 1
    now = world.clock()
    try:
        return Slot(world.pacer.reserve(company_id, now, batch=batch, within=LONGEST_TURN), batch)
    except TryLater as later:
        wait = later.after or LONGEST_TURN
        return Busy(now + wait + wait * world.jitter() / 4)


def _by_slot(going: list[_Going]) -> list[list[_Going]]:
    """Who is ready to send: those who were given one batch slot together, and everybody else alone.

    The earliest slot first: nobody waits for the turn of another company that is busy.
    """
    groups: dict[tuple[datetime, object], list[_Going]] = defaultdict(list)
    for taken in going:
        match taken.asks:
            case Send(slot=Slot(batch=True, at=at)):
                groups[at, _connection(taken)].append(taken)
            case Send(slot=Slot(at=at)):
                groups[at, taken.in_hand.run.id].append(taken)
    return [group for _, group in sorted(groups.items(), key=lambda entry: entry[0][0])]


def _connection(taken: _Going) -> tuple[str, str]:
    connection = taken.attempt.case.connection
    return connection.organization_id, connection.credential_id


def _send(group: list[_Going], world: World, deadline: datetime, told: list[Sent]) -> None:
    """Wait for the slot, check the earliest lease, send (rule 3). The slot is taken before the check."""
    sends = [taken.asks for taken in group if isinstance(taken.asks, Send)]
    world.wait_until(max(send.slot.at for send in sends))
    now = world.clock()
    earliest = min(send.lease_until for send in sends)
    if now + world.in_flight > earliest or now + ROOM_TO_ANSWER > deadline:
        told.extend(Sent(NotSent(Hindrance.LEASE_TOO_SHORT), now) for _ in sends)
        return
    ops, connection = [send.op for send in sends], sends[0].connection
    answers: list[Answer]
    if len(ops) == 1:
        answers = [world.quickbooks.write(connection, ops[0])]
    else:
        answers = world.quickbooks.write_batch(connection, ops, _batch_id([op.request_id for op in ops]))
    after = world.clock()
    told.extend(Sent(answer, after) for answer in answers)


def _batch_id(request_ids: list[str]) -> str:
    """A batch's own request id: it changes as soon as one of its operations does."""
    return str(uuid5(_NAMESPACE, "\n".join(request_ids)))


# --- at rest


def _rest(in_hand: InHand, attempt: Attempt | None, rest: Rest, world: World) -> None:
    if isinstance(rest, Pause) and rest.until >= in_hand.run.give_up_at:
        # Closed as given up, with the operation kept: the next version, or a manual retry, settles it first.
        late = failed(words.given_up(about(in_hand).document, rest.reason), "timeout")
        rest = replace(late, status=RunStatus.TIMEOUT_LIMIT_EXCEEDED, counts=False, keep_op=True)
    if isinstance(rest, Pause):
        _wait(replace(in_hand.run, log=tuple(attempt.log)) if attempt else in_hand.run, rest, world)
    else:
        _close(in_hand, attempt, rest, world)


def _wait(run: Run, pause: Pause, world: World) -> None:
    """Order matters: the run item, then the retry message; the door acknowledges last (rule 6)."""
    waiting = replace(
        run,
        status=pause.status,
        due_at=pause.until + SWEEP_GRACE,
        attempts=run.attempts + 1 if pause.attempt else run.attempts,
        reason=pause.reason,
        version=run.version + 1,
    )
    try:
        stored = world.runs.wait(waiting)
    except Clash:
        return  # closed by somebody else meanwhile: nothing is left to wait for
    world.witness.waits(stored)
    world.queue.retry([stored], max(pause.until - world.clock(), timedelta(0)))


def _close(in_hand: InHand, attempt: Attempt | None, ending: Ending, world: World) -> None:
    """Rule 5. Refused because of the count: read again, QuickBooks is not called again. Because of rev or run: stop."""
    integration = in_hand.integration
    left = _left(in_hand, attempt, ending, world)
    story = _story(in_hand.run, attempt, left, world)
    for _ in range(CLOSING_TRIES):
        closing = aftermath.close(in_hand.run, integration, ending, left.record, story, world.clock())
        try:
            world.deliveries.close(closing)
        except CountMoved:
            try:
                integration = world.configurations.get(integration.organization_id, integration.id)
            except Missing:
                # The configuration was deleted meanwhile: there is no count left to keep.
                integration = replace(integration, enabled=False, error_count=0)
            continue
        except Clash:
            return
        world.witness.closed(closing.run, ending.cause)
        if ending.status is RunStatus.AUTH_FAILED:
            _open_if_reconnected(closing.run, integration, world)
        if closing.look is not None:
            world.queue.look(closing.look, LOOK_AGAIN_AFTER)
        return
    message = "The configuration's error count moved too often to close the run; it is closed on its next try."
    raise TryLater(message)


def _open_if_reconnected(run: Run, integration: Integration, world: World) -> None:
    """A reconnection replays what was held; this run may have been closed a moment after that."""
    if gate.connected(integration, connection_of(integration, world.connections.fresh)) is None:
        once_more = again(run, integration, world.clock(), "reconnected")
        world.queue.retry(world.runs.open(world.runs.snapshot(run), [once_more]), timedelta(0))


def _left(in_hand: InHand, attempt: Attempt | None, ending: Ending, world: World) -> Left:
    """Where no attempt was made (the gate, or a read that failed until the end), the record has yet to be read."""
    if attempt is not None:
        return left_by(attempt, ending, world.clock())
    run = in_hand.run
    stored = world.deliveries.get(run.organization_id, run.configuration_id, run.bill_id)
    return left_alone(stored, run, world.clock())


def _story(run: Run, attempt: Attempt | None, left: Left, world: World) -> Story:
    look = _look_again(run, left, world)
    if attempt is None:
        return Story(left.record.document if left.record else None, look=look)
    case, document = attempt.case, attempt.record.document
    url = world.link(case.connection, document.kind, document.id) if document and not attempt.elsewhere else None
    return Story(case.delivery.document, tuple(attempt.warnings), attempt.request_id, url, look, tuple(attempt.log))


def _look_again(run: Run, left: Left, world: World) -> LookAgain | None:
    """A create was once unsure: in fifteen minutes, are there two documents (sending-once part 3, last resort)?"""
    if not left.places:
        return None
    due_at = world.clock() + LOOK_AGAIN_AFTER
    return LookAgain(run.organization_id, run.configuration_id, run.bill_id, run.id, left.places, due_at)
