"""Once a day: a notice for each configuration that wants to know what became of its bills. Off unless asked for."""

from __future__ import annotations

from datetime import datetime

from m3ter_quickbooks.run.trouble import Notice, NoticeKind
from notifications.ports import Book, NoticeBoard


def order_summaries(book: Book, board: NoticeBoard, now: datetime) -> int:
    """Write the day's notices; how many are new. Named after configuration and day: a second call writes none."""
    until = now.replace(minute=0, second=0, microsecond=0)
    return sum(
        board.order(
            Notice(
                id=f"summary-{integration.id}-{until:%Y-%m-%d}",
                organization_id=integration.organization_id,
                kind=NoticeKind.SUMMARY,
                at=until,
                configuration_id=integration.id,
            )
        )
        for integration in book.with_summary()
    )
