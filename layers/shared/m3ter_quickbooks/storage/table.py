"""The one table: requests, what their refusals mean, and how often they are repeated.

Expressions name attributes as `#name` and values as `:name`; the names are looked up here, so no reserved word bites.
What only means "not now" (throttling, two transactions at once) is repeated a few times with full jitter, then it is
TryLater. Repeating is safe: every write that matters is conditional on what was read, and a transaction has a token.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  botocore's own name

from m3ter_quickbooks.problems import TooLarge, TryLater, failed_on_its_side
from m3ter_quickbooks.storage.keys import Key
from m3ter_quickbooks.storage.paging import Page, read_token, write_token
from m3ter_quickbooks.storage.wire import Item, from_wire, to_wire, write_value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")

MOST_KEYS = 100
"""DynamoDB's limit for one batch read, and for one transaction."""
ATTEMPTS = 6
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
FILTERED_CHUNK = 200
"""How many items are read at once where some are left out of the page."""

_NOT_NOW = {
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}


class ConditionFailed(Exception):  # noqa: N818  an answer, not an error: each store knows what it means
    """A condition did not hold; `item` is what is stored, None if there is nothing."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("a condition of a write did not hold")
        self.item = item


class TransactionRefused(Exception):  # noqa: N818  as ConditionFailed
    """At least one condition of a transaction did not hold. `failed`: index of the action -> what is stored there."""

    def __init__(self, failed: Mapping[int, Item | None]) -> None:
        super().__init__("a condition of a transaction did not hold")
        self.failed = dict(failed)


class ItemTooLarge(TooLarge):
    """DynamoDB takes 400 KB."""

    def __init__(self) -> None:
        super().__init__("It is too large to be stored: the limit is 400 KB after compression.")


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole item."""

    item: Item
    condition: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def request(self, table: str) -> dict[str, Any]:
        """As a transaction takes it."""
        return {"Put": {"TableName": table, "Item": to_wire(self.item), **_condition(self)}}


