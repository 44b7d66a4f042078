"""The event bus, for what goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from m3ter_quickbooks.invoice.payload import encode
from m3ter_quickbooks.messaging.sending import NOT_NOW, ask
from m3ter_quickbooks.problems import TryLater

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "m3ter-quickbooks"
"""Our permission to put events ends at this source."""
MOST_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event: `name` is its detail-type, `detail` its body."""

    name: str
    at: datetime
    detail: Mapping[str, object]


class Bus:
    """Puts events on the bus."""

    def __init__(self, client: EventBridgeClient, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, events: Sequence[Outgoing]) -> None:
        """Raises TryLater if any was not taken: then they may all be put again, the bus has them at least once."""
        for start in range(0, len(events), MOST_AT_ONCE):
            entries = [
                {
                    "EventBusName": self._name,
                    "Source": SOURCE,
                    "DetailType": event.name,
                    "Time": event.at,
                    "Detail": encode(event.detail).decode(),
                }
                for event in events[start : start + MOST_AT_ONCE]
            ]
            self._put(entries)

    def _put(self, entries: list[dict[str, object]]) -> None:
        answer = ask(self._client.put_events, Entries=entries)
        if not answer["FailedEntryCount"]:
            return
        codes = sorted({entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry})
        if set(codes) <= NOT_NOW:
            raise TryLater(f"The bus did not take {answer['FailedEntryCount']} of {len(entries)} events.")
        raise RuntimeError(f"The bus refused an event of ours: {', '.join(codes)}.")
