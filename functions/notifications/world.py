"""Everything that the notices use: built once by `wiring`, from fakes by tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from m3ter_quickbooks.messaging.mail_orders import MailOrder
from m3ter_quickbooks.run.trouble import Notice, Trouble
from notifications.gather import Places
from notifications.ports import Book, Clock, MailOrders, Marks, Outbox, Post


@dataclass(frozen=True, slots=True)
class World:
    """`read_change` reads a record of the stream, None for all that calls for nothing; `read_order` reads a message."""

    read_change: Callable[[Mapping[str, Any]], Trouble | Notice | None]
    read_order: Callable[[str], MailOrder]
    book: Book
    outbox: Outbox
    orders: MailOrders
    marks: Marks
    post: Post
    clock: Clock
    places: Places


@cache
def real_world() -> World:
    """The world of this Lambda, built once. `wiring` is imported late: a test of the doors needs no environment."""
    raise NotImplementedError
