"""The door of functions/notifications: the table's stream on one side, the queue of mails on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from m3ter_quickbooks.problems import TryLater, what_happened
from notifications.announce import announce
from notifications.counting import count, count_announced
from notifications.deliver import Delivered, deliver
from notifications.summarise import order_summaries
from notifications.world import World, real_world

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handle(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Take a batch of changes, or of mail orders; what failed is named, and given again. Or the tick of the day."""
    if event.get("detail-type") == "daily-summary":
        world = real_world()
        logger.info("summaries ordered", count=order_summaries(world.book, world.board, world.clock()))
        return {}
    records = event.get("Records", [])
    mails = bool(records) and records[0].get("eventSource") == "aws:sqs"
    failed = (send_mails if mails else announce_changes)(records, real_world())
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def announce_changes(records: Sequence[Mapping[str, Any]], world: World) -> list[str]:
    """The sequence number of the first change that could not be announced, if any.

    The stream gives that change and every later one again, so nothing after it is begun. It does so a limited number of
    times: a change that cannot be announced at all would take those after it to the dead letters. A batch that begins
    with one is split in halves where the function fails, until it is alone. Raises RuntimeError for that.
    """
    for record in records:
        try:
            change = world.read_change(record)
            if change is not None:
                announce(change, world.book, world.outbox, world.orders)
                count_announced(change)
        except Exception as error:  # noqa: BLE001  the door: the stream keeps the change, an alarm tells if it stays
            logger.error("change not announced", error=what_happened(error), event_id=record.get("eventID"))  # noqa: TRY400  see what_happened
            count("ChangesNotAnnounced")
            if record is records[0] and len(records) > 1 and not isinstance(error, TryLater):
                text = "The first change of a batch could not be announced; the log says why."
                raise RuntimeError(text) from None
            return [str(record["dynamodb"]["SequenceNumber"])]
    return []


def send_mails(records: Sequence[Mapping[str, Any]], world: World) -> list[str]:
    """The ids of the messages whose mail is not out yet: the queue gives them again, then to its dead letters."""
    failed = []
    for record in records:
        try:
            order = world.read_order(str(record["body"]))
            outcome = deliver(order, world.book, world.marks, world.post, world.clock, world.places)
            count("MailsSent" if outcome is Delivered.SENT else "MailsSpared")
            logger.info("mail order done", outcome=outcome, notice=order.notice_id, user=order.user_id)
        except Exception as error:  # noqa: BLE001  the door: one reader's mail holds back nobody else's
            logger.error("mail not sent", error=what_happened(error), message_id=record["messageId"])  # noqa: TRY400  see what_happened
            count("MailsNotSent")
            failed.append(str(record["messageId"]))
    return failed
