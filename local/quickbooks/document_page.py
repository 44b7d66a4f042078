"""An invoice or a credit memo as a person sees it."""

from decimal import Decimal
from html import escape
from urllib.parse import urlencode

from local.quickbooks.company import Company
from local.quickbooks.documents import is_void
from local.quickbooks.page import amount, badge, facts
from local.quickbooks.wire import Json

_KINDS = {"Invoice": "Invoice", "CreditMemo": "Credit memo"}


def address(entity: str, realm: str, id_: str) -> str:
    """The deep link of a document."""
    return f"/app/{entity.lower()}?{urlencode({'txnId': id_, 'companyId': realm})}"


def title(entity: str, record: Json) -> str:
    return f"{_KINDS[entity]} {record.get('DocNumber', '(no number)')}"


def status(entity: str, record: Json, today: str) -> str:
    """Void, paid, overdue or open, as a badge."""
    left = Decimal(record["RemainingCredit" if entity == "CreditMemo" else "Balance"])
    total = Decimal(record["TotalAmt"])
    if is_void(record):
        return badge("Void", "void")
    if entity == "CreditMemo":
        return badge("Credit left", "open") if left else badge("Applied", "paid")
    if not left:
        return badge("Paid", "paid")
    if record.get("DueDate", today) < today:
        return badge("Overdue", "bad")
    return badge("Part paid" if left < total else "Open", "open")


def paper(company: Company, entity: str, record: Json, today: str) -> str:
    currency = record["CurrencyRef"]["value"]
    return (
        f'<article class="paper"><div class="head"><div><div class="kind">{_KINDS[entity]}</div>'
        f"<div>{escape(company.name)}</div></div>"
        f'<div class="n"><div>{status(entity, record, today)}</div>'
        f'<div class="kind">{amount(record["TotalAmt"], currency)}</div>'
        f'<div class="dim">{_open(entity, record, currency)}</div></div></div>'
        f"{_header(entity, record)}{_lines(record)}{_notes(record)}</article>"
        f'<p class="dim">Id {record["Id"]}, SyncToken {record["SyncToken"]}, '
        f"created {record['MetaData']['CreateTime']}, changed {record['MetaData']['LastUpdatedTime']}</p>"
    )


def _open(entity: str, record: Json, currency: str) -> str:
    if entity == "CreditMemo":
        return f"Credit left {amount(record['RemainingCredit'], currency)}"
    return f"Balance due {amount(record['Balance'], currency)}"


def _header(entity: str, record: Json) -> str:
    def email(key: str) -> str:
        return escape(record.get(key, {}).get("Address", ""))

    place = record.get("BillAddr", {})
    parts = [place.get(f"Line{n}", "") for n in range(1, 6)]
    parts += [place.get(key, "") for key in ("City", "CountrySubDivisionCode", "PostalCode", "Country")]
    lines = ", ".join(escape(str(one)) for one in parts if one)
    where = f'<br><span class="dim">{lines}</span>' if lines else ""
    pays = [name for key, name in (("AllowOnlineCreditCardPayment", "card"), ("AllowOnlineACHPayment", "bank transfer"))
            if record.get(key)]  # fmt: skip
    rate = record.get("ExchangeRate", 1)
    return facts([
        ("Customer", escape(record["CustomerRef"].get("name", "")) + where),
        ("Number", escape(record.get("DocNumber", "none"))),
        ("Date", record["TxnDate"]),
        ("Due", record.get("DueDate", "")),
        ("Terms", escape(record.get("SalesTermRef", {}).get("name", ""))),
        ("E-mail", email("BillEmail")), ("Cc", email("BillEmailCc")), ("Bcc", email("BillEmailBcc")),
        ("E-mail status", record["EmailStatus"]),
        ("Online payment", ", ".join(pays) if entity == "Invoice" and pays else ""),
        ("Exchange rate", str(rate) if rate != 1 else ""),
        ("Payments", ", ".join(one["TxnId"] for one in record["LinkedTxn"] if one.get("TxnType") == "Payment")),
    ])  # fmt: skip


def _lines(record: Json) -> str:
    rows, sums = "", ""
    for line in record["Line"]:
        detail = line.get("SalesItemLineDetail", {})
        if line["DetailType"] == "SubTotalLineDetail":
            sums += _sum("Subtotal", line["Amount"])
        elif line["DetailType"] == "DiscountLineDetail":
            sums += _sum("Discount", -Decimal(line["Amount"]))
        else:
            cells = [
                str(line.get("LineNum", "")), escape(detail.get("ServiceDate", "")),
                escape(detail.get("ItemRef", {}).get("name", "")),
                f'<span class="note">{escape(line.get("Description", ""))}</span>',
                str(detail.get("Qty", "")), str(detail.get("UnitPrice", "")),
                amount(line["Amount"]) if "Amount" in line else "",
            ]  # fmt: skip
            marks = ["", "", "", "", ' class="n"', ' class="n"', ' class="n"']
            rows += "<tr>" + "".join(f"<td{m}>{c}</td>" for m, c in zip(marks, cells, strict=True)) + "</tr>"
    sums += _sum("Tax", record["TxnTaxDetail"]["TotalTax"]) if record["TxnTaxDetail"].get("TotalTax") else ""
    currency = record["CurrencyRef"]["value"]
    sums += _sum("Total", record["TotalAmt"], currency, "grand")
    if record.get("ExchangeRate", 1) != 1:
        sums += _sum("Total in home currency", record["HomeTotalAmt"])
    heads = ("No.", "Service date", "Item", "Description", "Quantity", "Price", "Amount")
    head = "".join(f'<th scope="col"{" class=n" if place > 3 else ""}>{one}</th>' for place, one in enumerate(heads))
    return (
        '<h2>Lines</h2><div class="wrap" role="region" aria-label="Lines" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody><tfoot>{sums}</tfoot></table></div>"
    )


def _sum(name: str, value: object, currency: str = "", kind: str = "") -> str:
    shown = amount(value, currency)
    return f'<tr class="{kind}"><th scope="row" colspan="6">{name}</th><td class="n">{shown}</td></tr>'


def _notes(record: Json) -> str:
    said = ""
    for name, text in (("Message to the customer", record.get("CustomerMemo", {}).get("value")),
                       ("Private note", record.get("PrivateNote"))):  # fmt: skip
        if text:
            said += f'<h2>{name}</h2><p class="note">{escape(text)}</p>'
    return said
