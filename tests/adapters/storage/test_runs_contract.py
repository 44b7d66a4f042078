"""What `run.ports.Runs` promises, asked of the fake and of the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.problems import BillCannotBeSent, BillProblem, Clash, Missing, ProblemKind
from m3ter_quickbooks.run.delivery import Doubt
from m3ter_quickbooks.run.ports import Closing, Snapshot
from m3ter_quickbooks.run.replay_order import OwedReplay
from m3ter_quickbooks.run.run import Outcome, Run, RunId, RunStatus
from m3ter_quickbooks.run.trouble import EventName, LookAgain, Trouble
from tests.adapters.storage.stores import Stores
from tests.unit.run.builders import NOON, a_run

MINUTE = timedelta(minutes=1)


def a_snapshot(organization: OrganizationId, name: str = "seen", **dto: object) -> Snapshot:
    return Snapshot(name, organization, BillId("bill"), AccountId("account"), NOON, {"id": "bill", **dto})


def closed(run: Run, status: RunStatus = RunStatus.COMPLETE, at: datetime = NOON) -> Run:
    return replace(run, status=status, due_at=None, completed_at=at, version=run.version + 1)


# Given an organization, when a bill's runs are opened, then they and the bill are there.


def test_opened_runs_and_their_bill_are_there(stores: Stores, organization: OrganizationId) -> None:
    runs = [a_run(organization_id=organization, id=RunId(f"run-{number}")) for number in range(3)]

    assert stores.runs.open(a_snapshot(organization), runs) == runs

    assert [stores.runs.get(organization, run.id) for run in runs] == runs
    assert stores.runs.snapshot(runs[0]) == a_snapshot(organization)


def test_a_run_is_read_as_it_was_written_every_fact_of_it(stores: Stores, organization: OrganizationId) -> None:
    run = a_run(
        organization_id=organization,
        due_at=NOON + timedelta(microseconds=1),
        attempts=3,
        outcome=Outcome.SKIPPED,
        reason="not connected",
        warnings=("Line 1 has no item.", "“ü”"),
        problems=(BillProblem(ProblemKind.VALIDATION, "No.", {"total": Decimal("1.10"), "none": None}),),
        error="No.",
        external_id="145",
        url="https://qbo.test/145",
        request_id="r",
        intuit_tid="1-2",
        started_at=NOON,
        completed_at=NOON + MINUTE,
        parent_run_id=RunId("parent"),
        log=("sent", "answered"),
        version=7,
    )

    stores.runs.open(a_snapshot(organization), [run])

    assert stores.runs.get(organization, run.id) == run


def test_an_event_delivered_twice_opens_nothing_twice(stores: Stores, organization: OrganizationId) -> None:
    first, second = (a_run(organization_id=organization, id=RunId(name)) for name in ("one", "two"))
    stores.runs.open(a_snapshot(organization), [first])
    waiting = stores.runs.wait(replace(first, status=RunStatus.RATE_LIMIT_RETRY, due_at=NOON + MINUTE, version=2))
    other_body = a_snapshot(organization, billTotal=Decimal(2))

    opened = stores.runs.open(other_body, [first, second])

    assert opened == [waiting, second]
    assert stores.runs.snapshot(first) == a_snapshot(organization)


def test_an_event_delivered_twice_whole_changes_nothing(stores: Stores, organization: OrganizationId) -> None:
    runs = [a_run(organization_id=organization, id=RunId(name)) for name in ("one", "two")]
    stores.runs.open(a_snapshot(organization), runs)

    assert stores.runs.open(a_snapshot(organization), runs) == runs


def test_more_runs_than_one_transaction_holds_are_opened_all(stores: Stores, organization: OrganizationId) -> None:
    runs = [a_run(organization_id=organization, id=RunId(f"run-{number}")) for number in range(102)]
    stores.runs.open(a_snapshot(organization), runs[:2])

    assert stores.runs.open(a_snapshot(organization), runs) == runs
    assert stores.runs.get(organization, runs[-1].id) == runs[-1]


def test_a_bill_without_a_run_is_kept_all_the_same(stores: Stores, organization: OrganizationId) -> None:
    assert stores.runs.open(a_snapshot(organization), []) == []
    assert stores.runs.snapshot(a_run(organization_id=organization)) == a_snapshot(organization)


def test_a_bill_too_large_to_be_kept_is_a_sentence_and_opens_nothing(
    stores: Stores, organization: OrganizationId
) -> None:
    # Digits that do not repeat: nothing that compression could help.
    noise = [str(pow(7, number, 10**40 + 121)) for number in range(1, 22_000)]

    with pytest.raises(BillCannotBeSent, match="too large"):
        stores.runs.open(a_snapshot(organization, noise=noise), [a_run(organization_id=organization)])

    with pytest.raises(Missing):
        stores.runs.get(organization, RunId("run"))


def test_amounts_of_a_bill_keep_every_digit(stores: Stores, organization: OrganizationId) -> None:
    exact = Decimal("12345678901234567890123456789012345678901234567890.123456789")

    stores.runs.open(a_snapshot(organization, billTotal=exact), [])

    assert stores.runs.snapshot(a_run(organization_id=organization)).dto["billTotal"] == exact


def test_runs_of_another_organization_are_missing(stores: Stores, organization: OrganizationId) -> None:
    stores.runs.open(a_snapshot(organization), [a_run(organization_id=organization)])
    elsewhere = OrganizationId(f"{organization}-other")

    with pytest.raises(Missing):
        stores.runs.get(elsewhere, RunId("run"))
    with pytest.raises(Missing):
        stores.runs.snapshot(a_run(organization_id=elsewhere))


# Given an open run, when it waits, then what waiting means is stored; a closed one is left alone.


def test_waiting_stores_status_due_date_attempts_reason_and_log(stores: Stores, organization: OrganizationId) -> None:
    run = a_run(organization_id=organization, reason="first")
    stores.runs.open(a_snapshot(organization), [run])

    waiting = replace(
        run,
        status=RunStatus.AWAITING_RETRY,
        due_at=NOON + MINUTE,
        attempts=2,
        reason=None,
        log=("502",),
        started_at=NOON,
        version=2,
    )

    for again in (waiting, replace(waiting, reason="busy", version=3), replace(run, version=4)):
        assert stores.runs.wait(again) == again
        assert stores.runs.get(organization, run.id) == again


def test_a_closed_run_does_not_wait(stores: Stores, organization: OrganizationId) -> None:
    run = a_run(organization_id=organization)
    stores.runs.open(a_snapshot(organization), [run])
    stores.deliveries.close(Closing(closed(run)))

    with pytest.raises(Clash):
        stores.runs.wait(replace(run, due_at=NOON))

    assert stores.runs.get(organization, run.id) == closed(run)


def test_a_run_that_never_was_does_not_wait(stores: Stores, organization: OrganizationId) -> None:
    with pytest.raises(Clash):
        stores.runs.wait(a_run(organization_id=organization))


# Given runs of many organizations, when the sweep asks, then it gets those that are due, oldest first.


def test_due_are_open_runs_whose_time_has_come_oldest_first(stores: Stores, organization: OrganizationId) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    runs = [
        a_run(organization_id=organization, id=RunId(f"due-{number}"), due_at=start + (30 - number) * MINUTE)
        for number in range(30)
    ]
    stores.runs.open(a_snapshot(organization), runs)
    stores.deliveries.close(Closing(closed(runs[29])))

    # The one due first is closed: the others come in the order of their due dates, the given moment included.
    due = stores.runs.due(start + 10 * MINUTE, 100)
    assert due == [runs[number] for number in range(28, 19, -1)]
    assert stores.runs.due(start + 10 * MINUTE, 4) == due[:4]
    for run in runs[:29]:
        stores.deliveries.close(Closing(closed(run)))


def test_a_run_put_off_is_due_only_then(stores: Stores, organization: OrganizationId) -> None:
    start = datetime(2019, 1, 1, tzinfo=UTC)
    run = a_run(organization_id=organization, due_at=start)
    stores.runs.open(a_snapshot(organization), [run])

    assert stores.runs.put_off(run, start + 15 * MINUTE)

    put_off = replace(run, due_at=start + 15 * MINUTE)
    assert stores.runs.due(start + 14 * MINUTE, 10) == []
    assert stores.runs.due(start + 15 * MINUTE, 10) == [put_off]
    assert stores.runs.get(organization, run.id) == put_off


def test_a_run_that_somebody_took_up_meanwhile_is_not_put_off(stores: Stores, organization: OrganizationId) -> None:
    start = datetime(2017, 1, 1, tzinfo=UTC)
    run = a_run(organization_id=organization, due_at=start)
    stores.runs.open(a_snapshot(organization), [run])
    waiting = replace(run, status=RunStatus.AWAITING_RETRY, due_at=start + MINUTE, attempts=1, log=("502",), version=2)
    stores.runs.wait(waiting)

    assert not stores.runs.put_off(run, start + 15 * MINUTE)
    assert stores.runs.get(organization, run.id) == waiting

    stores.deliveries.close(Closing(closed(waiting)))
    assert not stores.runs.put_off(waiting, start + 15 * MINUTE)
    assert stores.runs.get(organization, run.id) == closed(waiting)
    assert not stores.runs.put_off(replace(run, id=RunId("never")), start)


def test_a_run_without_due_date_is_never_due(stores: Stores, organization: OrganizationId) -> None:
    run = a_run(organization_id=organization, due_at=datetime(2018, 1, 1, tzinfo=UTC))
    stores.runs.open(a_snapshot(organization), [run])

    stores.runs.wait(replace(run, due_at=None))

    assert stores.runs.due(datetime(2018, 6, 1, tzinfo=UTC), 10) == []


# Given ended runs, when replay asks, then it gets those with the statuses, oldest first, of one configuration.


def test_ended_runs_come_oldest_first_over_all_their_statuses(stores: Stores, organization: OrganizationId) -> None:
    statuses = [RunStatus.ERROR, RunStatus.COMPLETE, RunStatus.AUTH_FAILED] * 4
    for number, status in enumerate(statuses):
        run = a_run(organization_id=organization, id=RunId(f"run-{number}"), created_at=NOON + number * MINUTE)
        stores.runs.open(a_snapshot(organization), [run])
        stores.deliveries.close(Closing(closed(run, status, NOON - number * MINUTE)))
    still_open = a_run(organization_id=organization, id=RunId("open"))
    elsewhere = a_run(organization_id=organization, id=RunId("else"), configuration_id=ConfigurationId("other"))
    stores.runs.open(a_snapshot(organization), [still_open, elsewhere])
    stores.deliveries.close(Closing(closed(elsewhere, RunStatus.ERROR)))

    wanted = {RunStatus.ERROR, RunStatus.AUTH_FAILED, RunStatus.STARTED}
    found = list(stores.runs.ended(organization, ConfigurationId("config"), wanted))

    assert [run.id for run in found] == [f"run-{number}" for number in range(12) if number % 3 != 1]


def test_ended_runs_of_a_time_are_those_created_in_it_both_ends_included(
    stores: Stores, organization: OrganizationId
) -> None:
    for number in range(5):
        run = a_run(organization_id=organization, id=RunId(f"run-{number}"), created_at=NOON + number * MINUTE)
        stores.runs.open(a_snapshot(organization), [run])
        stores.deliveries.close(Closing(closed(run, RunStatus.ERROR)))

    def ended(since: datetime | None, until: datetime | None) -> list[str]:
        found = stores.runs.ended(organization, ConfigurationId("config"), {RunStatus.ERROR}, since, until)
        return [run.id for run in found]

    assert ended(NOON + MINUTE, NOON + 3 * MINUTE) == ["run-1", "run-2", "run-3"]
    assert ended(NOON + 3 * MINUTE, None) == ["run-3", "run-4"]
    assert ended(None, NOON) == ["run-0"]
    assert ended(NOON + MINUTE, NOON) == []


def test_the_runs_of_a_bill_are_those_of_every_configuration_newest_first(
    stores: Stores, organization: OrganizationId
) -> None:
    runs = [
        a_run(organization_id=organization, id=RunId("first")),
        a_run(organization_id=organization, id=RunId("open"), created_at=NOON + MINUTE),
        a_run(
            organization_id=organization,
            id=RunId("elsewhere"),
            created_at=NOON + 2 * MINUTE,
            configuration_id=ConfigurationId("other"),
        ),
        a_run(organization_id=organization, id=RunId("another"), bill_id=BillId("another")),
    ]
    stores.runs.open(a_snapshot(organization), runs)
    stores.deliveries.close(Closing(closed(runs[0])))

    found = list(stores.runs.of_bill(organization, BillId("bill")))

    assert found == [runs[2], runs[1], closed(runs[0])]


# Given a replay that is owed, then it is found when it is due, until its order was given for the last time.


def test_an_owed_replay_is_due_in_time_once_more_and_no_more(stores: Stores, organization: OrganizationId) -> None:
    due_at = datetime(2018, 1, 1, tzinfo=UTC)
    owed = OwedReplay("promise", organization, ConfigurationId("configuration"), RunStatus.AUTH_FAILED, due_at)
    stores.owe(owed)

    assert stores.runs.owed(organization, owed.configuration_id, RunStatus.AUTH_FAILED) == owed
    assert stores.runs.owed(organization, owed.configuration_id, RunStatus.DISABLED) is None
    assert owed not in stores.runs.owed_due(due_at - timedelta(microseconds=1), 100)
    assert owed in stores.runs.owed_due(due_at, 100)

    stores.runs.ordered(owed, due_at + MINUTE)
    again = replace(owed, due_at=due_at + MINUTE, last=True)
    assert not {owed, again} & set(stores.runs.owed_due(due_at, 100))
    assert again in stores.runs.owed_due(due_at + MINUTE, 100)

    stores.runs.ordered(again, None)
    stores.runs.ordered(again, None)
    assert stores.runs.owed(organization, owed.configuration_id, RunStatus.AUTH_FAILED) is None


def test_what_is_owed_anew_is_not_paid_with_an_older_order(stores: Stores, organization: OrganizationId) -> None:
    due_at = datetime(2018, 1, 1, tzinfo=UTC)
    older = OwedReplay("older", organization, ConfigurationId("configuration"), RunStatus.DISABLED, due_at)
    newer = replace(older, id="newer")
    stores.owe(older)
    stores.owe(newer)

    stores.runs.ordered(older, due_at + MINUTE)
    stores.runs.ordered(older, None)

    assert stores.runs.owed(organization, newer.configuration_id, RunStatus.DISABLED) == newer
    stores.runs.ordered(newer, None)


# Given a later look, when it was committed, then it is found when it is due, and only until it is done.


def test_a_look_is_due_in_time_and_done_once(stores: Stores, organization: OrganizationId) -> None:
    run = a_run(organization_id=organization)
    due_at = datetime(2021, 1, 1, tzinfo=UTC)
    places = (Doubt(DocumentKind.INVOICE, "58", NOON.date()), Doubt(DocumentKind.CREDIT_MEMO, "58", NOON.date()))
    look = LookAgain(organization, run.configuration_id, run.bill_id, run.id, places, due_at, "4620816365")
    found = Trouble("e1", organization, EventName.PERFORM, NOON, {"message": "Two."}, "duplicate")
    stores.runs.open(a_snapshot(organization), [run])
    stores.deliveries.close(Closing(closed(run), look=look))

    assert look not in stores.runs.looks_due(due_at - timedelta(microseconds=1), 100)
    assert look in stores.runs.looks_due(due_at, 100)

    later = due_at + timedelta(minutes=15)
    assert stores.runs.put_off(look, later)
    assert look not in stores.runs.looks_due(later - timedelta(microseconds=1), 100)
    assert look in stores.runs.looks_due(later, 100)

    stores.runs.looked(look, found)
    stores.runs.looked(look, replace(found, id="e2"))
    stores.runs.looked(look, None)
    assert not stores.runs.put_off(look, due_at)

    assert look not in stores.runs.looks_due(due_at, 100)
    assert stores.troubles(organization) == [found]
