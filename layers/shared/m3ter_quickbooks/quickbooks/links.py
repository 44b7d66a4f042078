"""Where a person sees a document in QuickBooks."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.quickbooks.wire import Hosts


@dataclass(frozen=True, slots=True)
class Links:
    """`hosts` are those of QuickBooks' pages, such as `https://app.qbo.intuit.com`, not those of its API."""

    hosts: Hosts

    def document_url(self, connection: Connection, kind: DocumentKind, document_id: str) -> str:
        """QuickBooks shows the document in the company that the browser is signed in to; the company id says which."""
        query = {"txnId": document_id}
        if connection.company_id is not None:
            query["companyId"] = connection.company_id
        return f"{self.hosts.of(connection.destination)}/app/{kind.value.lower()}?{urlencode(query)}"
