"""A bill whose connection's secret cannot be read: it waits and says why, or comes again and is in the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.functions.bills.conftest import Office

SWEEP = {"source": "m3ter-quickbooks.schedule", "detail-type": "sweep"}
EVERY_CALL = "before-call.secrets-manager"
SLOW = ReadTimeoutError(endpoint_url="https://secrets")
FORBIDDEN = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, "GetSecretValue")


@dataclass
class Secrets:
    """What every call of Secrets Manager meets."""

    error: Exception | None = None

    def meet(self, **_: Any) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture
def secrets(office: Office) -> Iterator[Secrets]:
    """The access token that the process holds has run out."""
    office.clock.move(timedelta(hours=2))
    secrets, events = Secrets(), office.aws.clients["secretsmanager"].meta.events
    events.register(EVERY_CALL, secrets.meet)
    yield secrets
    events.unregister(EVERY_CALL, secrets.meet)


def go_on(office: Office) -> None:
    """What was left behind is taken up."""
    for _ in range(3):
        office.clock.move(timedelta(minutes=5))
        office.hand_over(SWEEP)
        office.take_messages()


def still_connected(office: Office) -> bool:
    credential = office.http.get(f"integrationcredentials/{office.credential['id']}").json()
    return bool(credential["status"] == "CONNECTED")


def test_a_slow_secret_makes_the_bill_wait_and_the_run_says_why(office: Office, secrets: Secrets) -> None:
    secrets.error = SLOW
    assert office.hand_over(office.event("bill-demo")) == {"batchItemFailures": []}
    [run] = office.runs()
    assert run["status"] == "AWAITING_RETRY"
    assert "Secrets Manager" in run["reason"]
    assert still_connected(office)

    secrets.error = None
    go_on(office)
    assert [run["outcome"] for run in office.runs()] == ["CREATED"]
    assert len(office.invoices()) == 1


def test_a_bill_given_up_for_want_of_its_secret_says_so(office: Office, secrets: Secrets) -> None:
    secrets.error = SLOW
    office.hand_over(office.event("bill-demo"))
    office.clock.move(timedelta(hours=24))
    go_on(office)
    [run] = office.runs()
    assert run["status"] == "TIMEOUT_LIMIT_EXCEEDED"
    assert "the last reason was: Secrets Manager cannot be reached. When" in run["error"]


def test_a_forbidden_secret_brings_the_message_back_and_is_in_the_log(
    office: Office, secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    secrets.error = FORBIDDEN
    assert office.hand_over(office.event("bill-demo")) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "ClientError AccessDeniedException" in str(getattr(record, "error", ""))
    assert still_connected(office)

    secrets.error = None
    go_on(office)
    assert [run["outcome"] for run in office.runs()] == ["CREATED"]
    assert len(office.invoices()) == 1
