"""Every key of the one table, and nothing but keys. docs/access-patterns.md says which question each one answers.

A part that comes from outside (an id, a code, a name) is escaped, so that no two things ever share a key: `#` is only
ever our separator. One that is very long is replaced by its hash: DynamoDB takes 1,024 bytes of sort key.
"""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple

from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId, MappingId, UserId
from m3ter_quickbooks.integration.mapping import MappingKey
from m3ter_quickbooks.run.run import RunId, RunStatus
from m3ter_quickbooks.storage.wire import moment_text

LONGEST_PART = 180
SHARDS = 4
"""Over how many partitions the open runs of the whole installation are spread."""


class Key(NamedTuple):
    """A primary key of the table."""

    pk: str
    sk: str


def part(text: str) -> str:
    """One part of a key: `#` and `%` escaped; longer than 180 bytes, its hash behind a `%~` that no escape makes."""
    escaped = text.replace("%", "%25").replace("#", "%23")
    if len(escaped.encode()) <= LONGEST_PART:
        return escaped
    return f"%~{sha256(text.encode()).hexdigest()}"


def shard_of(run_id: str) -> int:
    """Which of the open partitions a run belongs to; the same for ever."""
    return sha256(run_id.encode()).digest()[0] % SHARDS


# ---------------------------------------------------------------------------------------- the organization


def _in(organization_id: OrganizationId, *parts: str) -> str:
    return "#".join(("ORG", part(organization_id), *parts))


def organization(organization_id: OrganizationId) -> Key:
    """The organization itself."""
    return Key(_in(organization_id), "ORG")


def member(organization_id: OrganizationId, principal: str) -> Key:
    """The role of one API client or user. `principal` is a Cognito client id or a user's sub."""
    return Key(_in(organization_id), f"MEMBER#{part(principal)}")


def user(organization_id: OrganizationId, user_id: UserId) -> Key:
    """A user; its id is the Cognito sub."""
    return Key(_in(organization_id), f"USER#{part(user_id)}")


MEMBERS = "MEMBER#"
USERS = "USER#"
CONFIGURATIONS = "CONFIG#"
CREDENTIALS = "CREDENTIAL#"
MAPPINGS = "MAPPING#"


def of_organization(organization_id: OrganizationId) -> str:
    """The partition of what an operator sets up; the constants above begin the sort keys of its lists."""
    return _in(organization_id)


def m3ter_credentials(organization_id: OrganizationId) -> Key:
    """Whether there are m3ter credentials, and since when. They themselves are in Secrets Manager."""
    return Key(_in(organization_id), "M3TER")


def configuration(organization_id: OrganizationId, configuration_id: ConfigurationId) -> Key:
    """A configuration. Its id begins with the time, so a list read backwards is newest first."""
    return Key(_in(organization_id), f"CONFIG#{part(configuration_id)}")


SUMMARIES = "SUMMARIES"
"""Index gsi1: the configurations of the installation that want a daily summary."""


def notice(organization_id: OrganizationId, notice_id: str) -> Key:
    """A notice to be mailed."""
    return Key(_in(organization_id), f"NOTICE#{part(notice_id)}")


def mail(organization_id: OrganizationId, notice_id: str, recipient: str) -> Key:
    """Whether one recipient had the mail of one notice."""
    return Key(_in(organization_id, "MAILS"), f"{part(notice_id)}#{part(recipient)}")


# ------------------------------------------------------------------------------------------------ mappings


def mapping(organization_id: OrganizationId, mapping_id: MappingId) -> Key:
    """A mapping, whole."""
    return Key(_in(organization_id), f"MAPPING#{part(mapping_id)}")


def mapped(organization_id: OrganizationId, key: MappingKey) -> Key:
    """The same mapping by its identity: makes it unique, and is what a bill's batch read asks for."""
    system, table = part(key.external_system), part(key.external_table)
    parent = "-" if key.integration_config_id is None else f"={part(key.integration_config_id)}"
    return Key(
        _in(organization_id, "MAPPED"),
        f"{part(key.m3ter_entity)}#{part(key.m3ter_id)}#{system}#{table}#{parent}",
    )


def by_external(organization_id: OrganizationId, system: str, table: str, external_id: str) -> str:
    """Index gsi1: the mappings that lead to one external object."""
    return _in(organization_id, "EXTERNAL", part(system), part(table), part(external_id))


def by_m3ter(organization_id: OrganizationId, m3ter_id: str) -> str:
    """Index gsi2: the mappings of one m3ter id, ordered by entity."""
    return _in(organization_id, "M3TER", part(m3ter_id))


def of_entity(entity: str, mapping_id: MappingId | None = None) -> str:
    """The place of a mapping in that order; without an id, how those of one entity begin."""
    return f"{part(entity)}#{'' if mapping_id is None else part(mapping_id)}"


def of_configuration(organization_id: OrganizationId, configuration_id: ConfigurationId) -> str:
    """Index gsi3: a configuration's own mappings."""
    return _in(organization_id, "CONFIG", part(configuration_id), "MAPPINGS")


# --------------------------------------------------------------------------------------------- connections


def credential(organization_id: OrganizationId, credential_id: CredentialId) -> Key:
    """A credential, without any secret."""
    return Key(_in(organization_id), f"CREDENTIAL#{part(credential_id)}")


def company(destination: Destination, company_id: str) -> str:
    """Index gsi1: the connected credentials of the installation that lead to one company."""
    return f"COMPANY#{part(destination)}#{part(company_id)}"


