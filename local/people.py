"""Those who use m3ter-quickbooks, each by what they can reach: the demo and the stack tests act through them."""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from local.deployment import PROJECT
from local.organizations import Callers
from local.processes import StackTroubleError
from local.stack import Stack

EVENTS = PROJECT / "events"
DESTINATION = "QuickBooksSandbox"
CUSTOMER = "101"  # Acme Europe, which is billed in euros
ITEMS = {
    "9d000000-0000-4000-8000-000000000009": "1",  # Subscriptions: Services
    "9d000000-0000-4000-8000-000000000002": "4",  # Storage: Design
    "9d000000-0000-4000-8000-000000000003": "2",  # API: Hours
}
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody at an HTTP client, which is closed when they leave."""

    http: httpx.Client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()


@dataclass(frozen=True, slots=True)
class Operator(_Person):
    """A billing operator of one organization, who knows the HTTP API only."""

    organization: str

    @classmethod
    def of_a_new_organization(cls, stack: Stack, name: str) -> Self:
        """An operator, logged in, of an organization that has nothing yet."""
        callers = Callers.of(table=stack.table_name, user_pool=stack.user_pool_id, client=stack.client)
        return cls.logged_in(stack, callers.add_organization(name))

    @classmethod
    def logged_in(cls, stack: Stack, made: Mapping[str, str]) -> Self:
        """An operator with the API client that `make organization` printed."""
        http = httpx.Client(base_url=stack.api_url, timeout=60.0)
        app = (made["clientId"], made["clientSecret"])
        token = answered(http.post("/oauth/token", json={"grant_type": "client_credentials"}, auth=app))
        http.headers["Authorization"] = f"Bearer {token['access_token']}"
        return cls(http, made["organizationId"])

    def get(self, path: str) -> dict[str, Any]:
        """Reads something of the organization."""
        return answered(self.http.get(f"/organizations/{self.organization}/{path}"))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Creates something in the organization, or does something to it."""
        return answered(self.http.post(f"/organizations/{self.organization}/{path}", json=body))

    def connect(self, company: str) -> str:
        """Connects a company; the consent in the browser is given at once.

        Returns:
            The credential's id.
        """
        credential = self.post("integrationcredentials", {"destination": DESTINATION, "name": "Our books"})
        authorize_url: str = credential["authorizeUrl"]
        joint = "&" if urlsplit(authorize_url).query else "?"
        page = httpx.get(f"{authorize_url}{joint}auto_consent={company}", follow_redirects=True, timeout=60.0)
        if page.is_error:
            raise StackTroubleError(f"Consent failed at {page.url}: {page.status_code} {page.text}")
        status = self.get(f"integrationcredentials/{credential['id']}")["status"]
        if status != "CONNECTED":
            raise StackTroubleError(f"The credential is {status}, not CONNECTED.")
        return str(credential["id"])

    def integrate(self, credential: str, account: str) -> str:
        """Creates the integration of the example events, the account and all mappings of the demo's bill.

        Returns:
            The configuration's id.
        """
        self.post("accounts", _example("api-create-account.json") | {"id": account})
        configuration = _example("api-create-configuration.json") | {"integrationCredentialsId": credential}
        created = self.post("integrationconfigs", configuration)
        for product, item in ITEMS.items():
            self.map("Product", product, "Item", item)
        self.map("Account", account, "Customer", CUSTOMER)
        return str(created["id"])

    def map(self, entity: str, m3ter_id: str, table: str, external_id: str) -> None:
        """Says which object of QuickBooks stands for one of m3ter's."""
        self.post(
            "externalmappings",
            {
                "m3terEntity": entity,
                "m3terId": m3ter_id,
                "externalSystem": DESTINATION,
                "externalTable": table,
                "externalId": external_id,
            },
        )

    def ended_runs(self, bill: str, count: int = 1) -> list[dict[str, Any]]:
        """The runs of a bill, newest first, as soon as there are so many and each has ended.

        Raises:
            StackTroubleError: there were not within a minute.
        """
        deadline = time.monotonic() + PATIENCE
        runs: list[dict[str, Any]] = []
        while time.monotonic() < deadline:
            runs = self.get(f"integrationruns/Bill/{bill}")["data"]
            if len(runs) >= count and all(run.get("dtCompleted") for run in runs):
                return runs
            time.sleep(0.3)
        found = ", ".join(run["status"] for run in runs) or "none"
        raise StackTroubleError(f"After {PATIENCE:.0f} seconds the bill's runs are: {found}. See .local/ministack.log.")


