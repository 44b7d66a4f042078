"""What a run leaves behind for people: the error event, the notice that will be mailed, the later look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.run.delivery import Doubt


class EventName(StrEnum):
    """m3ter's own names for what can go wrong in an integration (m3ter facts 9)."""

    VALIDATION = "integration.validation.error"
    MISSING_ACCOUNT_MAPPING = "integration.missingaccountmapping.error"
    AUTHENTICATION = "integration.authentication.error"
    PERFORM = "integration.perform.error"
    DISABLED = "integration.disabled.error"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One error event. `dto` stands in `m3terEvent.eventData.newDto`, camelCase, without personal data or secrets.

    `cause` is a short stable key of the cause (such as `missing_account_mapping` or `quickbooks.6000`), for grouping.
    Kept 28 days.
    """

    id: str
    organization_id: OrganizationId
    name: EventName
    at: datetime
    dto: Mapping[str, object]
    cause: str
    configuration_id: ConfigurationId | None = None
    account_id: str | None = None
    bill_id: BillId | None = None
    run_id: str | None = None


class NoticeKind(StrEnum):
    """What a mail is about."""

    DISABLED = "disabled"
    FAILING = "failing"
    RECONNECT = "reconnect"
    CONSENT_ENDING = "consent ending"
    SUMMARY = "daily summary"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that people are to be told by mail, committed with what caused it. One per incident."""

    id: str
    organization_id: OrganizationId
    kind: NoticeKind
    at: datetime
    configuration_id: ConfigurationId | None = None
    credential_id: CredentialId | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Fifteen minutes after a create that was once unsure: are there two live documents for this bill?

    `places`: a bill may have moved to another customer, day or kind between two such creates. `company_id` is where
    they were sent: by now the configuration may lead elsewhere, to nowhere, or be gone.
    """

    organization_id: OrganizationId
    configuration_id: ConfigurationId
    bill_id: BillId
    run_id: str
    places: tuple[Doubt, ...]
    due_at: datetime
    company_id: str | None
