"""No token, secret or address of anybody leaves by a door that is not its own: one organization's worst day, searched.

consent, renewals, bills, failures ──▶ logs · runs and their stories · error events · outgoing events · mails · table
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from m3ter_quickbooks.run.delivery import Delivery
from m3ter_quickbooks.run.ports import Deliveries
from m3ter_quickbooks.run.trouble import Notice, Trouble
from m3ter_quickbooks.storage.members import Organizations
from m3ter_quickbooks.storage.notices import Notices
from m3ter_quickbooks.storage.stream import committed
from notifications.book import TableBook
from notifications.gather import Places, gather
from notifications.mails.day import Summary
from notifications.mails.render import render
from notifications.mails.summary import write_summary
from notifications.mails.words import write
from notifications.outgoing import outgoing
from tests.functions.bills.conftest import Office
from tests.leaks import leaks, plain_text

SOMEBODY = "Ottilie Xanthopoulos"
PERSONAL = [SOMEBODY, "ottilie", "1 Market Street", "Unit 4", "D02 X285", "acme.example", "vendor.example"]
BELONGS = {"account", "user"}
"""Items of the table that are about people: they hold what they are for."""
STALE = f"Stale Object Error : You and {SOMEBODY} were working on this at the same time. ottilie@acme.example"
FAULTS = ["6210", "5010", "6000", "610", "2500", "6140", "2020", "10000", "999999"]


class Broken:
    """Delivery records whose store has a bug, and says so with all that it had in its hands."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def write(self, delivery: Delivery) -> Delivery:
        raise KeyError(f"{SOMEBODY} <ottilie@acme.example>")

    def close(self, closing: object) -> None:
        raise KeyError(f"{SOMEBODY} <ottilie@acme.example>")


@dataclass
class Day:
    """Everything that can go wrong with somebody's name or address in it."""

    office: Office
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def path(self) -> str:
        return f"integrationconfigs/{self.office.configuration['id']}"

    def configure(self, **settings: Any) -> None:
        body = self.office.http.get(self.path).json() | {"configData": settings}
        assert self.office.http.put(self.path, json=body).status_code == 200

    def enable(self) -> None:
        assert self.office.http.post(f"{self.path}/enable").status_code == 200

    def send(self, **bill: Any) -> None:
        self.office.hand_over(self.office.event("bill-demo", id=f"bill-{next(self.numbers)}", **bill))
        self.office.clock.move(timedelta(minutes=5))

    def regenerate(self) -> None:
        self.office.hand_over(self.office.event("bill-demo-regenerated", id="bill-0"))
        self.office.clock.move(timedelta(minutes=5))

    def account(self, **more: Any) -> None:
        self.office.hand_over(self.office.event("account-updated", **more))

    def mishap(self, kind: str, **more: Any) -> None:
        self.office.simulator.mishaps.add(kind, message=STALE, detail=STALE, count=1, **more)

    def renewals(self) -> None:
        """By age, after a 401, and with a new refresh token."""
        self.office.clock.move(timedelta(hours=2))
        self.send()
        self.mishap("expire-access-token", entity="invoice")
        self.mishap("rotate-refresh-token")
        self.send()
        self.office.clock.move(timedelta(hours=2))
        self.send()

    def unreadable(self) -> None:
        """Accounts and bills in which somebody's name or address stands where something else should."""
        self.account(version=9, emailAddress=f"{SOMEBODY}@", customFields={"accountManagerEmail": SOMEBODY})
        self.send()
        self.account(version=10, emailAddress={"of": SOMEBODY}, address=SOMEBODY)
        self.account(version=11, customFields=SOMEBODY)
        self.configure(accountFilter="emailAddress - 1 > 2")
        self.send()
        self.configure()
        self.send(billTotal="ottilie@acme.example")
        self.send(lineItems=[{"id": SOMEBODY, "lineItemType": SOMEBODY, "convertedSubtotal": SOMEBODY}])
        self.send(dueDate="ottilie@acme.example", currency="ottilie@acme.example")

    def faults(self) -> None:
        """QuickBooks' faults with a person's name, to a create and to an update."""
        for code in FAULTS:
            self.enable()
            for kind in ("fault", "fault-in-200"):
                self.mishap(kind, code=code, entity="invoice", operation="create")
                self.send()
            self.mishap("fault", code=code, entity="invoice", operation="update")
            self.regenerate()
        self.mishap("server-error", entity="invoice", operation="create")
        self.send()

    def a_bug(self) -> None:
        plain = self.office.world
        self.office.world = replace(plain, deliveries=Broken(plain.deliveries))
        self.send()
        self.office.world = plain

    def ends(self) -> None:
        """Ten failures in a row; then the consent is gone."""
        self.enable()
        for number in range(11):
            self.send(accountId=f"unmapped-{number}")
        self.enable()
        for code in ("3100", "120"):
            self.mishap("fault", code=code, entity="invoice", operation="create")
            self.send()
        self.mishap("invalid-grant")
        self.office.clock.move(timedelta(hours=2))
        self.send()

    def nonsense(self) -> None:
        http = self.office.http
        assert http.post("accounts", json={"name": SOMEBODY, "emailAddress": "ottilie@acme"}).status_code == 400
        assert http.get("externalmappings", params={"nextToken": "ottilie@acme.example"}).status_code == 400


