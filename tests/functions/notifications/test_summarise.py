"""The daily summary: off unless asked for, once a day, to those whom the configuration names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.messaging.mail_orders import MailOrder
from m3ter_quickbooks.run.run import Outcome
from m3ter_quickbooks.run.trouble import NoticeKind
from notifications.handler import announce_changes, send_mails
from notifications.summarise import order_summaries
from tests.functions.notifications.incidents import AT
from tests.functions.notifications.test_day import RUN, ended
from tests.functions.notifications.world_of_fakes import (
    ANNA,
    CONFIGURATION,
    ORGANIZATION,
    Fakes,
    change_record,
    integration,
    order_record,
)

SETTINGS = Settings.read({"dailySummary": True, "integrationDisabledNotificationUsers": [ANNA]})


def asking() -> Fakes:
    fakes = Fakes()
    fakes.book.configurations = [
        replace(integration(), settings=SETTINGS),
        integration(ANNA, id_="c2"),
        replace(integration(id_="c3"), settings=Settings.read({"dailySummary": False})),
    ]
    return fakes


def test_a_day_is_summed_up_once_for_each_configuration_that_asks_for_it() -> None:
    fakes = asking()
    assert order_summaries(fakes.book, fakes.book, AT) == 1
    assert order_summaries(fakes.book, fakes.book, AT + timedelta(hours=1)) == 0
    assert order_summaries(fakes.book, fakes.book, AT + timedelta(days=1)) == 1
    today = fakes.book.notices[f"summary-{CONFIGURATION}-2026-11-22"]
    assert (today.kind, today.configuration_id) == (NoticeKind.SUMMARY, CONFIGURATION)
    assert today.at == AT.replace(minute=0, second=0)


def test_the_summary_is_mailed_with_the_runs_of_the_day_counted() -> None:
    fakes = asking()
    fakes.book.history = [RUN, ended(Outcome.CREATED), ended(Outcome.SKIPPED, "bill not approved")]
    order_summaries(fakes.book, fakes.book, AT)
    (notice,) = fakes.book.notices.values()
    assert announce_changes([change_record(1, notice)], fakes.world) == []
    assert fakes.orders.placed == [MailOrder(ORGANIZATION, notice.id, ANNA)]
    assert send_mails([order_record(order) for order in fakes.orders.placed], fakes.world) == []
    ((_, subject, text, _),) = fakes.post.sent
    assert subject == "Daily summary: 1 sent, 0 failed, integration “Bills to QuickBooks” of Acme Ltd"
    assert "Waiting: 1" in text
    assert "Bill not approved: 1" in text
