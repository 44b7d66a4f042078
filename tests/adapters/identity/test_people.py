"""Inviting people: what Cognito's refusals mean."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from m3ter_quickbooks.identity.people import People
from m3ter_quickbooks.problems import BadRequest, Problem, TryLater


class Pool:
    """A user pool that refuses with `code`; everybody is in it already as `sub-1`."""

    def __init__(self, code: str) -> None:
        self.code = code

    def admin_create_user(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "AdminCreateUser")

    def admin_get_user(self, **_: Any) -> dict[str, Any]:
        return {"UserAttributes": [{"Name": "email", "Value": "ada@acme.example"}, {"Name": "sub", "Value": "sub-1"}]}


def invite(code: str) -> str:
    return People(Pool(code), "pool").invite("ada@acme.example", "Ada", "Lovelace")


def test_somebody_who_is_in_the_pool_already_is_looked_up() -> None:
    assert invite("UsernameExistsException") == "sub-1"


@pytest.mark.parametrize(
    ("code", "problem"),
    [("TooManyRequestsException", TryLater), ("InvalidParameterException", BadRequest)],
)
def test_a_refusal_says_what_to_do(code: str, problem: type[Problem]) -> None:
    with pytest.raises(problem):
        invite(code)


def test_any_other_refusal_is_a_bug_of_ours() -> None:
    with pytest.raises(ClientError):
        invite("AccessDeniedException")
