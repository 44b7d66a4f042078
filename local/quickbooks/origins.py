"""What an invoice is made from (facts 2.2; Intuit's references of Estimate and TimeActivity).

    LinkedTxn Estimate     ──> Estimate: LinkedTxn Invoice, TxnStatus Closed, SyncToken + 1
    LinkedTxn TimeActivity ──> TimeActivity: BillableStatus HasBeenBilled, SyncToken as before

Deleting the invoice takes both back.
"""

from typing import Any

from local.quickbooks import problems
from local.quickbooks.books import Books
from local.quickbooks.wire import Json

PENDING, CLOSED = "Pending", "Closed"
# What QuickBooks itself links a document to: read-only, so whatever is supplied is overwritten.
_SERVER_MADE = {"Payment", "Deposit"}


def links(books: Books, said: list[Any], customer: Json) -> list[Json]:
    """The links of a new document. Raises 620 for an estimate that is not there or is another customer's."""
    kept = []
    for link in said:
        if "TxnId" not in link:
            raise problems.missing("LinkedTxn.TxnId")
        if link.get("TxnType") == "Estimate":
            estimate = books.look("Estimate", str(link["TxnId"]))
            if estimate is None or estimate.get("CustomerRef", {}).get("value") != customer.get("Id"):
                raise problems.cannot_be_linked(link["TxnId"])
        if link.get("TxnType") not in _SERVER_MADE:
            kept.append(link)
    return kept


def close(books: Books, invoice: Json) -> None:
    """The estimates of a new invoice are closed and point at it; its time has been billed."""
    _mark_time(books, invoice, "HasBeenBilled")
    for estimate in _estimates(books, invoice):
        estimate["LinkedTxn"] = [*estimate["LinkedTxn"], {"TxnId": invoice["Id"], "TxnType": "Invoice"}]
        estimate["TxnStatus"] = CLOSED
        books.bump("Estimate", estimate)


def reopen(books: Books, invoice: Json) -> None:
    """The estimates and the time of an invoice that is deleted wait for another one."""
    _mark_time(books, invoice, "Billable")
    for estimate in _estimates(books, invoice):
        estimate["LinkedTxn"] = [one for one in estimate["LinkedTxn"] if one.get("TxnId") != invoice["Id"]]
        if not estimate["LinkedTxn"]:
            estimate["TxnStatus"] = PENDING
        books.bump("Estimate", estimate)


def _mark_time(books: Books, invoice: Json, status: str) -> None:
    for part in (invoice, *invoice["Line"]):
        for link in part.get("LinkedTxn", []):
            time = books.find("TimeActivity", str(link.get("TxnId"))) if _is_time(link) else None
            if time is not None:
                times = books.times(time["MetaData"]["CreateTime"])
                books.save("TimeActivity", {**time, "BillableStatus": status, "MetaData": times}, "Update")


def _is_time(link: Any) -> bool:
    return isinstance(link, dict) and link.get("TxnType") == "TimeActivity"


def _estimates(books: Books, invoice: Json) -> list[Json]:
    linked = [one for one in invoice.get("LinkedTxn", []) if one.get("TxnType") == "Estimate"]
    return [found for one in linked if (found := books.find("Estimate", one["TxnId"])) is not None]
