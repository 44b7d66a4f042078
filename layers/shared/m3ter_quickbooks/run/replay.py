"""Doing it again on purpose: one run, or everything of a configuration that failed or was held.

A replay of thousands of runs is a chain: one message of the queue opens the next few, they are carried out together,
then the message for those after them is sent. So bills are sent in their order, and nobody waits for the last one.

    API ── order ──▶ queue ──▶ open 30, carry them out ── order, after the 30th ──▶ queue ──▶ …

A step reads on from where the one before it stopped, and stops itself after so much. What it costs does not depend on
how many runs a configuration has had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.problems import Clash, Missing, TryLater
from m3ter_quickbooks.run.case import InHand
from m3ter_quickbooks.run.gate import Reason
from m3ter_quickbooks.run.opening import again
from m3ter_quickbooks.run.replay_order import OwedReplay, ReplayOrder
from m3ter_quickbooks.run.run import Run, RunId, RunStatus
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
MOST_COUNTED = 300
MOST_READ = 3000
"""Of the ended runs that may be asked for; most of those that were COMPLETE are not."""
MOST_BILLS = 300
"""Of which their other runs are read too."""
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


@dataclass(frozen=True, slots=True)
class Found:
    """The next runs of a replay, in their order. `after`: how far it was looked, None: nothing is left."""

    runs: list[Run]
    after: tuple[datetime, str] | None


def replay(order: ReplayOrder, world: World) -> Found:
    """Order a replay; which runs it begins with. Raises Missing."""
    world.configurations.get(order.organization_id, order.configuration_id)
    found = _search(order, world, MOST_COUNTED)
    if found.runs or found.after is not None:
        world.queue.replay(order)
    return found


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


def next_of(
    order: ReplayOrder, world: World, deadline: datetime, at_once: int = AT_ONCE
) -> tuple[list[InHand], ReplayOrder | None]:
    """The next few runs of a replay, opened anew, and the order for those after them.

    An order that comes twice opens nothing twice: a run's id is made of the run before it and of the order.
    """
    try:
        integration = world.configurations.get(order.organization_id, order.configuration_id)
    except Missing:
        return [], None
    found = _search(order, world, at_once)
    # Later than the order, whatever this clock says: what an order opens is never part of it.
    now = max(world.clock(), order.at + timedelta.resolution)
    in_hand: list[InHand] = []
    for run in found.runs:
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
    return in_hand, None if found.after is None else replace(order, after=found.after)


def _search(order: ReplayOrder, world: World, most: int) -> Found:
    """The newest ended run of each bill, if it is asked for, in the order of their creation; from `order.after` on.

    What an older telling of a bill says is left alone: the fence would only supersede it. What came after the order is
    not part of it.
    """
    since = order.start if order.after is None else order.after[0]
    newest: dict[BillId, Run] = {}
    chosen: list[Run] = []
    read, last = 0, order.after
    for run in world.runs.ended(order.organization_id, order.configuration_id, _listed(order), since, _until(order)):
        place = (run.created_at, run.id)
        if order.after is not None and place <= order.after:
            continue
        if read == MOST_READ or len(newest) == MOST_BILLS or len(chosen) == most:
            return Found(chosen, last)
        read, last = read + 1, place
        if not _asked_for(run, order):
            continue
        if run.bill_id not in newest:
            newest[run.bill_id] = _newest(run, order, world)
        if newest[run.bill_id].id == run.id:
            chosen.append(run)
    return Found(chosen, None)


def _newest(run: Run, order: ReplayOrder, world: World) -> Run:
    """The newest telling of the bill of `run` that the order looks at: also one that was told before an older one."""
    looked_at = order.statuses | {RunStatus.COMPLETE}
    others = [
        other
        for other in world.runs.of_bill(run.organization_id, run.bill_id)
        if other.configuration_id == run.configuration_id
        and other.status in looked_at
        and not other.status.open
        and (order.start is None or order.start <= other.created_at)
        and other.created_at <= _until(order)
    ]
    return max([run, *others], key=lambda one: (one.fence, one.created_at, one.id))


def _until(order: ReplayOrder) -> datetime:
    return order.at if order.end is None else min(order.end, order.at)


def _listed(order: ReplayOrder) -> frozenset[RunStatus]:
    """The statuses of which any run may be asked for."""
    complete = order.outcomes or order.statuses >= HELD
    return order.statuses | {RunStatus.COMPLETE} if complete else order.statuses


def _asked_for(run: Run, order: ReplayOrder) -> bool:
    """Bills skipped because nothing was connected yet count as held where everything held is asked for.

    A reconnection, which asks only for what it lost, does not send the bills of before the first connection.
    """
    if run.status is RunStatus.COMPLETE and run.status not in order.statuses:
        return run.outcome in order.outcomes or (order.statuses >= HELD and run.reason == Reason.NOT_CONNECTED)
    return run.status in order.statuses
