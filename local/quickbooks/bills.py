"""What is owed to vendors (Intuit's references of Bill, VendorCredit and BillPayment).

BillPayment 40.00 ── Line 40.00 ──> Bill 100.00: Balance 60.00, LinkedTxn + BillPaymentCheck, SyncToken + 1
"""

from collections.abc import Iterator
from decimal import Decimal

from local.quickbooks import problems, terms
from local.quickbooks.books import Books
from local.quickbooks.entities import Entity
from local.quickbooks.wire import Json, money

_ACCOUNTS_PAYABLE = "33"
_OWED = ("Bill", "VendorCredit")
_PAYMENTS = {"Check": "BillPaymentCheck", "CreditCard": "BillPaymentCreditCard"}


def opened(books: Books, entity: Entity, record: Json, stored: Json | None) -> Json:
    """A bill or a credit with what is open on it; a bill is due by its term or that of the vendor."""
    if entity.name not in _OWED:
        return record
    paid = Decimal(stored["TotalAmt"]) - Decimal(stored["Balance"]) if stored else Decimal()
    account = record.get("APAccountRef") or {"value": _ACCOUNTS_PAYABLE}
    out = {**record, "APAccountRef": books.named("Account", account, "APAccountRef")}
    links = [one for one in record.get("LinkedTxn") or [] if isinstance(one, dict)]
    out["LinkedTxn"] = [one for one in links if one.get("TxnType") not in _PAYMENTS.values()]
    if stored:
        out["LinkedTxn"] += [one for one in stored["LinkedTxn"] if one.get("TxnType") in _PAYMENTS.values()]
    if entity.name == "Bill" and not record.get("DueDate"):
        vendor = books.look("Vendor", record["VendorRef"]["value"]) or {}
        reference = record.get("SalesTermRef") or vendor.get("TermRef")
        term = books.referred("Term", reference, "SalesTermRef") if reference else None
        out["DueDate"] = terms.due_date(term, record["TxnDate"])
    return _with_open(out, max(Decimal(record["TotalAmt"]) - paid, Decimal()))


def pay(books: Books, payment: Json) -> None:
    """What the lines of a payment pay is no longer open; more than that is not taken. Raises 610 and 6000."""
    kind = _PAYMENTS[payment["PayType"]]
    for line, entity, id_ in _links(payment):
        bill = books.find(entity, id_)
        if bill is None:
            raise problems.not_found()
        if bill["VendorRef"]["value"] != payment["VendorRef"]["value"]:
            raise problems.business("The vendor of the payment is not the vendor of the linked transaction.")
        amount = min(Decimal(line.get("Amount", 0)), Decimal(bill["Balance"]))
        line["Amount"] = money(amount)
        paid = _with_open(bill, Decimal(bill["Balance"]) - amount)
        others = [one for one in bill["LinkedTxn"] if one.get("TxnId") != payment["Id"]]
        books.bump(entity, {**paid, "LinkedTxn": [*others, {"TxnId": payment["Id"], "TxnType": kind}]})


def unpay(books: Books, payment: Json) -> None:
    for line, entity, id_ in _links(payment):
        bill = books.find(entity, id_)
        if bill is not None:
            left = _with_open(bill, Decimal(bill["Balance"]) + Decimal(line.get("Amount", 0)))
            others = [one for one in bill["LinkedTxn"] if one.get("TxnId") != payment["Id"]]
            books.bump(entity, {**left, "LinkedTxn": others})


def _links(payment: Json) -> Iterator[tuple[Json, str, str]]:
    for line in payment.get("Line", []):
        for link in line.get("LinkedTxn") or []:
            if isinstance(link, dict) and link.get("TxnType") in _OWED:
                yield line, link["TxnType"], str(link.get("TxnId"))


def _with_open(record: Json, left: Decimal) -> Json:
    out = {**record, "Balance": money(left)}
    if "ExchangeRate" in record:
        out["HomeBalance"] = money(left * Decimal(record["ExchangeRate"]))
    return out
