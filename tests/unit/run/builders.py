"""Runs, integrations and connections with every fact filled in, so that a test names only what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, EventId, OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.run.run import Happening, Run, RunId, RunStatus

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = AccountId("account-acme")
ORGANIZATION = OrganizationId("org")
CONFIGURATION = ConfigurationId("config")


def an_integration(config_data: Mapping[str, object] | None = None, **changes: Any) -> Integration:
    return replace(
        Integration(
            id=CONFIGURATION,
            organization_id=ORGANIZATION,
            name="QuickBooks UK",
            destination=Destination.QUICKBOOKS_SANDBOX,
            settings=Settings.read(config_data or {}),
            credential_id=CredentialId("credential"),
            ever_connected=True,
        ),
        **changes,
    )


def a_connection(status: ConnectionStatus = ConnectionStatus.CONNECTED, **changes: Any) -> Connection:
    return replace(
        Connection(ORGANIZATION, CredentialId("credential"), Destination.QUICKBOOKS_SANDBOX, status, company_id="9130"),
        **changes,
    )


def an_account(**custom_fields: str) -> Account:
    return Account.parse({"id": ACME, "name": "Acme", "code": "acme", "customFields": custom_fields})


def a_run(**changes: Any) -> Run:
    return replace(
        Run(
            id=RunId("run"),
            organization_id=ORGANIZATION,
            configuration_id=CONFIGURATION,
            configuration_version=1,
            destination=Destination.QUICKBOOKS_SANDBOX,
            bill_id=BillId("bill"),
            account_id=ACME,
            event_id=EventId("event"),
            happening=Happening.CREATED,
            fence=Fence(1, False, NOON, False),  # noqa: FBT003  version, deleted, date, approved
            snapshot="seen",
            created_at=NOON,
            give_up_at=NOON + timedelta(hours=24),
            status=RunStatus.STARTED,
        ),
        **changes,
    )
