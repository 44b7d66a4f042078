"""Whatever a client sends to the deployed API: never a 5xx, never an answer that the OpenAPI document does not promise.

In process (`tests/functions/api`) moto is the table. The emulator's refuses some questions that moto answers, as
DynamoDB does; and here a gateway stands in front.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest

from local.people import Operator
from local.stack import Stack
from tests.functions.api.anything import TAGS, Asker

EXAMPLES = int(os.environ.get("M3TER_FUZZ", "8"))
"""Requests to each route."""


@pytest.fixture(scope="module")
def asker(stack: Stack) -> Iterator[Asker]:
    with Operator.of_a_new_organization(stack, "Anything Ltd") as operator, httpx.Client(timeout=60.0) as client:
        mapping = {
            "m3terEntity": "Account",
            "m3terId": "a1",
            "externalSystem": "QuickBooksSandbox",
            "externalTable": "Customer",
            "externalId": "1",
        }
        configuration = {"entityType": "Bill", "destination": "QuickBooksSandbox"}
        ids = {
            "integrationconfigs": operator.post("integrationconfigs", configuration)["id"],
            "externalmappings": operator.post("externalmappings", mapping)["id"],
            "accounts": operator.post("accounts", {"name": "Acme", "code": "acme"})["id"],
        }
        token = operator.http.headers["Authorization"].removeprefix("Bearer ")
        yield Asker(client, stack.api_url, token, operator.organization, ids)


@pytest.mark.parametrize("tag", TAGS)
def test_any_request_is_answered_as_the_document_says(tag: str, asker: Asker) -> None:
    asker.ask(tag, EXAMPLES)
