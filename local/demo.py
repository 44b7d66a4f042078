"""`make demo`: one bill of m3ter, from the event bus to the invoice in QuickBooks, on the local stack.

Everything is done as an operator would: over the HTTP API, with consent in (a stand-in for) the browser.
"""

import json
import os
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from rich.console import Console
from rich.table import Table

from local.deployment import PROJECT
from local.organizations import Callers
from local.processes import StackTroubleError
from local.stack import Progress, Stack, up

EVENTS = PROJECT / "events"
GOLDEN = Path(__file__).with_name("golden") / "demo-invoice.json"
DESTINATION = "QuickBooksSandbox"
CUSTOMER = "101"  # Acme Europe, which is billed in euros
ITEMS = {
    "9d000000-0000-4000-8000-000000000009": "1",  # Subscriptions: Services
    "9d000000-0000-4000-8000-000000000002": "4",  # Storage: Design
    "9d000000-0000-4000-8000-000000000003": "2",  # API: Hours
}
# What QuickBooks gives each document itself.
ITS_OWN = {"Id", "SyncToken", "MetaData", "domain", "sparse", "time"}
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Operator:
    """A billing operator of one organization, who knows the API only."""

    http: httpx.Client
    organization: str

    @classmethod
    def of(cls, stack: Stack, client_id: str, client_secret: str, organization: str) -> "Operator":
        """An operator who just logged in."""
        http = httpx.Client(base_url=stack.api_url, timeout=60.0)
        token = http.post("/oauth/token", json={"grant_type": "client_credentials"}, auth=(client_id, client_secret))
        http.headers["Authorization"] = f"Bearer {_answer(token)['access_token']}"
        return cls(http, organization)

    def get(self, path: str) -> dict[str, Any]:
        """Reads."""
        return _answer(self.http.get(f"/organizations/{self.organization}/{path}"))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Creates."""
        return _answer(self.http.post(f"/organizations/{self.organization}/{path}", json=body))


def demo(stack: Stack, progress: Progress, console: Console) -> bool:
    """Sends the bill and shows what came of it.

    Returns:
        Whether the invoice is the right one, field by field.
    """
    callers = Callers.of(table=stack.table_name, user_pool=stack.user_pool_id, client=stack.client)
    with progress.step("making an organization with an API client"):
        made = callers.add_organization("Demo Software Ltd")
        operator = Operator.of(stack, made["clientId"], made["clientSecret"], made["organizationId"])
    event = _event(operator.organization)
    bill = event["detail"]["m3terEvent"]["eventData"]["newDto"]
    with progress.step("connecting QuickBooks, with consent in the browser"):
        credential = operator.post("integrationcredentials", {"destination": DESTINATION, "name": "Our books"})
        _consent(credential["authorizeUrl"], stack.quickbooks_company_id)
        credential = operator.get(f"integrationcredentials/{credential['id']}")
        if credential["status"] != "CONNECTED":
            raise StackTroubleError(f"The credential is {credential['status']}, not CONNECTED.")
    with progress.step("creating the integration, the account and its mappings"):
        account = _example("api-create-account.json") | {"id": bill["accountId"]}
        operator.post("accounts", account)
        configuration = _example("api-create-configuration.json")
        operator.post("integrationconfigs", configuration | {"integrationCredentialsId": credential["id"]})
        for entity, m3ter_id, table, external_id in _mappings(bill["accountId"]):
            operator.post(
                "externalmappings",
                {
                    "m3terEntity": entity,
                    "m3terId": m3ter_id,
                    "externalSystem": DESTINATION,
                    "externalTable": table,
                    "externalId": external_id,
                },
            )
    with progress.step("putting the bill on the event bus, waiting for its run"):
        _put(stack, event)
        run = _run_of(operator, bill["id"])
    _show_bill(console, bill)
    _show_run(console, run)
    if run["status"] != "COMPLETE":
        raise StackTroubleError(f"The run ended as {run['status']}: {run.get('error')}")
    invoice = _invoice(stack, run["externalId"])
    _show_invoice(console, invoice, run["url"])
    return _is_right(console, invoice, bill["id"])


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise StackTroubleError(
            f"{response.request.method} {response.request.url}: {response.status_code} {response.text}"
        )
    found: dict[str, Any] = json.loads(response.content, parse_float=Decimal)
    return found


def _example(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.loads((EVENTS / name).read_text(encoding="utf-8"))["body"])
    return body


def _event(organization: str) -> dict[str, Any]:
    text = (EVENTS / "bill-demo.json").read_text(encoding="utf-8")
    event: dict[str, Any] = json.loads(text)
    # A bill of its own each time: the same one again would, rightly, change nothing.
    event["detail"]["id"] = str(uuid.uuid4())
    event["detail"]["orgId"] = organization
    event["detail"]["m3terEvent"]["eventData"]["newDto"] |= {"id": str(uuid.uuid4()), "orgId": organization}
    return event


def _mappings(account: str) -> list[tuple[str, str, str, str]]:
    return [("Account", account, "Customer", CUSTOMER)] + [
        ("Product", product, "Item", item) for product, item in ITEMS.items()
    ]


def _consent(authorize_url: str, company: str) -> None:
    joint = "&" if urlsplit(authorize_url).query else "?"
    page = httpx.get(f"{authorize_url}{joint}auto_consent={company}", follow_redirects=True, timeout=60.0)
    if page.is_error:
        raise StackTroubleError(f"Consent failed at {page.url}: {page.status_code} {page.text}")


def _put(stack: Stack, event: Mapping[str, Any]) -> None:
    entry = {
        "EventBusName": stack.event_bus_name,
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
    }
    refused = stack.client("events").put_events(Entries=[entry])["FailedEntryCount"]
    if refused:
        raise StackTroubleError("The event bus refused the event.")


def _run_of(operator: Operator, bill: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        runs: list[dict[str, Any]] = operator.get(f"integrationruns/Bill/{bill}")["data"]
        if runs and runs[0].get("dtCompleted"):
            return runs[0]
        time.sleep(0.3)
    state = f"its run is {runs[0]['status']}" if runs else "there is no run"
    raise StackTroubleError(f"After {PATIENCE:.0f} seconds {state}. See .local/ministack.log.")


def _invoice(stack: Stack, invoice: str) -> dict[str, Any]:
    with httpx.Client(base_url=stack.quickbooks_url, timeout=30.0) as http:
        # An accountant's own look into the company, with a token of their own.
        asked = {
            "client_id": stack.intuit_client_id,
            "redirect_uri": f"{stack.api_url}/quickbooks/callback",
            "response_type": "code",
            "scope": "com.intuit.quickbooks.accounting",
            "state": "demo",
            "auto_consent": stack.quickbooks_company_id,
        }
        location = http.get("/connect/oauth2", params=asked).headers["location"]
        code = parse_qs(urlsplit(location).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": asked["redirect_uri"]}
        app = (stack.intuit_client_id, stack.intuit_client_secret)
        token = _answer(http.post("/oauth2/v1/tokens/bearer", data=form, auth=app))["access_token"]
        path = f"/v3/company/{stack.quickbooks_company_id}/invoice/{invoice}?minorversion=75"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        found: dict[str, Any] = _answer(http.get(path, headers=headers))["Invoice"]
        return found


def _is_right(console: Console, invoice: Mapping[str, Any], bill: str) -> bool:
    shown = json.dumps(_comparable(invoice, bill), indent=2, sort_keys=True, default=_number)
    if os.environ.get("WRITE_GOLDEN"):
        GOLDEN.write_text(shown + "\n", encoding="utf-8")
    wanted = json.loads(GOLDEN.read_text(encoding="utf-8"), parse_float=Decimal)
    found = json.loads(shown, parse_float=Decimal)
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    for name in wrong:
        console.print(f"[red]{name} is {found.get(name)!r}, but should be {wanted.get(name)!r}.")
    if not wrong:
        console.print(f"[green]The invoice is right: {len(wanted)} fields as in {GOLDEN.relative_to(PROJECT)}.")
    return not wrong


def _comparable(invoice: Mapping[str, Any], bill: str) -> dict[str, Any]:
    note, _, _ = invoice.get("PrivateNote", "").partition("m3ter-send:")
    return {name: value for name, value in invoice.items() if name not in ITS_OWN} | {
        "PrivateNote": note.replace(bill, "<bill>").replace(bill[-4:], "<last four>").strip()
    }


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)  # for people and for comparing with itself; no amount here has more than 15 digits
    raise TypeError


def _show_bill(console: Console, bill: Mapping[str, Any]) -> None:
    table = Table(title=f"\nBill in m3ter, account {bill['accountCode']}", title_justify="left")
    for heading in ("Line", "Type", "Units", bill["currency"]):
        table.add_column(heading, justify="right" if heading in ("Units", bill["currency"]) else "left")
    for line in bill["lineItems"]:
        table.add_row(
            line["description"], line["lineItemType"], f"{line['units']} {line['unit']}", f"{line['convertedSubtotal']}"
        )
        for band in line.get("usagePerPricingBand", ()):
            table.add_row(
                f"  from {band['lowerLimit']}",
                "",
                f"{band['bandUnits']}",
                f"{band['convertedBandSubtotal']}",
                style="dim",
            )
    table.add_row("Total", "", "", f"{bill['billTotal']}", style="bold")
    console.print(table)


def _show_run(console: Console, run: Mapping[str, Any]) -> None:
    table = Table(title="\nRun", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name in ("id", "status", "outcome", "reason", "error", "externalId", "url", "requestId", "warnings"):
        if run.get(name):
            value = run[name]
            table.add_row(name, "\n".join(value) if isinstance(value, list) else str(value))
    console.print(table)


def _show_invoice(console: Console, invoice: Mapping[str, Any], link: str) -> None:
    currency = invoice["CurrencyRef"]["value"]
    title = f"\nInvoice {invoice.get('DocNumber', '')} in QuickBooks, customer {invoice['CustomerRef']['name']}"
    table = Table(title=title, title_justify="left")
    for heading in ("Description", "Item", "Qty", "Unit price", currency):
        table.add_column(heading, justify="left" if heading in ("Description", "Item") else "right")
    for line in invoice["Line"]:
        detail = line.get("SalesItemLineDetail")
        if detail:
            table.add_row(
                line.get("Description", ""),
                detail.get("ItemRef", {}).get("name", ""),
                str(detail.get("Qty", "")),
                str(detail.get("UnitPrice", "")),
                f"{line['Amount']:.2f}",
            )
    table.add_row("Total", "", "", "", f"{invoice['TotalAmt']:.2f}", style="bold")
    console.print(table)
    dates = f"Dated {invoice['TxnDate']}, due {invoice.get('DueDate')}"
    console.print(f"{dates}, exchange rate {invoice.get('ExchangeRate')}\n{link}\n", soft_wrap=True)


def main() -> None:
    """The command line that the Makefile calls."""
    console = Console()
    progress = Progress()
    try:
        stack = up(
            quickbooks_url=os.environ.get("QUICKBOOKS_URL"),
            enforce_iam=os.environ.get("AUTH", "").lower() == "true",
            progress=progress,
        )
        right = demo(stack, progress, console)
    except StackTroubleError as trouble:
        sys.exit(str(trouble))
    if not right:
        sys.exit("The invoice is not what it should be.")


if __name__ == "__main__":
    main()
