"""The published m3ter SDK, unmodified and strict, drives the deployed API, through the gateway and its authorizer."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator

import httpx
import pytest
from m3ter import AsyncM3ter, AuthenticationError, M3ter, PermissionDeniedError

from local.organizations import Callers
from local.stack import Stack
from tests.functions.api import sdk_stories as stories


@pytest.fixture(scope="module")
def made(stack: Stack) -> dict[str, str]:
    """A new organization and its admin client."""
    callers = Callers.of(table=stack.table_name, user_pool=stack.user_pool_id, client=stack.client)
    return callers.add_organization("SDK Ltd")


@pytest.fixture
def client(stack: Stack, made: dict[str, str]) -> Iterator[M3ter]:
    with M3ter(
        api_key=made["clientId"],
        api_secret=made["clientSecret"],
        org_id=made["organizationId"],
        base_url=stack.api_url,
        _strict_response_validation=True,
    ) as client:
        yield client


def test_the_lives_of_configuration_mapping_and_account(client: M3ter) -> None:
    stories.life_of_a_configuration(client)
    stories.life_of_a_mapping(client)
    stories.life_of_an_account(client)


def test_the_life_of_a_user(client: M3ter) -> None:
    stories.life_of_a_user(client, f"ada-{uuid.uuid4()}@acme.example")


def test_the_same_with_the_async_sdk(stack: Stack, made: dict[str, str]) -> None:
    app = (made["clientId"], made["clientSecret"])
    answer = httpx.post(f"{stack.api_url}/oauth/token", data={"grant_type": "client_credentials"}, auth=app)
    token = answer.json()["access_token"]

    async def run() -> None:
        async with AsyncM3ter(
            api_key="unused",
            api_secret="unused",
            token=token,
            org_id=made["organizationId"],
            base_url=stack.api_url,
            _strict_response_validation=True,
        ) as aside:
            await stories.lives_of_configurations(aside)
            await stories.life_of_a_mapping_async(aside)

    asyncio.run(run())


def test_who_is_no_member_sees_nothing_and_who_has_no_token_is_sent_away(
    client: M3ter, stack: Stack, made: dict[str, str]
) -> None:
    with pytest.raises(PermissionDeniedError):
        client.with_options(org_id=stack.organization_id).integration_configurations.list()
    with pytest.raises(AuthenticationError):
        client.authentication.get_bearer_token(
            grant_type="client_credentials", extra_headers={"Authorization": "Basic bm9ib2R5Om5vdGhpbmc="}
        )
    url = f"{stack.api_url}/organizations/{made['organizationId']}/events"
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"Authorization": "Bearer My Token"}).status_code == 401
