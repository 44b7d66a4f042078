"""One mail to one reader, once."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from m3ter_quickbooks.messaging.mail_orders import MailOrder
from m3ter_quickbooks.problems import Problem
from notifications.gather import Places, gather
from notifications.mails.day import Summary
from notifications.mails.render import render
from notifications.mails.summary import write_summary
from notifications.mails.words import write
from notifications.ports import Book, Clock, Marks, Post

LEASE: Final = timedelta(seconds=90)
"""Longer than the function may run (60 s), shorter than the queue hides a message (360 s)."""


class Delivered(StrEnum):
    """How an order ended well."""

    SENT = "sent"
    ALREADY_SENT = "already sent"
    NOTHING_TO_TELL = "nothing to tell"
    NOBODY_TO_TELL = "nobody to tell"


def deliver(order: MailOrder, book: Book, marks: Marks, post: Post, clock: Clock, places: Places) -> Delivered:
    """Send the mail unless it was sent. Raises what `post` raises, and Clash while another worker sends this mail.

    Where the answer of SES is missing, the lease stays: the queue gives the order again after it has run out.
    """
    now = clock()
    notice = book.notice(order.organization_id, order.notice_id)
    facts = gather(notice, book, places) if notice else None
    if facts is None:
        return Delivered.NOTHING_TO_TELL
    to = book.address(order.organization_id, order.user_id, now)
    if to is None:
        return Delivered.NOBODY_TO_TELL
    mark = (order.organization_id, order.notice_id, order.user_id)
    if not marks.claim_mail(*mark, now, LEASE):
        return Delivered.ALREADY_SENT
    mail = render(write_summary(facts) if isinstance(facts, Summary) else write(facts))
    try:
        post.send(to, mail.subject, mail.text, mail.html)
    except Problem:
        marks.mail_failed(*mark)
        raise
    marks.mail_sent(*mark, clock())
    return Delivered.SENT
