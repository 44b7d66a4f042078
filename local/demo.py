"""`make demo`: one bill of m3ter, from the event bus to the invoice in QuickBooks, on the local stack.

Everything is done as an operator would: over the HTTP API, with consent in (a stand-in for) the browser.
"""

import json
import os
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from local.deployment import PROJECT
from local.people import Accountant, Operator, bill_event, put_on_the_bus
from local.processes import StackTroubleError
from local.stack import Progress, Stack, up

GOLDEN = Path(__file__).with_name("golden") / "demo-invoice.json"
# What QuickBooks gives each document itself.
ITS_OWN = {"Id", "SyncToken", "MetaData", "domain", "sparse", "time"}


def demo(stack: Stack, progress: Progress, console: Console) -> bool:
    """Sends the bill and shows what came of it.

    Returns:
        Whether the invoice is the right one, field by field.
    """
    with progress.step("making an organization with an API client"):
        operator = Operator.of_a_new_organization(stack, "Demo Software Ltd")
    event = bill_event(operator.organization)
    bill = event["detail"]["m3terEvent"]["eventData"]["newDto"]
    with operator, Accountant.of(stack) as accountant:
        with progress.step("connecting QuickBooks, with consent in the browser"):
            credential = operator.connect(stack.quickbooks_company_id)
        with progress.step("creating the integration, the account and its mappings"):
            operator.integrate(credential, bill["accountId"])
        with progress.step("putting the bill on the event bus, waiting for its run"):
            put_on_the_bus(stack, event)
            run = operator.ended_runs(bill["id"])[0]
        _show_bill(console, bill)
        _show_run(console, run)
        if run["status"] != "COMPLETE":
            raise StackTroubleError(f"The run ended as {run['status']}: {run.get('error')}")
        invoice = accountant.invoice(run["externalId"])
        _show_invoice(console, invoice, run["url"])
    return not wrong_fields(console, invoice, bill["id"])


def wrong_fields(console: Console, invoice: Mapping[str, Any], bill: str) -> list[str]:
    """The fields in which an invoice differs from the golden one, after saying how."""
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
    return wrong


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
    # Where nobody looks at a terminal, as in a log, there is no width to keep to.
    console = Console(width=None if sys.stdout.isatty() else 112)
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
    except httpx.TransportError as trouble:
        sys.exit(f"{trouble.request.url} does not answer: {trouble}")
    if not right:
        sys.exit("The invoice is not what it should be.")


if __name__ == "__main__":
    main()
