"""Sales forms: invoice, credit memo, estimate, sales receipt, refund receipt (facts 2 and 3.1)."""

from decimal import Decimal
from typing import Any

from local.quickbooks import origins, payments, problems, terms
from local.quickbooks.books import Books, check_open
from local.quickbooks.currencies import currency_of
from local.quickbooks.entities import Entity
from local.quickbooks.lines import read_lines
from local.quickbooks.tax import tax_of
from local.quickbooks.wire import Json, money

# A full update clears what it does not name, but these are made again or survive (facts 2.9).
SURVIVES_FULL_UPDATE = (
    "CurrencyRef", "PrintStatus", "EmailStatus", "ApplyTaxAfterDiscount", "CustomField", "LinkedTxn", "TxnDate",
    "BillAddr", "ShipAddr", "DeliveryInfo", "RecurDataRef",
)  # fmt: skip
# Outside the US a change of these without TxnTaxDetail makes the tax anew (facts 2.8).
_TAX_FOLLOWS = {"Line", "GlobalTaxCalculation", "ApplyTaxAfterDiscount"}
# Kept as given, in the order in which QuickBooks answers them.
_AFTER_LINES = ("ClassRef", "DepartmentRef", "ProjectRef", "ShipMethodRef", "ShipDate", "TrackingNum", "SalesTermRef")
_ELSEWHERE = {"InvoiceRef", "ExpirationDate", "AcceptedBy", "AcceptedDate", "PaymentMethodRef", "PaymentRefNum",
              "DepositToAccountRef", "Deposit", "TransactionLocationType"}  # fmt: skip


def create(books: Books, entity: Entity, said: Json, include: set[str]) -> Json:
    customer = _customer(books, entity, said)
    linked = {"LinkedTxn": origins.links(books, said.get("LinkedTxn", []), customer)}
    _check_tax_code(said, create=True)
    number = _new_number(books, entity, said, include)
    record = _compose(books, entity, {**said, **number, **linked}, customer, None)
    check_open(books, record["TxnDate"])
    return record


def update(books: Books, entity: Entity, stored: Json, said: Json, sparse: bool, include: set[str]) -> Json:
    """The record after the update. Lines are a whole list, also in a sparse update (facts 2.9)."""
    _not_deposited(books, entity, stored)
    _check_tax_code(said, create=False)
    if sparse:
        merged = {**stored, **said}
        if books.company.needs_tax_codes and "TxnTaxDetail" not in said and said.keys() & _TAX_FOLLOWS:
            merged.pop("TxnTaxDetail", None)
    else:
        if not said.get("Line"):
            raise problems.missing("Line")
        merged = {**{key: stored[key] for key in SURVIVES_FULL_UPDATE if key in stored}, **said}
    if "DocNumber" in said and said["DocNumber"] != stored.get("DocNumber"):
        _check_unused(books, entity, said["DocNumber"], include, stored["Id"])
    if "LinkedTxn" in stored:
        merged["LinkedTxn"] = stored["LinkedTxn"]
    customer = _customer(books, entity, merged)
    record = _compose(books, entity, merged, customer, stored, lines_given="Line" in said)
    check_open(books, stored["TxnDate"], record["TxnDate"])
    return record


def _check_tax_code(said: Json, create: bool) -> None:
    code = said.get("TxnTaxDetail", {}).get("TxnTaxCodeRef")
    if isinstance(code, dict) and code.get("value") == "CustomSalesTax":
        raise problems.custom_sales_tax(create)


def void(books: Books, entity: Entity, stored: Json) -> Json:
    """Amounts to zero and `Voided` in the note; number, lines and dates stay; nothing else marks it (facts 2.9)."""
    check_open(books, stored["TxnDate"])
    _not_deposited(books, entity, stored)
    if is_void(stored):
        return stored
    record = dict(stored)
    payments.release(books, entity.name, record)
    note = stored.get("PrivateNote")
    record = _with_note(record, f"Voided - {note}" if note else "Voided")
    record["Line"] = [_voided_line(line) for line in stored["Line"]]
    record["TxnTaxDetail"] = {"TotalTax": 0}
    for key in ("TotalAmt", "HomeTotalAmt", "Balance", "HomeBalance", "RemainingCredit"):
        if key in record:
            record[key] = 0
    return record


def delete(books: Books, entity: Entity, stored: Json) -> None:
    check_open(books, stored["TxnDate"])
    _not_deposited(books, entity, stored)
    payments.release(books, entity.name, stored)
    if entity.name == "Invoice":
        origins.reopen(books, stored)


def is_void(record: Json) -> bool:
    return record.get("PrivateNote", "").startswith("Voided") and not record.get("TotalAmt")


