"""How the runs of one invocation come to rest: each is closed, or waits with a due date and a retry message.

A bill that cannot be translated fails at once, and one that is sent succeeds seconds later. Closed as they come, the
failures of thirty bills would stand in a row before the first success, and ten in a row disable the configuration
(rule 5). So a failure is kept until what came before it in the queue has come to rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Protocol

from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.problems import Clash, TryLater
from m3ter_quickbooks.run import aftermath, gate, words
from m3ter_quickbooks.run.aftermath import LOOK_AGAIN_AFTER, Story
from m3ter_quickbooks.run.carry_out import Attempt
from m3ter_quickbooks.run.case import InHand, about, connection_of
from m3ter_quickbooks.run.counts import Counts
from m3ter_quickbooks.run.doubts import Left, left_alone, left_by
from m3ter_quickbooks.run.opening import again
from m3ter_quickbooks.run.ports import CountMoved
from m3ter_quickbooks.run.put_back import PutBack
from m3ter_quickbooks.run.rest import Ending, Pause, Rest, failed
from m3ter_quickbooks.run.run import Run, RunStatus
from m3ter_quickbooks.run.world import World

SWEEP_GRACE = timedelta(seconds=90)
"""The retry message comes first; the sweep takes over when it was lost."""
LONG = timedelta(seconds=4)
CLOSING_TRIES = 20


class Shield(Protocol):
    """Runs one step; what the door makes of a bug is the door's business. False: the step did not come through."""

    def __call__(self, run: Run, step: Callable[[], None]) -> bool:
        """Run `step` for `run`."""


class AtRest:
    """The ends of one invocation. `in_hands` are its runs in the order of their messages."""

    def __init__(self, in_hands: Sequence[InHand], world: World, shield: Shield) -> None:
        self._places = {in_hand.run.id: place for place, in_hand in enumerate(in_hands)}
        self._shield = shield
        self._counts = Counts(world.configurations)
        self._began = world.clock()
        self._waiting = PutBack(world.queue, world.clock)
        self._world = replace(world, queue=self._waiting)
        self._kept: list[tuple[InHand, Attempt | None, Ending]] = []

    def in_its_place(self, in_hand: InHand, attempt: Attempt | None, rest: Rest) -> None:
        """A run that rests without an answer. Its failure is kept until `up_to` or `finish` comes to its place."""
        if isinstance(rest, Ending) and rest.counts:
            self._kept.append((in_hand, attempt, rest))
            return
        if isinstance(rest, Ending) and rest.outcome in aftermath.SUCCESSES:
            self.up_to(in_hand)
            self.answered(1)
        self.rest(in_hand, attempt, rest)

    def up_to(self, in_hand: InHand) -> None:
        """Close the failures that were kept and came before `in_hand`."""
        self._close_kept(self._places[in_hand.run.id])

    def finish(self) -> None:
        """Close what is still kept."""
        self._close_kept(len(self._places))
        self.put_back()

    def answered(self, bills: int) -> None:
        """QuickBooks was waited for: others may have moved the counts. A single bill is mostly too quick for that."""
        if bills > 1 or self._world.clock() - self._began >= LONG:
            self._counts.time_has_passed()

    def put_back(self) -> None:
        """Send the retry messages of everything that has come to wait."""
        self._waiting.send(self._shield)

    def rest(self, in_hand: InHand, attempt: Attempt | None, rest: Rest) -> None:
        """Close the run, or let it wait."""
        if isinstance(rest, Pause) and rest.until >= in_hand.run.give_up_at:
            # Closed as given up, with the operation kept: the next version, or a manual retry, settles it first.
            late = failed(words.given_up(about(in_hand).document, rest.reason), "timeout")
            rest = replace(late, status=RunStatus.TIMEOUT_LIMIT_EXCEEDED, counts=False, keep_op=True)
        if isinstance(rest, Pause):
            self._wait(_as_told(in_hand.run, attempt) if attempt else in_hand.run, rest)
        else:
            self._close(in_hand, attempt, rest)

    def _close_kept(self, place: int) -> None:
        ready = [kept for kept in self._kept if self._places[kept[0].run.id] < place]
        self._kept = [kept for kept in self._kept if self._places[kept[0].run.id] >= place]
        for in_hand, attempt, ending in ready:
            self._shield(in_hand.run, partial(self._close, in_hand, attempt, ending))

    def _wait(self, run: Run, pause: Pause) -> None:
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
            stored = self._world.runs.wait(waiting)
        except Clash:
            return  # closed by somebody else meanwhile: nothing is left to wait for
        self._world.witness.waits(stored)
        self._world.queue.retry([stored], max(pause.until - self._world.clock(), timedelta(0)))

    def _close(self, in_hand: InHand, attempt: Attempt | None, ending: Ending) -> None:
        """Rule 5. Refused because of the count: read again, QuickBooks is not asked. Because of rev or run: stop."""
        world = self._world
        left = _left(in_hand, attempt, ending, world)
        story = _story(in_hand.run, attempt, left, world)
        integration = self._counts.now(in_hand.integration)
        for _ in range(CLOSING_TRIES):
            closing = aftermath.close(in_hand.run, integration, ending, left.record, story, world.clock())
            try:
                world.deliveries.close(closing)
            except CountMoved:
                integration = self._counts.read_again(integration)
                continue
            except Clash:
                return
            self._counts.closed(closing, integration)
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


def _as_told(run: Run, attempt: Attempt) -> Run:
    """With what was done in this attempt: the next one does not do it again. What the bill lacks, that finds itself."""
    found = set(attempt.case.warnings) - set(run.warnings)
    warnings = tuple(warning for warning in attempt.warnings if warning not in found)
    return replace(run, log=tuple(attempt.log), warnings=warnings)


def _left(in_hand: InHand, attempt: Attempt | None, ending: Ending, world: World) -> Left:
    """Where no attempt was made (the gate, or a read that failed until the end), the record has yet to be read."""
    if attempt is not None:
        return left_by(attempt, ending, world.clock())
    run = in_hand.run
    stored = world.deliveries.get(run.organization_id, run.configuration_id, run.bill_id)
    return left_alone(stored, run, world.clock())


def _story(run: Run, attempt: Attempt | None, left: Left, world: World) -> Story:
    look = left.look_of(run, world.clock())
    if attempt is None:
        return Story(left.record.document if left.record else None, run.warnings, look=look)
    case, document = attempt.case, attempt.record.document
    url = world.link(case.connection, document.kind, document.id) if document and not attempt.elsewhere else None
    before = case.delivery.gone or case.delivery.document
    return Story(before, tuple(attempt.warnings), attempt.request_id, url, look, tuple(attempt.log))
