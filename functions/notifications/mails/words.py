"""The sentences of each mail, for a biller who was doing something else."""

from __future__ import annotations

from typing import Final

from m3ter_quickbooks.run.trouble import EventName, NoticeKind
from notifications.mails.incident import Affected, Cause, Incident
from notifications.mails.letter import (
    Address,
    Block,
    Facts,
    Group,
    Groups,
    Heading,
    Letter,
    Link,
    Paragraph,
    SmallPrint,
    Steps,
)
from notifications.mails.phrases import (
    NOT_ACCEPTED,
    NOT_AN_INVOICE,
    NOT_MAPPED,
    NOT_TAKEN,
    capital,
    day,
    moment,
    name,
    plain,
    short,
    span,
)

_EXAMPLE_AT_MOST: Final = 600

_TITLES: Final = {
    EventName.MISSING_ACCOUNT_MAPPING: NOT_MAPPED,
    EventName.VALIDATION: NOT_AN_INVOICE,
    EventName.AUTHENTICATION: NOT_ACCEPTED,
    EventName.PERFORM: NOT_TAKEN,
    EventName.DISABLED: "The integration was disabled",
}
_REMEDIES: Final = {
    EventName.MISSING_ACCOUNT_MAPPING: "Create the mapping that the event carries; "
    "only the id of the QuickBooks customer is to be filled in.",
    EventName.VALIDATION: "Correct what it names: the bill or its account in m3ter, "
    "or the integration's mappings and settings.",
    EventName.AUTHENTICATION: "Reconnect the integration to QuickBooks.",
    EventName.PERFORM: "Correct what it names, in QuickBooks or in the mappings.",
    EventName.DISABLED: "Enable the integration again.",
}
_CONSENT_STEPS: Final = (
    "Open the connection and ask for a new consent.",
    "Let an administrator of the QuickBooks company give it, for the same company: another one is refused.",
)
_CHOSEN: Final = SmallPrint(
    "You get this mail because the setting integrationDisabledNotificationUsers of the integration names you. "
    "One mail is sent for each incident."
)


def write(incident: Incident) -> Letter:
    """The mail about `incident`."""
    return _WRITERS[incident.kind](incident)


def _disabled(incident: Incident) -> Letter:
    integration, organization = _integrations(incident), name(incident.organization)
    again = _any_enabled(incident.affected)
    opening = (
        f"Ten errors in a row: {integration} of {organization} was disabled on {moment(incident.at)}. "
        "Bills that arrive while it is disabled are held, not sent to QuickBooks. None of them is lost."
    )
    steps = [
        "Correct the causes above, the most frequent first.",
        "Enable the integration again. Its errors in a row are then counted from 0.",
        "Replay its runs: the bills that failed or were held are then sent in their order.",
    ]
    if again:
        del steps[1]
    return Letter(
        subject=f"Disabled: {integration} of {organization}",
        title=f"{capital(integration)} was disabled",
        preview=f"Ten errors in a row. {_leading_cause(incident)}",
        blocks=(
            Paragraph(opening),
            *([Paragraph("It has been enabled again since then.")] if again else []),
            _facts(incident, ("Disabled", moment(incident.at))),
            *_what_went_wrong(incident),
            Heading("What to do"),
            Steps(tuple(steps)),
            *_way_there("integration", incident),
            _CHOSEN,
        ),
    )


def _failing(incident: Incident) -> Letter:
    integration, organization = _integrations(incident), name(incident.organization)
    opening = (
        f"Five errors in a row: {integration} of {organization} could not send bills to QuickBooks. "
        "After ten in a row it is disabled. One bill that is sent sets the count back to 0."
    )
    now: list[Block] = []
    if not _any_enabled(incident.affected):
        now = [Paragraph("It has been disabled since then.")]
    elif all(affected.recovered for affected in incident.affected):
        now = [Paragraph("The errors in a row have ended since then; the bills that failed still need a retry.")]
    return Letter(
        subject=f"Five errors in a row: {integration} of {organization}",
        title=f"{capital(integration)} is failing",
        preview=f"After ten errors in a row it is disabled. {_leading_cause(incident)}",
        blocks=(
            Paragraph(opening),
            *now,
            _facts(incident, ("Fifth error", moment(incident.at))),
            *_what_went_wrong(incident),
            Heading("What to do"),
            Steps(("Correct the causes above, the most frequent first.", "Retry the runs that failed.")),
            *_way_there("integration", incident),
            _CHOSEN,
        ),
    )


