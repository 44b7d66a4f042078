"""What other systems see of an error event."""

from __future__ import annotations

from m3ter_quickbooks.run.trouble import EventName
from notifications.outgoing import outgoing
from tests.functions.notifications.world_of_fakes import CONFIGURATION, ORGANIZATION, trouble


def test_an_error_event_goes_out_in_the_shape_of_m3ter() -> None:
    event = outgoing(trouble(1, EventName.DISABLED))
    assert event.name == "integration.disabled.error"
    assert event.at == trouble(1).at
    assert event.detail == {
        "id": "event-1",
        "eventName": "integration.disabled.error",
        "eventTime": "2026-11-22T10:04:32.000Z",
        "orgId": ORGANIZATION,
        "m3terEvent": {
            "eventData": {
                "newDto": {
                    "integrationConfigId": CONFIGURATION,
                    "entityType": "Bill",
                    "message": "Bill 1 was refused.",
                }
            }
        },
    }
