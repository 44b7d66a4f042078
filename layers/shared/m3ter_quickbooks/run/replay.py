"""Doing it again on purpose: one run, or everything of a configuration that failed or was held.

A replay of thousands of runs is a chain: one message of the queue opens the next few, they are carried out together,
then the message for those after them is sent. So bills are sent in their order, and nobody waits for the last one.

    API ── order ──▶ queue ──▶ open 30, carry them out ── order, after the 30th ──▶ queue ──▶ …
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.problems import Clash, Missing, TryLater
from m3ter_quickbooks.run.case import InHand
from m3ter_quickbooks.run.gate import Reason
from m3ter_quickbooks.run.opening import again
from m3ter_quickbooks.run.replay_order import OwedReplay, ReplayOrder
from m3ter_quickbooks.run.run import Outcome, Run, RunId, RunStatus
from m3ter_quickbooks.run.world import World

HELD = frozenset({RunStatus.DISABLED, RunStatus.AUTH_FAILED})
FAILED = frozenset(
    {
        RunStatus.ERROR,
        RunStatus.ACCOUNTING_PERIOD_CLOSED,
        RunStatus.INVOICE_ALREADY_PAID,
        RunStatus.TIMEOUT_LIMIT_EXCEEDED,
    }
)
AT_ONCE = 30
ONCE_MORE_AFTER = timedelta(minutes=15)
"""By then everybody has come to rest who still worked under the lost connection, or before the enabling."""


def retry(organization_id: OrganizationId, run_id: RunId, world: World) -> Run:
    """A new run for the bill of an ended one, on the queue at once. Raises Missing, and Clash while the run is open."""
    run = world.runs.get(organization_id, run_id)
    if run.status.open:
        raise Clash(f"Run {run_id} is not over ({run.status.value}): it is retried by itself.")
    integration = world.configurations.get(run.organization_id, run.configuration_id)
    now = world.clock()
    [opened] = world.runs.open(world.runs.snapshot(run), [again(run, integration, now, now.isoformat())])
    world.queue.retry([opened], timedelta(0))
    return opened


def replay(order: ReplayOrder, world: World) -> int:
    """Order a replay; how many bills it is about. Raises Missing."""
    world.configurations.get(order.organization_id, order.configuration_id)
    chosen = _chosen(order, world)
    if chosen:
        world.queue.replay(order)
    return len(chosen)


def resume(organization_id: OrganizationId, configuration_id: ConfigurationId, status: RunStatus, world: World) -> None:
    """Order at once what is owed to what a configuration held. Never fails: what does not work now, the sweep does."""
    try:
        owed = world.runs.owed(organization_id, configuration_id, status)
        if owed is not None:
            give_order(owed, world)
    except TryLater:
        return  # It is owed all the same, and due in a minute.


def give_order(owed: OwedReplay, world: World) -> None:
    """First the order, then the note that it was given: a crash in between gives it twice, which opens nothing twice.

    Once more a quarter of an hour later: a run that was in hand at the moment itself may have been held after the first
    order had passed by.
    """
    now = world.clock()
    statuses = frozenset({owed.status})
    world.queue.replay(ReplayOrder(owed.id, now, owed.organization_id, owed.configuration_id, statuses))
    world.runs.ordered(owed, None if owed.last else now + ONCE_MORE_AFTER)


def next_of(order: ReplayOrder, world: World, deadline: datetime) -> tuple[list[InHand], ReplayOrder | None]:
    """The next few runs of a replay, opened anew, and the order for those after them.

    An order that comes twice opens nothing twice: a run's id is made of the run before it and of the order.
    """
    try:
        integration = world.configurations.get(order.organization_id, order.configuration_id)
    except Missing:
        return [], None
    left = [run for run in _chosen(order, world) if order.after is None or (run.created_at, run.id) > order.after]
    now = world.clock()
    in_hand: list[InHand] = []
    for run in left[:AT_ONCE]:
        try:
            snapshot = world.runs.snapshot(run)
        except Missing:
            continue  # removed by age, and its run is about to be: those after it are not to wait for that
        started = replace(
            again(run, integration, now, order.id),
            status=RunStatus.STARTED,
            started_at=now,
            due_at=deadline + world.in_flight,
        )
        opened = world.runs.open(snapshot, [started])
        in_hand += [InHand(one, integration, dict(snapshot.dto)) for one in opened if one.status.open]
    if len(left) <= AT_ONCE:
        return in_hand, None
    last = left[AT_ONCE - 1]
    return in_hand, replace(order, after=(last.created_at, last.id))


def _chosen(order: ReplayOrder, world: World) -> list[Run]:
    """The newest ended run of each bill, if it matches, in the order of the first ones.

    Bills skipped because nothing was connected yet count as held where everything held is asked for: a reconnection,
    which asks only for what it lost, does not send the bills of before the first connection. What an older telling of
    a bill says is left alone: the fence would only supersede it. What came after the order is not part of it.
    """
    statuses, outcomes = set(order.statuses), set(order.outcomes)
    searched = statuses | ({RunStatus.COMPLETE} if outcomes or statuses & HELD else set())
    newest: dict[str, Run] = {}
    for run in world.runs.ended(order.organization_id, order.configuration_id, searched):
        too_early = order.start is not None and run.created_at < order.start
        if too_early or run.created_at > min(order.end or order.at, order.at):
            continue
        newest_yet = newest.get(run.bill_id)
        if newest_yet is None or newest_yet.fence <= run.fence:
            newest[run.bill_id] = run
    chosen = [run for run in newest.values() if _asked_for(run, statuses, outcomes)]
    return sorted(chosen, key=lambda run: (run.created_at, run.id))


def _asked_for(run: Run, statuses: Collection[RunStatus], outcomes: Collection[Outcome]) -> bool:
    if run.status is RunStatus.COMPLETE:
        never_connected = run.reason == Reason.NOT_CONNECTED and HELD.issubset(statuses)
        return run.outcome in outcomes or never_connected or RunStatus.COMPLETE in statuses
    return run.status in statuses