def _voided_line(line: Json) -> Json:
    zero: Json = {**line, "Amount": 0} if "Amount" in line else dict(line)
    detail = zero.get("SalesItemLineDetail")
    if detail and "Qty" in detail:
        zero["SalesItemLineDetail"] = {**detail, "Qty": 0}
    return zero


def _with_note(record: Json, note: str) -> Json:
    if "PrivateNote" in record:
        return {**record, "PrivateNote": note}
    out: Json = {}
    for key, value in record.items():
        if key == "LinkedTxn":
            out["PrivateNote"] = note
        out[key] = value
    return out


def _not_deposited(books: Books, entity: Entity, stored: Json) -> None:
    if entity.name == "SalesReceipt" and any(one.get("TxnType") == "Deposit" for one in stored.get("LinkedTxn", [])):
        raise problems.deposited()


def _customer(books: Books, entity: Entity, said: Json) -> Json:
    reference = said.get("CustomerRef")
    if not reference:
        if entity.name in ("SalesReceipt", "RefundReceipt"):
            return {}
        raise problems.missing("CustomerRef")
    return books.referred("Customer", reference, "CustomerRef")


def _new_number(books: Books, entity: Entity, said: Json, include: set[str]) -> Json:
    """Facts 2.5: with own numbers off, one is made; with own numbers on, a blank stays blank and a used one is 6140."""
    given = said.get("DocNumber")
    automatic = bool(said.get("AutoDocNumber")) or given == "AUTO_GENERATE"
    if automatic or (given is None and not books.company.custom_numbers):
        return {"DocNumber": str(books.store.count_up(books.realm, "number", 1001))}
    if given is not None:
        _check_unused(books, entity, given, include, None)
        return {"DocNumber": given}
    if books.company.country == "FR":
        raise problems.missing("DocNumber")
    return {}


def _check_unused(books: Books, entity: Entity, number: str, include: set[str], own_id: str | None) -> None:
    if not books.company.custom_numbers or "allowduplicatedocnum" in include:
        return
    others = [one for one in books.store.numbered(books.realm, entity.name, number) if one != own_id]
    if others:
        raise problems.duplicate_number(number, entity.name, others[0])


def _compose(
    books: Books, entity: Entity, said: Json, customer: Json, stored: Json | None, lines_given: bool = True
) -> Json:
    """The record in the order in which QuickBooks writes it (facts 2.1). An e-mail is never taken from the customer."""
    currency, rate = currency_of(books, said, customer)
    txn_date = said.get("TxnDate", books.today)
    lines, net = _lines(books, said, stored, lines_given, txn_date)
    tax, total_tax = tax_of(books, said, lines)
    total = net + total_tax
    if total < 0:
        raise problems.business("You must specify a transaction amount that is 0 or greater.")
    record: Json = {
        **_online_payment(books, entity, said),
        "domain": "QBO", "sparse": False,
        "Id": stored["Id"] if stored else None, "SyncToken": stored["SyncToken"] if stored else "0",
        "MetaData": stored["MetaData"] if stored else books.times(),
        "CustomField": _custom_fields(books, said.get("CustomField", [])),
        "DocNumber": said.get("DocNumber"), "TxnDate": txn_date, "CurrencyRef": currency, "ExchangeRate": rate,
        "PrivateNote": said.get("PrivateNote"), "LinkedTxn": said.get("LinkedTxn", []), "Line": lines,
        "TxnTaxDetail": tax,
        "CustomerRef": {"value": customer["Id"], "name": customer["DisplayName"]} if customer else None,
        "CustomerMemo": said.get("CustomerMemo"),
        "BillAddr": said.get("BillAddr") or customer.get("BillAddr"),
        "ShipAddr": said.get("ShipAddr") or customer.get("ShipAddr"),
        **{key: said.get(key) for key in _AFTER_LINES}, **_terms(books, entity, said, customer, txn_date),
        "GlobalTaxCalculation": _tax_mode(books, said), "TotalAmt": money(total), "HomeTotalAmt": None,
        "ApplyTaxAfterDiscount": said.get("ApplyTaxAfterDiscount", False),
        "PrintStatus": said.get("PrintStatus", "NeedToPrint"), "EmailStatus": said.get("EmailStatus", "NotSet"),
        "BillEmail": said.get("BillEmail"),
        "BillEmailCc": said.get("BillEmailCc"), "BillEmailBcc": said.get("BillEmailBcc"),
        **{key: said[key] for key in said if key in _ELSEWHERE}, **_received(books, entity, said),
        "TxnStatus": said.get("TxnStatus", origins.PENDING) if entity.name == "Estimate" else None,
    }  # fmt: skip
    if record["EmailStatus"] == "NeedToSend" and not record["BillEmail"]:
        raise problems.email_needed()
    if entity.name == "CreditMemo":
        record["BillEmailCc"] = record["BillEmailBcc"] = record["DueDate"] = None
    record.update(payments.open_amounts(books, entity.name, total, stored))
    if rate is not None:
        record["HomeTotalAmt"] = money(total * rate)
        if "Balance" in record and entity.name != "Estimate":
            record["HomeBalance"] = money(Decimal(record["Balance"]) * rate)
    if said.get("DeliveryInfo"):
        record["DeliveryInfo"] = said["DeliveryInfo"]
    return {key: value for key, value in record.items() if (value is not None and value != {}) or key == "Id"}


