"""The pacer: one item per company keeps every Lambda together under QuickBooks' limits.

QuickBooks allows 10 requests a second and 500 a minute, 40 batches a minute among them (QuickBooks facts 1.5). Singles
and batches each have a moment of their own in the item, the one from which the next slot is free; a reservation moves
it on by its spacing, and nothing else does:

    now ──────────┬──────────┬──────────┬─────▶        busy: moment += spacing, if it lies ahead and is near enough
                slot       slot       moment
    moment ─ ─ ─ ─ now ──────▶ moment = now + spacing  idle: if it lies behind (or was never set)

One conditional update: which of the two is tried first is what held last time in this process; if it holds no longer,
the refusal itself shows the item, and the other one is tried. Nothing is read first.

The figures. Batches: one every 1.53 s is at most 40 in any minute, and 41 only if one of them is 1.2 s late. Singles:
one every 0.135 s and one ahead of its time (so that an idle company may send two at once) is at most 9 in any second
and 446 in any minute; with the batches 10 and 486. "10 at once" needs no slot: a worker has one request under way at a
time, and the template's MaximumConcurrency bounds the workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.table import ConditionFailed, Table, Update
from m3ter_quickbooks.storage.wire import Item


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one sort of request. `ahead`: how much earlier than its moment a slot may be taken."""

    moment: str
    spacing: timedelta
    ahead: timedelta = timedelta(0)


SINGLES = Pace("single_at", timedelta(milliseconds=135), timedelta(milliseconds=135))
BATCHES = Pace("batch_at", timedelta(milliseconds=1530))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Pacer:
    """Implements `run.ports.Pacer`."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._busy: dict[tuple[str, str], bool] = {}

    def reserve(self, company_id: str, now: datetime, *, batch: bool, within: timedelta) -> datetime:
        """See the port."""
        pace = BATCHES if batch else SINGLES
        guess = self._busy.get((company_id, pace.moment), False)
        # Each refusal shows the item as it is: only another worker's write in between makes a third try.
        busy, stored = guess, None
        for _ in range(_TRIES):
            try:
                return self._take(company_id, pace, now, within, busy=busy)
            except ConditionFailed as failed:
                stored = _moment(failed.item, pace)
                busy = stored is not None and stored > now
                self._busy[company_id, pace.moment] = busy
                if stored is not None and stored - pace.ahead > now + within:
                    after = stored - pace.ahead - now - within
                    raise TryLater("The company's next free slot is too far away.", after, throttled=True) from failed
        raise TryLater("Too many workers reserve slots of this company at once.", pace.spacing, throttled=True)

    def hold_back(self, company_id: str, until: datetime) -> None:
        """See the port. Slots after it stay spaced: a pause does not end in a burst."""
        for pace in (SINGLES, BATCHES):
            moment = _number(until + pace.ahead)
            name = pace.moment
            update = Update(
                keys.pacer(company_id),
                f"SET #type = :type, #{name} = :moment",
                f"attribute_not_exists(#{name}) OR #{name} < :moment",
                {":type": "pacer", ":moment": moment},
            )
            try:
                self._table.update(update)
            except ConditionFailed:
                continue  # It is held back, or booked out, beyond that already.

    def _take(self, company_id: str, pace: Pace, now: datetime, within: timedelta, *, busy: bool) -> datetime:
        name = pace.moment
        values = {":type": "pacer", ":now": _number(now)}
        if busy:
            change = f"SET #type = :type, #{name} = #{name} + :spacing"
            condition = f"#{name} > :now AND #{name} <= :furthest"
            values |= {":spacing": pace.spacing // _MICROSECOND, ":furthest": _number(now + within + pace.ahead)}
        else:
            change = f"SET #type = :type, #{name} = :next"
            condition = f"attribute_not_exists(#{name}) OR #{name} <= :now"
            values |= {":next": _number(now + pace.spacing)}
        item = self._table.update(Update(keys.pacer(company_id), change, condition, values))
        self._busy[company_id, name] = busy
        moment = _moment(item, pace)
        return now if moment is None else max(now, moment - pace.spacing - pace.ahead)


_TRIES = 5


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(item: Item | None, pace: Pace) -> datetime | None:
    stored = (item or {}).get(pace.moment)
    return None if stored is None else _EPOCH + stored * _MICROSECOND
