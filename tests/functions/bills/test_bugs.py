"""A bug in one bill, met by every worker that takes it up: it holds back nobody else, and does not go on for ever."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.run.run import Run, RunId
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.wire import to_wire
from tests.functions.bills.conftest import Office

SWEEP = {"source": "m3ter-quickbooks.schedule", "detail-type": "sweep"}
DAY = timedelta(hours=24)


class Buggy:
    """Knows everything, but stumbles over one bill."""

    def __init__(self, knowledge: Any) -> None:
        self._knowledge = knowledge

    def __getattr__(self, name: str) -> Any:
        return getattr(self._knowledge, name)

    def about(self, run: Run, *more: Any) -> Any:
        if run.bill_id == "bill-1":
            raise ZeroDivisionError
        return self._knowledge.about(run, *more)


@pytest.fixture
def buggy(office: Office) -> Office:
    office.world = replace(office.world, knowledge=Buggy(office.world.knowledge))
    return office


def test_a_run_that_nobody_brings_to_rest_ends_two_days_later_and_says_so(buggy: Office) -> None:
    bills = [buggy.event("bill-demo", id=f"bill-{number}") for number in range(3)]
    assert buggy.hand_over(*bills) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert len(buggy.invoices()) == 2

    buggy.clock.move(2 * DAY + timedelta(minutes=1))
    buggy.hand_over(SWEEP)
    assert buggy.take_messages() == 1

    [run] = buggy.runs(status="TIMEOUT_LIMIT_EXCEEDED")
    assert "every try broke off" in run["error"]
    [event] = buggy.http.get("events").json()["data"]
    assert event["m3terEvent"]["eventData"]["newDto"]["entityId"] == "bill-1"
    buggy.clock.move(DAY)
    buggy.hand_over(SWEEP)
    assert buggy.take_messages() == 0


def test_a_replay_is_not_repeated_for_one_of_its_bills(buggy: Office) -> None:
    path = f"integrationconfigs/{buggy.configuration['id']}"
    buggy.http.post(f"{path}/disable")
    buggy.hand_over(*(buggy.event("bill-demo", id=f"bill-{number}") for number in range(3)))
    buggy.http.post(f"{path}/enable")
    buggy.http.post(f"{path}/replay", json={})

    assert buggy.take_messages() == 1  # and it is acknowledged

    assert len(buggy.invoices()) == 2
    [left] = [run for run in buggy.runs() if run["status"] == "STARTED"]
    assert left["entityId"] == "bill-1"


def test_a_replay_goes_on_past_a_bill_that_is_not_kept_any_more(office: Office) -> None:
    path = f"integrationconfigs/{office.configuration['id']}"
    office.http.post(f"{path}/disable")
    office.hand_over(*(office.event("bill-demo", id=f"bill-{number}") for number in range(3)))
    oldest = office.runs()[-1]
    kept = office.world.runs.get(OrganizationId(office.place.organization_id), RunId(oldest["id"]))
    key = to_wire(keys.snapshot(kept.organization_id, kept.bill_id, kept.snapshot)._asdict())
    office.aws.clients["dynamodb"].delete_item(TableName=office.aws.table_name, Key=key)
    office.http.post(f"{path}/enable")
    office.http.post(f"{path}/replay", json={})

    assert office.take_messages() == 1

    assert len(office.invoices()) == 2
