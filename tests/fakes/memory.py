"""What the fakes of the stores share: one Memory is one table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mapping, MappingKey
from m3ter_quickbooks.run.delivery import Delivery
from m3ter_quickbooks.run.ports import Snapshot
from m3ter_quickbooks.run.replay_order import OwedReplay
from m3ter_quickbooks.run.run import Run, RunId, RunStatus
from m3ter_quickbooks.run.trouble import LookAgain, Notice, Trouble


@dataclass
class Memory:
    """Everything that is stored, by its identity. Tests may look and put things in directly."""

    runs: dict[tuple[OrganizationId, RunId], Run] = field(default_factory=dict)
    snapshots: dict[tuple[OrganizationId, BillId, str], Snapshot] = field(default_factory=dict)
    deliveries: dict[tuple[OrganizationId, ConfigurationId, BillId], Delivery] = field(default_factory=dict)
    configurations: dict[tuple[OrganizationId, ConfigurationId], Integration] = field(default_factory=dict)
    mappings: dict[tuple[OrganizationId, MappingKey], Mapping] = field(default_factory=dict)
    accounts: dict[tuple[OrganizationId, AccountId], Account] = field(default_factory=dict)
    connections: dict[tuple[OrganizationId, CredentialId], Connection] = field(default_factory=dict)
    rates: dict[tuple[str, str, date], Decimal] = field(default_factory=dict)
    troubles: dict[tuple[OrganizationId, str], Trouble] = field(default_factory=dict)
    notices: dict[tuple[OrganizationId, str], Notice] = field(default_factory=dict)
    looks: dict[tuple[OrganizationId, str], LookAgain] = field(default_factory=dict)
    put_off: dict[str, datetime] = field(default_factory=dict)
    owed: dict[tuple[OrganizationId, ConfigurationId, RunStatus], OwedReplay] = field(default_factory=dict)
    slots: dict[tuple[str, str], datetime] = field(default_factory=dict)
    had: Counter[tuple[datetime, str]] = field(default_factory=Counter)

    def configure(self, integration: Integration) -> Integration:
        """Put a configuration in, or change it."""
        self.configurations[integration.organization_id, integration.id] = integration
        return integration

    def map(self, organization_id: OrganizationId, mapping: Mapping) -> Mapping:
        """Put a mapping in."""
        self.mappings[organization_id, mapping.key] = mapping
        return mapping

    def connect(self, connection: Connection) -> Connection:
        """Put a connection in."""
        self.connections[connection.organization_id, connection.credential_id] = connection
        return connection

    def owe(self, owed: OwedReplay) -> None:
        """The part of a connection, or of an enabling, that owes a replay."""
        self.owed[owed.organization_id, owed.configuration_id, owed.status] = owed

    def count(self, integration: Integration, count: int, *, disable: bool) -> None:
        """The part of a closing that changes a configuration."""
        version = integration.version + 1 if disable else integration.version
        enabled = integration.enabled and not disable
        self.configure(replace(integration, error_count=count, enabled=enabled, version=version))
