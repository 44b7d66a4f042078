"""Change data capture (facts 5.2)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from local.quickbooks import operations, problems, wire
from local.quickbooks.books import Books
from local.quickbooks.entities import BY_QUERY_NAME
from local.quickbooks.problems import Fault

LOOK_BACK = timedelta(days=30)
MOST_OBJECTS = 1000


def since(books: Books, asked: Mapping[str, str]) -> str:
    """The inside of a CDC answer: one block for each entity that changed, deleted objects as stubs."""
    names = [one.strip() for one in asked.get("entities", "").split(",") if one.strip()]
    if not names:
        raise problems.missing("entities")
    moment = _moment(asked.get("changedSince"))
    if moment < books.now - LOOK_BACK:
        raise problems.business("changedSince can't be more than 30 days ago.")
    blocks, left = [], MOST_OBJECTS
    for name in names:
        entity = BY_QUERY_NAME.get(name.lower())
        if entity is None:
            raise Fault("4001", "Invalid query", f"QueryValidationError: invalid context declaration: {name}", None)
        rows = books.store.changed_since(books.realm, entity.name, wire.milliseconds(moment), left)
        left -= len(rows)
        if rows:
            texts = ",".join(
                text if deleted else operations.shown(books.store, books.realm, entity, text)
                for _, deleted, text in rows
            )
            start = "" if all(deleted for _, deleted, _ in rows) else '"startPosition":1,'
            blocks.append(f'{{"{entity.name}":[{texts}],{start}"maxResults":{len(rows)},"totalCount":{len(rows)}}}')
    return f'"CDCResponse":[{{"QueryResponse":[{",".join(blocks) or "{}"}]}}]'


def _moment(text: str | None) -> datetime:
    if not text:
        raise problems.missing("changedSince")
    try:
        # A plus sign that was not encoded arrives as a blank.
        return wire.parsed_time(text.replace(" ", "+"))
    except (ValueError, OverflowError) as cause:
        raise problems.bad_date_format("changedSince", text) from cause