@dataclass(frozen=True, slots=True)
class Update:
    """Change some attributes. Values that are None are written as null only where the change says so: use REMOVE."""

    key: Key
    change: str
    condition: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def request(self, table: str) -> dict[str, Any]:
        """As a transaction takes it."""
        return {
            "Update": {
                "TableName": table,
                "Key": _key(self.key),
                "UpdateExpression": self.change,
                **_condition(self, self.change),
            }
        }


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item."""

    key: Key
    condition: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def request(self, table: str) -> dict[str, Any]:
        """As a transaction takes it."""
        return {"Delete": {"TableName": table, "Key": _key(self.key), **_condition(self)}}


@dataclass(frozen=True, slots=True)
class Check:
    """Nothing is written, but the condition must hold."""

    key: Key
    condition: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def request(self, table: str) -> dict[str, Any]:
        """As a transaction takes it."""
        return {"ConditionCheck": {"TableName": table, "Key": _key(self.key), **_condition(self)}}


Action = Put | Update | Delete | Check


@dataclass(frozen=True, slots=True)
class Listing:
    """A query: one partition of the table or of an index, in the order of its sort key.

    `begins` or `between` narrow the sort key; at most one of them.
    """

    pk: str
    index: str | None = None
    begins: str | None = None
    between: tuple[str, str] | None = None
    newest_first: bool = True

    @property
    def empty(self) -> bool:
        """Whether it ends before it begins: DynamoDB refuses to be asked that."""
        return self.between is not None and self.between[1] < self.between[0]

    def request(self, table: str, limit: int, after: Mapping[str, Any] | None) -> dict[str, Any]:
        """As `query` takes it. Only the table itself can be read consistently."""
        prefix = self.index or ""
        condition, values = f"#{prefix}pk = :pk", {":pk": self.pk}
        if self.begins is not None:
            condition += f" AND begins_with(#{prefix}sk, :begins)"
            values[":begins"] = self.begins
        elif self.between is not None:
            condition += f" AND #{prefix}sk BETWEEN :first AND :last"
            values[":first"], values[":last"] = self.between
        return {
            "TableName": table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": _names(condition),
            "ExpressionAttributeValues": {name: write_value(value) for name, value in values.items()},
            "ScanIndexForward": not self.newest_first,
            "Limit": limit,
            **({"IndexName": self.index} if self.index else {"ConsistentRead": True}),
            **({"ExclusiveStartKey": dict(after)} if after else {}),
        }

    def position(self, item: Item) -> list[str]:
        """Where `item` stands in this listing, to go on after it."""
        own = [item["pk"], item["sk"]]
        return own if self.index is None else [*own, item[f"{self.index}sk"]]

    def after(self, position: Sequence[str]) -> dict[str, Any]:
        """The same as DynamoDB wants it."""
        key = {"pk": position[0], "sk": position[1]}
        if self.index is not None:
            key |= {f"{self.index}pk": self.pk, f"{self.index}sk": position[2]}
        return to_wire(key)


class Table:
    """Requests to the table. `pause` waits so many seconds, `jitter` gives a number in [0, 1)."""

    def __init__(
        self,
        client: DynamoDBClient,
        name: str,
        *,
        pause: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._name = name
        self._pause = pause
        self._jitter = jitter

    def get(self, key: Key) -> Item | None:
        """An item, read consistently."""
        answer = self._ask(self._client.get_item, {"TableName": self._name, "Key": _key(key), "ConsistentRead": True})
        return from_wire(answer["Item"]) if answer.get("Item") else None

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The items that are there, read consistently; one request for every hundred keys."""
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), MOST_KEYS):
            self._get_batch([_key(key) for key in wanted[start : start + MOST_KEYS]], found)
        return found

    def _get_batch(self, keys: list[dict[str, Any]], found: dict[Key, Item]) -> None:
        for attempt in range(ATTEMPTS):
            request = {"RequestItems": {self._name: {"Keys": keys, "ConsistentRead": True}}}
            answer = self._ask(self._client.batch_get_item, request)
            for attributes in answer["Responses"].get(self._name, ()):
                item = from_wire(attributes)
                found[Key(item["pk"], item["sk"])] = item
            keys = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            if not keys:
                return
            self._wait(attempt)
        raise TryLater("The table answers only in part.")

    def put(self, put: Put) -> None:
        """Raises ConditionFailed, ItemTooLarge."""
        self._ask(self._client.put_item, _single(put.request(self._name)))

    def update(self, update: Update, attempts: int = ATTEMPTS) -> Item:
        """The item as it is now. Raises ConditionFailed."""
        request = _single(update.request(self._name)) | {"ReturnValues": "ALL_NEW"}
        return from_wire(self._ask(self._client.update_item, request, attempts)["Attributes"])

    def delete(self, delete: Delete) -> Item | None:
        """The item as it was; None if there was none. Raises ConditionFailed."""
        request = _single(delete.request(self._name)) | {"ReturnValues": "ALL_OLD"}
        old = self._ask(self._client.delete_item, request).get("Attributes")
        return from_wire(old) if old else None

    def transact(self, actions: Sequence[Action]) -> None:
        """All or nothing; at most a hundred. Raises TransactionRefused, ItemTooLarge.

        Repeats go out under one token: what was carried out, but never answered, is not carried out again.
        """
        items = [action.request(self._name) for action in actions]
        token = str(uuid4())
        self._ask(self._client.transact_write_items, {"TransactItems": items, "ClientRequestToken": token})

    def each(self, listing: Listing, chunk: int = FILTERED_CHUNK) -> Iterator[Item]:
        """Every item of a listing, read `chunk` at a time as they are wanted."""
        after: Mapping[str, Any] | None = None
        while not listing.empty:
            answer = self._ask(self._client.query, listing.request(self._name, chunk, after))
            yield from map(from_wire, answer["Items"])
            after = answer.get("LastEvaluatedKey")
            if not after:
                return

    def page(
        self,
        listings: Sequence[Listing],
        read: Callable[[Item], T],
        *,
        size: int,
        token: str | None,
        question: Sequence[str | None],
        keep: Callable[[Item], bool] | None = None,
    ) -> Page[T]:
        """One page of one or several listings after one another, all of the same index.

        `keep` leaves items out: then more are read until the page is full or the listings end, a chunk at a time.
        `question` names the organization, the list and every filter: a token is good for no other. Raises BadRequest.
        """
        position = read_token(question, token, 3 if listings[0].index is None else 4)
        number = int(position[0]) if position else 0
        after = listings[number].after(position[1:]) if position else None
        # One more than the page holds: only so is it known whether another one follows.
        limit = size + 1 if keep is None else FILTERED_CHUNK
        found: list[tuple[int, Item]] = []
        while number < len(listings):
            if listings[number].empty:
                number += 1
                continue
            answer = self._ask(self._client.query, listings[number].request(self._name, limit, after))
            items = map(from_wire, answer["Items"])
            found.extend((number, item) for item in items if keep is None or keep(item))
            if len(found) > size:
                where, last = found[size - 1]
                following = write_token(question, [str(where), *listings[where].position(last)])
                return Page(tuple(read(item) for _, item in found[:size]), following)
            after = answer.get("LastEvaluatedKey")
            number += 0 if after else 1
        return Page(tuple(read(item) for _, item in found))

    def _wait(self, attempt: int) -> None:
        self._pause(min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt) * self._jitter())

    def _ask(self, operation: Callable[..., Any], request: dict[str, Any], attempts: int = ATTEMPTS) -> Any:  # noqa: ANN401  botocore's answer
        for attempt in range(attempts):
            try:
                return operation(**request)
            except ClientError as error:
                _raise_meaning(error)
                refused = error
            except (ConnectionError, HTTPClientError) as error:
                # botocore has repeated it already.
                raise TryLater("The table cannot be reached.") from error
            if attempt + 1 < attempts:
                self._wait(attempt)
        raise TryLater("The table is too busy.") from refused


