"""From the event bus to the invoice, through the deployed functions, with their roles enforced."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from local.demo import wrong_fields
from local.people import Accountant, Operator, bill_event, put_on_the_bus
from local.stack import Stack


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Iterator[Operator]:
    with Operator.of_a_new_organization(stack, "Main Job Ltd") as person:
        yield person


@pytest.fixture(scope="module")
def accountant(stack: Stack) -> Iterator[Accountant]:
    with Accountant.of(stack) as person:
        yield person


@pytest.fixture(scope="module")
def sent(stack: Stack, operator: Operator) -> dict[str, Any]:
    """The demo's bill, of a connected and configured organization, and its run."""
    event = bill_event(operator.organization)
    dto = event["detail"]["m3terEvent"]["eventData"]["newDto"]
    operator.integrate(operator.connect(stack.quickbooks_company_id), dto["accountId"])
    put_on_the_bus(stack, event)
    (run,) = operator.ended_runs(dto["id"])
    return {"event": event, "bill": dto["id"], "run": run}


def test_the_bill_of_the_demo_becomes_the_golden_invoice(accountant: Accountant, sent: dict[str, Any]) -> None:
    assert (sent["run"]["status"], sent["run"]["outcome"]) == ("COMPLETE", "CREATED")
    invoice = accountant.invoice(sent["run"]["externalId"])
    assert wrong_fields(Console(), invoice, sent["bill"]) == []


def test_the_same_event_twice_changes_nothing(
    stack: Stack, operator: Operator, accountant: Accountant, sent: dict[str, Any]
) -> None:
    before = accountant.invoice(sent["run"]["externalId"])
    put_on_the_bus(stack, sent["event"])
    put_on_the_bus(stack, sent["event"])
    again = copy.deepcopy(sent["event"])
    again["detail"]["id"] = "another delivery of the same bill"
    put_on_the_bus(stack, again)
    runs = operator.ended_runs(sent["bill"], count=2)
    assert "UPDATED" not in {run["outcome"] for run in runs}
    assert accountant.invoice(sent["run"]["externalId"]) == before


def test_a_regenerated_bill_changes_the_same_invoice(
    stack: Stack, operator: Operator, accountant: Accountant, sent: dict[str, Any]
) -> None:
    seen = len(operator.ended_runs(sent["bill"]))
    event = copy.deepcopy(sent["event"])
    event["detail"]["id"] = f"{event['detail']['id']}-regenerated"
    bill = event["detail"]["m3terEvent"]["eventData"]["newDto"]
    bill |= {"version": 2, "lastCalculatedDate": "2026-11-02T03:00:00.000Z", "billTotal": 1178.2}
    bill["lineItems"][0] |= {"subtotal": 608.69565217, "convertedSubtotal": 560}
    put_on_the_bus(stack, event)
    newest = operator.ended_runs(sent["bill"], count=seen + 1)[0]
    assert (newest["outcome"], newest["externalId"]) == ("UPDATED", sent["run"]["externalId"])
    assert f"{accountant.invoice(newest['externalId'])['TotalAmt']:.2f}" == "1178.20"
    assert accountant.invoices_of(sent["bill"]) == [sent["run"]["externalId"]]


def test_a_bill_of_an_unmapped_account_ends_with_a_sentence_and_the_mapping_to_create(
    stack: Stack, operator: Operator, sent: dict[str, Any]
) -> None:
    event = bill_event(operator.organization)
    bill = event["detail"]["m3terEvent"]["eventData"]["newDto"]
    bill["accountId"] = "an-account-without-a-customer"
    operator.post(
        "accounts",
        {"id": bill["accountId"], "name": "Nobody's", "code": "nobody", "customFields": {"country": "IE"}},
    )
    put_on_the_bus(stack, event)
    (run,) = operator.ended_runs(bill["id"])
    assert run["status"] == "ERROR"
    (problem,) = run["problems"]
    assert problem["detail"]["m3terId"] == bill["accountId"]


def test_a_malformed_event_holds_up_no_other(stack: Stack, operator: Operator, sent: dict[str, Any]) -> None:
    malformed = bill_event(operator.organization, "bill-malformed.json")
    good = bill_event(operator.organization)
    put_on_the_bus(stack, malformed)
    put_on_the_bus(stack, good)
    (run,) = operator.ended_runs(good["detail"]["m3terEvent"]["eventData"]["newDto"]["id"])
    assert run["outcome"] == "CREATED"
