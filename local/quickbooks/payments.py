"""Payments, and what they do to invoices and credit memos (facts 3.5b).

    Payment 40.00 ── Line 40.00 ──> Invoice 100.00: Balance 60.00, LinkedTxn + Payment, SyncToken + 1
            │
            └─ Line -- linked CreditMemo: its RemainingCredit falls, and pays with the rest

UnappliedAmt = TotalAmt + credits used - what went to invoices.
"""

from decimal import Decimal
from typing import Any

from local.quickbooks import problems
from local.quickbooks.books import Books, check_open
from local.quickbooks.catalogue import fault_of
from local.quickbooks.company import CURRENCIES, currency_reference
from local.quickbooks.fields import amount as read_amount
from local.quickbooks.fields import links
from local.quickbooks.wire import Json, half_up, money, natural

# The account of every company's own where money waits for the bank.
UNDEPOSITED_FUNDS = "4"
_OPEN = {"Invoice": "Balance", "CreditMemo": "RemainingCredit"}


def open_amounts(books: Books, entity: str, total: Decimal, stored: Json | None) -> Json:
    """What is still open on a sales form whose total is (now) this. Too much paid goes back to the payments."""
    if entity not in _OPEN:
        return {"Balance": 0} if entity in ("SalesReceipt", "RefundReceipt") else {}
    key = _OPEN[entity]
    paid = Decimal(stored["TotalAmt"]) - Decimal(stored[key]) if stored else Decimal()
    if stored and paid > total:
        _give_back(books, entity, stored, paid - total)
        paid = total
    left = money(total - paid)
    return {"Balance": left} if entity == "Invoice" else {"RemainingCredit": left, "Balance": left}


def create(books: Books, said: Json) -> Json:
    record = _compose(books, said, None)
    check_open(books, record["TxnDate"])
    return record


def update(books: Books, stored: Json, said: Json, sparse: bool) -> Json:
    """Lines are replaced all or none; a sparse edit without the required fields is refused (facts 2.9)."""
    check_open(books, stored["TxnDate"])
    not_deposited(stored)
    if stored["ProcessPayment"]:
        raise fault_of("6110")
    merged = {**(stored if sparse else {}), **said}
    for name in ("CustomerRef", "TotalAmt"):
        if name not in said:
            raise problems.missing(name)
    if "Line" not in said and sparse:
        merged["Line"] = stored["Line"]
    unapply(books, stored)
    return _compose(books, merged, stored)


def void(books: Books, stored: Json) -> Json:
    check_open(books, stored["TxnDate"])
    not_deposited(stored)
    if stored["ProcessPayment"] and stored["MetaData"]["CreateTime"][:10] < books.today:
        raise fault_of("6450")
    unapply(books, stored)
    note = stored.get("PrivateNote")
    return {
        **stored,
        "PrivateNote": f"Voided - {note}" if note else "Voided",
        "TotalAmt": 0,
        "UnappliedAmt": 0,
        "Line": [],
    }


def delete(books: Books, stored: Json) -> None:
    check_open(books, stored["TxnDate"])
    not_deposited(stored)
    if stored["ProcessPayment"]:
        raise fault_of("6120")
    unapply(books, stored)


def not_deposited(stored: Json) -> None:
    if any(one.get("TxnType") == "Deposit" for one in stored.get("LinkedTxn", [])):
        raise problems.deposited()


def apply(books: Books, record: Json) -> Json:
    """Carry the lines of a new or changed payment over to the documents, which changes their SyncTokens.

    More than the open balance is accepted; the rest is unapplied, and a line of nothing links nothing.
    """
    used = Decimal()
    for line in record["Line"]:
        for link in line["LinkedTxn"]:
            document = books.existing(link["TxnType"], link["TxnId"])
            key = _OPEN[link["TxnType"]]
            amount = min(Decimal(line["Amount"]), Decimal(document[key]))
            line["Amount"] = money(amount)
            if not amount:
                continue
            _set_open(document, Decimal(document[key]) - amount, key)
            linked = [one for one in document["LinkedTxn"] if one["TxnId"] != record["Id"]]
            document["LinkedTxn"] = [*linked, {"TxnId": record["Id"], "TxnType": "Payment"}]
            books.bump(link["TxnType"], document)
            used += amount if link["TxnType"] == "Invoice" else -amount
    record["Line"] = [line for line in record["Line"] if line["Amount"]]
    record["UnappliedAmt"] = money(Decimal(record["TotalAmt"]) - used)
    return record


def unapply(books: Books, stored: Json) -> None:
    for line in stored["Line"]:
        for link in line["LinkedTxn"]:
            document = books.find(link["TxnType"], link["TxnId"])
            if document is None:
                continue
            key = _OPEN[link["TxnType"]]
            _set_open(document, Decimal(document[key]) + Decimal(line["Amount"]), key)
            document["LinkedTxn"] = [one for one in document["LinkedTxn"] if one["TxnId"] != stored["Id"]]
            books.bump(link["TxnType"], document)


def release(books: Books, entity: str, document: Json) -> None:
    """Before a document is voided or deleted: its payments stay, and what they paid is unapplied (facts 2.9)."""
    if entity in _OPEN:
        key = _OPEN[entity]
        _give_back(books, entity, document, Decimal(document["TotalAmt"]) - Decimal(document[key]))
    document["LinkedTxn"] = [one for one in document.get("LinkedTxn", []) if one.get("TxnType") != "Payment"]


