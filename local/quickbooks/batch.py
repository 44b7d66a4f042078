"""Batches: up to 30 payloads, each with its own answer or fault, always HTTP 200 (facts 5.1)."""

from collections.abc import Callable
from typing import Any

from local.quickbooks import changes, operations, problems, wire
from local.quickbooks.books import Books
from local.quickbooks.entities import BY_NAME, BY_SEGMENT
from local.quickbooks.envelope import fault_content
from local.quickbooks.problems import Fault
from local.quickbooks.wire import Json

MOST_ITEMS = 30
LONGEST_REQUEST_ID = 36
LONGEST_ITEM_ID = 10

Query = Callable[[Books, str], str]
Mishap = Callable[[str, str], None]


def items_of(body: Any, request_id: str | None) -> list[Json]:
    """The payloads. Raises 400 for an empty batch, 1040 for too many, 2130 where ids are too long for a request id."""
    items = body.get("BatchItemRequest") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise Fault("400", "MalformedRequest", "Batch Request is Empty", None)
    if len(items) > MOST_ITEMS:
        detail = f"Batch size {len(items)} is over the limit of {MOST_ITEMS}."
        raise Fault("1040", "Batch size limit exceeded", detail, None)
    if not all(isinstance(one, dict) for one in items):
        raise problems.unreadable()
    if request_id is not None and any(len(str(one.get("bId", ""))) > LONGEST_ITEM_ID for one in items):
        raise problems.bad_request_id()
    return items


def memory_key(request_id: str, items: list[Json]) -> str:
    """Two batches are the same only if the request id and all item ids match."""
    return "\n".join([request_id, *(str(one.get("bId", "")) for one in items)])


def run(books: Books, items: list[Json], query: Query, mishap: Mishap) -> str:
    """The inside of the answer. Items run one after the other; none sees what an earlier one made."""
    answers = []
    for item in items:
        before, told = set(books.hidden), len(books.changes)
        try:
            with books.store.transaction():
                content = _one(books, item, query, mishap)
        except Fault as fault:
            books.hidden = before
            del books.changes[told:]
            content = '"Fault":' + wire.dumps(fault_content(fault))
        named = "," + '"bId":' + wire.dumps(str(item["bId"])) if item.get("bId") is not None else ""
        answers.append("{" + content + named + "}")
    return f'"BatchItemResponse":[{",".join(answers)}]'


def _one(books: Books, item: Json, query: Query, mishap: Mishap) -> str:
    captured = item.get("CDCQuery")
    if isinstance(captured, dict):
        asked = {"entities": captured.get("Entities"), "changedSince": captured.get("ChangedSince")}
        return changes.since(books, {key: str(value) for key, value in asked.items() if value})
    if "ReportQuery" in item:
        raise problems.unsupported("ReportQuery")
    if isinstance(item.get("Query"), str):
        return '"QueryResponse":' + query(books, item["Query"])
    key = next((one for one in item if one in BY_NAME or one.lower() in BY_SEGMENT), None)
    if key is None:
        raise problems.unreadable()
    entity = BY_NAME.get(key) or BY_SEGMENT[key.lower()]
    operation = str(item.get("operation") or "create").lower()
    mishap(entity.segment, operation)
    include = frozenset(str(item.get("optionsData") or "").lower().split(",")) - {""}
    if operation == "send":
        said = item[key] if isinstance(item[key], dict) else {}
        done = operations.send(books, entity, str(said.get("Id")), None)
    else:
        done = operations.write(books, entity, item[key], operation, include)
    if done.operation == "Create":
        books.hidden.add((entity.name, str(wire.loads(done.text).get("Id"))))
    return f'"{done.entity}":{done.text}'
