"""The published m3ter SDK, unmodified, drives the API: sync and async, with strict validation of what it is answered.

Strict mode and honesty disagree in one place only: an event has no `dtActioned` until somebody actioned it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from m3ter import AsyncM3ter, ConflictError, M3ter, PermissionDeniedError

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.run.trouble import EventName, Trouble
from m3ter_quickbooks.storage.audit import new_id
from m3ter_quickbooks.storage.events import event_item
from m3ter_quickbooks.storage.table import Put
from tests.functions.api import sdk_stories as stories
from tests.functions.api import sdk_stories_async as aside
from tests.functions.api.conftest import Place
from tests.functions.api.gateway import BASE_URL


def sdk(place: Place, role: str = "admin", *, strict: bool = True) -> M3ter:
    client_id = place.client_id(role)
    return M3ter(
        api_key=client_id,
        api_secret=f"secret-of-{client_id}",
        org_id=place.organization_id,
        base_url=BASE_URL,
        http_client=httpx.Client(transport=place.gateway.transport()),
        _strict_response_validation=strict,
    )


def with_async_sdk(place: Place, story: Callable[[AsyncM3ter], Awaitable[None]]) -> None:
    """The async SDK fetches no token by itself: it is given one."""

    async def run() -> None:
        client_id = place.client_id()
        async with AsyncM3ter(
            api_key=client_id,
            api_secret="unused",
            token=place.gateway.cognito.token_of_client(client_id),
            org_id=place.organization_id,
            base_url=BASE_URL,
            http_client=httpx.AsyncClient(transport=place.gateway.transport()),
            _strict_response_validation=True,
        ) as client:
            await story(client)

    asyncio.run(run())


def event(place: Place, name: EventName = EventName.PERFORM, **about: Any) -> str:
    at = place.clock()
    trouble = Trouble(
        id=new_id(at),
        organization_id=OrganizationId(place.organization_id),
        name=name,
        at=at,
        dto={"message": "Nothing went right.", **about},
        cause="test",
        configuration_id=ConfigurationId("c1"),
        account_id="a1",
        bill_id=BillId("b1"),
        run_id="r1",
    )
    place.gateway.house.table.put(Put(event_item(trouble)))
    return trouble.id


def test_the_life_of_a_configuration(place: Place) -> None:
    stories.life_of_a_configuration(sdk(place))


def test_the_life_of_a_mapping(place: Place) -> None:
    stories.life_of_a_mapping(sdk(place))


def test_the_life_of_an_account(place: Place) -> None:
    stories.life_of_an_account(sdk(place))


@pytest.mark.parametrize(
    "story",
    [aside.life_of_a_configuration, aside.life_of_a_mapping, aside.life_of_an_account],
    ids=lambda it: it.__name__,
)
def test_the_same_with_the_async_sdk(place: Place, story: Callable[[AsyncM3ter], Awaitable[None]]) -> None:
    with_async_sdk(place, story)


def test_the_lives_of_user_and_events_with_the_async_sdk(place: Place) -> None:
    older, newer = event(place), event(place)
    with_async_sdk(place, lambda client: aside.life_of_a_user(client, f"ada-{place.organization_id}@acme.example"))
    with_async_sdk(place, lambda client: aside.life_of_two_events(client, older, newer))


def test_the_life_of_a_user(place: Place) -> None:
    ended = stories.life_of_a_user(sdk(place), f"ada-{place.organization_id}@acme.example")
    token = place.gateway.cognito.token_of_person(ended)
    assert place.gateway.client(token).get(f"organizations/{place.organization_id}/users/me").status_code == 403


def test_a_conflict_is_not_tried_three_times(place: Place) -> None:
    mappings = sdk(place).external_mappings
    mappings.create(**stories.MAPPING)
    seen: list[str] = []
    transport = place.gateway.transport()

    def count(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return transport.handle_request(request)

    counted = sdk(place).with_options(http_client=httpx.Client(transport=httpx.MockTransport(count)))
    with pytest.raises(ConflictError):
        counted.external_mappings.create(**stories.MAPPING)
    assert [path for path in seen if path.endswith("/externalmappings")] == [seen[-1]]


def test_the_life_of_an_event(place: Place) -> None:
    older, newer = event(place), event(place, EventName.MISSING_ACCOUNT_MAPPING, m3terId="a1")
    honest = sdk(place, strict=False)
    assert [one.id for one in honest.events.list(event_name="integration.perform.error")] == [older]
    stories.life_of_two_events(sdk(place), honest, older, newer)


def test_a_person_who_is_in_the_pool_already_joins_a_second_organization(place: Place, other_place: Place) -> None:
    email = f"both-{place.organization_id}@acme.example"
    first = sdk(place).users.invitations.create(email=email, first_name="Ada", last_name="L")
    second = sdk(other_place).users.invitations.create(email=email, first_name="Ada", last_name="L")
    assert first.id == second.id


def test_roles_reach_the_sdk_as_its_own_exceptions(place: Place) -> None:
    viewer = sdk(place, "viewer")
    assert list(viewer.integration_configurations.list()) == []
    with pytest.raises(PermissionDeniedError) as refused:
        viewer.integration_configurations.create(**stories.CONFIGURATION)
    assert "operator" in refused.value.body["message"]  # type: ignore[index]


def test_the_token_is_asked_for_before_every_request_and_comes_from_memory(place: Place) -> None:
    client = sdk(place)
    for _ in range(4):
        client.users.me()
    assert place.gateway.cognito.asked == 1