def deposit(books: Books, record: Json, back: bool = False) -> None:
    """A deposit sweeps payments and receipts up: from then on they cannot be changed (6540), until it is deleted."""
    link = {"TxnId": record["Id"], "TxnType": "Deposit"}
    for line in record.get("Line", []):
        for one in line.get("LinkedTxn") or []:
            kind = str(one.get("TxnType")) if isinstance(one, dict) else ""
            swept = books.find(kind, str(one.get("TxnId"))) if kind in ("Payment", "SalesReceipt") else None
            if swept is None:
                continue
            others = [other for other in swept.get("LinkedTxn", []) if other != link]
            swept["LinkedTxn"] = others if back else [*others, link]
            books.bump(kind, swept)


def _give_back(books: Books, entity: str, document: Json, amount: Decimal) -> None:
    for link in reversed(document.get("LinkedTxn", [])):
        payment = books.find("Payment", link["TxnId"]) if link.get("TxnType") == "Payment" else None
        if payment is None or amount <= 0:
            continue
        for line in payment["Line"]:
            if line["LinkedTxn"][0]["TxnId"] == document["Id"] and line["LinkedTxn"][0]["TxnType"] == entity:
                back = min(amount, Decimal(line["Amount"]))
                line["Amount"] = money(Decimal(line["Amount"]) - back)
                sign = 1 if entity == "Invoice" else -1
                payment["UnappliedAmt"] = money(Decimal(payment["UnappliedAmt"]) + sign * back)
                amount -= back
        payment["Line"] = [line for line in payment["Line"] if line["Amount"]]
        books.bump("Payment", payment)


def _set_open(document: Json, left: Decimal, key: str) -> None:
    document[key] = document["Balance"] = money(left)
    if "HomeBalance" in document:
        document["HomeBalance"] = money(left * Decimal(document.get("ExchangeRate", 1)))


def _compose(books: Books, said: Json, stored: Json | None) -> Json:
    if not said.get("CustomerRef"):
        raise problems.missing("CustomerRef")
    if "TotalAmt" not in said:
        raise problems.missing("TotalAmt")
    customer = books.referred("Customer", said["CustomerRef"], "CustomerRef")
    total = half_up(Decimal(said["TotalAmt"]))
    if total < 0:
        raise problems.business("You must specify a transaction amount that is 0 or greater.")
    lines = [_line(books, raw, customer) for raw in said.get("Line") or []]
    code = customer.get("CurrencyRef", {}).get("value", books.company.home_currency)
    asked = (said.get("CurrencyRef") or {}).get("value", code)
    if asked not in CURRENCIES:
        raise problems.bad_currency(asked)
    if asked != code:
        raise problems.business("You can only use one foreign currency per transaction.")
    applied = sum(
        (Decimal(line["Amount"]) * (1 if line["LinkedTxn"][0]["TxnType"] == "Invoice" else -1) for line in lines),
        Decimal(),
    )
    if applied > total:
        raise problems.business("The amount applied is more than the amount of the payment.")
    account = said.get("DepositToAccountRef") or {"value": UNDEPOSITED_FUNDS}
    books.referred("Account", account, "DepositToAccountRef")
    if said.get("PaymentMethodRef"):
        books.referred("PaymentMethod", said["PaymentMethodRef"], "PaymentMethodRef")
    processed = _by_card(said, total)
    record: Json = {
        "CustomerRef": {"value": customer["Id"], "name": customer["DisplayName"]},
        "DepositToAccountRef": {"value": account["value"]},
        "PaymentMethodRef": said.get("PaymentMethodRef"), "PaymentRefNum": said.get("PaymentRefNum"),
        "TotalAmt": money(total), "UnappliedAmt": money(total - applied), "ProcessPayment": processed,
        "CreditCardPayment": said["CreditCardPayment"] if processed else None,
        "domain": "QBO", "sparse": False,
        "Id": stored["Id"] if stored else None, "SyncToken": stored["SyncToken"] if stored else "0",
        "MetaData": stored["MetaData"] if stored else books.times(),
        "TxnDate": said.get("TxnDate", books.today), "CurrencyRef": currency_reference(code),
        "ExchangeRate": natural(said.get("ExchangeRate") or 1) if books.company.multicurrency else None,
        "PrivateNote": said.get("PrivateNote"), "LinkedTxn": stored["LinkedTxn"] if stored else [], "Line": lines,
    }  # fmt: skip
    return {key: value for key, value in record.items() if value is not None or key == "Id"}


def _by_card(said: Json, total: Decimal) -> bool:
    """Whether QuickBooks Payments took the money; it settles the next day. Raises 6460 where it took another amount."""
    charge = said.get("CreditCardPayment", {}).get("CreditChargeInfo")
    if not isinstance(charge, dict) or charge.get("ProcessPayment") is not True:
        return False
    if charge.get("Amount") is not None and read_amount(charge["Amount"], "CreditChargeInfo.Amount") != total:
        raise fault_of("6460")
    return True


def _line(books: Books, raw: Any, customer: Json) -> Json:
    if not isinstance(raw, dict):
        raise problems.unreadable("Can not construct instance of com.intuit.schema.finance.v3.Line")
    amount = half_up(read_amount(raw.get("Amount", 0) or 0, "Line.Amount"))
    linked = links(raw.get("LinkedTxn") or [], "Line.LinkedTxn")
    if not linked:
        raise problems.missing("Line.LinkedTxn")
    kind, id_ = str(linked[0].get("TxnType")), str(linked[0].get("TxnId", ""))
    if kind not in _OPEN:
        raise problems.bad_enumeration("Line.LinkedTxn.TxnType", kind)
    document = books.look(kind, id_)
    if document is None:
        raise problems.not_found()
    if document["CustomerRef"]["value"] != customer["Id"]:
        raise problems.business("The customer of the payment is not the customer of the linked transaction.")
    if amount < 0:
        raise problems.business("You must specify a transaction amount that is 0 or greater.")
    return {"Amount": money(amount), "LinkedTxn": [{"TxnId": id_, "TxnType": kind}]}
