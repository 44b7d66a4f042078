"""The search for leaks finds each sort of them, and leaves alone what may be seen."""

import zlib

import pytest

from tests.leaks import leaks, nothing_leaks, plain_text


@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOiJkaXIi.c2VjcmV0LWFjY2Vzcw.YWNjZXNz",
        "{'Authorization': 'Bearer c2VjcmV0'}",
        "refreshed RT1-c2VjcmV0LXJlZnJlc2g",
        "GET /quickbooks/callback?code=XABc2VjcmV0&realmId=1",
        "GET /quickbooks/callback?realmId=1&state=c2VjcmV0LXN0YXRl",
        '{"clientSecret": "simulator-secret"}',
        "sent to billing@acme.example",
        "Acme Europe, 1 Market Street, Dublin",
    ],
)
def test_what_must_not_be_seen_is_found(text: str) -> None:
    assert leaks(text)


def test_a_secret_of_no_known_shape_is_found_by_itself() -> None:
    assert leaks("it was 5e0f", exact=["5e0f"]) == ["exactly: 5e0f"]


@pytest.mark.parametrize(
    "text",
    [
        "Account Acme Europe (2c1d0000-0000-4000-8000-000000000001) has no QuickBooks customer.",
        '{"level":"INFO","message":"run over","request_id":"f4c5de8e-e40e-5842-b52d-ced6451f7e3d"}',
        "(QuickBooks code 6000, intuit_tid 1-6b02ddf6-0000000000000000000000b3.)",
        "The e-mail address of account Acme Europe is not a valid e-mail address and was left out of BillEmail.",
    ],
)
def test_what_may_be_seen_is_left_alone(text: str) -> None:
    assert leaks(text) == []


def test_a_leak_is_told_also_from_inside_a_door_that_catches_every_exception() -> None:
    with pytest.raises(pytest.fail.Exception, match="A mail holds what nobody may see") as told:
        nothing_leaks("A mail", "to billing@acme.example")
    assert not isinstance(told.value, Exception)


def test_what_was_compressed_is_searched_too() -> None:
    item = {"body": {"B": zlib.compress(b"RT1-c2VjcmV0LXJlZnJlc2g")}, "log": {"L": [{"S": "one"}, {"B": b"\xff"}]}}
    assert plain_text(item) == "RT1-c2VjcmV0LXJlZnJlc2g one \xff"