def _lines(books: Books, said: Json, stored: Json | None, given: bool, txn_date: str) -> tuple[list[Json], Decimal]:
    if stored is None or given:
        return read_lines(books, said.get("Line") or [], stored["Line"] if stored else [], txn_date)
    lines: list[Json] = stored["Line"]
    net = sum(
        (Decimal(line["Amount"]) * (-1 if line["DetailType"] == "DiscountLineDetail" else 1)
         for line in lines if "Amount" in line and line["DetailType"] != "SubTotalLineDetail"),
        Decimal(),
    )  # fmt: skip
    return lines, net


def _online_payment(books: Books, entity: Entity, said: Json) -> Json:
    """Without QuickBooks Payments every flag is answered false, whatever was sent (facts 2.6)."""
    if entity.name != "Invoice":
        return {}
    able = books.company.payments_enabled
    card = able and said.get("AllowOnlineCreditCardPayment", True)
    bank = able and said.get("AllowOnlineACHPayment", True)
    return {
        "AllowIPNPayment": False, "AllowOnlinePayment": False,
        "AllowOnlineCreditCardPayment": card, "AllowOnlineACHPayment": bank,
    }  # fmt: skip


def _received(books: Books, entity: Entity, said: Json) -> Json:
    """How a receipt was paid: at once, so nothing is open, into Undeposited Funds unless told (Intuit's SalesReceipt).

    Raises 2020 for a refund that names no account, 2500 and 610 for references.
    """
    if entity.name not in ("SalesReceipt", "RefundReceipt"):
        return {}
    if entity.name == "RefundReceipt" and not said.get("DepositToAccountRef"):
        raise problems.missing("DepositToAccountRef")
    account = said.get("DepositToAccountRef") or {"value": payments.UNDEPOSITED_FUNDS}
    out = {"DepositToAccountRef": books.named("Account", account, "DepositToAccountRef")}
    if said.get("PaymentMethodRef"):
        out["PaymentMethodRef"] = books.named("PaymentMethod", said["PaymentMethodRef"], "PaymentMethodRef")
    return out


def _tax_mode(books: Books, said: Json) -> str | None:
    return str(said.get("GlobalTaxCalculation", "TaxExcluded")) if books.company.needs_tax_codes else None


def _terms(books: Books, entity: Entity, said: Json, customer: Json, txn_date: str) -> Json:
    """The term as sent, else the customer's; the due date as sent, else from the term, else from the company's."""
    if entity.name not in ("Invoice", "Estimate"):
        return {}
    asked = said.get("SalesTermRef") or customer.get("SalesTermRef")
    out: Json = {}
    term = None
    if asked:
        term = books.referred("Term", asked, "SalesTermRef")
        out["SalesTermRef"] = {"value": term["Id"], "name": term["Name"]}
    elif books.company.default_term:
        term = books.look("Term", books.company.default_term)
    if entity.name == "Invoice":
        out["DueDate"] = said.get("DueDate") or terms.due_date(term, txn_date)
    return out


def _custom_fields(books: Books, said: list[Any]) -> list[Json]:
    """The old kind only: up to three string fields, the others are dropped without a word (facts 2.7)."""
    given = {str(one.get("DefinitionId")): one for one in said if isinstance(one, dict)}
    names = {"1": "Crew #"}
    out = []
    for definition, name in names.items():
        one: Json = {"DefinitionId": definition, "Name": name, "Type": "StringType"}
        if given.get(definition, {}).get("Type") not in (None, "", "StringType"):
            raise problems.bad_custom_field()
        text = given.get(definition, {}).get("StringValue")
        if isinstance(text, str) and text:
            if len(text) > 31:
                raise problems.wrong_length("CustomField", 31, len(text))
            one["StringValue"] = text
        out.append(one)
    return out


def sent(books: Books, entity: Entity, stored: Json, address: str | None) -> Json:
    """The record after its e-mail went out (facts 2.10). Raises 6420 without any address."""
    email = {"Address": address} if address else stored.get("BillEmail")
    if not email:
        raise problems.email_needed()
    record = dict(stored)
    record.update(
        EmailStatus="EmailSent",
        BillEmail=email,
        DeliveryInfo={"DeliveryType": "Email", "DeliveryTime": books.times()["CreateTime"]},
    )
    return record
