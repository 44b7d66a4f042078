"""A failure, from its cause to its end: seen by everybody who should see it, mended as it says, and nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from local.people import CUSTOMER, DESTINATION, ITEMS, Accountant, Operator, bill_event, put_on_the_bus
from local.stack import Stack
from tests.stack.observing import Listener, all_that_is_seen, mails_to, wait_for

MISSING = "integration.missingaccountmapping.error"
DISABLED = "integration.disabled.error"


def invite(operator: Operator, name: str) -> dict[str, Any]:
    address = f"{name}@{operator.organization}.example.com"
    return operator.post("invitations", {"email": address, "firstName": name, "lastName": "Reader", "role": "viewer"})


def integrate(operator: Operator, company: str, readers: list[str]) -> str:
    """An integration with all that the demo's bill needs, but the customer of its account."""
    for product, item in ITEMS.items():
        operator.map("Product", product, "Item", item)
    body = {
        "name": "Bills to QuickBooks",
        "entityType": "Bill",
        "destination": DESTINATION,
        "integrationCredentialsId": operator.connect(company),
        "configData": {"integrationDisabledNotificationUsers": readers},
    }
    return str(operator.post("integrationconfigs", body)["id"])


def bill_of(operator: Operator, account: str, more: int) -> tuple[dict[str, Any], str, Decimal]:
    """The demo's bill with so many euros more: the event, the bill's id, its total."""
    event = bill_event(operator.organization)
    bill = event["detail"]["m3terEvent"]["eventData"]["newDto"]
    bill["accountId"] = account
    del bill["sequentialInvoiceNumber"]
    bill["lineItems"][0] |= {"subtotal": 500 + more, "conversionRate": 1, "convertedSubtotal": 460 + more}
    bill["billTotal"] = 1078.2 + more
    return event, bill["id"], Decimal("1078.20") + more


@pytest.fixture
def operator(stack: Stack) -> Iterator[Operator]:
    with Operator.of_a_new_organization(stack, "Failing Ltd") as operator:
        yield operator


@pytest.fixture
def accountant(stack: Stack) -> Iterator[Accountant]:
    with Accountant.of(stack) as accountant:
        yield accountant


def test_ten_failures_are_seen_and_mended_and_every_bill_is_sent_in_the_end(
    stack: Stack, operator: Operator, accountant: Accountant
) -> None:
    listener = Listener.of(stack, operator.organization)
    account = str(uuid4())
    readers = [invite(operator, name) for name in ("anna", "ben")]
    operator.post("accounts", {"id": account, "name": "Newcomer Ltd", "code": "newcomer"})
    configuration = integrate(operator, stack.quickbooks_company_id, [reader["id"] for reader in readers])
    bills = [bill_of(operator, account, number) for number in range(11)]

    # Ten bills fail for want of the account's mapping.
    for event, _, _ in bills[:10]:
        put_on_the_bus(stack, event)
    for _, bill, _ in bills[:10]:
        (run,) = operator.ended_runs(bill)
        assert (run["status"], run["problems"][0]["kind"]) == ("ERROR", "missing_account_mapping")
    assert operator.get(f"integrationconfigs/{configuration}")["enabled"] is False
    late, held, _ = bills[10]
    put_on_the_bus(stack, late)
    assert [run["status"] for run in operator.ended_runs(held)] == ["DISABLED"]

    # Everybody hears of it, once: the bus of each error, each reader of the fifth and of the tenth.
    heard = listener.hear(11)
    assert sorted(event["detail-type"] for event in heard) == [DISABLED] + [MISSING] * 10
    for reader in readers:
        wait_for(partial(_has_mails, stack, reader["email"], 2))
        notice, warning = sorted(mails_to(stack, reader["email"]), key=lambda mail: str(mail["Subject"]))
        assert warning["Subject"].startswith("Five errors in a row")
        assert notice["Subject"].startswith("Disabled")
        assert "10 errors" in notice["BodyText"]

    # The event says what to do, and that is done.
    told = next(event for event in heard if event["detail-type"] == MISSING)
    mapping = told["detail"]["m3terEvent"]["eventData"]["newDto"]["externalMapping"]
    operator.post("externalmappings", mapping | {"externalId": CUSTOMER})
    operator.post(f"integrationconfigs/{configuration}/enable", {})
    operator.post(f"integrationconfigs/{configuration}/replay", {})

    for _, bill, total in bills:
        newest = operator.ended_runs(bill, count=2)[0]
        assert newest["outcome"] == "CREATED"
        assert accountant.invoices_of(bill) == [newest["externalId"]]
        invoice = accountant.invoice(newest["externalId"])
        assert (invoice["CustomerRef"]["value"], Decimal(invoice["TotalAmt"])) == (CUSTOMER, total)
    assert len(listener.hear(12, seconds=3)) == 11
    assert [len(mails_to(stack, reader["email"])) for reader in readers] == [2, 2]

    # All of it is in what is searched for leaks when the stack goes down.
    searched = {where for where, _ in all_that_is_seen(stack, listener)}
    assert {"run", "event", "notice", "mail", "outgoing event"} <= searched
    logs = {where.rsplit("-", 1)[-1] for where in searched if where.startswith("log ")}
    assert {"api", "bills", "notifications"} <= logs


def _has_mails(stack: Stack, address: str, count: int) -> bool:
    return len(mails_to(stack, address)) >= count