@pytest.fixture
def worst_day(office: Office) -> Office:
    day = Day(office)
    day.configure(accountManagerEmailCustomField="accountManagerEmail", bccInvoiceEmailAddress="all@vendor.example")
    day.account()
    day.send()
    day.renewals()
    day.unreadable()
    day.faults()
    day.a_bug()
    day.ends()
    day.nonsense()
    return office


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Every log line with all that is attached to it, and the traceback where there is one."""
    line = logging.Formatter().format
    return "\n".join(f"{line(record)} {record.__dict__}" for record in caplog.get_records("setup"))


def secrets_of(office: Office) -> list[str]:
    """Every token, code, state and secret that there was."""
    tables = ("access_tokens", "refresh_tokens")
    tokens = [row[0] for name in tables for row in office.simulator.store.db.execute(f"SELECT token FROM {name}")]  # noqa: S608
    codes = [row[0] for row in office.simulator.store.db.execute("SELECT code FROM codes")]
    state = parse_qs(urlsplit(office.credential["authorizeUrl"]).query)["state"]
    return [*tokens, *codes, *state, *office.place.gateway.cognito.claims, "simulator-secret"]


def items_of(office: Office) -> Iterator[dict[str, Any]]:
    """All that the table holds, but what is about people."""
    pages = office.aws.clients["dynamodb"].get_paginator("scan").paginate(TableName=office.aws.table_name)
    for page in pages:
        yield from (item for item in page["Items"] if item.get("type", {}).get("S") not in BELONGS)


def changes_of(office: Office) -> Iterator[Trouble | Notice]:
    for item in items_of(office):
        change = committed({"eventName": "INSERT", "dynamodb": {"NewImage": _as_stream(item)}})
        if change is not None and change.organization_id == office.place.organization_id:
            yield change


def _as_stream(item: Any) -> Any:
    return json.loads(json.dumps(item, default=lambda data: base64.b64encode(bytes(data)).decode()))


def mails_of(office: Office) -> Iterator[str]:
    house, table = office.house, office.house.table
    notices = Notices(table)
    book = TableBook(
        notices, Organizations(table), house.configurations, house.credentials, house.users, house.events, house.history
    )
    for change in changes_of(office):
        if isinstance(change, Notice):
            facts = gather(change, book, Places(api="https://api.example/prod"))
            assert facts is not None
            mail = render(write_summary(facts) if isinstance(facts, Summary) else write(facts))
            yield f"{mail.subject}\n{mail.text}\n{mail.html}"


def test_nothing_of_the_worst_day_is_seen_where_it_must_not_be(
    worst_day: Office, caplog: pytest.LogCaptureFixture
) -> None:
    exact = [*secrets_of(worst_day), *PERSONAL]
    runs = worst_day.runs(pageSize=200)
    stories = [worst_day.http.get(f"integrationruns/logs/{run['id']}").json()["Payload"] for run in runs]
    troubles = [change for change in changes_of(worst_day) if isinstance(change, Trouble)]
    mails = list(mails_of(worst_day))
    # The day was as bad as it should be: else nothing is shown by finding nothing.
    assert {run["status"] for run in runs} >= {
        "COMPLETE",
        "ERROR",
        "AUTH_FAILED",
        "ACCOUNTING_PERIOD_CLOSED",
        "DISABLED",
    }
    assert {trouble.name for trouble in troubles} >= {
        "integration.authentication.error", "integration.disabled.error", "integration.perform.error",
        "integration.validation.error", "integration.missingaccountmapping.error",
    }  # fmt: skip
    assert len(mails) >= 3
    seen = {
        "logs": logged(caplog),
        "runs": json.dumps(runs),
        "stories of runs": " ".join(base64.b64decode(story).decode() for story in stories),
        "events": worst_day.http.get("events", params={"pageSize": 200}).text,
        "outgoing events": " ".join(str(outgoing(trouble)) for trouble in troubles),
        "mails": " ".join(mails),
        "credential": worst_day.http.get("integrationcredentials").text,
    }
    assert "a bug" in seen["logs"]
    for where, text in seen.items():
        assert (where, leaks(text, exact)) == (where, [])


def test_the_table_holds_no_token_as_it_is(worst_day: Office) -> None:
    told = " ".join(map(plain_text, items_of(worst_day)))
    assert [one for one in secrets_of(worst_day) if one in told] == []
