"""The runs and the bills as the API lists them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.problems import BadRequest, Missing
from m3ter_quickbooks.run.ports import Closing, Snapshot
from m3ter_quickbooks.run.run import Outcome, RunId, RunStatus
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.deliveries import Deliveries
from m3ter_quickbooks.storage.runs import RunHistory, Runs
from m3ter_quickbooks.storage.table import Table
from tests.adapters.storage.test_runs_contract import a_snapshot, closed
from tests.unit.run.builders import CONFIGURATION, NOON, a_run

MINUTE = timedelta(minutes=1)
BILL = BillId("bill")
ENDINGS = [
    (RunStatus.COMPLETE, Outcome.CREATED),
    (RunStatus.ERROR, None),
    (RunStatus.COMPLETE, Outcome.SKIPPED),
    (RunStatus.STARTED, None),
]


@pytest.fixture
def history(table: Table, organization: OrganizationId) -> RunHistory:
    """Eight runs a minute apart, their statuses and outcomes in turn; the last of each four is still open."""
    for number in range(8):
        run = a_run(organization_id=organization, id=RunId(f"run-{number}"), created_at=NOON + number * MINUTE)
        Runs(table).open(a_snapshot(organization), [run])
        status, outcome = ENDINGS[number % 4]
        if not status.open:
            Deliveries(table).close(Closing(replace(closed(run, status), outcome=outcome, log=("sent",))))
    return RunHistory(table)


def numbers(history: RunHistory, organization: OrganizationId, size: int = 10, **filters: object) -> list[int]:
    found, token = [], None
    while True:
        page = history.of_configuration(organization, CONFIGURATION, size=size, token=token, **filters)  # type: ignore[arg-type]
        found += [int(run.id.removeprefix("run-")) for run in page.items]
        token = page.next_token
        if token is None:
            return found


def test_the_runs_of_a_configuration_are_newest_first_or_oldest_first(
    history: RunHistory, organization: OrganizationId
) -> None:
    for size in (1, 3, 8):
        assert numbers(history, organization, size) == [7, 6, 5, 4, 3, 2, 1, 0]
        assert numbers(history, organization, size, newest_first=False) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_they_can_be_narrowed_by_status_outcome_and_time(history: RunHistory, organization: OrganizationId) -> None:
    assert numbers(history, organization, 1, statuses={RunStatus.ERROR}) == [5, 1]
    assert numbers(history, organization, 1, statuses={RunStatus.STARTED}) == [7, 3]
    assert numbers(history, organization, statuses={RunStatus.ERROR, RunStatus.STARTED}) == [7, 5, 3, 1]
    assert numbers(history, organization, 1, outcomes={Outcome.SKIPPED}) == [6, 2]
    assert numbers(history, organization, statuses={RunStatus.COMPLETE}, outcomes={Outcome.CREATED}) == [4, 0]
    # After the start, up to and with the end.
    between: dict[str, Any] = {"start": NOON + MINUTE, "end": NOON + 5 * MINUTE}
    assert numbers(history, organization, 2, **between) == [5, 4, 3, 2]
    assert numbers(history, organization, statuses={RunStatus.ERROR}, **between) == [5]
    assert numbers(history, organization, statuses={RunStatus.DISABLED}) == []


def test_the_runs_of_a_bill_are_those_of_all_configurations(
    table: Table, history: RunHistory, organization: OrganizationId
) -> None:
    other = a_run(
        organization_id=organization,
        id=RunId("other"),
        configuration_id=ConfigurationId("second"),
        created_at=NOON + 90 * MINUTE,
    )
    Runs(table).open(a_snapshot(organization), [other])

    page = history.of_bill(organization, BILL, size=2)

    assert [run.id for run in page.items] == ["other", "run-7"]
    assert history.latest(organization, BILL) == other
    complete = history.of_bill(organization, BILL, size=10, statuses={RunStatus.COMPLETE}, end=NOON + 3 * MINUTE)
    assert [run.id for run in complete.items] == ["run-2", "run-0"]
    with pytest.raises(Missing):
        history.latest(organization, BillId("none"))


def test_a_page_token_is_for_its_own_list_only(history: RunHistory, organization: OrganizationId) -> None:
    token = history.of_bill(organization, BILL, size=1).next_token

    with pytest.raises(BadRequest):
        history.of_configuration(organization, CONFIGURATION, size=1, token=token)
    with pytest.raises(BadRequest):
        history.of_bill(organization, BILL, size=1, token=token, newest_first=False)


def test_one_run_has_its_log(history: RunHistory, organization: OrganizationId) -> None:
    assert history.get(organization, RunId("run-0")).outcome is Outcome.CREATED
    assert history.logs(organization, RunId("run-0")) == ("sent",)
    with pytest.raises(Missing):
        history.get(organization, RunId("none"))


@pytest.mark.usefixtures("history")
def test_an_ended_run_goes_after_400_days_and_an_open_one_never(table: Table, organization: OrganizationId) -> None:
    ended, still_open = (table.get(keys.run(organization, RunId(name))) for name in ("run-0", "run-3"))

    assert ended is not None
    assert still_open is not None
    assert ended["ttl"] == int((NOON + timedelta(days=400)).timestamp())
    assert "ttl" not in still_open


def test_the_newest_telling_of_a_bill_and_those_of_a_time(table: Table, organization: OrganizationId) -> None:
    history = RunHistory(table)
    for number in range(4):
        bill = BillId("bill" if number % 2 else "other")
        at = NOON + number * MINUTE
        Runs(table).open(Snapshot(f"name-{9 - number}", organization, bill, None, at, {"number": number}), [])

    assert history.newest_bill(organization, BILL).dto == {"number": 3}
    page = history.bills_seen(organization, size=1, start=NOON, end=NOON + 2 * MINUTE)
    rest = history.bills_seen(organization, size=5, start=NOON, end=NOON + 2 * MINUTE, token=page.next_token)
    assert [seen.dto["number"] for seen in (*page.items, *rest.items)] == [2, 1]
    oldest = history.bills_seen(organization, size=5, newest_first=False)
    assert [seen.dto["number"] for seen in oldest.items] == [0, 1, 2, 3]
    with pytest.raises(Missing):
        history.newest_bill(organization, BillId("none"))
