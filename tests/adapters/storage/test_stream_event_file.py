"""events/stream-configuration-disabled.json is what the table's stream really holds when an integration is disabled."""

from __future__ import annotations

import json
from pathlib import Path

from m3ter_quickbooks.run.trouble import EventName, Notice, NoticeKind, Trouble
from m3ter_quickbooks.storage.configurations import configuration_of
from m3ter_quickbooks.storage.stream import committed
from m3ter_quickbooks.storage.wire import from_image

FILE = Path(__file__).parents[3] / "events" / "stream-configuration-disabled.json"


def test_the_file_tells_of_two_events_and_one_notice() -> None:
    changes = [committed(record) for record in json.loads(FILE.read_text())["Records"]]

    nothing, failed, disabled, notice = changes
    assert nothing is None
    assert isinstance(failed, Trouble)
    assert failed.name is EventName.MISSING_ACCOUNT_MAPPING
    assert isinstance(disabled, Trouble)
    assert disabled.name is EventName.DISABLED
    assert isinstance(notice, Notice)
    assert notice.kind is NoticeKind.DISABLED


def test_the_file_shows_the_configuration_before_and_after() -> None:
    images = json.loads(FILE.read_text())["Records"][0]["dynamodb"]

    before, after = (configuration_of(from_image(images[side])).value for side in ("OldImage", "NewImage"))
    assert (before.enabled, before.error_count) == (True, 9)
    assert (after.enabled, after.error_count) == (False, 10)
    assert after.version == before.version + 1
