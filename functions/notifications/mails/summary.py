"""The sentences of the daily summary."""

from __future__ import annotations

from collections import Counter

from notifications.mails.day import Summary
from notifications.mails.letter import Address, Block, Counts, Heading, Letter, Link, Paragraph, SmallPrint
from notifications.mails.phrases import capital, moment, name

_WHY = SmallPrint(
    "You get this mail because dailySummary is on in the settings of the integration, "
    "and integrationDisabledNotificationUsers names you."
)


def write_summary(summary: Summary) -> Letter:
    """The mail about one day of one integration."""
    of = f"integration “{name(summary.integration)}” of {name(summary.organization)}"
    sent, failed = summary.day.sent.total(), summary.day.failed.total()
    not_sent, waiting = summary.day.not_sent.total(), summary.day.waiting
    blocks: list[Block] = [
        Paragraph(
            f"What became of the bills of {of} in the 24 hours until {moment(summary.until)}. "
            "A failure that was followed by another try is not counted: the newest try is."
        ),
        Counts((("Sent", sent), ("Failed", failed), ("Not to be sent", not_sent), ("Waiting", waiting))),
        *_table("Failed, by cause", summary.day.failed),
        *_table("Not to be sent, by reason", summary.day.not_sent),
        *_table("Sent, by what was done", summary.day.sent),
        *([Link("Open the integration", summary.link)] if summary.link else []),
        Address("The integration in the API:", summary.address),
        _WHY,
    ]
    return Letter(
        subject=f"Daily summary: {sent} sent, {failed} failed, {of}",
        title="Daily summary",
        preview=f"{sent} sent, {failed} failed, {not_sent} not to be sent, {waiting} waiting.",
        blocks=tuple(blocks),
    )


def _table(heading: str, counts: Counter[str]) -> list[Block]:
    rows = tuple((capital(what), count) for what, count in counts.most_common())
    return [Heading(heading), Counts(rows)] if rows else []
