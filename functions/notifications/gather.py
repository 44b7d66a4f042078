"""From a notice to the facts of its mail, as they stand when the mail is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.run.trouble import Notice, NoticeKind
from notifications.announce import affected
from notifications.mails.day import Summary, count
from notifications.mails.incident import Affected, Cause, Incident, grouped
from notifications.ports import Book

DAY: Final = timedelta(days=1)
_IN_A_ROW: Final = {NoticeKind.DISABLED: 10, NoticeKind.FAILING: 5}


@dataclass(frozen=True, slots=True)
class Places:
    """Base addresses, without a slash at the end; either may be empty."""

    api: str = ""
    console: str = ""


def gather(notice: Notice, book: Book, places: Places) -> Incident | Summary | None:
    """The facts. None where there is nothing left to mend: what it is about is gone, or consent was given anew."""
    integrations = affected(notice, book.integrations(notice.organization_id))
    if not integrations:
        return None
    if notice.kind is NoticeKind.SUMMARY:
        return _summary(notice, integrations[0], book, places)
    credential_id = notice.credential_id or integrations[0].credential_id
    connection = book.connection(notice.organization_id, credential_id) if credential_id else None
    if (connection is None and notice.configuration_id is None) or _renewed(notice, connection):
        return None
    path = _path(notice)
    return Incident(
        kind=notice.kind,
        at=notice.at,
        organization=book.organization_name(notice.organization_id),
        affected=tuple(Affected(one.id, one.name, one.enabled, one.error_count == 0) for one in integrations),
        address=f"{places.api}{path}",
        link=f"{places.console}{path}" if places.console else None,
        causes=_causes(notice, integrations, book),
        company=connection.company.name if connection and connection.company else None,
        connected=connection is not None and connection.status is ConnectionStatus.CONNECTED,
        ends=connection.consent_ends if connection else None,
    )


def _summary(notice: Notice, integration: Integration, book: Book, places: Places) -> Summary:
    path = _path(notice)
    return Summary(
        organization=book.organization_name(notice.organization_id),
        integration=integration.name,
        until=notice.at,
        day=count(book.runs(notice.organization_id, integration.id, since=notice.at - DAY, until=notice.at)),
        address=f"{places.api}{path}",
        link=f"{places.console}{path}" if places.console else None,
    )


def _renewed(notice: Notice, connection: Connection | None) -> bool:
    """Whether consent was given anew since its end was announced. A mere renewal moves the end by seconds."""
    if notice.kind is not NoticeKind.CONSENT_ENDING or connection is None or connection.consent_ends is None:
        return False
    announced = datetime.fromisoformat(str(notice.facts["ends"]))
    return connection.consent_ends > announced + timedelta(days=1)


def _path(notice: Notice) -> str:
    if notice.configuration_id is not None:
        what, id_ = "integrationconfigs", str(notice.configuration_id)
    else:
        what, id_ = "integrationcredentials", str(notice.credential_id)
    return f"/organizations/{quote(notice.organization_id, safe='')}/{what}/{quote(id_, safe='')}"


def _causes(notice: Notice, integrations: Sequence[Integration], book: Book) -> tuple[Cause, ...]:
    count = _IN_A_ROW.get(notice.kind)
    if count is None:
        return ()
    return grouped(book.errors_in_a_row(notice.organization_id, integrations[0].id, until=notice.at, count=count))
