"""One bill on an idle stack: how long from the event on the bus to the invoice, and who was waited for."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from statistics import median

import httpx

from local.people import Operator, bill_event, put_on_the_bus
from local.stack import Stack

BILLS = 50
WARMING = 3
# What the issue gives QuickBooks for a single request; the local simulator answers at once otherwise.
QUICKBOOKS_SECONDS = 0.3


def rows(stack: Stack) -> list[tuple[str, str, str]]:
    """The figures of a stack that is up and has nothing else to do."""
    with (
        Operator.of_a_new_organization(stack, "One bill Ltd") as operator,
        httpx.Client(base_url=f"{stack.quickbooks_url}/_simulator", timeout=10.0) as simulator,
    ):
        account = bill_event(operator.organization)["detail"]["m3terEvent"]["eventData"]["newDto"]["accountId"]
        operator.integrate(operator.connect(stack.quickbooks_company_id), account)
        for _ in range(WARMING):
            _seconds(stack, operator)
        simulator.post("/settings", json={"latency": {"fixed": QUICKBOOKS_SECONDS}}).raise_for_status()
        simulator.delete("/requests").raise_for_status()
        try:
            taken = sorted(_seconds(stack, operator) for _ in range(BILLS))
            made = simulator.get("/requests", params={"realm": stack.quickbooks_company_id}).json()["requests"]
        finally:
            simulator.post("/settings", json={"latency": {}}).raise_for_status()
    p50, p99 = median(taken), taken[math.ceil(0.99 * len(taken)) - 1]
    calls = len(made) / BILLS
    return [
        (
            "one bill, idle stack on this machine: event to invoice",
            "p50, p99 and the share of QuickBooks reported",
            (
                f"p50 {p50:.2f} s, p99 {p99:.2f} s of {BILLS} bills; {calls:.2f} calls of QuickBooks a bill, set to "
                f"{QUICKBOOKS_SECONDS} s each: {calls * QUICKBOOKS_SECONDS / p50:.0%} of p50. "
                "On AWS up to 1 s more, to gather a batch"
            ),
        )
    ]


def _seconds(stack: Stack, operator: Operator) -> float:
    """From the moment before the event is put on the bus to the moment that the run says it ended."""
    event = bill_event(operator.organization)
    began = datetime.now(UTC)
    put_on_the_bus(stack, event)
    (run,) = operator.ended_runs(event["detail"]["m3terEvent"]["eventData"]["newDto"]["id"])
    if run["outcome"] != "CREATED":
        raise AssertionError(f"{run['status']}: {run.get('error')}")
    return (datetime.fromisoformat(run["dtCompleted"]) - began).total_seconds()