def _raise_meaning(error: ClientError) -> None:
    """Raise what the refusal means; return if it only means "not now"."""
    answer: Mapping[str, Any] = error.response
    code = answer["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        raise ConditionFailed(_stored(answer)) from error
    if code == "TransactionCanceledException":
        reasons = answer.get("CancellationReasons", [])
        failed = {
            index: _stored(reason)
            for index, reason in enumerate(reasons)
            if reason.get("Code") == "ConditionalCheckFailed"
        }
        if failed:
            raise TransactionRefused(failed) from error
        if any("size" in reason.get("Message", "") for reason in reasons):
            raise ItemTooLarge from error
        if any(reason.get("Code") in _NOT_NOW for reason in reasons):
            return
    elif code == "ValidationException" and "size" in answer["Error"].get("Message", ""):
        raise ItemTooLarge from error
    if code not in _NOT_NOW and not failed_on_its_side(error):
        raise error


def _stored(answer: Mapping[str, Any]) -> Item | None:
    return from_wire(answer["Item"]) if answer.get("Item") else None


def _single(request: dict[str, Any]) -> dict[str, Any]:
    ((_, only),) = request.items()
    return dict(only)


def _key(key: Key) -> dict[str, Any]:
    return to_wire({"pk": key.pk, "sk": key.sk})


def _condition(action: Action, change: str = "") -> dict[str, Any]:
    asked: dict[str, Any] = {}
    if action.condition is not None:
        asked = {"ConditionExpression": action.condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    names = _names(f"{change} {action.condition or ''}")
    if names:
        asked["ExpressionAttributeNames"] = names
    if action.values:
        asked["ExpressionAttributeValues"] = {name: write_value(value) for name, value in action.values.items()}
    return asked


def _names(expression: str) -> dict[str, str]:
    return {name: name[1:] for name in re.findall(r"#\w+", expression)}
