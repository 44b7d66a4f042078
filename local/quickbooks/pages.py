"""The web pages: companies, documents as a person sees them, recent calls."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from local.quickbooks import envelope, wire
from local.quickbooks.documents import is_void
from local.quickbooks.envelope import Answer
from local.quickbooks.page import page
from local.quickbooks.traffic import Request
from local.quickbooks.wire import Json

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator


def answer(simulator: Simulator, request: Request) -> Answer | None:
    path = request.path.rstrip("/") or "/"
    if path == "/":
        return _index(simulator)
    if path in ("/app/invoice", "/app/creditmemo"):
        entity = "Invoice" if path.endswith("invoice") else "CreditMemo"
        return _document(simulator, entity, request)
    return None


def _index(simulator: Simulator) -> Answer:
    rows = "".join(
        f"<tr><td>{escape(company.name)}</td><td>{realm}</td><td>{company.home_currency}</td></tr>"
        for realm, company in simulator.companies.items()
    )
    table = f"<table><tr><th>Company</th><th>Id</th><th>Home currency</th></tr>{rows}</table>"
    return envelope.html_answer(200, page("Companies", table))


def _document(simulator: Simulator, entity: str, request: Request) -> Answer:
    id_ = request.query.get("txnId", "")
    asked = request.query.get("companyId")
    for realm in [asked] if asked else list(simulator.companies):
        text = simulator.store.read(realm, entity, id_)
        if text is not None and realm in simulator.companies:
            record = wire.loads(text)
            return envelope.html_answer(200, page(_title(entity, record), _paper(entity, record)))
    return envelope.html_answer(404, page("Not found", "<p>There is no such document. It may have been deleted.</p>"))


def _title(entity: str, record: Json) -> str:
    kind = "Invoice" if entity == "Invoice" else "Credit memo"
    return f"{kind} {record.get('DocNumber', '(no number)')}"


def _paper(entity: str, record: Json) -> str:
    def cell(value: Any) -> str:
        return escape(str(value))

    status = "Void" if is_void(record) else "Open"
    rows = ""
    for line in record["Line"]:
        detail = line.get("SalesItemLineDetail", {})
        rows += (
            f"<tr><td>{cell(detail.get('ItemRef', {}).get('name', ''))}</td><td>{cell(line.get('Description', ''))}</td>"
            f'<td class="n">{cell(detail.get("Qty", ""))}</td><td class="n">{cell(detail.get("UnitPrice", ""))}</td>'
            f'<td class="n">{cell(line.get("Amount", ""))}</td></tr>'
        )
    return (
        f"<p>{cell(record['CustomerRef']['name'])} <span class='badge'>{status}</span></p><table>{rows}</table>"
        f"<p class='total'>{cell(record['TotalAmt'])} {cell(record['CurrencyRef']['value'])}</p>"
        f"<p class='note'>{cell(record.get('PrivateNote', ''))}</p>"
    )
