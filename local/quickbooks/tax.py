"""Tax of a sales form, as far as an invoice sync meets it (facts 2.8)."""

from decimal import Decimal
from typing import Any

from local.quickbooks import problems
from local.quickbooks.books import Books
from local.quickbooks.catalogue import fault_of
from local.quickbooks.fields import amount, inner
from local.quickbooks.wire import Json, half_up, money, natural


def tax_of(books: Books, said: Json, lines: list[Json]) -> tuple[Json, Decimal]:
    """TxnTaxDetail as it is answered, and the tax in it. Raises 6170, and 6470 for a tax line without its rate."""
    supplied = said.get("TxnTaxDetail") or {}
    if not books.company.needs_tax_codes:
        return _united_states(books, supplied)
    if said.get("GlobalTaxCalculation") == "NotApplicable":
        if supplied.get("TotalTax") or supplied.get("TaxLine"):
            raise problems.tax_detail_not_allowed()
        return {"TotalTax": 0}, Decimal()
    if not all(_names_its_rate(one) for one in supplied.get("TaxLine") or []):
        raise fault_of("6470")
    if supplied.get("TotalTax") is not None:
        total = half_up(amount(supplied["TotalTax"], "TxnTaxDetail.TotalTax"))
        return {**supplied, "TotalTax": money(total)}, total
    return _by_rate(books, _taxable(lines, bool(said.get("ApplyTaxAfterDiscount"))))


def _names_its_rate(line: Any) -> bool:
    detail = inner(line, "TaxLine").get("TaxLineDetail")
    return isinstance(detail, dict) and bool(detail.get("TaxRateRef"))


def _united_states(books: Books, supplied: Json) -> tuple[Json, Decimal]:
    # Automated sales tax replaces what was supplied; without an address it finds none, and the code is not echoed.
    if books.company.automated_tax or not supplied:
        return {"TotalTax": 0}, Decimal()
    taxed: list[Any] = supplied.get("TaxLine") or []
    given = supplied.get("TotalTax")
    if given is None:
        given = sum((amount(inner(one, "TaxLine").get("Amount", 0), "TaxLine.Amount") for one in taxed), Decimal())
    total = half_up(amount(given, "TxnTaxDetail.TotalTax"))
    return {**supplied, "TotalTax": money(total)}, total


def _taxable(lines: list[Json], after_discount: bool) -> dict[str, Decimal]:
    """What is taxed by each code, lines inside bundles included.

    ApplyTaxAfterDiscount false or absent: the tax first, then the discount (Intuit's reference of Invoice;
    ruckus/quickbooks-ruby issue 381 has it so outside the US as well).
    """
    net: dict[str, Decimal] = {}
    discount = Decimal()
    for line in lines:
        if line["DetailType"] == "DiscountLineDetail":
            discount += Decimal(line["Amount"])
        for one in line.get("GroupLineDetail", {}).get("Line", [line]):
            code = one.get("SalesItemLineDetail", {}).get("TaxCodeRef", {}).get("value")
            if code is not None:
                net[code] = net.get(code, Decimal()) + Decimal(one["Amount"])
    whole = sum(net.values(), Decimal())
    if after_discount and discount and whole:
        net = {code: half_up(one * (whole - discount) / whole) for code, one in net.items()}
    return net


def _by_rate(books: Books, net: dict[str, Decimal]) -> tuple[Json, Decimal]:
    total, taxed = Decimal(), []
    for code, taxable in net.items():
        rates = (books.look("TaxCode", code) or {}).get("SalesTaxRateList", {}).get("TaxRateDetail", [])
        for one in rates:
            rate = books.look("TaxRate", one["TaxRateRef"]["value"]) or {"RateValue": 0}
            percent = Decimal(rate["RateValue"])
            due = half_up(taxable * percent / 100)
            total += due
            detail = {
                "TaxRateRef": {"value": one["TaxRateRef"]["value"]},
                "PercentBased": True,
                "TaxPercent": natural(percent),
                "NetAmountTaxable": money(taxable),
            }
            taxed.append({"Amount": money(due), "DetailType": "TaxLineDetail", "TaxLineDetail": detail})
    return {"TotalTax": money(total), "TaxLine": taxed}, total
