"""A credential and the QuickBooks company that it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.invoice.company import Company


class ConnectionStatus(StrEnum):
    """DRAFT until consent was given; NEEDS_RECONNECT once QuickBooks no longer accepts the tokens."""

    DRAFT = "DRAFT"
    CONNECTED = "CONNECTED"
    NEEDS_RECONNECT = "NEEDS_RECONNECT"
    DISCONNECTED = "DISCONNECTED"


@dataclass(frozen=True, slots=True)
class Connection:
    """The company id is fixed at consent and never changes: nothing is ever sent to another company.

    `consent_ends` is when the refresh token (or Intuit's five-year cap) runs out.
    """

    organization_id: OrganizationId
    credential_id: CredentialId
    destination: Destination
    status: ConnectionStatus
    company_id: str | None = None
    company: Company | None = None
    consent_ends: datetime | None = None
    name: str = ""
    version: int = 1
