"""The queue of mails: one message for each notice and reader, so that one bad address holds back nobody else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.messaging.queue import MOST_AT_ONCE, send_all

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SETTLING_SECONDS: Final = 1
"""The mail's causes are read from an index: until then it holds what was committed together with the notice."""


@dataclass(frozen=True, slots=True)
class MailOrder:
    """One notice for one reader. Names nobody: the address is read when the mail is sent."""

    organization_id: OrganizationId
    notice_id: str
    user_id: UserId


class MailOrders:
    """Places orders. An order placed twice is one mail: whoever sends claims it first."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def place(self, orders: Sequence[MailOrder]) -> None:
        """Raises TryLater if any was not taken; the others are in the queue all the same."""
        for start in range(0, len(orders), MOST_AT_ONCE):
            entries: list[dict[str, Any]] = [
                {"Id": str(number), "MessageBody": order_text(order), "DelaySeconds": SETTLING_SECONDS}
                for number, order in enumerate(orders[start : start + MOST_AT_ONCE])
            ]
            send_all(self._client, self._queue_url, entries)


def order_text(order: MailOrder) -> str:
    """The body of a message."""
    return json.dumps(
        {"mail": {"organizationId": order.organization_id, "noticeId": order.notice_id, "userId": order.user_id}}
    )


def order_of(body: str) -> MailOrder:
    """The order in a message. Raises KeyError, ValueError if it is none of ours."""
    mail: dict[str, Any] = json.loads(body)["mail"]
    return MailOrder(OrganizationId(mail["organizationId"]), mail["noticeId"], UserId(mail["userId"]))
