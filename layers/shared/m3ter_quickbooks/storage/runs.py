"""The runs, and the bills that they are about."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from heapq import merge
from typing import TypeVar

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.problems import BillCannotBeSent, BillProblem, Clash, Missing, ProblemKind
from m3ter_quickbooks.run.ports import Snapshot, Unreadable
from m3ter_quickbooks.run.replay_order import OwedReplay
from m3ter_quickbooks.run.run import Outcome, Run, RunId, RunStatus
from m3ter_quickbooks.run.trouble import LookAgain, Trouble
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.events import event_item
from m3ter_quickbooks.storage.keys import Key
from m3ter_quickbooks.storage.owed import owed_item, owed_of
from m3ter_quickbooks.storage.paging import Page
from m3ter_quickbooks.storage.run_items import (
    look_of,
    places,
    run_item,
    run_of,
    snapshot_item,
    snapshot_of,
    told_packed,
)
from m3ter_quickbooks.storage.table import (
    MOST_KEYS,
    Action,
    ConditionFailed,
    Delete,
    ItemTooLarge,
    Listing,
    Put,
    Table,
    TransactionRefused,
    Update,
)
from m3ter_quickbooks.storage.wire import BIGGEST_BLOB, Item, moment_text, written

T = TypeVar("T")


class Runs:
    """Implements `run.ports.Runs`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def open(self, snapshot: Snapshot, runs: Sequence[Run]) -> list[Run]:
        """See the port. More runs than fit into one transaction take several; each can be repeated."""
        bill = snapshot_item(snapshot)
        if len(bill["dto"]) > BIGGEST_BLOB:
            raise _too_large(snapshot)
        stored: list[Run] = []
        for start in range(0, max(len(runs), 1), MOST_KEYS - 1):
            try:
                stored += self._open_some(bill, runs[start : start + MOST_KEYS - 1])
            except ItemTooLarge as error:
                raise _too_large(snapshot) from error
        return stored

    def _open_some(self, bill: Item, runs: Sequence[Run]) -> list[Run]:
        absent = "attribute_not_exists(#pk)"
        items: list[Item] = [run_item(run) for run in runs]
        there: dict[int, Run] = {}
        bill_there = False
        # Who was there already is told by the refusal itself, and left out of the next try; nothing ever disappears.
        while True:
            left = [index for index in range(len(items)) if index not in there]
            actions: list[Action] = [Put(items[index], absent) for index in left]
            if not bill_there:
                actions.append(Put(bill, absent))
            if not actions:
                break
            try:
                self._table.transact(actions)
                break
            except TransactionRefused as refused:
                bill_there = bill_there or len(left) in refused.failed
                failed = zip(left, map(refused.failed.get, range(len(left))), strict=True)
                there |= {index: run_of(item) for index, item in failed if item}
        return [there.get(index, run) for index, run in enumerate(runs)]

    def get(self, organization_id: OrganizationId, run_id: RunId) -> Run:
        """See the port."""
        return _get(self._table, organization_id, run_id)

    def snapshot(self, run: Run) -> Snapshot:
        """See the port."""
        item = self._table.get(keys.snapshot(run.organization_id, run.bill_id, run.snapshot))
        if item is None:
            raise Missing(f"Bill {run.bill_id} of run {run.id} is not kept any more.")
        return snapshot_of(item)

    def wait(self, run: Run) -> Run:
        """See the port."""
        changed: Item = {
            "status": str(run.status),
            "attempts": run.attempts,
            "version": run.version,
            "due_at": written(run.due_at),
            "reason": run.reason,
            "told": told_packed(run),
            "started_at": written(run.started_at),
            **places(run),
        }
        kept = {name: value for name, value in changed.items() if value is not None}
        gone = [name for name, value in changed.items() if value is None]
        if run.due_at is None:
            gone += ["gsi3pk", "gsi3sk"]
        change = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
        if gone:
            change += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        values = {f":{name}": value for name, value in kept.items()} | {":open": True}
        try:
            key = keys.run(run.organization_id, run.id)
            return run_of(self._table.update(Update(key, change, "#is_open = :open", values)))
        except ConditionFailed as failed:
            raise Clash(f"Run {run.id} is closed.") from failed

    def due(self, now: datetime, limit: int) -> Sequence[Run | Unreadable]:
        """See the port."""
        found: list[Item] = []
        for shard in range(keys.SHARDS):
            found += self._first(_until(keys.open_runs(shard), now), limit)
        found.sort(key=lambda item: str(item["gsi3sk"]))
        return [_read(item, run_of) for item in found[:limit]]

    def looks_due(self, now: datetime, limit: int) -> Sequence[LookAgain | Unreadable]:
        """See the port."""
        return [_read(item, look_of) for item in self._first(_until(keys.LOOKS, now), limit)]

    def put_off(self, due: Run | LookAgain | Unreadable, until: datetime) -> bool:
        """See the port."""
        try:
            self._table.update(_later(due, until))
        except ConditionFailed:
            return False
        return True

    def looked(self, look: LookAgain, trouble: Trouble | None) -> None:
        """See the port."""
        key = keys.look(look.organization_id, look.run_id)
        if trouble is None:
            self._table.delete(Delete(key))
            return
        try:
            self._table.transact([Delete(key, "attribute_exists(#pk)"), Put(event_item(trouble))])
        except TransactionRefused:
            return  # Somebody else looked and told.

    def owed(
        self, organization_id: OrganizationId, configuration_id: ConfigurationId, status: RunStatus
    ) -> OwedReplay | None:
        """See the port."""
        item = self._table.get(keys.owed(organization_id, configuration_id, status))
        return None if item is None else owed_of(item)

    def owed_due(self, now: datetime, limit: int) -> Sequence[OwedReplay | Unreadable]:
        """See the port."""
        return [_read(item, owed_of) for item in self._first(_until(keys.OWED, now), limit)]

    def ordered(self, owed: OwedReplay, again_at: datetime | None) -> None:
        """See the port."""
        same, values = "#id = :id", {":id": owed.id}
        with suppress(ConditionFailed):
            if again_at is None:
                key = keys.owed(owed.organization_id, owed.configuration_id, owed.status)
                self._table.delete(Delete(key, same, values))
            else:
                self._table.put(Put(owed_item(replace(owed, due_at=again_at, last=True)), same, values))

    def ended(
        self,
        organization_id: OrganizationId,
        configuration_id: ConfigurationId,
        statuses: Collection[RunStatus],
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Run]:
        """See the port. One query for each status, merged by time as they are read."""
        between = ("0" if since is None else moment_text(since), ":" if until is None else moment_text(until) + _AFTER)
        listings = [
            Listing(
                keys.ended_runs(organization_id, configuration_id, status),
                "gsi3",
                between=between,
                newest_first=False,
            )
            for status in sorted(frozenset(statuses))
        ]
        items = merge(*map(self._table.each, listings), key=lambda item: str(item["gsi3sk"]))
        return (run_of(item) for item in items)

    def of_bill(self, organization_id: OrganizationId, bill_id: BillId) -> Iterator[Run]:
        """See the port."""
        return map(run_of, self._table.each(Listing(keys.runs_of_bill(organization_id, bill_id), "gsi1")))

    def _first(self, listing: Listing, limit: int) -> list[Item]:
        found: list[Item] = []
        for item in self._table.each(listing, chunk=limit):
            found.append(item)
            if len(found) == limit:
                break
        return found


