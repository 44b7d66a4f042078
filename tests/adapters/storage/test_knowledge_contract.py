"""What `run.ports.Knowledge`, `Configurations` and `Connections` promise, asked of the fakes and of the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import AccountId, OrganizationId
from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId, MappingId
from m3ter_quickbooks.integration.mapping import Mapping, MappingKey
from m3ter_quickbooks.invoice.company import Company, RateNeeded
from m3ter_quickbooks.problems import Missing
from m3ter_quickbooks.run.delivery import Delivery
from tests.adapters.storage.stores import Stores
from tests.unit.run.builders import a_connection, a_run, an_integration

ACCOUNT = AccountId("account")
DTO = {"id": ACCOUNT, "name": "Acme", "code": "acme", "version": 3, "customFields": {"seats": Decimal("1.10")}}


def a_mapping(m3ter_id: str = ACCOUNT, parent: str | None = None, external_id: str = "58") -> Mapping:
    configuration = None if parent is None else ConfigurationId(parent)
    identity = MappingId(f"mapping-{m3ter_id}-{parent}")
    return Mapping(identity, "Account", m3ter_id, "QuickBooksSandbox", "Customer", external_id, configuration)


def keep(stores: Stores, organization: OrganizationId, **changes: Any) -> bool:
    dto = {**DTO, **changes}
    return stores.knowledge.keep_account(organization, Account.parse(dto), dto)


def account(stores: Stores, organization: OrganizationId) -> Account | None:
    run = a_run(organization_id=organization, account_id=ACCOUNT)
    return stores.knowledge.about(run, [], None, None).account


# Given what is known of a bill, when a run asks, then it gets all of it in one go.


def test_all_that_is_known_is_found_together(stores: Stores, organization: OrganizationId) -> None:
    run = a_run(organization_id=organization, account_id=ACCOUNT)
    needed = RateNeeded("EUR", date(2026, 3, 1))
    own, shared, missing = a_mapping(parent="config"), a_mapping(), a_mapping("other")
    record = stores.deliveries.write(Delivery(organization, run.configuration_id, run.bill_id, claim="A"))
    stores.map(organization, own)
    stores.map(organization, shared)
    stores.knowledge.keep_rate("9130", needed, Decimal("1.084321"))
    assert keep(stores, organization)

    known = stores.knowledge.about(run, [missing.key, shared.key, own.key, own.key], needed, "9130")

    assert known.delivery == record
    assert known.mappings == (shared, own)
    assert known.rate == Decimal("1.084321")
    assert known.account == Account.parse(DTO)


def test_what_is_not_known_is_none(stores: Stores, organization: OrganizationId) -> None:
    run = a_run(organization_id=organization, account_id=None)

    known = stores.knowledge.about(run, [a_mapping().key], RateNeeded("EUR", date(2026, 3, 1)), organization)

    assert (known.account, known.mappings, known.rate) == (None, (), None)
    assert known.delivery == Delivery(organization, run.configuration_id, run.bill_id)


def test_without_a_company_there_is_no_rate(stores: Stores, organization: OrganizationId) -> None:
    known = stores.knowledge.about(a_run(organization_id=organization), [], RateNeeded("EUR", date(2026, 3, 1)), None)

    assert known.rate is None


def test_more_keys_than_one_request_takes_are_found(stores: Stores, organization: OrganizationId) -> None:
    mappings = [a_mapping(f"product-{number}") for number in range(150)]
    for mapping in mappings[::30]:
        stores.map(organization, mapping)

    known = stores.knowledge.about(a_run(organization_id=organization), [one.key for one in mappings], None, None)

    assert known.mappings == tuple(mappings[::30])


def test_mappings_and_accounts_of_others_are_not_found(stores: Stores, organization: OrganizationId) -> None:
    stores.map(organization, a_mapping())
    keep(stores, organization)
    run = a_run(organization_id=OrganizationId(f"{organization}-other"), account_id=ACCOUNT)

    known = stores.knowledge.about(run, [a_mapping().key], None, None)

    assert (known.account, known.mappings) == (None, ())


def test_a_rate_is_of_its_company_currency_and_day(stores: Stores, organization: OrganizationId) -> None:
    needed = RateNeeded("EUR", date(2026, 3, 1))
    stores.knowledge.keep_rate(organization, needed, Decimal("1.1"))
    run = a_run(organization_id=organization)

    others = [replace(needed, currency="GBP"), replace(needed, on=date(2026, 3, 2))]

    assert [stores.knowledge.about(run, [], other, organization).rate for other in others] == [None, None]
    assert stores.knowledge.about(run, [], needed, "other").rate is None


# Given an account, when it is told again, then the higher version stays, and of two equal ones the later told.


@pytest.mark.parametrize(("version", "kept"), [(2, False), (3, True), (4, True)])
def test_the_higher_version_wins_and_a_tie_goes_to_the_event(
    stores: Stores, organization: OrganizationId, version: int, kept: bool
) -> None:
    keep(stores, organization)

    assert keep(stores, organization, version=version, name="Later") is kept

    now = account(stores, organization)
    assert now is not None
    assert (now.name, now.version) == (("Later", version) if kept else ("Acme", 3))


def test_a_deleted_account_is_forgotten_and_may_come_back(stores: Stores, organization: OrganizationId) -> None:
    keep(stores, organization)

    stores.knowledge.forget_account(organization, ACCOUNT)
    stores.knowledge.forget_account(organization, ACCOUNT)

    assert account(stores, organization) is None
    assert keep(stores, organization, version=1)


def test_an_account_may_change_its_code_or_lose_it(stores: Stores, organization: OrganizationId) -> None:
    for version, code in enumerate(["acme", "acme-2", None, "acme"], start=3):
        assert keep(stores, organization, version=version, code=code)
        now = account(stores, organization)
        assert now is not None
        assert now.code == code


# Given configurations and connections, when a bill asks, then it gets them as they were saved.


def test_every_bill_configuration_is_for_bills_oldest_first(stores: Stores, organization: OrganizationId) -> None:
    config_data = {"accountIds": ["a"], "unknown": {"rate": Decimal("0.10"), "none": None}, "enabled": [True, 3]}
    first = replace(
        an_integration(config_data, organization_id=organization, id=ConfigurationId("1")), config_data=config_data
    )
    disabled = an_integration(
        organization_id=organization, id=ConfigurationId("2"), enabled=False, credential_id=None, ever_connected=False
    )
    other_entity = an_integration(organization_id=organization, id=ConfigurationId("3"), entity_type="Notification")
    for one in (disabled, first, other_entity, an_integration(organization_id=OrganizationId(f"{organization}-b"))):
        stores.configure(one)

    assert stores.configurations.for_bills(organization) == [first, disabled]
    assert stores.configurations.get(organization, first.id) == first


def test_a_configuration_of_another_organization_is_missing(stores: Stores, organization: OrganizationId) -> None:
    stores.configure(an_integration(organization_id=OrganizationId(f"{organization}-b")))

    with pytest.raises(Missing):
        stores.configurations.get(organization, ConfigurationId("config"))


def test_a_connection_is_read_as_it_was_written(stores: Stores, organization: OrganizationId) -> None:
    company = Company("9130", "Acme", "US", "USD", True, True, date(2025, 12, 31))  # noqa: FBT003  as QuickBooks tells
    connection = a_connection(
        organization_id=organization, company=company, consent_ends=a_run().created_at, name="Ours", version=3
    )
    draft = a_connection(ConnectionStatus.DRAFT, organization_id=organization, credential_id=CredentialId("draft"))
    sandbox = Destination.QUICKBOOKS_SANDBOX
    for one in (connection, draft):
        stores.connect(one)

    assert stores.connections.get(organization, connection.credential_id) == connection
    assert stores.connections.get(organization, draft.credential_id) == draft
    assert draft.destination is sandbox
    with pytest.raises(Missing):
        stores.connections.get(organization, CredentialId("none"))


def test_a_mapping_key_is_not_that_of_a_parentless_one(stores: Stores, organization: OrganizationId) -> None:
    stores.map(organization, a_mapping(parent="-"))
    parentless = MappingKey("Account", ACCOUNT, "QuickBooksSandbox", "Customer", None)

    assert stores.knowledge.about(a_run(organization_id=organization), [parentless], None, None).mappings == ()
