"""Which of two tellings of a bill is the newer one. Our own clocks never decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from m3ter_quickbooks.bill.bill import Bill


@dataclass(frozen=True, slots=True, order=True)
class Fence:
    """Compares as (version, deleted, date, approved), first to last.

    A deletion comes after every telling of the version it equals, whatever that one's date: nothing of a deleted bill
    can follow it. The date tells recalculations of one version apart, approval comes last.
    """

    version: int
    deleted: bool
    date: datetime
    approved: bool

    @classmethod
    def of(cls, bill: Bill, event_time: datetime, *, deleted: bool = False) -> Self:
        """A missing version is 0; a missing date is the time of the event that told it."""
        dates = [date for date in (bill.last_calculated_date, bill.dt_last_modified) if date is not None]
        return cls(bill.version, deleted, max(dates, default=event_time.astimezone(UTC)), bill.approved)

    def to_text(self) -> str:
        """For storage: nothing is lost, `from_text` gives an equal fence. Compare fences, not their texts."""
        marks = f"{'D' if self.deleted else ''}{'A' if self.approved else ''}"
        return f"{self.version}|{self.date.astimezone(UTC).isoformat()}|{marks}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The fence that `to_text` wrote."""
        version, date, marks = text.split("|")
        return cls(int(version), "D" in marks, datetime.fromisoformat(date), "A" in marks)
