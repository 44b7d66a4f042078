"""The published m3ter SDK, unmodified and strict, drives the deployed API, through the gateway and its authorizer."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator

import httpx
import pytest
from m3ter import AsyncM3ter, AuthenticationError, M3ter, PermissionDeniedError

from local.organizations import Callers
from local.people import Operator, bill_event, put_on_the_bus
from local.stack import Stack
from tests.functions.api import sdk_stories as stories
from tests.functions.api import sdk_stories_async as aside


@pytest.fixture
def made(stack: Stack) -> dict[str, str]:
    """A new organization and its admin client."""
    callers = Callers.of(table=stack.table_name, user_pool=stack.user_pool_id, client=stack.client)
    return callers.add_organization("SDK Ltd")


@pytest.fixture
def client(stack: Stack, made: dict[str, str]) -> Iterator[M3ter]:
    with sdk(stack, made) as client:
        yield client


@pytest.fixture
def operator(stack: Stack, made: dict[str, str]) -> Iterator[Operator]:
    with Operator.logged_in(stack, made) as operator:
        yield operator


def sdk(stack: Stack, made: dict[str, str], *, strict: bool = True) -> M3ter:
    return M3ter(
        api_key=made["clientId"],
        api_secret=made["clientSecret"],
        org_id=made["organizationId"],
        base_url=stack.api_url,
        _strict_response_validation=strict,
    )


def with_async_sdk(stack: Stack, operator: Operator, story: Callable[[AsyncM3ter], Awaitable[None]]) -> None:
    """The async SDK fetches no token by itself: it is given the operator's."""

    async def run() -> None:
        async with AsyncM3ter(
            api_key="unused",
            api_secret="unused",
            token=operator.http.headers["Authorization"].removeprefix("Bearer "),
            org_id=operator.organization,
            base_url=stack.api_url,
            _strict_response_validation=True,
        ) as client:
            await story(client)

    asyncio.run(run())


def two_events(stack: Stack, operator: Operator) -> tuple[str, str]:
    """What two bills of an account without a customer left behind, the older one first."""
    credential = operator.connect(stack.quickbooks_company_id)
    integration = {"entityType": "Bill", "destination": "QuickBooksSandbox", "integrationCredentialsId": credential}
    operator.post("integrationconfigs", integration)
    for _ in range(2):
        event = bill_event(operator.organization)
        put_on_the_bus(stack, event)
        operator.ended_runs(event["detail"]["m3terEvent"]["eventData"]["newDto"]["id"])
    newer, older = (one["id"] for one in operator.get("events")["data"])
    return older, newer


def test_the_lives_of_configuration_mapping_and_account(client: M3ter) -> None:
    stories.life_of_a_configuration(client)
    stories.life_of_a_mapping(client)
    stories.life_of_an_account(client)


def test_the_life_of_a_user(client: M3ter) -> None:
    stories.life_of_a_user(client, f"ada-{uuid.uuid4()}@acme.example")


def test_the_life_of_an_event(stack: Stack, made: dict[str, str], client: M3ter, operator: Operator) -> None:
    older, newer = two_events(stack, operator)
    with sdk(stack, made, strict=False) as honest:
        stories.life_of_two_events(client, honest, older, newer)


def test_all_these_lives_with_the_async_sdk(stack: Stack, operator: Operator) -> None:
    async def lives(client: AsyncM3ter) -> None:
        await aside.life_of_a_configuration(client)
        await aside.life_of_a_mapping(client)
        await aside.life_of_an_account(client)
        await aside.life_of_a_user(client, f"ada-{uuid.uuid4()}@acme.example")

    with_async_sdk(stack, operator, lives)
    older, newer = two_events(stack, operator)
    with_async_sdk(stack, operator, lambda client: aside.life_of_two_events(client, older, newer))


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
