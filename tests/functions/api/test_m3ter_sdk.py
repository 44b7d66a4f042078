"""The published m3ter SDK, unmodified, drives the API: sync and async, with strict validation of what it is answered.

Strict mode and honesty disagree in one place only: an event has no `dtActioned` until somebody actioned it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from m3ter import AsyncM3ter, BadRequestError, ConflictError, M3ter, NotFoundError, PermissionDeniedError

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.run.trouble import EventName, Trouble
from m3ter_quickbooks.storage.audit import new_id
from m3ter_quickbooks.storage.events import event_item
from m3ter_quickbooks.storage.table import Put
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


CONFIGURATION: dict[str, Any] = {
    "destination": "QuickBooksSandbox",
    "entity_type": "Bill",
    "name": "Bills UK",
    "config_data": {"foo": "bar", "onlySendBillOnApproval": True},
}
MAPPING = {
    "m3ter_entity": "Account",
    "m3ter_id": "a1",
    "external_system": "QuickBooksSandbox",
    "external_table": "Customer",
    "external_id": "58",
}


def test_the_life_of_a_configuration(place: Place) -> None:
    configurations = sdk(place).integration_configurations
    created = configurations.create(**CONFIGURATION)
    assert created.config_data == CONFIGURATION["config_data"]
    retrieved = configurations.retrieve(created.id)
    assert (retrieved.status, retrieved.entity_id) == ("WAITING", "")
    assert retrieved.configData == CONFIGURATION["config_data"]  # type: ignore[attr-defined]  # the SDK reads a run
    updated = configurations.update(created.id, **{**CONFIGURATION, "name": "Bills", "version": created.version or 0})
    assert (updated.name, updated.version) == ("Bills", 2)
    with pytest.raises(ConflictError):
        configurations.update(created.id, **CONFIGURATION, version=0)
    assert configurations.get_by_entity("Bill").id == created.id
    assert [one.id for one in configurations.list(page_size=1)] == [created.id]
    assert configurations.enable(created.id).enabled is True
    assert configurations.delete(created.id).id == created.id
    with pytest.raises(NotFoundError):
        configurations.retrieve(created.id)


def test_the_life_of_a_configuration_with_the_async_sdk(place: Place) -> None:
    async def story(client: AsyncM3ter) -> None:
        configurations = client.integration_configurations
        created = [await configurations.create(**CONFIGURATION) for _ in range(3)]
        seen = [one.id async for one in configurations.list(page_size=2)]
        assert seen == [one.id for one in reversed(created)]
        for one in created:
            assert (await configurations.delete(one.id)).id == one.id

    with_async_sdk(place, story)


def test_the_life_of_a_mapping(place: Place) -> None:
    mappings = sdk(place).external_mappings
    created = mappings.create(**MAPPING)
    assert mappings.retrieve(created.id).external_id == "58"
    updated = mappings.update(created.id, **{**MAPPING, "external_id": "59/1 a"}, version=created.version or 0)
    assert updated.external_id == "59/1 a"
    assert [one.id for one in mappings.list(external_system_id="QuickBooksSandbox", m3ter_ids=["x", "a1"])] == [
        created.id
    ]
    found = mappings.list_by_external_entity("59/1 a", system="QuickBooksSandbox", external_table="Customer")
    assert [one.id for one in found] == [created.id]
    assert [one.id for one in mappings.list_by_m3ter_entity("a1", entity="Account")] == [created.id]
    with pytest.raises(ConflictError) as clash:
        mappings.create(**MAPPING)
    assert created.id in clash.value.body["message"]  # type: ignore[index]
    assert mappings.delete(created.id).id == created.id


def test_a_conflict_is_not_tried_three_times(place: Place) -> None:
    mappings = sdk(place).external_mappings
    mappings.create(**MAPPING)
    seen: list[str] = []
    transport = place.gateway.transport()

    def count(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return transport.handle_request(request)

    counted = sdk(place).with_options(http_client=httpx.Client(transport=httpx.MockTransport(count)))
    with pytest.raises(ConflictError):
        counted.external_mappings.create(**MAPPING)
    assert [path for path in seen if path.endswith("/externalmappings")] == [seen[-1]]


def test_the_life_of_an_account(place: Place) -> None:
    accounts = sdk(place).accounts
    code = 'a code with "quotes" [brackets] and spaces'
    created = accounts.create(
        name="Acme", code=code, email_address="billing@acme.example", custom_fields={"tier": 2.5, "country": "UK"}
    )
    assert created.custom_fields == {"tier": 2.5, "country": "UK"}
    assert accounts.retrieve(created.id).code == code
    assert [one.id for one in accounts.list(codes=[code])] == [created.id]
    assert [one.id for one in accounts.list(ids=[created.id, "x"])] == [created.id]
    changed = accounts.update(
        created.id, name="Acme Ltd", code="acme", email_address="billing@acme.example", version=created.version or 0
    )
    assert (changed.name, changed.custom_fields) == ("Acme Ltd", None)
    assert [one.id for one in accounts.list()] == [created.id]
    assert accounts.delete(created.id).id == created.id
    with pytest.raises(NotFoundError):
        accounts.retrieve(created.id)


def test_the_life_of_an_event(place: Place) -> None:
    first, second = event(place), event(place, EventName.MISSING_ACCOUNT_MAPPING, m3terId="a1")
    events = sdk(place, strict=False).events
    assert [one.id for one in events.list()] == [second, first]
    assert [one.id for one in events.list(event_name="integration.perform.error")] == [first]
    assert [one.id for one in events.list(ids=[first])] == [first]
    assert list(events.list(event_type="Notification")) == []
    assert events.retrieve(first).dt_actioned is None
    client = sdk(place)
    path = f"/organizations/{place.organization_id}/events"
    actioned = client.put(f"{path}/{first}/actioned", cast_to=object, body={"actioned": True})
    assert actioned["dtActioned"]  # type: ignore[index]
    assert client.events.retrieve(first).dt_actioned is not None
    assert [one.id for one in events.list()] == [second]
    assert {one.id for one in events.list(include_actioned=True)} == {first, second}
    client.post(f"{path}/actioned", cast_to=object, body={"ids": [second]})
    assert list(events.list()) == []
    client.put(f"{path}/{first}/actioned", cast_to=object, body={"actioned": False})
    assert [one.id for one in events.list()] == [first]
    assert "integration.disabled.error" in (client.events.get_types().events or [])
    fields = client.events.get_fields(event_name="integration.missingaccountmapping.error").events or {}
    assert fields["integration.missingaccountmapping.error"]["new.m3terId"] == "string"
    with pytest.raises(NotFoundError):
        client.post(f"{path}/actioned", cast_to=object, body={"ids": ["nobody"]})
    with pytest.raises(BadRequestError):
        list(events.list(ids=[first], account_id="a1"))


def test_the_life_of_a_user(place: Place) -> None:
    client = sdk(place)
    name = f"ada-{place.organization_id}@acme.example"
    invited = client.users.invitations.create(email=name, first_name="Ada", last_name="Lovelace")
    found = client.users.retrieve(invited.id)
    assert (found.email, found.role) == (name, "viewer")  # type: ignore[attr-defined]  # ours
    with pytest.raises(ConflictError):
        client.users.invitations.create(email=name, first_name="Ada", last_name="Lovelace")
    ended = client.users.update(invited.id, dt_end_access="2026-11-22T00:00:00Z", version=found.version or 0)
    assert ended.dt_end_access is not None
    assert [one.id for one in client.users.list()] == [invited.id]
    assert [one.id for one in client.users.list(ids=[invited.id])] == [invited.id]
    token = place.gateway.cognito.token_of_person(invited.id)
    assert place.gateway.client(token).get(f"organizations/{place.organization_id}/users/me").status_code == 403
    me = client.users.me()
    assert me.service_user is not None
    assert me.service_user.id == place.client_id()


def test_a_person_who_is_in_the_pool_already_joins_a_second_organization(place: Place, other_place: Place) -> None:
    email = f"both-{place.organization_id}@acme.example"
    first = sdk(place).users.invitations.create(email=email, first_name="Ada", last_name="L")
    second = sdk(other_place).users.invitations.create(email=email, first_name="Ada", last_name="L")
    assert first.id == second.id


def test_roles_reach_the_sdk_as_its_own_exceptions(place: Place) -> None:
    viewer = sdk(place, "viewer")
    assert list(viewer.integration_configurations.list()) == []
    with pytest.raises(PermissionDeniedError) as refused:
        viewer.integration_configurations.create(**CONFIGURATION)
    assert "operator" in refused.value.body["message"]  # type: ignore[index]


def test_the_token_is_asked_for_before_every_request_and_comes_from_memory(place: Place) -> None:
    client = sdk(place)
    for _ in range(4):
        client.users.me()
    assert place.gateway.cognito.asked == 1
