"""An error event as the world gets to see it: m3ter's shape."""

from __future__ import annotations

from m3ter_quickbooks.messaging.bus import Outgoing
from m3ter_quickbooks.run.trouble import Trouble


def outgoing(trouble: Trouble) -> Outgoing:
    """The event, exactly as committed. Whoever may get it twice tells it by `detail.id`."""
    detail = {
        "id": trouble.id,
        "eventName": trouble.name.value,
        "eventTime": trouble.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "orgId": trouble.organization_id,
        "m3terEvent": {"eventData": {"newDto": dict(trouble.dto)}},
    }
    return Outgoing(trouble.name.value, trouble.at, detail)
