"""What a mail is about, read from the table: the facts, not yet the words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from m3ter_quickbooks.run.trouble import EventName, NoticeKind, Trouble


@dataclass(frozen=True, slots=True)
class Cause:
    """The errors of one cause. `example` is the message of the newest, `code` QuickBooks' own where it has one."""

    name: EventName
    code: str | None
    count: int
    first: datetime
    last: datetime
    example: str


@dataclass(frozen=True, slots=True)
class Affected:
    """An integration that the incident is about, as it stands now."""

    id: str
    name: str
    enabled: bool
    recovered: bool
    """Its errors in a row ended since: its count is 0."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Why a mail is sent.

    `address` is where the configuration (of a lost connection: the credential) is found in the API, `link` its page in
    the console, if there is a console. `connected` is whether the connection works now, `company` the QuickBooks
    company's name, `ends` when consent ends.
    """

    kind: NoticeKind
    at: datetime
    organization: str
    affected: tuple[Affected, ...]
    address: str
    link: str | None = None
    causes: tuple[Cause, ...] = ()
    company: str | None = None
    connected: bool = False
    ends: datetime | None = None


def grouped(troubles: Iterable[Trouble]) -> tuple[Cause, ...]:
    """Error events by cause, the most frequent first; of causes that are as frequent, the newest first."""
    by_cause: dict[tuple[EventName, str], list[Trouble]] = {}
    for trouble in sorted(troubles, key=lambda trouble: (trouble.at, trouble.id)):
        by_cause.setdefault((trouble.name, trouble.cause), []).append(trouble)
    causes = [
        Cause(
            name=name,
            code=_code(cause),
            count=len(found),
            first=found[0].at,
            last=found[-1].at,
            example=str(found[-1].dto.get("message") or "The event has no message."),
        )
        for (name, cause), found in by_cause.items()
    ]
    return tuple(sorted(causes, key=lambda cause: (cause.count, cause.last), reverse=True))


def _code(cause: str) -> str | None:
    """QuickBooks' own number in a cause such as `quickbooks.6000`."""
    code = cause.removeprefix("quickbooks.")
    return code if code.isdigit() and code != cause else None
