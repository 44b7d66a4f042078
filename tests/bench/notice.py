"""From the tenth failure in a row to the mail that says so, on a local stack."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from statistics import median

from local.people import DESTINATION, Operator, bill_event, put_on_the_bus
from local.stack import Stack
from tests.stack.observing import mails_to

TIMES = 5
FAILURES = 10
PATIENCE = 60.0


def rows(stack: Stack) -> list[tuple[str, str, str]]:
    """The figure of a stack that is up."""
    taken = sorted(_seconds(stack, number) for number in range(TIMES))
    return [
        (
            "from the tenth failed run in a row to the mail",
            "reported",
            f"p50 {median(taken):.2f} s, at most {taken[-1]:.2f} s, of {TIMES}",
        )
    ]


def _seconds(stack: Stack, number: int) -> float:
    """From the moment that the tenth run says it ended to the moment that SES has the mail."""
    with Operator.of_a_new_organization(stack, f"Failing {number} Ltd") as operator:
        address = f"reader@{operator.organization}.example.com"
        person = {"email": address, "firstName": "Rea", "lastName": "Der", "role": "viewer"}
        integration = {
            "name": "Bills to QuickBooks",
            "entityType": "Bill",
            "destination": DESTINATION,
            "integrationCredentialsId": operator.connect(stack.quickbooks_company_id),
            "configData": {"integrationDisabledNotificationUsers": [operator.post("invitations", person)["id"]]},
        }
        operator.post("integrationconfigs", integration)
        # Nothing is mapped, so each bill fails. The first nine have ended before the tenth comes.
        for _ in range(FAILURES - 1):
            _fail(stack, operator, wait=True)
        tenth = _fail(stack, operator, wait=False)
        arrived = _when_disabled_mail_came(stack, address)
        (run,) = operator.ended_runs(tenth)
    return (arrived - datetime.fromisoformat(run["dtCompleted"])).total_seconds()


def _fail(stack: Stack, operator: Operator, *, wait: bool) -> str:
    event = bill_event(operator.organization)
    put_on_the_bus(stack, event)
    bill = str(event["detail"]["m3terEvent"]["eventData"]["newDto"]["id"])
    if wait:
        operator.ended_runs(bill)
    return bill


def _when_disabled_mail_came(stack: Stack, address: str) -> datetime:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if any(str(mail["Subject"]).startswith("Disabled") for mail in mails_to(stack, address)):
            return datetime.now(UTC)
        time.sleep(0.02)
    raise AssertionError("no mail came")
