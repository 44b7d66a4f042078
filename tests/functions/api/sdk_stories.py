"""What operators do with the published m3ter SDK, told once: against the handler in process, and the deployed stack.

Each story needs an organization of its own, and a client that validates every answer strictly. The same with the async
SDK: `sdk_stories_async.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
from m3ter import BadRequestError, ConflictError, M3ter, NotFoundError

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


def life_of_two_events(client: M3ter, honest: M3ter, older: str, newer: str) -> None:
    """The organization's only two. Strict mode cannot read an event that nobody has dealt with yet: `honest` can."""
    events, path = honest.events, f"/organizations/{client.org_id}/events"
    assert [one.id for one in events.list()] == [newer, older]
    assert [one.id for one in events.list(ids=[older])] == [older]
    assert list(events.list(event_type="Notification")) == []
    assert events.retrieve(older).dt_actioned is None
    actioned = client.put(f"{path}/{older}/actioned", cast_to=object, body={"actioned": True})
    assert actioned["dtActioned"]  # type: ignore[index]
    assert client.events.retrieve(older).dt_actioned is not None
    assert [one.id for one in events.list()] == [newer]
    assert [one.id for one in events.list(include_actioned=True, page_size=1)] == [newer, older]
    client.post(f"{path}/actioned", cast_to=object, body={"ids": [newer]})
    assert list(client.events.list()) == []
    assert {one.id for one in client.events.list(include_actioned=True)} == {newer, older}
    client.put(f"{path}/{older}/actioned", cast_to=object, body={"actioned": False})
    assert [one.id for one in events.list()] == [older]
    assert "integration.disabled.error" in (client.events.get_types().events or [])
    fields = client.events.get_fields(event_name="integration.missingaccountmapping.error").events or {}
    assert fields["integration.missingaccountmapping.error"]["new.m3terId"] == "string"
    with pytest.raises(NotFoundError):
        client.post(f"{path}/actioned", cast_to=object, body={"ids": ["nobody"]})
    with pytest.raises(BadRequestError):
        list(events.list(ids=[older], account_id="a1"))
