"""The web pages: companies, documents as a person sees them, recent calls, faults."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from local.quickbooks import document_page, envelope, watch_pages, wire
from local.quickbooks.document_page import address, status
from local.quickbooks.envelope import Answer
from local.quickbooks.page import amount, badge, facts, page, table
from local.quickbooks.traffic import Request
from local.quickbooks.wire import Json

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator

_SHOWN = 100
_DOCUMENTS = {"/app/invoice": "Invoice", "/app/creditmemo": "CreditMemo"}


def answer(simulator: Simulator, request: Request) -> Answer | None:
    """The page of this path; None where there is none."""
    path = request.path.rstrip("/") or "/"
    if path in _DOCUMENTS:
        return _document(simulator, _DOCUMENTS[path], request)
    if path == "/app/company":
        return _company(simulator, request.query.get("companyId", ""))
    if path == "/":
        return envelope.html_answer(200, page("Companies", _companies(simulator), "/"))
    shown = watch_pages.answer(simulator, request, path)
    return _nothing("There is no such page.") if shown is None and path.startswith("/app/") else shown


def _companies(simulator: Simulator) -> str:
    rows = []
    for realm, company in simulator.companies.items():
        counts = [str(simulator.store.count(realm, entity)) for entity in ("Invoice", "CreditMemo", "Customer")]
        link = f'<a href="/app/company?{urlencode({"companyId": realm})}">{escape(company.name)}</a>'
        currency = company.home_currency + (" and others" if company.multicurrency else "")
        rows.append([link, f"<code>{realm}</code>", company.country, currency, *counts])
    heads = ("Company", "Company id", "Country", "Currency", "Invoices", "Credit memos", "Customers")
    return (
        table("Companies", heads, rows, frozenset({4, 5, 6}))
        + "<h2>Latest API calls</h2>"
        + watch_pages.calls_table(simulator, 10)
        + '<p><a href="/app/calls">All recent calls</a></p>'
    )


def _company(simulator: Simulator, realm: str) -> Answer:
    company = simulator.companies.get(realm)
    if company is None:
        return _nothing("There is no such company.")
    settings = facts([
        ("Company id", f"<code>{realm}</code>"), ("Country", company.country), ("Home currency", company.home_currency),
        ("Multicurrency", "on" if company.multicurrency else "off"),
        ("Custom transaction numbers", "on" if company.custom_numbers else "off"),
        ("Books closed until", company.book_close_date or "not closed"),
        ("QuickBooks Payments", "on" if company.payments_enabled else "off"),
        ("Exchange rates", ", ".join(f"{code} {rate}" for code, rate in company.rates.items())),
    ])  # fmt: skip
    body = f'<section class="paper">{settings}</section>'
    for entity, name in (("Invoice", "Invoices"), ("CreditMemo", "Credit memos")):
        body += f"<h2>{name}</h2>{_list(simulator, realm, entity, name)}"
    return envelope.html_answer(200, page(company.name, body, "/"))


def _list(simulator: Simulator, realm: str, entity: str, name: str) -> str:
    count = simulator.store.count(realm, entity)
    texts = simulator.store.bodies(realm, entity, first=max(count - _SHOWN, 0))
    today = simulator.books(realm).today
    rows = [_row(realm, entity, wire.loads(text), today) for text in reversed(texts)]
    heads: tuple[str, ...] = ("Number", "Customer", "Date", "Due", "Status", "Total", "Open")
    if entity == "CreditMemo":
        # Nothing is due.
        heads, rows = (*heads[:3], *heads[4:]), [[*row[:3], *row[4:]] for row in rows]
    more = f'<p class="dim">The latest {_SHOWN} of {count}.</p>' if count > _SHOWN else ""
    return table(name, heads, rows, frozenset({len(heads) - 2, len(heads) - 1})) + more


def _row(realm: str, entity: str, record: Json, today: str) -> list[str]:
    currency = record["CurrencyRef"]["value"]
    left = record["RemainingCredit" if entity == "CreditMemo" else "Balance"]
    number = escape(record.get("DocNumber", "(no number)"))
    return [
        f'<a href="{escape(address(entity, realm, record["Id"]))}">{number}</a>',
        escape(record["CustomerRef"]["name"]),
        f"<time>{record['TxnDate']}</time>", f"<time>{record.get('DueDate', '')}</time>",
        status(entity, record, today), amount(record["TotalAmt"], currency), amount(Decimal(left), currency),
    ]  # fmt: skip


def _document(simulator: Simulator, entity: str, request: Request) -> Answer:
    """A deep link names the company or not: QuickBooks' own link does not, it goes by who is signed in."""
    asked = request.query.get("companyId")
    for realm in [asked] if asked else list(simulator.companies):
        company = simulator.companies.get(realm)
        text = simulator.store.read(realm, entity, request.query.get("txnId", "")) if company else None
        if company is not None and text is not None:
            record = wire.loads(text)
            body = document_page.paper(company, entity, record, simulator.books(realm).today)
            back = f'<p><a href="/app/company?{urlencode({"companyId": realm})}">{escape(company.name)}</a></p>'
            return envelope.html_answer(200, page(document_page.title(entity, record), back + body, "/"))
    return _nothing("There is no such document. It may have been deleted.")


def _nothing(sentence: str) -> Answer:
    return envelope.html_answer(404, page("Not found", f"<p>{badge('404', 'bad')} {escape(sentence)}</p>"))
