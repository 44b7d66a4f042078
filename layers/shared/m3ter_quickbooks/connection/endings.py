"""What people are told when a connection is lost, or when consent is about to end."""

from __future__ import annotations

from datetime import datetime, timedelta

from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.run.identity import time_ordered_id
from m3ter_quickbooks.run.trouble import EventName, Notice, NoticeKind, Trouble

ANNOUNCE_BEFORE = timedelta(days=14)


def connection_lost(connection: Connection, because: str, at: datetime) -> tuple[Trouble, Notice]:
    """The one error event and the one notice of a lost connection: bills held by it get none of their own.

    Both are named after the credential and its version, so that one incident makes one of each.
    """
    company = connection.company.name if connection.company is not None else connection.company_id
    incident = f"{connection.credential_id}-{connection.version}"
    trouble = Trouble(
        id=time_ordered_id(at, "connection lost", incident),
        organization_id=connection.organization_id,
        name=EventName.AUTHENTICATION,
        at=at,
        dto={
            "integrationCredentialsId": connection.credential_id,
            "destination": connection.destination.value,
            "companyId": connection.company_id,
            "companyName": company,
            "message": f"QuickBooks no longer accepts the connection to {company} ({because}). Bills are kept: "
            f'reconnect the credential "{connection.name or connection.credential_id}" as an admin of that company, '
            "and they are sent in their order.",
        },
        cause="connection_lost",
    )
    notice = Notice(
        id=f"reconnect-{incident}",
        organization_id=connection.organization_id,
        kind=NoticeKind.RECONNECT,
        at=at,
        credential_id=connection.credential_id,
        facts={"companyName": company},
    )
    return trouble, notice


def consent_ending(connection: Connection, ends: datetime, now: datetime) -> Notice | None:
    """The notice of an end that is at most 14 days away; None before. One for each consent."""
    if ends - now > ANNOUNCE_BEFORE:
        return None
    # Named after the credential's version: the end moves by seconds from one renewal to the next, the version does not.
    return Notice(
        id=f"consent-ending-{connection.credential_id}-{connection.version}",
        organization_id=connection.organization_id,
        kind=NoticeKind.CONSENT_ENDING,
        at=now,
        credential_id=connection.credential_id,
        facts={"ends": ends.isoformat()},
    )
