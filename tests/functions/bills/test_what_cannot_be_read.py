"""A due item that cannot be read holds back nobody else, and somebody hears of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bills.handler import handle
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.run.run import RunId, RunStatus
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.owed import owe
from m3ter_quickbooks.storage.table import Put, Table
from m3ter_quickbooks.storage.wire import from_wire
from tests.functions.bills.conftest import Lambda, Office

TICK = {"source": "m3ter-quickbooks.schedule", "detail-type": "sweep"}
NEXT_YEARS = "A_WORD_OF_NEXT_YEAR"


def spoil(office: Office, key: keys.Key, name: str = "status") -> None:
    """As a newer release writes it, before it is rolled back."""
    office.aws.clients["dynamodb"].update_item(
        TableName=office.aws.table_name,
        Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
        UpdateExpression="SET #name = :word",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":word": {"S": NEXT_YEARS}},
    )


def a_strange_run(office: Office) -> keys.Key:
    office.simulator.mishaps.add("throttle", entity="invoice", operation="create", count=1)
    office.hand_over(office.event("bill-demo", id="bill-strange"))
    [run] = [run for run in office.runs() if run["entityId"] == "bill-strange"]
    key = keys.run(OrganizationId(office.place.organization_id), RunId(run["id"]))
    spoil(office, key)
    return key


def a_strange_look(office: Office) -> keys.Key:
    office.simulator.mishaps.add("lost-answer", entity="invoice", operation="create", count=1)
    office.hand_over(office.event("bill-demo", id="bill-strange"))
    [run] = [run for run in office.runs() if run["entityId"] == "bill-strange"]
    key = keys.look(OrganizationId(office.place.organization_id), run["id"])
    spoil(office, key, "places")
    return key


def a_strange_owed_replay(office: Office) -> keys.Key:
    organization_id = OrganizationId(office.place.organization_id)
    configuration_id = ConfigurationId(office.configuration["id"])
    put = owe(organization_id, configuration_id, RunStatus.DISABLED, office.clock())
    Table(office.aws.clients["dynamodb"], office.aws.table_name).put(Put(put.item))
    key = keys.owed(organization_id, configuration_id, RunStatus.DISABLED)
    spoil(office, key)
    return key


def tick(office: Office) -> None:
    handle(TICK, Lambda(), office.world)  # type: ignore[arg-type]  the context of Lambda, as far as we use it


@pytest.mark.parametrize("strange", [a_strange_run, a_strange_look, a_strange_owed_replay])
def test_what_cannot_be_read_raises_the_alarm_and_everything_else_is_swept(
    office: Office, caplog: pytest.LogCaptureFixture, strange: Callable[[Office], keys.Key]
) -> None:
    key = strange(office)
    office.simulator.mishaps.add("throttle", entity="invoice", operation="create", count=1)
    office.hand_over(office.event("bill-demo", id="bill-good"))
    office.drop_messages()
    office.simulator.mishaps.clear()
    office.clock.move(timedelta(minutes=20))
    caplog.clear()

    # A tick does not come through the queue: what it raises is Lambda's error metric, and that is the alarm.
    with pytest.raises(RuntimeError, match="the log says why"):
        tick(office)

    told = [record.__dict__ for record in caplog.records if "cannot be read" in record.getMessage()]
    assert [one["levelname"] for one in told] == ["ERROR"]
    assert tuple(told[0]["place"]) == key
    while office.take_messages():
        pass
    assert office.runs(status="COMPLETE")[0]["entityId"] == "bill-good"


def test_what_cannot_be_read_is_told_of_again_a_quarter_of_an_hour_later_and_is_left_as_it_is(office: Office) -> None:
    key = a_strange_run(office)
    before = stored(office, key)
    office.clock.move(timedelta(minutes=20))
    with pytest.raises(RuntimeError):
        tick(office)

    office.clock.move(timedelta(minutes=1))
    tick(office)

    changed = {name for name, value in stored(office, key).items() if before.get(name) != value}
    assert changed == {"gsi3sk"}
    office.clock.move(timedelta(minutes=15))
    with pytest.raises(RuntimeError):
        tick(office)


def stored(office: Office, key: keys.Key) -> dict[str, Any]:
    answer = office.aws.clients["dynamodb"].get_item(
        TableName=office.aws.table_name, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    )
    return from_wire(answer["Item"])
