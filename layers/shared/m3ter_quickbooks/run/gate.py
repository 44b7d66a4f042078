"""Should this bill be sent? Every "no" has a name that is kept on the run (design section 5, in its order)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import AccountId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.run.run import Happening, Outcome, RunStatus

APPROVED = "APPROVED"


class Reason(StrEnum):
    """Why a bill was not sent. These words stand in `Run.reason`."""

    DISABLED = "integration disabled"
    NOT_CONNECTED = "not connected"
    CONNECTION_LOST = "connection lost"
    RESTRICTED_ACCOUNT = "account in restrictedAccountIds"
    NOT_IN_ACCOUNTS = "account not in accountIds"
    FILTERED = "accountFilter is false for the account"
    NOT_APPROVED = "bill not approved"
    NOTHING_LEFT = "nothing left after exclusions"
    SUPERSEDED = "older than what was sent"
    UNCHANGED = "same as what was sent"
    NOT_VOIDED = "bill deleted, and the configuration does not void"
    NOTHING_SENT = "bill deleted, and nothing of it had been sent"


@dataclass(frozen=True, slots=True)
class No:
    """The bill is not sent, and the run ends like this."""

    status: RunStatus
    outcome: Outcome | None
    reason: Reason


def connected(integration: Integration, connection: Connection | None) -> No | None:
    """The first two questions: is the integration on, and does it lead to a company?"""
    if not integration.enabled:
        return No(RunStatus.DISABLED, None, Reason.DISABLED)
    if connection is not None and connection.status is ConnectionStatus.CONNECTED:
        return None
    if integration.ever_connected:
        return No(RunStatus.AUTH_FAILED, None, Reason.CONNECTION_LOST)
    return _skipped(Reason.NOT_CONNECTED)


def wanted(
    integration: Integration,
    happening: Happening,
    bill_status: str | None,
    account_id: AccountId | None,
    account: Account | None,
) -> No | None:
    """The questions about the account and the bill.

    Raises FilterNotEvaluable. A deleted bill is not asked for its approval: what was sent must be taken back.
    """
    settings = integration.settings
    if account_id in settings.restricted_account_ids:
        return _skipped(Reason.RESTRICTED_ACCOUNT)
    if settings.account_ids and account_id not in settings.account_ids:
        return _skipped(Reason.NOT_IN_ACCOUNTS)
    if settings.account_filter is not None and not settings.account_filter.holds_for(account):
        return _skipped(Reason.FILTERED)
    if settings.only_send_bill_on_approval and happening is not Happening.DELETED and bill_status != APPROVED:
        return _skipped(Reason.NOT_APPROVED)
    return None


def _skipped(reason: Reason) -> No:
    return No(RunStatus.COMPLETE, Outcome.SKIPPED, reason)
