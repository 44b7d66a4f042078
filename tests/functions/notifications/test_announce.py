"""From the table's stream: what a committed change calls for, also when it comes twice, late or half."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest

from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.messaging.mail_orders import MailOrder
from m3ter_quickbooks.run.trouble import EventName, NoticeKind
from notifications.handler import announce_changes
from notifications.outgoing import outgoing
from tests.functions.notifications.world_of_fakes import (
    ANNA,
    BEN,
    CARA,
    ORGANIZATION,
    Fakes,
    change_record,
    integration,
    notice,
    trouble,
)


def orders(*readers: str, of: str = "notice-1") -> list[MailOrder]:
    return [MailOrder(ORGANIZATION, of, reader) for reader in readers]


def test_an_error_event_is_published() -> None:
    fakes = Fakes()
    assert announce_changes([change_record(1, trouble(1))], fakes.world) == []
    assert fakes.outbox.published == [outgoing(trouble(1))]


def test_a_change_that_calls_for_nothing_is_passed_over() -> None:
    fakes = Fakes()
    assert announce_changes([change_record(1, None), change_record(2, trouble(2))], fakes.world) == []
    assert fakes.outbox.published == [outgoing(trouble(2))]


def test_a_notice_becomes_one_order_for_each_chosen_reader() -> None:
    fakes = Fakes()
    assert announce_changes([change_record(1, notice())], fakes.world) == []
    assert fakes.orders.placed == orders(ANNA, BEN)


def test_a_notice_that_nobody_is_to_read_orders_nothing() -> None:
    fakes = Fakes()
    fakes.book.configurations = [integration()]
    assert announce_changes([change_record(1, notice())], fakes.world) == []
    assert fakes.orders.placed == []


def test_a_lost_connection_is_told_once_to_each_reader_of_all_its_integrations() -> None:
    fakes = Fakes()
    another = replace(integration(CARA, id_="c3"), credential_id=CredentialId("another"))
    fakes.book.configurations = [
        integration(ANNA, BEN, id_="c1"),
        integration(BEN, CARA, id_="c2"),
        another,
    ]
    assert announce_changes([change_record(1, notice(NoticeKind.RECONNECT))], fakes.world) == []
    assert fakes.orders.placed == orders(ANNA, BEN, CARA)


def test_a_batch_that_fails_half_way_is_given_again_from_there() -> None:
    fakes = Fakes()
    records = [change_record(n, trouble(n)) for n in range(1, 6)]
    assert announce_changes(records[:2], fakes.world) == []
    fakes.outbox.refusals = 1
    assert announce_changes(records[2:], fakes.world) == ["3"]
    assert fakes.outbox.published == [outgoing(trouble(1)), outgoing(trouble(2))]
    assert announce_changes(records[2:], fakes.world) == []
    assert fakes.outbox.published == [outgoing(trouble(n)) for n in range(1, 6)]


def test_orders_that_were_taken_in_part_are_placed_again() -> None:
    fakes = Fakes()
    fakes.orders.full = 1
    record = change_record(7, notice())
    assert announce_changes([record], fakes.world) == ["7"]
    assert announce_changes([record], fakes.world) == []
    assert fakes.orders.placed == orders(ANNA, ANNA, BEN)


def test_a_busy_table_is_asked_again() -> None:
    fakes = Fakes()
    fakes.book.down = True
    assert announce_changes([change_record(9, notice())], fakes.world) == ["9"]


def test_a_change_that_can_never_be_announced_is_parted_from_those_after_it() -> None:
    """As the stream does it: from the change that is named; in halves where the function fails; ten times alone."""
    fakes = Fakes()
    bad = 3
    records = [change_record(n, None if n == bad else trouble(n), broken=n == bad) for n in range(1, 10)]
    given_up: list[int] = []
    waiting, tries = [records], 0
    while waiting:
        batch = waiting.pop(0)
        try:
            failed = announce_changes(batch, fakes.world)
        except RuntimeError:
            half = len(batch) // 2
            waiting = [batch[:half], batch[half:], *waiting]
            continue
        if not failed:
            continue
        rest = [record for record in batch if int(record["dynamodb"]["SequenceNumber"]) >= int(failed[0])]
        tries = tries + 1 if rest == batch else 0
        if tries < 10:
            waiting.insert(0, rest)
        else:
            given_up += [int(record["dynamodb"]["SequenceNumber"]) for record in rest]
    assert given_up == [bad]
    assert fakes.outbox.published == [outgoing(trouble(n)) for n in range(1, 10) if n != bad]


def test_an_outage_splits_nothing() -> None:
    fakes = Fakes()
    fakes.book.down = True
    assert announce_changes([change_record(n, notice()) for n in (1, 2)], fakes.world) == ["1"]


def test_a_record_that_cannot_be_read_is_reported_and_its_text_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    fakes = Fakes()
    with caplog.at_level(logging.INFO):
        assert announce_changes([change_record(4, None, broken=True)], fakes.world) == ["4"]
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "change not announced" in logged
    assert "ValueError" in logged
    assert "anna@example.com" not in logged


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        (EventName.DISABLED, ["EventsPublished", "IntegrationDisabled"]),
        (EventName.AUTHENTICATION, ["EventsPublished", "TokenRenewalFailed"]),
        (EventName.PERFORM, ["EventsPublished"]),
    ],
)
def test_what_alarms_watch_is_counted_once_it_is_committed(
    name: EventName, counted: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    announce_changes([change_record(1, trouble(1, name))], Fakes().world)
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [metric["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] for metric in metrics] == counted
    assert {metric["service"] for metric in metrics} == {"m3ter-quickbooks"}
    assert {tuple(metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) for metric in metrics} == {("service",)}
