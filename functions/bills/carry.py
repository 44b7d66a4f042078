"""One batch of messages: everything that it opens or takes up is carried out together, and each is judged alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from bills.messages import Message, NotOurs, Retry, Tick, read_message
from bills.witness import kept_alive
from m3ter_quickbooks.bill.event import AccountEvent
from m3ter_quickbooks.connection.keep_alive import KeptAlive
from m3ter_quickbooks.patience import no_longer_than
from m3ter_quickbooks.problems import ConnectionLost, MalformedEvent, Missing, Refused, TryLater, what_happened
from m3ter_quickbooks.run.case import InHand
from m3ter_quickbooks.run.dispatch import ROOM_TO_REST, carry_out
from m3ter_quickbooks.run.look_again import look_again
from m3ter_quickbooks.run.opening import ReadOnce, Told, end_untaken, open_runs, take_up
from m3ter_quickbooks.run.replay import next_of
from m3ter_quickbooks.run.replay_order import ReplayOrder
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.sweep import sweep
from m3ter_quickbooks.run.trouble import LookAgain
from m3ter_quickbooks.run.world import World

logger = Logger(child=True)


class Batch:
    """The messages of one invocation. `failed` are the ids of those that go back to the queue.

    A message is acknowledged once its runs are durably recorded; a run that rests or waits is. Only a bug, an outage of
    our own stores, or an event that nobody can be told of, fails a message.
    """

    def __init__(self, world: World, deadline: datetime, keep_alive: Callable[[], KeptAlive]) -> None:
        self.world = world
        self.deadline = deadline
        self.keep_alive = keep_alive
        self.failed: list[str] = []
        self._message_of: dict[str, str | None] = {}
        self._afterwards: list[tuple[str, Callable[[], object]]] = []
        self._opening = replace(world, configurations=ReadOnce(world.configurations))

    def carry(self, messages: Sequence[tuple[str, str]]) -> None:
        """Read every message, open or take up its runs, carry all of them out together."""
        in_hand: list[InHand] = []
        for message_id, body in messages:
            self._guarded(message_id, partial(self._take, message_id, body, in_hand))
        carry_out(in_hand, self.world, self.deadline, self._shield)
        with no_longer_than(self.deadline - ROOM_TO_REST):
            for message_id, step in self._afterwards:
                self._guarded(message_id, step)

    def _take(self, message_id: str, body: str, in_hand: list[InHand]) -> None:
        message = read_message(body)
        # A replay that came again for one of its runs would send its next order again, too: the sweep has that run.
        answers_for = None if isinstance(message, ReplayOrder) else message_id
        for taken in self._act(message_id, message):
            # A run in hand twice in one batch (an event doubled by the queue) is carried out once.
            if taken.run.id not in self._message_of:
                self._message_of[taken.run.id] = answers_for
                in_hand.append(taken)

    def _act(self, message_id: str, message: Message) -> list[InHand]:
        match message:
            case Told():
                return open_runs(message, self._opening, self.deadline)
            case Retry():
                return self._take_up(message)
            case ReplayOrder():
                in_hand, rest = next_of(message, self.world, self.deadline)
                if rest:
                    # After these have been carried out: a replay keeps the order of the bills.
                    self._after_the_bills(message_id, partial(self.world.queue.replay, rest))
                return in_hand
            case AccountEvent():
                self._keep_account(message)
            case LookAgain():
                self._after_the_bills(message_id, partial(look_again, message, self.world))
            case Tick(what="sweep"):
                self._sweep()
            case Tick():
                self._after_the_bills(message_id, lambda: kept_alive(self.keep_alive()))
            case NotOurs():
                logger.info("not for us", extra={"source": message.source})
        return []

    def _after_the_bills(self, message_id: str, step: Callable[[], object]) -> None:
        """What may have to wait for QuickBooks or Intuit, and can."""
        self._afterwards.append((message_id, step))

    def _take_up(self, retry: Retry) -> list[InHand]:
        try:
            run = self.world.runs.get(retry.organization_id, retry.run_id)
        except Missing:
            return []  # removed with its organization, or by age
        if not run.status.open:
            return []
        if retry.version is not None and retry.version < run.version:
            return []  # it was taken up since, and waits for a message of its own (lost: for the sweep)
        try:
            return [take_up(run, self._opening)]
        except Missing:
            end_untaken(run, self.world)
            return []

    def _sweep(self) -> None:
        swept = sweep(self.world)
        logger.info("swept", extra={"put_back": swept.put_back})
        for item in swept.unreadable:
            logger.error("what is due cannot be read; it is put off, the rest went on", extra=asdict(item))
        if swept.unreadable:
            text = "Something that is due cannot be read."
            raise RuntimeError(text)  # a failed tick raises the alarm

    def _keep_account(self, event: AccountEvent) -> None:
        if event.happening == "deleted":
            self.world.knowledge.forget_account(event.organization_id, event.account.id)
        else:
            self.world.knowledge.keep_account(event.organization_id, event.account, event.dto)

    def _shield(self, run: Run, step: Callable[[], None]) -> bool:
        return self._guarded(self._message_of[run.id], step, run_id=run.id)

    def _guarded(self, message_id: str | None, step: Callable[[], object], **context: object) -> bool:
        try:
            step()
        except (MalformedEvent, TryLater, ConnectionLost, Refused) as problem:
            logger.warning("message goes back to the queue", extra={"why": problem.message, **context})
        except Exception as bug:  # noqa: BLE001  this is the door: a bug in one bill must not hold back the others
            logger.error("a bug; the message goes back to the queue", extra={"error": what_happened(bug), **context})  # noqa: TRY400  see what_happened
        else:
            return True
        if message_id is not None and message_id not in self.failed:
            self.failed.append(message_id)
        return False


def failures(batch: Batch, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """The answer that SQS expects. Outside of a queue a failed message raises: there is nobody else to tell."""
    if batch.failed and "Records" not in event:
        text = "The event could not be handled; the log says why."
        raise RuntimeError(text)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.failed]}
