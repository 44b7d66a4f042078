"""In which currency a transaction is, and at which rate (facts 3.3)."""

from decimal import Decimal

from local.quickbooks import problems
from local.quickbooks.books import Books
from local.quickbooks.company import CURRENCIES, currency_reference
from local.quickbooks.wire import Json, natural


def currency_of(books: Books, said: Json, owner: Json) -> tuple[Json, Decimal | int | None]:
    """CurrencyRef, which is the owner's (customer or vendor), and the rate. Raises 2220 and 6000."""
    company = books.company
    home = company.home_currency
    own = owner.get("CurrencyRef", {}).get("value", home)
    code = (said.get("CurrencyRef") or {}).get("value", own)
    if code not in CURRENCIES:
        raise problems.bad_currency(code)
    if code != home and not company.multicurrency:
        raise problems.business("Multi Currency should be enabled to perform this operation")
    if code != own:
        raise problems.business("You can only use one foreign currency per transaction.")
    rate: Decimal | None = said.get("ExchangeRate") or None
    if rate is not None and rate < 0:
        raise problems.bad_value("2110", "ExchangeRate", rate)
    if not company.multicurrency:
        return currency_reference(code), None
    return currency_reference(code), natural(rate) if rate and code != home else 1
