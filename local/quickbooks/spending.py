"""Rules of what a company buys, pays and owes, and of what may go (facts 1.7, 2.9): one code each."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from local.quickbooks import problems, wire
from local.quickbooks.books import Books
from local.quickbooks.catalogue import fault_of
from local.quickbooks.company import CURRENCIES
from local.quickbooks.entities import Entity
from local.quickbooks.store import Condition
from local.quickbooks.wire import Json

# Answered with an extension block, which a delete that echoes it back does not survive (facts 2.9).
EXTENDED = {"Purchase": "PurchaseEx"}

_DETAILS = {"AccountBasedExpenseLineDetail": "AccountRef", "ItemBasedExpenseLineDetail": "ItemRef"}
_SPLIT = ("Bill", "Purchase", "VendorCredit", "PurchaseOrder", "Deposit", "JournalEntry")
_AMOUNT_NEEDED = ("Transfer", "CreditCardPaymentTxn")


def extended(entity: Entity, record: Json) -> Json:
    if entity.name not in EXTENDED:
        return record
    pair = {"name": "{http://schema.intuit.com/finance/v3}NameValue", "value": {"Name": "TxnType", "Value": "54"}}
    return {**record, EXTENDED[entity.name]: {"any": [pair]}}


def refuse_extension(entity: Entity, body: Json) -> None:
    name = EXTENDED[entity.name]
    if name in body:
        raise problems.unknown_property("any", name, 1)


def check(books: Books, entity: Entity, said: Json, stored: Json | None) -> None:
    """Before a list object or a transaction is kept. Raises 620 to 6520, each where its rule is broken."""
    if entity.name in _SPLIT and said.get("Line") == []:
        raise fault_of("2250")
    if entity.name in _AMOUNT_NEEDED and said.get("Amount") == 0:
        raise problems.business("You must set a transaction amount.")
    for line in _lines(said):
        _check_line(line)
    if entity.name == "JournalEntry":
        _check_balanced(said)
    if entity.name == "TimeActivity":
        _check_time(books, said)
    if entity.name == "Deposit":
        _check_deposited_to(books, said)
        _check_swept(books, said)
    if entity.name == "Purchase":
        _check_paid_from(books, said)
    if entity.name == "CompanyCurrency":
        _check_currency(books, said, stored)
    if _numbered(entity, said):
        _check_number(books, said, stored)


def _lines(said: Json) -> Iterator[Json]:
    lines = said.get("Line")
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, dict):
            yield line


def _check_line(line: Json) -> None:
    """Raises 2290, 6310 and 6440."""
    amount = line.get("Amount")
    for kind, needed in _DETAILS.items():
        detail = line.get(kind)
        if not isinstance(detail, dict):
            continue
        if amount and not detail.get(needed):
            raise fault_of("6440")
        if detail.get("BillableStatus") == "Billable" and not detail.get("CustomerRef"):
            raise fault_of("6310")
    negative = not isinstance(amount, str | dict | list | bool | None) and amount < 0
    if negative and "JournalEntryLineDetail" in line:
        raise fault_of("2290")


def _check_balanced(said: Json) -> None:
    """Raises 6000 unless a journal entry takes as much as it gives; 2020 and 2170 for a line on no side."""
    sides = {"Debit": Decimal(), "Credit": Decimal()}
    for line in _lines(said):
        detail = line.get("JournalEntryLineDetail", {})
        if line.get("DetailType") != "JournalEntryLineDetail" and not detail:
            continue
        for name in ("PostingType", "AccountRef"):
            if not isinstance(detail, dict) or not detail.get(name):
                raise problems.missing(f"Line.JournalEntryLineDetail.{name}")
        if not isinstance(detail["PostingType"], str) or detail["PostingType"] not in sides:
            raise problems.bad_enumeration("Line.JournalEntryLineDetail.PostingType", detail["PostingType"])
        sides[detail["PostingType"]] += line.get("Amount", 0)
    if sides["Debit"] != sides["Credit"]:
        raise problems.business("Please balance debits and credits.")


def _check_time(books: Books, said: Json) -> None:
    """Raises 6250 for a customer that is not there or not active, 6310 for billable time without one.

    2020 for time of nobody, and for no time (Intuit's reference of TimeActivity).
    """
    customer = said.get("CustomerRef")
    if customer:
        found = books.look("Customer", str(customer.get("value")))
        if found is None or found.get("Active") is False:
            raise fault_of("6250")
    elif said.get("BillableStatus") == "Billable":
        raise fault_of("6310")
    worker = f"{said['NameOf']}Ref"
    if said["NameOf"] != "Other" and not said.get(worker):
        raise problems.missing(worker)
    if not any(said.get(name) is not None for name in ("Hours", "Minutes", "StartTime")):
        raise problems.missing("Hours")


def _check_deposited_to(books: Books, said: Json) -> None:
    """Raises 6430 unless money can lie there."""
    account = books.look("Account", str(said["DepositToAccountRef"].get("value")))
    kind = account.get("AccountType") if account else None
    if account is not None and kind not in ("Bank", "Other Current Asset"):
        raise fault_of("6430", detail=f"Invalid account type: {kind}")


def _check_swept(books: Books, said: Json) -> None:
    """Raises 610 for a payment or a receipt that is not there."""
    for line in _lines(said):
        for link in line.get("LinkedTxn") or []:
            kind = link.get("TxnType") if isinstance(link, dict) else None
            if kind in ("Payment", "SalesReceipt") and books.look(kind, str(link.get("TxnId"))) is None:
                raise problems.not_found()


def _check_paid_from(books: Books, said: Json) -> None:
    """Raises 6430 unless a check is drawn on a bank and a card is a card (Intuit's reference of Purchase)."""
    wanted = {"Check": "Bank", "CreditCard": "Credit Card"}.get(said["PaymentType"])
    account = books.look("Account", str(said["AccountRef"].get("value")))
    kind = account.get("AccountType") if account else None
    if wanted and account is not None and kind != wanted:
        raise fault_of("6430", detail=f"Invalid account type: {kind}")


def _check_currency(books: Books, said: Json, stored: Json | None) -> None:
    """Raises 2220 for a currency that is none, 630 for one that is listed."""
    if str(said.get("Code")) not in CURRENCIES:
        raise problems.bad_currency(said.get("Code"))
    for other in _all(books, "CompanyCurrency"):
        if other.get("Code") == said.get("Code") and (stored is None or other["Id"] != stored["Id"]):
            raise problems.duplicate_object(f"a currency {said.get('Code')}")


def _numbered(entity: Entity, said: Json) -> bool:
    """Checks and payments by check share one space of numbers."""
    kind = {"Purchase": "PaymentType", "BillPayment": "PayType"}.get(entity.name)
    return kind is not None and said.get(kind) == "Check" and isinstance(said.get("DocNumber"), str)


def _check_number(books: Books, said: Json, stored: Json | None) -> None:
    """Raises 6140 in a company with numbers of its own."""
    if not books.company.custom_numbers:
        return
    own = stored["Id"] if stored else None
    for entity in ("Purchase", "BillPayment"):
        for id_ in books.store.numbered(books.realm, entity, said["DocNumber"]):
            if id_ != own:
                raise problems.duplicate_number(said["DocNumber"], entity, id_)


def check_delete(books: Books, entity: Entity, stored: Json) -> None:
    """Raises 800 for an estimate and 6400 for a purchase that an invoice was made from."""
    if entity.name == "Estimate" and _linked(books, ("Estimate",), stored["Id"]):
        raise problems.has_dependencies("the invoice that was made from it")
    if entity.name == "Purchase" and _linked(books, ("Purchase", "ReimburseCharge"), stored["Id"]):
        raise fault_of("6400")


def _linked(books: Books, kinds: tuple[str, ...], id_: str) -> bool:
    for invoice in _all(books, "Invoice"):
        for part in (invoice, *_lines(invoice)):
            for link in part.get("LinkedTxn") or []:
                if isinstance(link, dict) and link.get("TxnType") in kinds and str(link.get("TxnId")) == id_:
                    return True
    return False


def check_customer_change(books: Books, stored: Json, record: Json) -> None:
    """Raises 6130, and 6220 or 6280 where a customer is made inactive who owes or has time to be billed.

    People at the screen are asked whether the balance is to be written off; a request is refused.
    """
    invoices = books.store.count(books.realm, "Invoice", [Condition("customer", "=", (stored["Id"],))])
    if stored.get("BillWithParent", False) != record.get("BillWithParent", False) and invoices:
        raise fault_of("6130")
    if not stored.get("Active", True) or record.get("Active", True):
        return
    times = [Condition("customer", "=", (stored["Id"],))]
    if any(one.get("BillableStatus") == "Billable" for one in _all(books, "TimeActivity", times)):
        raise fault_of("6280")
    if not books.at_screen and books.store.owed_by(books.realm, stored["Id"]):
        raise fault_of("6220")


def _all(books: Books, entity: str, conditions: list[Condition] | None = None) -> Iterator[Any]:
    for text in books.store.bodies(books.realm, entity, conditions or []):
        yield wire.loads(text)
