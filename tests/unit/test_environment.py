"""What a function is told by its environment, against what the template tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from m3ter_quickbooks.environment import ApiEnvironment, BillsEnvironment, Environment, NotificationsEnvironment

TOLD = {
    "STAGE": "test",
    "TABLE_NAME": "table",
    "QUEUE_URL": "https://queue",
    "SECRET_PREFIX": "m3ter-quickbooks/test/",
    "QUICKBOOKS_APP_SECRET": "app",
    "IN_FLIGHT_SECONDS": "135",
    "QUICKBOOKS_API_URL": "https://quickbooks.test/",
    "QUICKBOOKS_SANDBOX_API_URL": "https://sandbox.test",
    "QUICKBOOKS_APP_URL": "https://app.test",
    "QUICKBOOKS_SANDBOX_APP_URL": "https://app.sandbox.test",
    "INTUIT_AUTHORIZE_URL": "https://intuit.test/connect",
    "INTUIT_TOKEN_URL": "https://intuit.test/token",
    "INTUIT_REVOKE_URL": "https://intuit.test/revoke",
    "M3TER_API_URL": "https://m3ter.test",
    "USER_POOL_ID": "pool",
    "TOKEN_URL": "https://cognito.test/oauth2/token",
    "PUBLIC_URL": "",
    "EVENT_BUS_NAME": "bus",
    "MAIL_QUEUE_URL": "https://mails",
    "SENDER_ADDRESS": "invoices@acme.example",
    "CONSOLE_URL": "https://console.test/",
    "PATH": "/usr/bin",
}
KINDS = [BillsEnvironment, ApiEnvironment, NotificationsEnvironment]


@pytest.mark.parametrize("kind", KINDS)
def test_each_function_finds_what_it_needs(kind: type[Environment]) -> None:
    environment = kind.read(TOLD)

    assert (environment.stage, environment.table_name) == ("test", "table")


def test_addresses_have_no_slash_at_their_end_and_the_window_is_a_span() -> None:
    bills = BillsEnvironment.read(TOLD)

    assert bills.quickbooks_api_url == "https://quickbooks.test"
    assert bills.in_flight == timedelta(seconds=135)
    assert NotificationsEnvironment.read(TOLD).console_url == "https://console.test"
    assert ApiEnvironment.read(TOLD).public_url == ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["TABLE_NAME", "STAGE"])
@pytest.mark.parametrize("told", [None, ""])
def test_a_name_that_is_missing_or_empty_is_named(kind: type[Environment], name: str, told: str | None) -> None:
    environ = {key: value for key, value in TOLD.items() if key != name} | ({} if told is None else {name: told})

    with pytest.raises(ValidationError, match=name):
        kind.read(environ)


@pytest.mark.parametrize("seconds", ["0", "601", "soon"])
def test_a_window_that_is_none_is_refused(seconds: str) -> None:
    with pytest.raises(ValidationError, match="IN_FLIGHT_SECONDS"):
        BillsEnvironment.read({**TOLD, "IN_FLIGHT_SECONDS": seconds})


def test_what_was_read_is_not_changed() -> None:
    with pytest.raises(ValidationError):
        BillsEnvironment.read(TOLD).stage = "other"  # type: ignore[misc]  # it is what must fail