def renewal(organization_id: OrganizationId, credential_id: CredentialId) -> Key:
    """The lease of a token renewal and the sealed tokens."""
    return Key(_in(organization_id, "CREDENTIAL", part(credential_id)), "REFRESH")


IDLE = "IDLE"
"""Index gsi3: the connections of the installation by when they should be renewed."""


def consent(digest: str) -> Key:
    """A consent that was begun; `digest` is the SHA-256 of its state."""
    return Key(f"STATE#{part(digest)}", "STATE")


# ------------------------------------------------------------------------------------------------ accounts


def account(organization_id: OrganizationId, account_id: AccountId) -> Key:
    """An account snapshot."""
    return Key(_in(organization_id, "ACCOUNT", part(account_id)), "ACCOUNT")


def accounts(organization_id: OrganizationId) -> str:
    """Index gsi1: the accounts by creation."""
    return _in(organization_id, "ACCOUNTS")


def account_code(organization_id: OrganizationId, code: str) -> Key:
    """Which account has a code: makes it unique."""
    return Key(_in(organization_id), f"ACCOUNTCODE#{part(code)}")


# --------------------------------------------------------------------------------------------------- bills


def snapshot(organization_id: OrganizationId, bill_id: BillId, name: str) -> Key:
    """A bill as one event told it."""
    return Key(_in(organization_id, "BILL", part(bill_id)), f"SEEN#{part(name)}")


def bills(organization_id: OrganizationId) -> str:
    """Index gsi1: the snapshots by when they were seen."""
    return _in(organization_id, "BILLS")


def of_bill(organization_id: OrganizationId, bill_id: BillId) -> str:
    """Index gsi2: the snapshots of one bill by when they were seen."""
    return _in(organization_id, "BILL", part(bill_id), "SEEN")


def delivery(organization_id: OrganizationId, configuration_id: ConfigurationId, bill_id: BillId) -> Key:
    """The delivery record: a partition of its own, so that no burst makes one hot."""
    return Key(_in(organization_id, "DELIVERY", part(configuration_id), part(bill_id)), "DELIVERY")


# ---------------------------------------------------------------------------------------------------- runs


def run(organization_id: OrganizationId, run_id: RunId) -> Key:
    """A run."""
    return Key(_in(organization_id, "RUN", part(run_id)), "RUN")


def look(organization_id: OrganizationId, run_id: str) -> Key:
    """The later look for a create that was once unsure."""
    return Key(_in(organization_id, "RUN", part(run_id)), "LOOK")


def runs_of_bill(organization_id: OrganizationId, bill_id: BillId) -> str:
    """Index gsi1: the runs of a bill."""
    return _in(organization_id, "BILL", part(bill_id), "RUNS")


def runs_of_configuration(organization_id: OrganizationId, configuration_id: ConfigurationId) -> str:
    """Index gsi2: the runs of a configuration."""
    return _in(organization_id, "CONFIG", part(configuration_id), "RUNS")


def open_runs(shard: int) -> str:
    """Index gsi3, while a run is open: by when it is due, over the whole installation."""
    return f"OPEN#{shard}"


def ended_runs(organization_id: OrganizationId, configuration_id: ConfigurationId, status: RunStatus) -> str:
    """Index gsi3, once a run has ended: by configuration and status."""
    return _in(organization_id, "CONFIG", part(configuration_id), "ENDED", status)


def owed(organization_id: OrganizationId, configuration_id: ConfigurationId, status: RunStatus) -> Key:
    """The replay that is owed to what a configuration held."""
    return Key(_in(organization_id), f"OWED#{part(configuration_id)}#{status}")


OWED = "OWED"
"""Index gsi3: the owed replays of the installation by when they are due."""


LOOKS = "LOOKS"
"""Index gsi3: the later looks of the installation by when they are due."""


def at_time(moment: datetime, *parts: str) -> str:
    """A place in an index that is ordered by time."""
    return "#".join((moment_text(moment), *map(part, parts)))


# -------------------------------------------------------------------------------------------------- events


def event(organization_id: OrganizationId, event_id: str) -> Key:
    """An error event."""
    return Key(_in(organization_id, "EVENTS"), f"EVENT#{part(event_id)}")


def unactioned(organization_id: OrganizationId) -> str:
    """Index gsi1: events that nobody has marked as actioned."""
    return _in(organization_id, "EVENTS", "UNACTIONED")


def actioned(organization_id: OrganizationId) -> str:
    """Index gsi1: those that somebody has."""
    return _in(organization_id, "EVENTS", "ACTIONED")


def events_of_configuration(organization_id: OrganizationId, configuration_id: ConfigurationId) -> str:
    """Index gsi2: the events of a configuration, for the causes in a mail."""
    return _in(organization_id, "CONFIG", part(configuration_id), "EVENTS")


# ----------------------------------------------------------------------------------------------- companies


def rate(company_id: str, currency: str, on: date) -> Key:
    """An exchange rate of a day."""
    return Key(f"RATE#{part(company_id)}", f"{part(currency)}#{on.isoformat()}")


def pacer(company_id: str) -> Key:
    """When the next request may go to a company."""
    return Key(f"PACER#{part(company_id)}", "PACER")


def rush(minute: str) -> Key:
    """How many bills each company has had in this minute."""
    return Key(f"RUSH#{minute}", "RUSH")
