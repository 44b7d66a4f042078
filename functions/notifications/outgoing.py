"""An error event as the world gets to see it: m3ter's shape."""

from __future__ import annotations

from m3ter_quickbooks.run.trouble import Trouble

SOURCE = "m3ter-quickbooks"


def envelope(trouble: Trouble) -> dict[str, object]:
    """The `detail` of the event on the bus; its `detail-type` is `eventName`, its `source` is `SOURCE`."""
    return {
        "id": trouble.id,
        "eventName": str(trouble.name),
        "eventTime": trouble.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "orgId": trouble.organization_id,
        "m3terEvent": {"eventData": {"newDto": dict(trouble.dto)}},
    }
