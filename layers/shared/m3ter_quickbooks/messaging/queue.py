"""The queue of bills: our own retry messages beside m3ter's events.

    {"retry": {"organizationId", "runId", "version"}}     take up this run, unless somebody has done so since
    {"replay": {"id", "at", "organizationId", "configurationId", "statuses", "outcomes", "start", "end", "after"}}
    {"look": {"organizationId", "configurationId", "billId", "runId", "places", "dueAt"}}
             with places of {"kind", "customerId", "txnDate"}

One message for one run: what fails is one run's matter. The group makes the queue fair among configurations (SQS fair
queues, on a standard queue): one busy company cannot starve the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from m3ter_quickbooks.invoice.payload import encode
from m3ter_quickbooks.messaging.sending import ask
from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.run.replay_order import ReplayOrder
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.trouble import LookAgain

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MOST_AT_ONCE = 10
LONGEST_DELAY = timedelta(minutes=15)
"""SQS's limits for one request and for one message."""


class Queue:
    """Implements `run.ports.Queue`. What was not taken is TryLater: the run items are there, the sweep finds them."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def retry(self, runs: Sequence[Run], delay: timedelta) -> None:
        """See the port. Raises TryLater if any message was not taken."""
        self._send(
            [
                (
                    run.configuration_id,
                    {"retry": {"organizationId": run.organization_id, "runId": run.id, "version": run.version}},
                )
                for run in runs
            ],
            delay,
        )

    def replay(self, order: ReplayOrder) -> None:
        """See the port. Raises TryLater if the message was not taken."""
        told = {
            "id": order.id,
            "at": order.at.isoformat(),
            "organizationId": order.organization_id,
            "configurationId": order.configuration_id,
            "statuses": sorted(order.statuses),
            "outcomes": sorted(order.outcomes),
            "start": order.start.isoformat() if order.start else None,
            "end": order.end.isoformat() if order.end else None,
            "after": [order.after[0].isoformat(), order.after[1]] if order.after else None,
        }
        self._send([(order.configuration_id, {"replay": told})], timedelta(0))

    def look(self, look: LookAgain, delay: timedelta) -> None:
        """See the port. Raises TryLater if the message was not taken."""
        told = {
            "organizationId": look.organization_id,
            "configurationId": look.configuration_id,
            "billId": look.bill_id,
            "runId": look.run_id,
            "places": [
                {"kind": str(place.kind), "customerId": place.customer_id, "txnDate": place.txn_date.isoformat()}
                for place in look.places
            ],
            "dueAt": look.due_at.isoformat(),
            "companyId": look.company_id,
        }
        self._send([(look.configuration_id, {"look": told})], delay)

    def _send(self, messages: Sequence[tuple[str, dict[str, Any]]], delay: timedelta) -> None:
        seconds = _seconds(delay)
        for start in range(0, len(messages), MOST_AT_ONCE):
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": encode(body).decode(),
                    "DelaySeconds": seconds,
                    "MessageGroupId": group(about),
                }
                for number, (about, body) in enumerate(messages[start : start + MOST_AT_ONCE])
            ]
            send_all(self._client, self._url, entries)


def send_all(client: SQSClient, url: str, entries: list[dict[str, Any]]) -> None:
    """One batch request. A failure that is AWS's fault is TryLater; one of ours is a bug and says which code it had."""
    failed = ask(client.send_message_batch, QueueUrl=url, Entries=entries).get("Failed", [])
    if not failed:
        return
    ours = [entry["Code"] for entry in failed if entry["SenderFault"]]
    if ours:
        raise RuntimeError(f"The queue refused a message of ours: {ours[0]}.")
    raise TryLater(f"The queue did not take {len(failed)} of {len(entries)} messages.")


def group(about: str) -> str:
    """A group's name from any id: SQS allows 128 plain characters."""
    return about if about.replace("-", "").isalnum() and about.isascii() and len(about) <= 100 else _hashed(about)  # noqa: PLR2004


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _seconds(delay: timedelta) -> int:
    # Rounded up: a message that comes early finds its run not due, and waits once more.
    return -int(-min(max(delay, timedelta(0)), LONGEST_DELAY).total_seconds() // 1)
