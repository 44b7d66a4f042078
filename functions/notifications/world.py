"""Everything that the notices use: built once by `wiring`, from fakes by tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from m3ter_quickbooks import wiring
from m3ter_quickbooks.messaging.mail_orders import MailOrder, order_of
from m3ter_quickbooks.run.trouble import Notice, Trouble
from m3ter_quickbooks.storage.stream import committed
from notifications.book import TableBook
from notifications.gather import Places
from notifications.ports import Book, Clock, MailOrders, Marks, NoticeBoard, Outbox, Post


@dataclass(frozen=True, slots=True)
class World:
    """`read_change` reads a record of the stream, None for all that calls for nothing; `read_order` reads a message."""

    read_change: Callable[[Mapping[str, Any]], Trouble | Notice | None]
    read_order: Callable[[str], MailOrder]
    book: Book
    outbox: Outbox
    orders: MailOrders
    board: NoticeBoard
    marks: Marks
    post: Post
    clock: Clock
    places: Places


@cache
def real_world() -> World:
    """The world of this Lambda, built once."""
    return world_of(wiring.notices())


def world_of(parts: wiring.Notices) -> World:
    """The world that is made of these stores and senders."""
    return World(
        read_change=committed,
        read_order=order_of,
        book=TableBook(
            parts.notices,
            parts.organizations,
            parts.configurations,
            parts.credentials,
            parts.users,
            parts.events,
            parts.history,
        ),
        board=parts.notices,
        outbox=parts.bus,
        orders=parts.mail_orders,
        marks=parts.notices,
        post=parts.post,
        clock=parts.now,
        places=Places(api=parts.environment.public_url, console=parts.environment.console_url),
    )
