"""One mail for each reader and incident, whatever SES, the queue and people do meanwhile."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.integration.identifiers import UserId
from m3ter_quickbooks.messaging.mail_orders import MailOrder
from m3ter_quickbooks.run.trouble import EventName, NoticeKind
from notifications.deliver import LEASE
from notifications.handler import send_mails
from tests.functions.notifications.incidents import AT
from tests.functions.notifications.world_of_fakes import (
    ANNA,
    BEN,
    ORGANIZATION,
    Fakes,
    integration,
    notice,
    order_record,
    trouble,
)

VISIBILITY = timedelta(seconds=360)


def order(reader: UserId = ANNA) -> MailOrder:
    return MailOrder(ORGANIZATION, "notice-1", reader)


def mark() -> tuple[OrganizationId, str, str]:
    return ORGANIZATION, "notice-1", ANNA


@pytest.fixture
def fakes() -> Fakes:
    made = Fakes()
    made.commit(notice())
    made.book.errors = [trouble(n) for n in range(-9, 1)]
    return made


def test_a_mail_goes_to_its_reader(fakes: Fakes) -> None:
    assert send_mails([order_record(order())], fakes.world) == []
    ((to, subject, text, html),) = fakes.post.sent
    assert to == "anna@example.com"
    assert subject == "Disabled: integration “Bills to QuickBooks” of Acme Ltd"
    assert "10 errors, on 22 November 2026" in text
    assert "10 errors, on 22 November 2026" in html


def test_an_order_that_comes_twice_is_one_mail(fakes: Fakes) -> None:
    for _ in range(3):
        assert send_mails([order_record(order()), order_record(order())], fakes.world) == []
    assert fakes.post.readers == ["anna@example.com"]


def test_an_order_that_comes_days_later_again_is_no_second_mail(fakes: Fakes) -> None:
    send_mails([order_record(order())], fakes.world)
    fakes.now += timedelta(days=4)
    assert send_mails([order_record(order())], fakes.world) == []
    assert len(fakes.post.sent) == 1


def test_a_reader_whom_ses_refuses_holds_back_nobody_else(fakes: Fakes) -> None:
    fakes.post.refuses = {"anna@example.com"}
    records = [order_record(order(ANNA)), order_record(order(BEN))]
    assert send_mails(records, fakes.world) == ["message-notice-1/anna"]
    assert fakes.post.readers == ["ben@example.com"]


def test_a_throttled_mail_is_sent_when_its_order_comes_again(fakes: Fakes) -> None:
    fakes.post.throttled = 1
    assert send_mails([order_record(order())], fakes.world) == ["message-notice-1/anna"]
    assert send_mails([order_record(order())], fakes.world) == []
    assert len(fakes.post.sent) == 1


def test_while_one_worker_sends_a_second_one_waits(fakes: Fakes) -> None:
    fakes.marks.claim_mail(*mark(), fakes.now, LEASE)
    assert send_mails([order_record(order())], fakes.world) == ["message-notice-1/anna"]
    assert fakes.post.sent == []
    fakes.marks.mail_sent(*mark(), fakes.now)
    assert send_mails([order_record(order())], fakes.world) == []
    assert fakes.post.sent == []


def test_the_mail_of_a_worker_that_died_is_sent_by_the_next(fakes: Fakes) -> None:
    fakes.marks.claim_mail(*mark(), fakes.now, LEASE)
    fakes.now += VISIBILITY
    assert send_mails([order_record(order())], fakes.world) == []
    assert len(fakes.post.sent) == 1


def test_an_answer_that_is_lost_costs_at_most_a_second_mail(fakes: Fakes) -> None:
    fakes.post.breaks = 1
    assert send_mails([order_record(order())], fakes.world) == ["message-notice-1/anna"]
    assert send_mails([order_record(order())], fakes.world) == ["message-notice-1/anna"]
    fakes.now += VISIBILITY
    assert send_mails([order_record(order())], fakes.world) == []
    assert len(fakes.post.sent) == 2


def test_the_log_of_a_failure_holds_no_address(fakes: Fakes, caplog: pytest.LogCaptureFixture) -> None:
    fakes.post.breaks = 1
    with caplog.at_level(logging.INFO):
        send_mails([order_record(order())], fakes.world)
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "Unsure" in logged
    assert "anna@example.com" not in logged


def test_a_reader_who_was_removed_after_being_chosen_gets_none(fakes: Fakes) -> None:
    del fakes.book.addresses[ANNA]
    assert send_mails([order_record(order())], fakes.world) == []
    assert fakes.post.sent == []


def test_a_configuration_that_was_deleted_needs_no_mail(fakes: Fakes) -> None:
    fakes.book.configurations = []
    assert send_mails([order_record(order())], fakes.world) == []
    assert fakes.post.sent == []


def test_an_order_of_a_notice_that_is_gone_is_done(fakes: Fakes) -> None:
    fakes.book.notices.clear()
    assert send_mails([order_record(order())], fakes.world) == []
    assert fakes.post.sent == []


def test_a_configuration_enabled_again_meanwhile_is_told_as_it_stands(fakes: Fakes) -> None:
    fakes.book.configurations = [integration(ANNA, enabled=True, errors=0)]
    send_mails([order_record(order())], fakes.world)
    assert "It has been enabled again since then." in fakes.post.sent[0][2]


def test_only_the_errors_of_the_row_are_told(fakes: Fakes) -> None:
    fakes.book.errors = [trouble(n - 100, EventName.VALIDATION, "old") for n in range(10)] + fakes.book.errors
    send_mails([order_record(order())], fakes.world)
    assert "The bill cannot become an invoice" not in fakes.post.sent[0][2]


def test_a_lost_connection_leads_to_its_credential(fakes: Fakes) -> None:
    fakes.commit(notice(NoticeKind.RECONNECT))
    assert fakes.book.credential is not None
    send_mails([order_record(order())], fakes.world)
    text = fakes.post.sent[0][2]
    assert "/integrationcredentials/0192f0ab-11d2-7a90-8f00-5a6b7c8d9e0f" in text
    assert fakes.book.credential.status is ConnectionStatus.CONNECTED
    assert "It has been reconnected since then" in text


def test_a_disconnected_credential_needs_no_mail(fakes: Fakes) -> None:
    fakes.commit(notice(NoticeKind.CONSENT_ENDING))
    fakes.book.credential = None
    assert send_mails([order_record(order())], fakes.world) == []
    assert fakes.post.sent == []


@pytest.mark.parametrize(("ends", "mails"), [(timedelta(days=14, seconds=3), 1), (timedelta(days=114), 0)])
def test_the_end_of_consent_is_told_unless_it_was_given_anew(fakes: Fakes, ends: timedelta, mails: int) -> None:
    fakes.commit(notice(NoticeKind.CONSENT_ENDING))
    assert fakes.book.credential is not None
    fakes.book.credential = replace(fakes.book.credential, consent_ends=AT + ends)
    assert send_mails([order_record(order())], fakes.world) == []
    assert len(fakes.post.sent) == mails
    assert all("ends on 6 December 2026" in subject for _, subject, *_ in fakes.post.sent)
