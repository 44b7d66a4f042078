from collections.abc import Mapping

import pytest

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.problems import FilterNotEvaluable
from m3ter_quickbooks.run import gate
from m3ter_quickbooks.run.gate import Reason
from m3ter_quickbooks.run.run import Happening, Outcome, RunStatus
from tests.unit.run.builders import ACME, a_connection, an_account, an_integration


def asked(
    config_data: Mapping[str, object], *, status: str = "PENDING", known: Account | None = None
) -> gate.No | None:
    return gate.wanted(an_integration(config_data), Happening.CREATED, status, ACME, known)


def test_a_disabled_integration_ends_the_run_as_disabled() -> None:
    no = gate.connected(an_integration(enabled=False), a_connection(ConnectionStatus.CONNECTED))
    assert no == gate.No(RunStatus.DISABLED, None, Reason.DISABLED)


def test_a_bill_is_skipped_while_nothing_was_ever_connected() -> None:
    no = gate.connected(an_integration(ever_connected=False, credential_id=None), None)
    assert no == gate.No(RunStatus.COMPLETE, Outcome.SKIPPED, Reason.NOT_CONNECTED)


@pytest.mark.parametrize("lost", [None, a_connection(ConnectionStatus.NEEDS_RECONNECT)])
def test_a_bill_is_held_once_a_connection_was_lost(lost: Connection | None) -> None:
    no = gate.connected(an_integration(), lost)
    assert no == gate.No(RunStatus.AUTH_FAILED, None, Reason.CONNECTION_LOST)


def test_a_connected_and_enabled_integration_passes() -> None:
    assert gate.connected(an_integration(), a_connection(ConnectionStatus.CONNECTED)) is None


def test_an_account_in_both_lists_is_excluded() -> None:
    no = asked({"accountIds": [ACME], "restrictedAccountIds": [ACME]})
    assert no is not None
    assert no.reason is Reason.RESTRICTED_ACCOUNT


def test_an_account_that_is_not_in_a_list_that_is_not_empty_is_skipped() -> None:
    no = asked({"accountIds": ["somebody-else"]})
    assert no is not None
    assert no.reason is Reason.NOT_IN_ACCOUNTS


def test_empty_lists_let_every_account_through() -> None:
    assert asked({"accountIds": [], "restrictedAccountIds": []}) is None


@pytest.mark.parametrize(("country", "passes"), [("UK", True), ("US", False)])
def test_the_account_filter_decides_by_the_account(country: str, *, passes: bool) -> None:
    no = asked({"accountFilter": "customFields.country == UK"}, known=an_account(country=country))
    assert (no is None) is passes


def test_a_filter_without_its_account_is_an_error_and_not_a_no() -> None:
    with pytest.raises(FilterNotEvaluable):
        asked({"accountFilter": "customFields.country == UK"}, known=None)


@pytest.mark.parametrize(("status", "passes"), [("APPROVED", True), ("PENDING", False)])
def test_approval_is_asked_for_where_the_operator_wants_it(status: str, *, passes: bool) -> None:
    no = asked({"onlySendBillOnApproval": True}, status=status)
    assert (no is None) is passes


def test_a_deleted_bill_needs_no_approval() -> None:
    settings = an_integration({"onlySendBillOnApproval": True})
    assert gate.wanted(settings, Happening.DELETED, "PENDING", ACME, None) is None


def test_the_first_no_in_the_order_of_the_design_is_the_one_that_is_named() -> None:
    no = asked({"restrictedAccountIds": [ACME], "accountFilter": "id == x", "onlySendBillOnApproval": True})
    assert no is not None
    assert no.reason is Reason.RESTRICTED_ACCOUNT
