"""The lines of what is bought, deposited or posted: their ids, amounts and references."""

from decimal import Decimal
from typing import Any

from local.quickbooks import problems
from local.quickbooks.books import Books
from local.quickbooks.fields import amount, links, scalar
from local.quickbooks.wire import Json, money

# What a detail refers to is there and has its name from there.
_REFERENCES = {"AccountRef": "Account", "ItemRef": "Item", "CustomerRef": "Customer"}


def read(books: Books, asked: list[Any], stored: list[Json]) -> list[Json]:
    """The lines to keep. An id that is there stays, the others get fresh ones (facts 2.9).

    Raises 2010 for what is no line, 2100 and 2140 for amounts, 2500 and 610 for references.
    """
    known = {line["Id"] for line in stored}
    next_id = max((int(one) for one in known), default=0) + 1
    kept: list[Json] = []
    for raw in asked:
        if not isinstance(raw, dict):
            raise problems.unreadable("Can not construct instance of com.intuit.schema.finance.v3.Line")
        line = {key: value for key, value in raw.items() if value is not None and value != ""}
        id_ = scalar(line.pop("Id", ""), "Line.Id")
        if id_ not in known or any(one["Id"] == id_ for one in kept):
            id_, next_id = str(next_id), next_id + 1
        if "Amount" in line:
            line["Amount"] = money(amount(line["Amount"], "Line.Amount"))
        if "LinkedTxn" in line:
            line["LinkedTxn"] = links(line["LinkedTxn"], "Line.LinkedTxn")
        kept.append({"Id": id_, **{key: _named(books, key, value) for key, value in line.items()}})
    return kept


def added_up(lines: list[Json]) -> Decimal | int:
    """What the lines come to; of a journal entry, one of its two sides."""
    return money(sum((Decimal(line.get("Amount", 0)) for line in lines if not _credited(line)), Decimal()))


def _credited(line: Json) -> bool:
    detail = line.get("JournalEntryLineDetail")
    return isinstance(detail, dict) and detail.get("PostingType") == "Credit"


def _named(books: Books, kind: str, detail: Any) -> Any:
    if not kind.endswith("LineDetail") or not isinstance(detail, dict):
        return detail
    named = {key: value for key, value in detail.items() if value is not None and value != ""}
    for key, entity in _REFERENCES.items():
        reference = named.get(key)
        if isinstance(reference, dict) and reference.get("value") not in (None, ""):
            named[key] = books.named(entity, reference, f"Line.{kind}.{key}")
    return named
