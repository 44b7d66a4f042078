"""Tokens: what the endpoint's answers mean, and what is remembered of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from m3ter_quickbooks.identity.tokens import MOST_REMEMBERED, RememberedTokens, Token, TokenEndpoint
from m3ter_quickbooks.problems import NotRecognized, Problem, TryLater

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def exchange(answer: httpx.Response | Exception) -> Token:
    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        assert request.content == b"grant_type=client_credentials&scope=our%2Fscope"
        return answer

    http = httpx.Client(transport=httpx.MockTransport(respond))
    return TokenEndpoint(http, "https://cognito.example/oauth2/token", "our/scope").exchange("id", "secret")


def test_a_token_lives_as_long_as_cognito_says() -> None:
    granted = {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}
    assert exchange(httpx.Response(200, json=granted)) == Token("t", timedelta(hours=1))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (httpx.Response(400, json={"error": "invalid_client"}), NotRecognized),
        (httpx.Response(401), NotRecognized),
        (httpx.Response(429), TryLater),
        (httpx.Response(503, text="<html>"), TryLater),
        (httpx.ConnectError("no route"), TryLater),
        (httpx.ReadTimeout("too slow"), TryLater),
    ],
)
def test_a_refusal_says_what_to_do_and_nothing_secret(
    answer: httpx.Response | Exception, problem: type[Problem]
) -> None:
    with pytest.raises(problem) as refused:
        exchange(answer)
    assert "secret" not in refused.value.message.replace("client secret", "")


class Counting:
    """Gives a new token each time, and counts."""

    def __init__(self) -> None:
        self.count = 0
        self.at = NOON

    def __call__(self, client_id: str, client_secret: str) -> Token:
        self.count += 1
        return Token(f"{client_id}-{self.count}", timedelta(hours=1))

    def now(self) -> datetime:
        return self.at


def remembered() -> tuple[RememberedTokens, Counting]:
    counting = Counting()
    return RememberedTokens(counting, counting.now, lambda count: b"x" * count), counting


def test_another_secret_is_another_client() -> None:
    tokens, counting = remembered()
    assert tokens.token("a", "1").access_token == tokens.token("a", "1").access_token
    tokens.token("a", "2")
    assert counting.count == 2


def test_what_is_left_of_its_life_is_told_and_the_last_minute_is_not_given_out() -> None:
    tokens, counting = remembered()
    tokens.token("a", "1")
    counting.at += timedelta(minutes=50)
    assert tokens.token("a", "1").expires_in == timedelta(minutes=10)
    counting.at += timedelta(minutes=9)
    assert tokens.token("a", "1").expires_in == timedelta(hours=1)


def test_the_least_recently_used_is_forgotten_first() -> None:
    tokens, counting = remembered()
    for number in range(MOST_REMEMBERED):
        tokens.token(str(number), "x")
    tokens.token("0", "x")
    tokens.token("one more", "x")
    counting.count = 0
    tokens.token("0", "x")
    assert counting.count == 0
    tokens.token("1", "x")
    assert counting.count == 1
