"""From bill to invoice."""

from __future__ import annotations

from decimal import Decimal

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mappings
from m3ter_quickbooks.invoice.company import Company
from m3ter_quickbooks.invoice.document import Document, NothingLeft


def translate(
    bill: Bill,
    account: Account | None,
    integration: Integration,
    mappings: Mappings,
    company: Company | None,
    exchange_rate: Decimal | None,
) -> Document | NothingLeft:
    """What QuickBooks is to be told about `bill`. Raises BillCannotBeSent with every problem at once."""
    raise NotImplementedError
