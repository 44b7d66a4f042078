"""The table's stream as an outbox: what a committed change calls for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from m3ter_quickbooks.run.trouble import Notice, Trouble
from m3ter_quickbooks.storage.events import event_of
from m3ter_quickbooks.storage.notices import notice_of
from m3ter_quickbooks.storage.wire import from_image


def committed(record: Mapping[str, Any]) -> Trouble | Notice | None:
    """The error event or notice that a record of the stream inserted; None for every other change.

    Later changes of the same items (an event marked as actioned, its removal by age) call for nothing.
    """
    image = record.get("dynamodb", {}).get("NewImage")
    if record.get("eventName") != "INSERT" or not image:
        return None
    match image.get("type"):
        case {"S": "event"}:
            return event_of(from_image(image)).trouble
        case {"S": "notice"}:
            return notice_of(from_image(image))
        case _:
            return None
