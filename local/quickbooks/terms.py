"""Terms of payment: so many days after the document, or a day of the month (Intuit's reference of Term).

STANDARD      DueDays                               TxnDate + DueDays
DATE_DRIVEN   DayOfMonthDue, DueNextMonthDays       that day of the month; of the next one, if it is past or nearer
                                                    than DueNextMonthDays
"""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal

from local.quickbooks import problems
from local.quickbooks.books import Books
from local.quickbooks.entities import Entity
from local.quickbooks.names import qualified
from local.quickbooks.wire import Json, natural

# Field: smallest and largest value.
_RANGES = {
    "DueDays": (0, 999), "DiscountDays": (0, 999), "DayOfMonthDue": (1, 31), "DiscountDayOfMonth": (1, 31),
    "DueNextMonthDays": (0, 999), "DiscountPercent": (0, 100),
}  # fmt: skip
_OF_THE_OTHER = {
    "STANDARD": {"DayOfMonthDue", "DueNextMonthDays", "DiscountDayOfMonth"},
    "DATE_DRIVEN": {"DueDays", "DiscountDays"},
}


def compose(books: Books, entity: Entity, said: Json, stored: Json | None) -> Json:
    """`Type` follows from the days. Raises 2020 with neither DueDays nor DayOfMonthDue, 2090 out of range."""
    name, _ = qualified(books, entity, {key: value for key, value in said.items() if key != "ParentRef"}, stored, 31)
    numbers = {key: _in_range(key, said[key]) for key in _RANGES if said.get(key) is not None}
    kept = {key: value for key, value in said.items() if key not in _RANGES and key != "Type"}
    if "DueDays" not in numbers and "DayOfMonthDue" not in numbers:
        raise problems.missing("DueDays")
    kind = "STANDARD" if "DueDays" in numbers else "DATE_DRIVEN"
    numbers = {key: value for key, value in numbers.items() if key not in _OF_THE_OTHER[kind]}
    return {**kept, "Name": name, "Active": said.get("Active", True), "Type": kind, **numbers}


def due_date(term: Json | None, txn_date: str) -> str:
    """When a document of that day is due; without a term on the day itself. Raises 2070 past the year 9999."""
    day = date.fromisoformat(txn_date)
    try:
        return _due(term or {}, day).isoformat()
    except (OverflowError, ValueError) as cause:
        raise problems.bad_date("TxnDate", txn_date) from cause


def _due(term: Json, day: date) -> date:
    if "DayOfMonthDue" not in term:
        return day + timedelta(days=int(term.get("DueDays", 0)))
    due = _in_month(day.year, day.month, int(term["DayOfMonthDue"]))
    if due < day or due - day < timedelta(days=int(term.get("DueNextMonthDays", 0))):
        months = day.year * 12 + day.month
        due = _in_month(months // 12, months % 12 + 1, int(term["DayOfMonthDue"]))
    return due


def _in_month(year: int, month: int, day: int) -> date:
    """The day, or the last one of a shorter month."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def _in_range(name: str, value: Decimal) -> Decimal | int:
    smallest, largest = _RANGES[name]
    if not smallest <= value <= largest:
        raise problems.bad_value("2090", name, value)
    return natural(value)
