"""What is known of the QuickBooks company, as read when it was connected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from m3ter_quickbooks.bill.bill import Bill

_ISO = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Company:
    """`custom_transaction_numbers`: QuickBooks refuses a number twice. `book_close_date`: nothing on or before it."""

    company_id: str
    name: str
    country: str | None = None
    home_currency: str | None = None
    multicurrency: bool = False
    custom_transaction_numbers: bool = False
    book_close_date: date | None = None


@dataclass(frozen=True, slots=True)
class RateNeeded:
    """An exchange rate: home units per unit of `currency`, of the day `on`."""

    currency: str
    on: date


def currency_of(bill: Bill) -> str | None:
    """The bill's currency as QuickBooks writes it."""
    return bill.currency.strip().upper() if bill.currency else None


def is_iso(currency: str) -> bool:
    """Whether QuickBooks may know this currency. m3ter also has currencies that people invented."""
    return _ISO.fullmatch(currency) is not None


def transaction_date(bill: Bill) -> date | None:
    """The day the document will carry: the external invoice date where m3ter has set one, else the bill date."""
    return bill.external_invoice_date or bill.bill_date


def rate_needed(bill: Bill, company: Company | None) -> RateNeeded | None:
    """The rate that a foreign bill has to be sent with; None for a bill in the company's home currency."""
    currency, on = currency_of(bill), transaction_date(bill)
    if company is None or company.home_currency is None or currency is None or on is None or not is_iso(currency):
        return None
    return None if currency == company.home_currency.upper() else RateNeeded(currency, on)
