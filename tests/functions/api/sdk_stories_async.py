"""The stories of `sdk_stories.py`, lived with the async SDK: each needs an organization of its own, too."""

from __future__ import annotations

import pytest
from m3ter import AsyncM3ter, ConflictError, NotFoundError

from tests.functions.api.sdk_stories import CONFIGURATION, MAPPING


async def life_of_a_configuration(client: AsyncM3ter) -> None:
    configurations = client.integration_configurations
    made = [await configurations.create(**CONFIGURATION) for _ in range(3)]
    assert [one.id async for one in configurations.list(page_size=2)] == [one.id for one in reversed(made)]
    last = made[-1]
    assert (await configurations.retrieve(last.id)).status == "WAITING"
    changed = await configurations.update(last.id, **{**CONFIGURATION, "name": "Bills", "version": last.version or 0})
    assert (changed.name, changed.version) == ("Bills", 2)
    with pytest.raises(ConflictError):
        await configurations.update(last.id, **CONFIGURATION, version=0)
    assert (await configurations.get_by_entity("Bill")).id == last.id
    assert (await configurations.enable(last.id)).enabled is True
    for one in made:
        assert (await configurations.delete(one.id)).id == one.id
    with pytest.raises(NotFoundError):
        await configurations.retrieve(last.id)


async def life_of_a_mapping(client: AsyncM3ter) -> None:
    mappings = client.external_mappings
    created = await mappings.create(**MAPPING)
    assert (await mappings.retrieve(created.id)).external_id == "58"
    changed = {**MAPPING, "external_id": "59/1 a"}
    updated = await mappings.update(created.id, **changed, version=created.version or 0)
    assert updated.external_id == "59/1 a"
    listed = mappings.list(external_system_id="QuickBooksSandbox", m3ter_ids=["x", "a1"])
    assert [one.id async for one in listed] == [created.id]
    found = mappings.list_by_external_entity("59/1 a", system="QuickBooksSandbox", external_table="Customer")
    assert [one.id async for one in found] == [created.id]
    assert [one.id async for one in mappings.list_by_m3ter_entity("a1", entity="Account")] == [created.id]
    with pytest.raises(ConflictError):
        await mappings.create(**MAPPING)
    assert (await mappings.delete(created.id)).id == created.id
    with pytest.raises(NotFoundError):
        await mappings.retrieve(created.id)


async def life_of_an_account(client: AsyncM3ter) -> None:
    accounts = client.accounts
    email = "billing@acme.example"
    created = await accounts.create(name="Acme", code="acme", email_address=email, custom_fields={"tier": 2.5})
    assert (await accounts.retrieve(created.id)).custom_fields == {"tier": 2.5}
    assert [one.id async for one in accounts.list(codes=["acme"])] == [created.id]
    with pytest.raises(ConflictError):
        await accounts.create(name="Acme again", code="acme", email_address=email)
    version = created.version or 0
    changed = await accounts.update(created.id, name="Acme Ltd", code="acme", email_address=email, version=version)
    assert (changed.name, changed.version) == ("Acme Ltd", 2)
    assert [one.id async for one in accounts.list()] == [created.id]
    assert (await accounts.delete(created.id)).id == created.id
    with pytest.raises(NotFoundError):
        await accounts.retrieve(created.id)


async def life_of_a_user(client: AsyncM3ter, email: str) -> None:
    users = client.users
    invited = await users.invitations.create(email=email, first_name="Ada", last_name="Lovelace")
    assert (await users.retrieve(invited.id)).email == email
    with pytest.raises(ConflictError):
        await users.invitations.create(email=email, first_name="Ada", last_name="Lovelace")
    ended = await users.update(invited.id, dt_end_access="2026-01-01T00:00:00Z", version=1)
    assert ended.dt_end_access is not None
    assert [one.id async for one in users.list()] == [invited.id]
    assert (await users.me()).service_user is not None


async def life_of_two_events(client: AsyncM3ter, older: str, newer: str) -> None:
    """The organization's only two. They are dealt with first: what is open, strict mode cannot read."""
    events, path = client.events, f"/organizations/{client.org_id}/events"
    await client.post(f"{path}/actioned", cast_to=object, body={"ids": [older, newer]})
    assert [one.id async for one in events.list()] == []
    assert {one.id async for one in events.list(include_actioned=True, page_size=1)} == {older, newer}
    assert [one.id async for one in events.list(ids=[newer])] == [newer]
    assert (await events.retrieve(older)).dt_actioned is not None
    assert "integration.perform.error" in ((await events.get_types()).events or [])
    assert (await events.get_fields(event_name="integration.perform.error")).events
    with pytest.raises(NotFoundError):
        await events.retrieve("nobody")
