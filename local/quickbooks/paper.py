"""A sales form as a PDF of one page, plain but real."""

from local.quickbooks.company import Company
from local.quickbooks.wire import Json

_TITLES = {"Invoice": "INVOICE", "CreditMemo": "CREDIT MEMO", "Estimate": "ESTIMATE", "SalesReceipt": "SALES RECEIPT",
           "RefundReceipt": "REFUND RECEIPT", "Payment": "PAYMENT RECEIPT"}  # fmt: skip


def _rows(company: Company, entity: str, record: Json) -> list[str]:
    currency = record.get("CurrencyRef", {}).get("value", company.home_currency)
    rows = [company.name, "", f"{_TITLES[entity]} {record.get('DocNumber', '')}", f"Date {record.get('TxnDate', '')}"]
    if "DueDate" in record:
        rows.append(f"Due {record['DueDate']}")
    rows += ["", f"To {record.get('CustomerRef', {}).get('name', '')}", ""]
    for line in record.get("Line", [])[:40]:
        if line.get("DetailType") in ("SalesItemLineDetail", "DescriptionOnly", "GroupLineDetail"):
            item = line.get("SalesItemLineDetail", {}).get("ItemRef", {}).get("name", "")
            rows.append(f"{item}  {line.get('Description', '')[:60]}  {line.get('Amount', '')}")
    return [*rows, "", f"Total {record['TotalAmt']} {currency}"]


def pdf(company: Company, entity: str, record: Json) -> bytes:
    texts = []
    for place, row in enumerate(_rows(company, entity, record)):
        safe = row.encode("latin-1", "replace").decode("latin-1")
        for special in ("\\", "(", ")"):
            safe = safe.replace(special, "\\" + special)
        texts.append(f"BT /F1 11 Tf 50 {790 - 15 * place} Td ({safe}) Tj ET")
    stream = "\n".join(texts).encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + end % (len(objects) + 1, table, len(objects) + 1, len(out))