class RunHistory:
    """What the API shows of runs and of the bills that were seen."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, organization_id: OrganizationId, run_id: RunId) -> Run:
        """Raises Missing."""
        return _get(self._table, organization_id, run_id)

    def logs(self, organization_id: OrganizationId, run_id: RunId) -> tuple[str, ...]:
        """What was sent and what came back, line by line. Raises Missing."""
        return self.get(organization_id, run_id).log

    def of_bill(
        self,
        organization_id: OrganizationId,
        bill_id: BillId,
        *,
        size: int,
        token: str | None = None,
        statuses: Collection[RunStatus] = (),
        start: datetime | None = None,
        end: datetime | None = None,
        newest_first: bool = True,
    ) -> Page[Run]:
        """Every run of a bill, over all configurations. Created after `start`, until `end` (included)."""
        listing = _span(keys.runs_of_bill(organization_id, bill_id), "gsi1", start, end, newest_first=newest_first)
        question = _question(organization_id, "runs of bill", bill_id, statuses, (), start, end, newest_first)
        return self._page([listing], size, token, question, _keep(statuses, ()))

    def of_configuration(
        self,
        organization_id: OrganizationId,
        configuration_id: ConfigurationId,
        *,
        size: int,
        token: str | None = None,
        statuses: Collection[RunStatus] = (),
        outcomes: Collection[Outcome] = (),
        start: datetime | None = None,
        end: datetime | None = None,
        newest_first: bool = True,
    ) -> Page[Run]:
        """The runs of a configuration. Created after `start`, until `end` (included)."""
        only = next(iter(statuses)) if len(statuses) == 1 else None
        if only is not None and not only.open:
            place, index = keys.ended_runs(organization_id, configuration_id, only), "gsi3"
        else:
            place, index = keys.runs_of_configuration(organization_id, configuration_id), "gsi2"
        listing = _span(place, index, start, end, newest_first=newest_first)
        question = _question(
            organization_id, "runs of configuration", configuration_id, statuses, outcomes, start, end, newest_first
        )
        return self._page([listing], size, token, question, _keep(statuses, outcomes))

    def latest(self, organization_id: OrganizationId, bill_id: BillId) -> Run:
        """The newest run of a bill, whichever configuration it is in. Raises Missing."""
        found = self.of_bill(organization_id, bill_id, size=1).items
        if not found:
            raise Missing(f"There is no run for bill {bill_id}.")
        return found[0]

    def newest_bill(self, organization_id: OrganizationId, bill_id: BillId) -> Snapshot:
        """The bill as it was last seen. Raises Missing."""
        listing = Listing(keys.of_bill(organization_id, bill_id), "gsi2")
        for item in self._table.each(listing, chunk=1):
            return snapshot_of(item)
        raise Missing(f"No bill {bill_id} was seen.")

    def bills_seen(
        self,
        organization_id: OrganizationId,
        *,
        size: int,
        token: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        newest_first: bool = True,
    ) -> Page[Snapshot]:
        """Every telling of every bill, by when it was seen: after `start`, until `end` (included)."""
        listing = _span(keys.bills(organization_id), "gsi1", start, end, newest_first=newest_first)
        question = _question(organization_id, "bills", "", (), (), start, end, newest_first)
        return self._table.page([listing], snapshot_of, size=size, token=token, question=question)

    def _page(
        self,
        listings: Sequence[Listing],
        size: int,
        token: str | None,
        question: Sequence[str | None],
        keep: Callable[[Item], bool] | None,
    ) -> Page[Run]:
        return self._table.page(listings, run_of, size=size, token=token, question=question, keep=keep)


def _get(table: Table, organization_id: OrganizationId, run_id: RunId) -> Run:
    item = table.get(keys.run(organization_id, run_id))
    if item is None:
        raise Missing(f"There is no run {run_id}.")
    return run_of(item)


def _read(item: Item, read: Callable[[Item], T]) -> T | Unreadable:
    """One item that cannot be read is not to hold back the others."""
    try:
        return read(item)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, zlib.error) as broken:
        place = (item["pk"], item["sk"])
        return Unreadable(str(item.get("type")), type(broken).__name__, place, item["gsi3sk"])


def _later(due: Run | LookAgain | Unreadable, until: datetime) -> Update:
    match due:
        case Run():
            # Nothing but the date, and only the one that was read: a worker who wrote another knows better.
            values = {
                ":open": True,
                ":read": written(due.due_at),
                ":due_at": moment_text(until),
                ":gsi3sk": keys.at_time(until, due.id),
            }
            change, condition = "SET #due_at = :due_at, #gsi3sk = :gsi3sk", "#is_open = :open AND #due_at = :read"
            return Update(keys.run(due.organization_id, due.id), change, condition, values)
        case LookAgain():
            key, change = keys.look(due.organization_id, due.run_id), "SET #gsi3sk = :gsi3sk"
            return Update(key, change, "attribute_exists(#pk)", {":gsi3sk": keys.at_time(until, due.run_id)})
        case Unreadable():
            values = {":read": due.due, ":gsi3sk": keys.at_time(until, due.place[1])}
            return Update(Key(*due.place), "SET #gsi3sk = :gsi3sk", "#gsi3sk = :read", values)


_AFTER = "$"
"""Sorts behind every `#` that may follow a moment."""


def _until(place: str, now: datetime) -> Listing:
    return Listing(place, "gsi3", between=("0", moment_text(now) + _AFTER), newest_first=False)


def _span(place: str, index: str, start: datetime | None, end: datetime | None, *, newest_first: bool) -> Listing:
    first = "0" if start is None else moment_text(start) + _AFTER
    last = ":" if end is None else moment_text(end) + _AFTER
    return Listing(place, index, between=(first, last), newest_first=newest_first)


def _question(
    organization_id: OrganizationId,
    name: str,
    about: str,
    statuses: Collection[RunStatus],
    outcomes: Collection[Outcome],
    start: datetime | None,
    end: datetime | None,
    newest_first: bool,
) -> list[str | None]:
    words = (" ".join(sorted(statuses)), " ".join(sorted(outcomes)))
    return [organization_id, name, about, *words, written(start), written(end), str(newest_first)]


def _keep(statuses: Collection[RunStatus], outcomes: Collection[Outcome]) -> Callable[[Item], bool] | None:
    if not statuses and not outcomes:
        return None
    return lambda item: (
        (not statuses or item["status"] in statuses) and (not outcomes or item.get("outcome") in outcomes)
    )


def _too_large(snapshot: Snapshot) -> BillCannotBeSent:
    return BillCannotBeSent(
        [
            BillProblem(
                ProblemKind.VALIDATION,
                f"Bill {snapshot.bill_id} is too large to be kept: more than 350 KB after compression. "
                "Split it into several bills in m3ter.",
            )
        ]
    )
