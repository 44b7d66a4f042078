"""Uploads, and reports that are well formed and empty."""

import base64
import binascii
import re
from collections.abc import Mapping

from local.quickbooks import lists, problems, wire
from local.quickbooks.books import Books
from local.quickbooks.entities import BY_NAME
from local.quickbooks.traffic import Request
from local.quickbooks.wire import Json

_REPORTS = {
    "profitandloss": "ProfitAndLoss", "profitandlossdetail": "ProfitAndLossDetail", "balancesheet": "BalanceSheet",
    "cashflow": "CashFlow", "trialbalance": "TrialBalance", "trialbalancefr": "TrialBalanceFR",
    "generalledger": "GeneralLedger",
    "customerincome": "CustomerIncome", "customersales": "CustomerSales", "itemsales": "ItemSales",
    "agedreceivables": "AgedReceivables", "agedreceivabledetail": "AgedReceivableDetail",
    "agedpayables": "AgedPayables", "agedpayabledetail": "AgedPayableDetail", "customerbalance": "CustomerBalance",
    "customerbalancedetail": "CustomerBalanceDetail", "vendorbalance": "VendorBalance",
    "vendorbalancedetail": "VendorBalanceDetail", "vendorexpenses": "VendorExpenses",
    "transactionlist": "TransactionList", "transactionlistwithsplits": "TransactionListWithSplits",
    "transactionlistbycustomer": "TransactionListByCustomer",
    "transactionlistbyvendor": "TransactionListByVendor", "accountlist": "AccountList", "taxsummary": "TaxSummary",
    "inventoryvaluationsummary": "InventoryValuationSummary", "departmentsales": "DepartmentSales",
    "classsales": "ClassSales", "journalreport": "JournalReport",
}  # fmt: skip


def empty_report(books: Books, name: str, asked: Mapping[str, str]) -> str:
    """A report without rows. Raises 500 for a report that is not known."""
    known = _REPORTS.get(name.lower())
    if known is None:
        raise problems.unsupported(f"report {name[:50]}")
    return wire.dumps({
        "Header": {
            "Time": wire.record_time(books.now), "ReportName": known,
            "StartPeriod": asked.get("start_date", f"{books.today[:4]}-01-01"),
            "EndPeriod": asked.get("end_date", books.today), "Currency": books.company.home_currency,
            "Option": [{"Name": "NoReportData", "Value": "true"}],
        },
        "Columns": {"Column": [{"ColTitle": "", "ColType": "Account"}, {"ColTitle": "Total", "ColType": "Money"}]},
        "Rows": {},
    })  # fmt: skip


def _parts(request: Request) -> dict[str, tuple[Mapping[str, str], bytes]]:
    """The parts of a multipart body by name. Raises 2010 where it is none."""
    found = re.search(r'boundary="?([^";]+)', request.headers.get("content-type", ""))
    if found is None:
        raise problems.unreadable("multipart/form-data expected")
    parts: dict[str, tuple[Mapping[str, str], bytes]] = {}
    # python-quickbooks ends its lines without a carriage return.
    end = b"\r\n" if b"\r\n\r\n" in request.body else b"\n"
    for piece in request.body.split(b"--" + found.group(1).encode())[1:]:
        head, gap, content = piece.partition(end + end)
        if not gap:
            continue
        lines = [line.partition(":") for line in head.decode(errors="replace").splitlines()]
        headers = {name.strip().lower(): value.strip() for name, _, value in lines if name.strip()}
        name = re.search(r'\bname="?([^";]+)', headers.get("content-disposition", ""))
        if name is not None:
            parts[name.group(1)] = (headers, _decoded(headers, content.removesuffix(end)))
    return parts


def _decoded(headers: Mapping[str, str], content: bytes) -> bytes:
    if headers.get("content-transfer-encoding", "").lower() != "base64":
        return content
    try:
        return base64.b64decode(content)
    except binascii.Error as cause:
        raise problems.unreadable("the content is not base64") from cause


def upload(books: Books, request: Request) -> str:
    """Each pair file_metadata_N, file_content_N becomes an Attachable. Gives the inside of the answer."""
    parts = _parts(request)
    made = []
    for name, (headers, content) in sorted(parts.items()):
        if not name.startswith("file_content"):
            continue
        described = parts.get(name.replace("file_content", "file_metadata"))
        said = wire.bounded(wire.loads(described[1])) if described is not None else {}
        if not isinstance(said, dict):
            raise problems.unreadable()
        made.append(_attach(books, said, headers, content))
    if not made:
        raise problems.missing("file_content_0")
    return f'"AttachableResponse":[{",".join(made)}]'


def _attach(books: Books, said: Json, headers: Mapping[str, str], content: bytes) -> str:
    file = re.search(r'filename="?([^";]+)', headers.get("content-disposition", ""))
    name = str(said.get("FileName") or (file.group(1) if file else "file"))
    kind = str(said.get("ContentType") or headers.get("content-type", "application/octet-stream"))
    record = lists.create(books, BY_NAME["Attachable"], {**said, "FileName": name, "ContentType": kind})
    record["Id"] = books.next_id(BY_NAME["Attachable"])
    record |= {"Size": len(content), "FileAccessUri": f"/v3/company/{books.realm}/download/{record['Id']}",
               "TempDownloadUri": f"https://intuit-qbo-prod.example/{record['Id']}"}  # fmt: skip
    books.store.db.execute("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?)",
                           (books.realm, record["Id"], name, kind, content))  # fmt: skip
    return '{"Attachable":' + books.save("Attachable", record, "Create") + "}"