def _reconnect(incident: Incident) -> Letter:
    integration, organization = _integrations(incident), name(incident.organization)
    opening = (
        f"QuickBooks has not accepted the connection of {integration} of {organization} since {moment(incident.at)}. "
        "Bills are held until it is reconnected, and none of them counts as an error of the integration."
    )
    now: list[Block] = []
    todo: list[Block] = [
        Heading("What to do"),
        Steps((*_CONSENT_STEPS, "The bills that were held are then sent in their order.")),
    ]
    if incident.connected:
        now, todo = [Paragraph("It has been reconnected since then: there is nothing left to do.")], []
    return Letter(
        subject=f"Reconnect QuickBooks: {integration} of {organization}",
        title="The connection to QuickBooks is lost",
        preview="Bills are held until it is reconnected.",
        blocks=(
            Paragraph(opening),
            *now,
            _facts(incident, ("Lost", moment(incident.at))),
            *todo,
            *_way_there("connection", incident),
            _CHOSEN,
        ),
    )


def _consent_ending(incident: Incident) -> Letter:
    integration, organization = _integrations(incident), name(incident.organization)
    when = f"on {moment(incident.ends)}" if incident.ends else "soon"
    opening = (
        f"The consent that connects {integration} of {organization} to QuickBooks ends {when}. "
        "Bills that arrive after that are held until it is reconnected."
    )
    return Letter(
        subject=f"Consent to QuickBooks ends {day(incident.ends)}: {integration} of {organization}",
        title=f"The consent to QuickBooks ends {day(incident.ends)}",
        preview="Renew it before then, and no bill has to wait.",
        blocks=(
            Paragraph(opening),
            _facts(incident, ("Consent ends", moment(incident.ends) if incident.ends else "soon")),
            Heading("What to do"),
            Steps(_CONSENT_STEPS),
            *_way_there("connection", incident),
            _CHOSEN,
        ),
    )


def _what_went_wrong(incident: Incident) -> tuple[Block, ...]:
    if not incident.causes:
        return (
            Heading("What went wrong"),
            Paragraph("The error events are no longer kept; the runs tell what happened."),
        )
    return (Heading("What went wrong"), Groups(tuple(_group(cause) for cause in incident.causes)))


def _way_there(what: str, incident: Incident) -> tuple[Block, ...]:
    address = Address(f"The {what} in the API:", incident.address)
    return (Link(f"Open the {what}", incident.link), address) if incident.link else (address,)


def _group(cause: Cause) -> Group:
    errors = "1 error" if cause.count == 1 else f"{cause.count} errors"
    return Group(
        title=_title(cause),
        tally=f"{errors}, {span(cause.first, cause.last)}.",
        example=short(plain(cause.example), _EXAMPLE_AT_MOST),
        remedy=_REMEDIES[cause.name],
    )


def _title(cause: Cause) -> str:
    return f"{_TITLES[cause.name]} (error {cause.code})" if cause.code else _TITLES[cause.name]


def _leading_cause(incident: Incident) -> str:
    return f"{_title(incident.causes[0])}." if incident.causes else ""


def _facts(incident: Incident, *more: tuple[str, str]) -> Facts:
    label = "Integration" if len(incident.affected) == 1 else "Integrations"
    rows = [
        (label, ", ".join(name(affected.name) for affected in incident.affected) or "none"),
        ("Organization", name(incident.organization)),
    ]
    if incident.company:
        rows.append(("QuickBooks company", name(incident.company)))
    return Facts((*rows, *more))


def _integrations(incident: Incident) -> str:
    """The integrations in a phrase; a long list only says how many more."""
    names = [f"“{name(affected.name)}”" for affected in incident.affected]
    if len(names) > 1:
        return f"integration {names[0]} and {len(names) - 1} more"
    return f"integration {names[0]}" if names else "the integration"


def _any_enabled(affected: tuple[Affected, ...]) -> bool:
    return any(one.enabled for one in affected)


_WRITERS: Final = {
    NoticeKind.DISABLED: _disabled,
    NoticeKind.FAILING: _failing,
    NoticeKind.RECONNECT: _reconnect,
    NoticeKind.CONSENT_ENDING: _consent_ending,
}
