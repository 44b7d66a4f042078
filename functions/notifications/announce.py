"""From a committed change to what it calls for: an event on the bus, or one mail order for each reader."""

from __future__ import annotations

from collections.abc import Sequence

from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.messaging.mail_orders import MailOrder
from m3ter_quickbooks.run.trouble import Notice, Trouble
from notifications.outgoing import outgoing
from notifications.ports import Book, MailOrders, Outbox


def announce(change: Trouble | Notice, book: Book, outbox: Outbox, orders: MailOrders) -> None:
    """Publish an error event; order the mails of a notice. Raises TryLater: the stream then gives the change again.

    Done twice, the event is on the bus twice under one id; no reader gets a mail twice.
    """
    if isinstance(change, Trouble):
        outbox.put([outgoing(change)])
    else:
        readers = chosen(affected(change, book.integrations(change.organization_id)))
        if readers:
            orders.place([MailOrder(change.organization_id, change.id, reader) for reader in readers])


def affected(notice: Notice, integrations: Sequence[Integration]) -> list[Integration]:
    """The integrations that a notice is about: the one it names, or all that use its credential."""
    if notice.configuration_id is not None:
        return [one for one in integrations if one.id == notice.configuration_id]
    return [one for one in integrations if one.credential_id is not None and one.credential_id == notice.credential_id]


def chosen(integrations: Sequence[Integration]) -> list[UserId]:
    """Each reader once, however many of the integrations name them."""
    named = (user for one in integrations for user in one.settings.integration_disabled_notification_users)
    return list(dict.fromkeys(named))
