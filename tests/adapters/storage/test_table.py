"""What the table's refusals mean, how often requests are repeated, and how pages are cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from m3ter_quickbooks.problems import BadRequest, TryLater
from m3ter_quickbooks.storage.keys import Key
from m3ter_quickbooks.storage.paging import read_token, write_token
from m3ter_quickbooks.storage.rush import Rush
from m3ter_quickbooks.storage.table import (
    ATTEMPTS,
    Check,
    ConditionFailed,
    Delete,
    ItemTooLarge,
    Listing,
    Put,
    Table,
    TransactionRefused,
    Update,
)
from tests.unit.run.builders import NOON

KEY = Key("pk", "sk")
BACKWARDS = Listing("pk", between=("b", "a"))
ITEM = {"pk": "pk", "sk": "sk", "type": "thing", "name": "first"}


class Moody:
    """A client that refuses as told, then goes on; every call is counted."""

    def __init__(self, client: Any, *refusals: Exception) -> None:
        self._client = client
        self._refusals = iter(refusals)
        self.calls = 0
        self.tokens: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls += 1
            if "ClientRequestToken" in request:
                self.tokens.append(request["ClientRequestToken"])
            refusal = next(self._refusals, None)
            if refusal is not None:
                raise refusal
            return getattr(self._client, name)(**request)

        return call


class Waits(list[float]):
    """The pauses, in seconds."""


def refusal(code: str, message: str = "No.", **more: Any) -> ClientError:
    return ClientError(cast("Any", {"Error": {"Code": code, "Message": message}, **more}), "Some")


def cancelled(*codes: str, message: str = "") -> ClientError:
    reasons = [{"Code": code, "Message": message} for code in codes]
    return refusal("TransactionCanceledException", CancellationReasons=reasons)


@pytest.fixture
def moody(table: Table, dynamodb: Any) -> Callable[..., tuple[Table, Moody, Waits]]:
    def make(*refusals: Exception) -> tuple[Table, Moody, Waits]:
        client, waits = Moody(dynamodb, *refusals), Waits()
        return Table(cast("Any", client), "table", pause=waits.append, jitter=lambda: 1.0), client, waits

    assert table.get(KEY) is None
    return make


# Given a table that is busy, when it is asked, then it is asked again a few times, ever later.


@pytest.mark.parametrize(
    "busy",
    [
        refusal("ThrottlingException"),
        refusal("ProvisionedThroughputExceededException"),
        refusal("InternalServerError"),
        refusal("TransactionConflictException"),
        refusal("503", "Service Unavailable", ResponseMetadata={"HTTPStatusCode": 503}),
        cancelled("None", "TransactionConflict"),
        cancelled("ThrottlingError"),
        cancelled("ProvisionedThroughputExceeded"),
    ],
)
def test_a_busy_table_is_asked_again(moody: Any, busy: ClientError) -> None:
    table, client, waits = moody(busy, busy, busy)

    table.transact([Put(ITEM)])

    assert client.calls == 4
    assert waits == [0.05, 0.1, 0.2]
    assert len(set(client.tokens)) == 1
    assert table.get(KEY) == ITEM


def test_a_busy_table_is_not_asked_again_for_the_count_of_a_rush(moody: Any) -> None:
    table, client, waits = moody(*[refusal("ThrottlingException")] * 99)

    with pytest.raises(TryLater):
        Rush(table).had({"company": 1}, NOON)

    assert (client.calls, waits) == (1, [])


def test_a_table_that_stays_busy_is_tried_later(moody: Any) -> None:
    table, client, waits = moody(*[refusal("ThrottlingException")] * 99)

    with pytest.raises(TryLater):
        table.get(KEY)

    assert client.calls == ATTEMPTS
    assert len(waits) == ATTEMPTS - 1
    assert sum(waits) < 2


@pytest.mark.parametrize(
    "silence",
    [EndpointConnectionError(endpoint_url="https://table"), ReadTimeoutError(endpoint_url="https://table")],
)
def test_a_table_that_cannot_be_reached_is_tried_later(moody: Any, silence: Exception) -> None:
    table, client, _ = moody(silence)

    with pytest.raises(TryLater):
        table.get(KEY)

    assert client.calls == 1


def test_two_transactions_have_two_tokens(moody: Any) -> None:
    table, client, _ = moody()

    table.transact([Put(ITEM)])
    table.transact([Put(ITEM)])

    assert len(set(client.tokens)) == 2


def test_a_refusal_that_is_our_own_fault_is_a_bug(moody: Any) -> None:
    table, _, _ = moody(refusal("ValidationException", "Nonsense."), refusal("AccessDeniedException"))

    for _ in range(2):
        with pytest.raises(ClientError):
            table.get(KEY)


def test_a_transaction_cancelled_for_another_reason_is_a_bug(moody: Any) -> None:
    table, _, _ = moody(cancelled("ValidationError", "None"))

    with pytest.raises(ClientError):
        table.transact([Put(ITEM)])


# Given a condition, when it does not hold, then what is stored is told, and nothing is written.


def test_a_refused_write_tells_what_is_stored(table: Table) -> None:
    table.put(Put(ITEM, "attribute_not_exists(#pk)"))
    absent = "attribute_not_exists(#pk)"

    with pytest.raises(ConditionFailed) as put:
        table.put(Put({**ITEM, "name": "second"}, absent))
    with pytest.raises(ConditionFailed) as update:
        table.update(Update(KEY, "SET #name = :name", absent, {":name": "second"}))
    with pytest.raises(ConditionFailed) as delete:
        table.delete(Delete(KEY, absent))
    with pytest.raises(ConditionFailed) as nothing:
        table.update(Update(Key("pk", "other"), "SET #name = :n", "#name = :name", {":n": "n", ":name": "x"}))

    assert [failed.value.item for failed in (put, update, delete, nothing)] == [ITEM, ITEM, ITEM, None]
    assert table.get(KEY) == ITEM


def test_a_refused_transaction_tells_which_actions_and_what_is_stored(table: Table) -> None:
    table.put(Put(ITEM))
    absent = "attribute_not_exists(#pk)"
    other = {**ITEM, "sk": "other"}

    with pytest.raises(TransactionRefused) as refused:
        table.transact(
            [Put(other), Check(KEY, absent), Update(Key("pk", "none"), "SET #a = :a", "#a = :b", {":a": 1, ":b": 2})]
        )

    assert refused.value.failed == {1: ITEM, 2: None}
    assert table.get(Key("pk", "other")) is None


def test_what_is_too_large_says_so(table: Table, moody: Any) -> None:
    with pytest.raises(ItemTooLarge):
        table.put(Put({**ITEM, "body": b"x" * 410_000}))

    cancelled_for_size, _, _ = moody(cancelled("ValidationError", message="Item size has exceeded the maximum"))
    with pytest.raises(ItemTooLarge):
        cancelled_for_size.transact([Put(ITEM)])


def test_what_is_deleted_is_told_once(table: Table) -> None:
    table.put(Put(ITEM))

    assert table.delete(Delete(KEY)) == ITEM
    assert table.delete(Delete(KEY)) is None


def test_keys_that_were_left_over_are_asked_for_again(table: Table, dynamodb: Any) -> None:
    """DynamoDB may answer a batch read in part."""

    class InPart:
        calls = 0

        def batch_get_item(self, RequestItems: dict[str, Any]) -> Any:  # noqa: N803  boto3's own name
            self.calls += 1
            keys = RequestItems["table"]["Keys"]
            answer = dynamodb.batch_get_item(RequestItems={"table": {"Keys": keys[:2], "ConsistentRead": True}})
            answer["UnprocessedKeys"] = {"table": {"Keys": keys[2:]}} if keys[2:] else {}
            return answer

    for number in range(5):
        table.put(Put({**ITEM, "sk": str(number)}))
    client = InPart()
    slow = Table(cast("Any", client), "table", pause=lambda _: None)
    keys = [Key("pk", str(number)) for number in range(7)]

    assert set(slow.get_many([*keys, *keys])) == set(keys[:5])
    assert client.calls == 4


def test_a_batch_that_never_comes_whole_is_tried_later() -> None:
    class Never:
        def batch_get_item(self, RequestItems: dict[str, Any]) -> Any:  # noqa: N803  boto3's own name
            return {"Responses": {}, "UnprocessedKeys": {"table": {"Keys": RequestItems["table"]["Keys"]}}}

    with pytest.raises(TryLater):
        Table(cast("Any", Never()), "table", pause=lambda _: None).get_many([KEY])


# Given any lists, when they are read page by page, then every item comes once, in order.


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(0, 7), min_size=1, max_size=3),
    size=st.integers(1, 8),
    keep_even=st.booleans(),
    index=st.sampled_from([None, "gsi1"]),
    newest_first=st.booleans(),
)
def test_pages_hold_every_item_once(
    table: Table, sizes: list[int], size: int, keep_even: bool, index: str | None, newest_first: bool
) -> None:
    expected = []
    for number in range(3):
        for item in table.each(Listing(f"list-{number}")):
            table.delete(Delete(Key(item["pk"], item["sk"])))
    for number, length in enumerate(sizes):
        for place in range(length):
            item = {"pk": f"list-{number}", "sk": f"{place}", "place": place}
            table.put(Put({**item, "gsi1pk": item["pk"], "gsi1sk": item["sk"]}))
        order = range(length - 1, -1, -1) if newest_first else range(length)
        expected += [(number, place) for place in order if not keep_even or place % 2 == 0]
    listings = [Listing(f"list-{number}", index, newest_first=newest_first) for number in range(len(sizes))]

    found: list[tuple[int, int]] = []
    token = None
    while True:
        page = table.page(
            listings,
            lambda item: (int(item["pk"][5:]), item["place"]),
            size=size,
            token=token,
            question=("o", "things"),
            keep=(lambda item: item["place"] % 2 == 0) if keep_even else None,
        )
        found += page.items
        token = page.next_token
        if token is None:
            break
        assert len(page.items) == size
    assert found == expected


def test_a_filter_reads_on_until_the_page_is_full(table: Table) -> None:
    for place in range(30):
        table.put(Put({"pk": "list", "sk": f"{place:02}", "place": place}))

    items = [item["place"] for item in table.each(Listing("list", between=("05", "24")), chunk=7)]
    assert items == list(range(24, 4, -1))
    started = [item["place"] for item in table.each(Listing("list", begins="1"), chunk=3)]
    assert started == list(range(19, 9, -1))


# Given a page token, when it is not for this very list, then it is refused.

QUESTIONS = st.lists(st.none() | st.text(max_size=6), min_size=1, max_size=4)
POSITIONS = st.lists(st.text(max_size=20), min_size=3, max_size=4)


@given(QUESTIONS, QUESTIONS, POSITIONS)
def test_a_token_is_good_for_its_own_question_only(
    asked: list[str | None], other: list[str | None], position: list[str]
) -> None:
    token = write_token(asked, position)

    assert read_token(asked, token, len(position)) == position
    if asked != other:
        with pytest.raises(BadRequest):
            read_token(other, token, len(position))
    with pytest.raises(BadRequest):
        read_token(asked, token, len(position) + 1)


@given(st.text(min_size=1, max_size=60) | st.text(alphabet="abcXYZ019-_=", min_size=1, max_size=60))
def test_a_token_that_is_nobodys_is_refused_with_its_field(token: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_token(["o"], token, 3)

    assert [problem.field for problem in refused.value.fields] == ["nextToken"]


@given(POSITIONS, st.data())
def test_a_token_that_was_changed_is_refused(position: list[str], data: st.DataObject) -> None:
    token = write_token(["o"], position)
    place = data.draw(st.integers(0, len(token) - 2))
    changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]

    with pytest.raises(BadRequest):
        read_token(["o"], changed, len(position))


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_the_list_begins(token: str | None) -> None:
    assert read_token(["o"], token, 3) is None


def test_a_listing_that_ends_before_it_begins_is_empty_and_never_asked(table: Table) -> None:
    """DynamoDB refuses such a question outright; moto answers it."""
    client = Moody(table._client)
    moody = Table(cast("Any", client), table._name)
    table.put(Put(ITEM))
    assert list(moody.each(BACKWARDS)) == []
    assert moody.page([BACKWARDS, BACKWARDS], dict, size=1, token=None, question=["q"]).items == ()
    assert client.calls == 0
    assert len(moody.page([BACKWARDS, Listing("pk")], dict, size=1, token=None, question=["q"]).items) == 1
