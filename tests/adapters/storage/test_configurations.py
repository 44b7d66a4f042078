"""The configurations as the API keeps them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.integration.mapping import MappingKey
from m3ter_quickbooks.problems import BadRequest, Clash, Missing, TooLarge
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.audit import Audit, Kept
from m3ter_quickbooks.storage.configurations import Configurations, Wanted, configuration_item
from m3ter_quickbooks.storage.credentials import ConnectionBook, Credentials
from m3ter_quickbooks.storage.mappings import Mappings
from m3ter_quickbooks.storage.table import Put, Table, Update
from tests.unit.run.builders import NOON

LATER = NOON + timedelta(hours=1)
SANDBOX = Destination.QUICKBOOKS_SANDBOX
WANTED = Wanted("UK bills", SANDBOX, {"onlySendBillOnApproval": True, "mine": {"rate": Decimal("0.10"), "none": None}})


@pytest.fixture
def configurations(table: Table) -> Configurations:
    return Configurations(table)


def a_credential(
    table: Table, organization: OrganizationId, status: ConnectionStatus = ConnectionStatus.DRAFT
) -> CredentialId:
    connection = Credentials(table).create(organization, SANDBOX, "Ours", by="ann", at=NOON).value
    if status is not ConnectionStatus.DRAFT:
        ConnectionBook(table, lambda: NOON).write(replace(connection, status=status, company_id="9130"))
    return connection.credential_id


def test_a_new_one_is_enabled_and_not_connected(configurations: Configurations, organization: OrganizationId) -> None:
    created = configurations.create(organization, WANTED, by="ann", at=NOON)

    one = created.value
    assert (one.enabled, one.credential_id, one.ever_connected, one.error_count) == (True, None, False, 0)
    assert one.settings.only_send_bill_on_approval
    assert dict(one.config_data) == WANTED.config_data
    assert created.audit == Audit(NOON, "ann", NOON, "ann", 1)
    assert configurations.entry(organization, one.id) == created


def test_settings_that_cannot_be_read_are_refused(configurations: Configurations, organization: OrganizationId) -> None:
    with pytest.raises(BadRequest):
        configurations.create(organization, Wanted("x", SANDBOX, {"accountFilter": "("}), by="ann", at=NOON)


def test_settings_too_large_to_be_stored_are_refused(
    configurations: Configurations, organization: OrganizationId
) -> None:
    noise = "".join(str(pow(7, number, 10**40 + 121)) for number in range(1, 28_000))

    with pytest.raises(TooLarge):
        configurations.create(organization, Wanted("x", SANDBOX, {"noise": noise}), by="ann", at=NOON)


def test_an_update_replaces_what_was_chosen_and_counts_on(
    configurations: Configurations, organization: OrganizationId
) -> None:
    one = configurations.create(organization, WANTED, by="ann", at=NOON).value

    updated = configurations.update(
        organization, one.id, Wanted("All", Destination.QUICKBOOKS), version=1, by="bob", at=LATER
    )

    assert (updated.value.name, updated.value.destination, dict(updated.value.config_data)) == ("All", "QuickBooks", {})
    assert updated.audit == Audit(NOON, "ann", LATER, "bob", 2)
    with pytest.raises(Clash, match="version is 2"):
        configurations.update(organization, one.id, WANTED, version=1, by="bob", at=LATER)
    with pytest.raises(BadRequest):
        configurations.update(organization, one.id, Wanted("x", SANDBOX, {"accountIds": 1}), version=2, by="", at=LATER)


def test_enabling_sets_the_count_back_and_every_change_counts_on(
    table: Table, configurations: Configurations, organization: OrganizationId
) -> None:
    one = configurations.create(organization, WANTED, by="ann", at=NOON).value
    disabled = configurations.disable(organization, one.id, by="bob", at=LATER)
    assert (disabled.value.enabled, disabled.audit.version, disabled.audit.modified_by) == (False, 2, "bob")
    table.update(Update(keys.configuration(organization, one.id), "SET #error_count = :n", values={":n": 10}))

    enabled = configurations.enable(organization, one.id, by="ann", at=LATER)

    assert (enabled.value.enabled, enabled.value.error_count, enabled.value.version) == (True, 0, 3)


def test_a_draft_connects_a_configuration_only_once_consent_is_given(
    table: Table, configurations: Configurations, organization: OrganizationId
) -> None:
    one = configurations.create(organization, WANTED, by="ann", at=NOON).value
    draft = a_credential(table, organization)

    attached = configurations.set_credential(organization, one.id, draft, by="ann", at=LATER).value
    assert (attached.credential_id, attached.ever_connected, attached.version) == (draft, False, 2)

    connection = Credentials(table).get(organization, draft).value
    ConnectionBook(table, lambda: NOON).write(replace(connection, status=ConnectionStatus.CONNECTED, company_id="1"))
    assert configurations.get(organization, one.id).ever_connected


def test_once_connected_always_known_to_have_been(
    table: Table, configurations: Configurations, organization: OrganizationId
) -> None:
    connected = a_credential(table, organization, ConnectionStatus.CONNECTED)
    wanted = Wanted("UK", SANDBOX, credential_id=connected)

    one = configurations.create(organization, wanted, by="ann", at=NOON).value
    assert (one.credential_id, one.ever_connected) == (connected, True)
    assert [found.id for found in configurations.using(organization, connected)] == [one.id]

    cleared = configurations.clear_credential(organization, one.id, by="ann", at=LATER).value
    assert (cleared.credential_id, cleared.ever_connected, cleared.version) == (None, True, 2)
    assert configurations.using(organization, connected) == []

    again = configurations.update(organization, one.id, wanted, version=2, by="ann", at=LATER).value
    assert (again.credential_id, again.version) == (connected, 3)


def test_a_credential_that_is_not_there_connects_nothing(
    configurations: Configurations, organization: OrganizationId
) -> None:
    one = configurations.create(organization, WANTED, by="ann", at=NOON).value
    none = CredentialId("none")

    with pytest.raises(Missing, match="credential none"):
        configurations.set_credential(organization, one.id, none, by="ann", at=LATER)
    with pytest.raises(Missing, match="credential none"):
        configurations.create(organization, Wanted("x", SANDBOX, credential_id=none), by="ann", at=NOON)


def test_what_is_deleted_is_gone_with_its_own_mappings(
    table: Table, configurations: Configurations, organization: OrganizationId
) -> None:
    one, other = (configurations.create(organization, WANTED, by="ann", at=NOON).value for _ in range(2))
    mappings = Mappings(table)
    key = MappingKey("Account", "a", "QuickBooksSandbox", "Customer")
    for parent in (one.id, other.id, None):
        for number in range(3):
            own = MappingKey("Account", f"a{number}", key.external_system, key.external_table, parent)
            mappings.create(organization, own, "58", by="ann", at=NOON)

    deleted = configurations.delete(organization, one.id, by="bob", at=LATER)

    assert deleted.value == one
    left = mappings.page(organization, size=100).items
    assert sorted(str(kept.value.integration_config_id) for kept in left) == sorted([other.id] * 3 + ["None"] * 3)
    for gone in (configurations.get, configurations.entry):
        with pytest.raises(Missing):
            gone(organization, one.id)
    with pytest.raises(Missing):
        configurations.delete(organization, one.id, by="bob", at=LATER)
    assert [found.id for found in configurations.for_bills(organization)] == [other.id]


def test_a_deletion_that_was_stopped_is_hidden_and_can_be_finished(
    table: Table, configurations: Configurations, organization: OrganizationId
) -> None:
    one = configurations.create(organization, WANTED, by="ann", at=NOON).value
    table.update(Update(keys.configuration(organization, one.id), "SET #deleting = :yes", values={":yes": True}))

    assert configurations.for_bills(organization) == []
    assert configurations.page(organization, size=10).items == ()
    for change in (configurations.enable, configurations.disable, configurations.clear_credential):
        with pytest.raises(Missing):
            change(organization, one.id, by="ann", at=LATER)
    with pytest.raises(Missing):
        configurations.update(organization, one.id, WANTED, version=1, by="ann", at=LATER)
    assert configurations.delete(organization, one.id, by="ann", at=LATER).value.id == one.id
    assert table.get(keys.configuration(organization, one.id)) is None


@pytest.mark.parametrize("change", ["enable", "disable", "clear_credential"])
def test_what_is_not_there_cannot_be_changed(
    configurations: Configurations, organization: OrganizationId, change: str
) -> None:
    with pytest.raises(Missing, match="none"):
        getattr(configurations, change)(organization, ConfigurationId("none"), by="ann", at=NOON)


def test_those_that_want_a_summary_are_found_over_all_organizations(
    configurations: Configurations, organization: OrganizationId
) -> None:
    other = OrganizationId(f"{organization}-other")
    daily = Wanted("Daily", SANDBOX, {"dailySummary": True})
    first, second = (configurations.create(owner, daily, by="ann", at=NOON).value for owner in (organization, other))
    silent = configurations.create(organization, WANTED, by="ann", at=NOON).value
    assert {one.id for one in configurations.with_summary()} == {first.id, second.id}

    configurations.update(organization, first.id, WANTED, version=1, by="ann", at=LATER)
    configurations.update(organization, silent.id, daily, version=1, by="ann", at=LATER)
    configurations.delete(other, second.id, by="ann", at=LATER)

    assert {one.id for one in configurations.with_summary()} == {silent.id}


def test_lists_are_newest_first_filtered_and_paged(
    configurations: Configurations, organization: OrganizationId
) -> None:
    made = [
        configurations.create(
            organization,
            Wanted(str(number), Destination.QUICKBOOKS if number % 3 == 0 else SANDBOX),
            by="ann",
            at=NOON + timedelta(microseconds=2 * number),
        ).value
        for number in range(9)
    ]
    configurations.disable(organization, made[4].id, by="ann", at=LATER)

    names, token = [], None
    for _ in range(3):
        page = configurations.page(organization, size=2, token=token, destination=SANDBOX)
        names.append([kept.value.name for kept in page.items])
        token = page.next_token
    assert (names, token) == ([["8", "7"], ["5", "4"], ["2", "1"]], None)

    enabled = configurations.page(organization, size=10, enabled=True, entity_type="Bill")
    assert [kept.value.name for kept in enabled.items] == ["8", "7", "6", "5", "3", "2", "1", "0"]
    other = configurations.page(organization, size=10, entity_type="Notification")
    assert other.items == ()
    unconnected = configurations.page(organization, size=10, credential_id=CredentialId("none"))
    assert unconnected.items == ()


def test_a_page_token_is_for_its_own_list_only(configurations: Configurations, organization: OrganizationId) -> None:
    for _ in range(3):
        configurations.create(organization, WANTED, by="ann", at=NOON)
    token = configurations.page(organization, size=1).next_token

    narrowed: tuple[dict[str, Any], ...] = ({"destination": SANDBOX}, {"enabled": True})
    for asked in narrowed:
        with pytest.raises(BadRequest):
            configurations.page(organization, size=1, token=token, **asked)
    with pytest.raises(BadRequest):
        configurations.page(OrganizationId(f"{organization}-other"), size=1, token=token)
    assert len(configurations.page(organization, size=5, token=token).items) == 2


def test_what_another_tool_wrote_without_audit_fields_can_be_read(
    table: Table, configurations: Configurations, organization: OrganizationId
) -> None:
    one = configurations.create(organization, WANTED, by="ann", at=NOON)
    item = configuration_item(Kept(one.value, one.audit))
    bare = {name: value for name, value in item.items() if name not in {"created_by", "modified_by", "modified_at"}}
    table.put(Put({**bare, "created_at": None}))

    audit = configurations.entry(organization, one.value.id).audit

    assert (audit.created_at.year, audit.created_by) == (1970, "m3ter-quickbooks")