@dataclass(frozen=True, slots=True)
class Accountant(_Person):
    """Somebody who looks into a QuickBooks company, with a token of their own."""

    company: str

    @classmethod
    def of(cls, stack: Stack) -> Self:
        """The accountant of the stack's company."""
        http = httpx.Client(base_url=stack.quickbooks_url, timeout=30.0)
        asked = {
            "client_id": stack.intuit_client_id,
            "redirect_uri": f"{stack.api_url}/quickbooks/callback",
            "response_type": "code",
            "scope": "com.intuit.quickbooks.accounting",
            "state": "accountant",
            "auto_consent": stack.quickbooks_company_id,
        }
        location = http.get("/connect/oauth2", params=asked).headers["location"]
        code = parse_qs(urlsplit(location).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": asked["redirect_uri"]}
        app = (stack.intuit_client_id, stack.intuit_client_secret)
        token = answered(http.post("/oauth2/v1/tokens/bearer", data=form, auth=app))["access_token"]
        http.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})
        return cls(http, stack.quickbooks_company_id)

    def invoice(self, invoice: str) -> dict[str, Any]:
        """An invoice as QuickBooks shows it."""
        found = answered(self.http.get(f"/v3/company/{self.company}/invoice/{invoice}", params={"minorversion": "75"}))
        shown: dict[str, Any] = found["Invoice"]
        return shown

    def invoices_of(self, bill: str) -> list[str]:
        """Ids of the invoices whose note names a bill."""
        query = f"select * from Invoice where CustomerRef = '{CUSTOMER}' maxresults 1000"  # noqa: S608 # Intuit's own language
        asked = {"query": query, "minorversion": "75"}
        found = answered(self.http.get(f"/v3/company/{self.company}/query", params=asked))["QueryResponse"]
        return [one["Id"] for one in found.get("Invoice", []) if f"m3ter-bill:{bill}" in one.get("PrivateNote", "")]


def bill_event(organization: str, example: str = "bill-demo.json") -> dict[str, Any]:
    """An example event of an organization, about a new bill: the same one again would, rightly, change nothing."""
    event: dict[str, Any] = json.loads((EVENTS / example).read_text(encoding="utf-8"))
    event["detail"] |= {"id": str(uuid.uuid4()), "orgId": organization}
    event["detail"]["m3terEvent"]["eventData"]["newDto"] |= {"id": str(uuid.uuid4()), "orgId": organization}
    return event


def put_on_the_bus(stack: Stack, event: Mapping[str, Any]) -> None:
    """What m3ter does: puts an event on the bus."""
    entry = {
        "EventBusName": stack.event_bus_name,
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
    }
    if stack.client("events").put_events(Entries=[entry])["FailedEntryCount"]:
        raise StackTroubleError("The event bus refused the event.")


def answered(response: httpx.Response) -> dict[str, Any]:
    """The JSON of an answer, its numbers exact.

    Raises:
        StackTroubleError: it is an error.
    """
    if response.is_error:
        sent = response.request
        raise StackTroubleError(f"{sent.method} {sent.url}: {response.status_code} {response.text}")
    found: dict[str, Any] = json.loads(response.content, parse_float=Decimal)
    return found


def _example(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.loads((EVENTS / name).read_text(encoding="utf-8"))["body"])
    return body
