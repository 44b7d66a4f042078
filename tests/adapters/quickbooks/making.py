"""The client over a transport that a test writes itself, and over the simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx

from local.quickbooks.simulator import Simulator
from local.quickbooks.transport import transport
from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.payload import SEND_MARKER, encode
from m3ter_quickbooks.problems import Problem
from m3ter_quickbooks.quickbooks.catalogue import Catalogue, CompanyFacts
from m3ter_quickbooks.quickbooks.client import QuickBooksClient
from m3ter_quickbooks.quickbooks.wire import Hosts, Wire
from m3ter_quickbooks.run.delivery import Operation, Verb

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REALM = "9130000000000001"
HOSTS = Hosts("https://production.test", "https://sandbox.test/")
CONNECTION = Connection(
    OrganizationId("org"),
    CredentialId("cred"),
    Destination.QUICKBOOKS_SANDBOX,
    ConnectionStatus.CONNECTED,
    company_id=REALM,
)
FENCE = Fence(1, deleted=False, date=NOW, approved=False)


def an_operation(verb: Verb = Verb.CREATE, kind: DocumentKind = DocumentKind.INVOICE, **changes: object) -> Operation:
    """A write whose request id and marker are `request_id`."""
    request_id = str(changes.pop("request_id", "5f8a1c9e-0000-5000-8000-000000000001"))
    fields: dict[str, object] = {
        "CustomerRef": {"value": "1"},
        "TxnDate": "2026-03-01",
        "Line": [
            {
                "Amount": Decimal("100.10"),
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
            }
        ],
    }
    if verb is Verb.CREATE:
        fields["PrivateNote"] = f"m3ter-bill:b1\n{SEND_MARKER}{request_id}"
    else:
        fields = {"Id": changes.get("document_id", "7"), "SyncToken": changes.pop("sync_token", "0")} | (
            fields | {"sparse": True} if verb is Verb.UPDATE else {}
        )
    plain = Operation(
        number=1,
        verb=verb,
        kind=kind,
        fence=FENCE,
        body=encode(fields),
        request_id=request_id,
        payload_hash="",
        total=Decimal("100.10"),
        document_id=None if verb is Verb.CREATE else "7",
        customer_id="1" if verb is Verb.CREATE else None,
        txn_date=date(2026, 3, 1) if verb is Verb.CREATE else None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # a test names the fields it means


@dataclass
class GivenTokens:
    """Tokens from a list; what was asked of them is kept."""

    tokens: list[str] = field(default_factory=lambda: ["AT-1", "AT-2", "AT-3"])
    tried: list[str] = field(default_factory=list)
    because: list[str] = field(default_factory=list)
    problem: Problem | None = None
    company_id: str = REALM

    def access_token(self, connection: Connection) -> str:
        assert connection.company_id == self.company_id
        if self.problem is not None:
            raise self.problem
        return self.tokens[0]

    def renewed(self, connection: Connection, tried: str) -> str:
        assert connection.company_id == self.company_id
        self.tried.append(tried)
        self.tokens.pop(0)
        return self.access_token(connection)

    def refused(self, connection: Connection, because: str) -> None:
        assert connection.company_id == self.company_id
        self.because.append(because)
        if self.problem is not None:
            raise self.problem


Handler = Callable[[httpx.Request], httpx.Response]


class Desk:
    """Everything of the room `quickbooks`, over one transport."""

    def __init__(self, handler: Handler | httpx.BaseTransport, tokens: GivenTokens | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.tokens = tokens or GivenTokens()

        def record(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            request.read()
            if isinstance(handler, httpx.BaseTransport):
                return handler.handle_request(request)
            return handler(request)

        self.http = httpx.Client(transport=httpx.MockTransport(record))
        wire = Wire(self.http, HOSTS, self.tokens, lambda: NOW, read_timeout=30)
        self.client = QuickBooksClient(wire, self.tokens)
        self.catalogue = Catalogue(wire, self.tokens)
        self.companies = CompanyFacts(wire)


def answering(status: int, content: bytes | str, **headers: str) -> Desk:
    """A QuickBooks that always says the same."""
    return Desk(lambda _: httpx.Response(status, content=content, headers={"intuit_tid": "1-abc", **headers}))


def at_simulator() -> tuple[Desk, Simulator]:
    """The simulator behind the client, with a token for its sample company."""
    simulator = Simulator(clock=lambda: NOW, seed=1)
    token = simulator.tokens.issue(REALM, NOW)["access_token"]
    again = simulator.tokens.issue(REALM, NOW)["access_token"]
    return Desk(transport(simulator), GivenTokens([token, again])), simulator
