"""An integration: one way of sending an organization's bills to one QuickBooks company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.integration.settings import Settings


@dataclass(frozen=True, slots=True)
class Integration:
    """A configuration as the bills see it.

    `ever_connected` tells "not connected yet" (bills are skipped) from a lost connection (bills are held).
    `error_count` is the number of failed runs in a row; `config_data` what was saved, `settings` what it means.
    """

    id: ConfigurationId
    organization_id: OrganizationId
    name: str
    destination: Destination
    settings: Settings = field(default_factory=Settings)
    entity_type: str = "Bill"
    enabled: bool = True
    version: int = 1
    credential_id: CredentialId | None = None
    ever_connected: bool = False
    error_count: int = 0
    config_data: Mapping[str, object] = field(default_factory=dict)
