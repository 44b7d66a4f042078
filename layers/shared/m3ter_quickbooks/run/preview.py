"""What would become of a bill, with nothing claimed, sent or stored."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mappings
from m3ter_quickbooks.invoice.document import Document, NothingLeft
from m3ter_quickbooks.invoice.translate import translate
from m3ter_quickbooks.problems import BillCannotBeSent, BillProblem, FilterNotEvaluable, ProblemKind
from m3ter_quickbooks.run import gate
from m3ter_quickbooks.run.run import Happening


@dataclass(frozen=True, slots=True)
class Preview:
    """`reason` is None exactly if the bill would be sent; `document` may be there all the same (not connected yet)."""

    reason: str | None
    document: Document | None = None
    problems: tuple[BillProblem, ...] = ()


def preview(
    bill: Bill,
    account: Account | None,
    integration: Integration,
    mappings: Mappings,
    connection: Connection | None,
    exchange_rate: Decimal | None,
    *,
    saved: bool,
) -> Preview:
    """The gate and the translation, as for a bill that has just been told.

    `saved`: whether the configuration is one that bills go through; one that is only being thought about is taken as
    enabled and connected. What has been sent before is not looked at.
    """
    held = gate.connected(integration, connection) if saved else None
    try:
        no = gate.wanted(integration, Happening.UPDATED, bill.status, bill.account_id, account)
        if no is not None:
            return Preview(no.reason)
        company = connection.company if connection else None
        document = translate(bill, account, integration, mappings, company, exchange_rate)
    except FilterNotEvaluable as unclear:
        return Preview(PROBLEMS, problems=(BillProblem(ProblemKind.VALIDATION, unclear.message),))
    except BillCannotBeSent as cannot:
        return Preview(PROBLEMS, problems=cannot.problems)
    if isinstance(document, NothingLeft):
        return Preview(gate.Reason.NOTHING_LEFT)
    return Preview(held.reason if held else None, document)


PROBLEMS = "the bill has problems"
