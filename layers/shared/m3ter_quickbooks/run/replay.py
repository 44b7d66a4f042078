"""Doing it again on purpose: one run, or everything of a configuration that failed or was held."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.problems import Clash
from m3ter_quickbooks.run.gate import Reason
from m3ter_quickbooks.run.opening import again
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


def retry(organization_id: OrganizationId, run_id: RunId, world: World) -> Run:
    """A new run for the bill of an ended one, on the queue at once. Raises Missing, and Clash while the run is open."""
    run = world.runs.get(organization_id, run_id)
    if run.status.open:
        raise Clash(f"Run {run_id} is not over ({run.status.value}): it is retried by itself.")
    return _open_again([run], world)[0]


def replay(
    organization_id: OrganizationId,
    configuration_id: ConfigurationId,
    world: World,
    *,
    statuses: Collection[RunStatus] = HELD | FAILED,
    outcomes: Collection[Outcome] = (),
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[Run]:
    """New runs for the newest ended run of each bill that matches, put on the queue in the order of the first ones.

    Bills skipped because nothing was connected yet count as held. What an older telling of a bill says is left alone
    where a newer one is replayed too: the fence would only supersede it.
    """
    searched = set(statuses) | ({RunStatus.COMPLETE} if outcomes or set(statuses) & HELD else set())
    newest: dict[str, Run] = {}
    for run in world.runs.ended(organization_id, configuration_id, searched):
        if (start and run.created_at < start) or (end and run.created_at > end):
            continue
        newest_yet = newest.get(run.bill_id)
        if newest_yet is None or newest_yet.fence <= run.fence:
            newest[run.bill_id] = run
    chosen = [run for run in newest.values() if _asked_for(run, set(statuses), set(outcomes))]
    chosen.sort(key=lambda run: (run.created_at, run.id))
    return _open_again(chosen, world)


def _asked_for(run: Run, statuses: set[RunStatus], outcomes: set[Outcome]) -> bool:
    if run.status is RunStatus.COMPLETE:
        never_connected = run.reason == Reason.NOT_CONNECTED and bool(statuses & HELD)
        return run.outcome in outcomes or never_connected or RunStatus.COMPLETE in statuses
    return run.status in statuses


def _open_again(runs: list[Run], world: World) -> list[Run]:
    opened: list[Run] = []
    for run in runs:
        integration = world.configurations.get(run.organization_id, run.configuration_id)
        opened += world.runs.open(world.runs.snapshot(run), [again(run, integration, world.clock())])
    world.queue.retry(opened, timedelta(0))
    return opened
