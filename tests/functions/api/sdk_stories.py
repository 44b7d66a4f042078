"""What operators do with the published m3ter SDK, told once: against the handler in process, and the deployed stack.

Each story needs an organization of its own, and a client that validates every answer strictly.
"""

from __future__ import annotations

from typing import Any

import pytest
from m3ter import AsyncM3ter, ConflictError, M3ter, NotFoundError

CONFIGURATION: dict[str, Any] = {
    "destination": "QuickBooksSandbox",
    "entity_type": "Bill",
    "name": "Bills UK",
    "config_data": {"foo": "bar", "onlySendBillOnApproval": True},
}
MAPPING: dict[str, Any] = {
    "m3ter_entity": "Account",
    "m3ter_id": "a1",
    "external_system": "QuickBooksSandbox",
    "external_table": "Customer",
    "external_id": "58",
}


def life_of_a_configuration(client: M3ter) -> None:
    configurations = client.integration_configurations
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


async def lives_of_configurations(client: AsyncM3ter) -> None:
    configurations = client.integration_configurations
    created = [await configurations.create(**CONFIGURATION) for _ in range(3)]
    seen = [one.id async for one in configurations.list(page_size=2)]
    assert seen == [one.id for one in reversed(created)]
    for one in created:
        assert (await configurations.delete(one.id)).id == one.id


async def life_of_a_mapping_async(client: AsyncM3ter) -> None:
    mappings = client.external_mappings
    created = await mappings.create(**MAPPING)
    found = [one.id async for one in mappings.list_by_m3ter_entity("a1", entity="Account")]
    assert found == [created.id]
    assert (await mappings.delete(created.id)).id == created.id


def life_of_a_mapping(client: M3ter) -> None:
    mappings = client.external_mappings
    created = mappings.create(**MAPPING)
    assert mappings.retrieve(created.id).external_id == "58"
    updated = mappings.update(created.id, **{**MAPPING, "external_id": "59/1 a"}, version=created.version or 0)
    assert updated.external_id == "59/1 a"
    listed = mappings.list(external_system_id="QuickBooksSandbox", m3ter_ids=["x", "a1"])
    assert [one.id for one in listed] == [created.id]
    found = mappings.list_by_external_entity("59/1 a", system="QuickBooksSandbox", external_table="Customer")
    assert [one.id for one in found] == [created.id]
    assert [one.id for one in mappings.list_by_m3ter_entity("a1", entity="Account")] == [created.id]
    with pytest.raises(ConflictError) as clash:
        mappings.create(**MAPPING)
    assert created.id in clash.value.body["message"]  # type: ignore[index]
    assert mappings.delete(created.id).id == created.id


def life_of_an_account(client: M3ter) -> None:
    accounts = client.accounts
    code = 'a code with "quotes" [brackets] and spaces'
    fields: dict[str, Any] = {"tier": 2.5, "country": "UK"}
    created = accounts.create(name="Acme", code=code, email_address="billing@acme.example", custom_fields=fields)
    assert created.custom_fields == fields
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


def life_of_a_user(client: M3ter, email: str) -> str:
    """The id of somebody who was invited, and whose access has ended since."""
    users = client.users
    invited = users.invitations.create(email=email, first_name="Ada", last_name="Lovelace")
    found = users.retrieve(invited.id)
    assert (found.email, found.role) == (email, "viewer")  # type: ignore[attr-defined]  # the role is ours
    with pytest.raises(ConflictError):
        users.invitations.create(email=email, first_name="Ada", last_name="Lovelace")
    ended = users.update(invited.id, dt_end_access="2026-01-01T00:00:00Z", version=found.version or 0)
    assert ended.dt_end_access is not None
    assert [one.id for one in users.list()] == [invited.id]
    assert [one.id for one in users.list(ids=[invited.id])] == [invited.id]
    assert users.me().service_user is not None
    return invited.id
