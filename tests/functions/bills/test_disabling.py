"""What counts against an integration and what does not, and that the tenth failure disables it exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from m3ter_quickbooks.run.ports import Closing, Deliveries
from tests.functions.api.conftest import Aws
from tests.functions.bills.conftest import Office
from tests.leaks import nothing_recorded_leaks

UNKNOWN_ACCOUNT = "account-without-a-customer"


@pytest.fixture(autouse=True)
def small_table(aws: Aws) -> Iterator[None]:
    """moto copies the whole table for every transaction: what a test leaves behind slows down all that follow."""
    yield
    table = aws.clients["dynamodb"]
    nothing_recorded_leaks(table, aws.table_name)
    for page in table.get_paginator("scan").paginate(TableName=aws.table_name, ProjectionExpression="pk, sk"):
        for key in page["Items"]:
            table.delete_item(TableName=aws.table_name, Key=key)


def fail(office: Office, count: int) -> None:
    """`count` bills, one after the other, of an account that nobody has mapped."""
    for number in range(count):
        office.hand_over(a_failing_bill(office, f"failing-{number}"))


def a_failing_bill(office: Office, name: str) -> dict[str, Any]:
    return office.event("bill-demo", id=name, accountId=UNKNOWN_ACCOUNT)


def is_enabled(office: Office) -> bool:
    enabled: bool = office.http.get(f"integrationconfigs/{office.configuration['id']}").json()["enabled"]
    return enabled


def events(office: Office) -> list[str]:
    return [event["eventName"] for event in office.http.get("events", params={"pageSize": 200}).json()["data"]]


def notices(office: Office) -> list[str]:
    """The kinds of the notices that are committed for this organization: each becomes one mail for each reader."""
    pages = office.aws.clients["dynamodb"].get_paginator("scan").paginate(TableName=office.aws.table_name)
    items = (item for page in pages for item in page["Items"])
    return sorted(
        item["kind"]["S"]
        for item in items
        if item["type"]["S"] == "notice" and item["organization_id"]["S"] == office.place.organization_id
    )


class Meanwhile:
    """The delivery records, with something that happens between making the next closing and committing it."""

    def __init__(self, deliveries: Deliveries, happens: Iterator[Callable[[], object]]) -> None:
        self._deliveries = deliveries
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._deliveries, name)

    def close(self, closing: Closing) -> None:
        for happen in self._happens:
            happen()
            break
        self._deliveries.close(closing)


@pytest.mark.parametrize(
    ("kind", "status"), [("throttle", "RATE_LIMIT_RETRY"), ("lost-request", "AWAITING_RETRY")], ids=["429", "timeout"]
)
def test_ten_bills_that_must_wait_disable_nothing(office: Office, kind: str, status: str) -> None:
    rule = office.simulator.mishaps.add(kind, entity="invoice", operation="create")
    for number in range(10):
        office.hand_over(office.event("bill-demo", id=f"bill-{number}"))
        office.clock.move(timedelta(minutes=2))
    assert rule.happened == 10
    assert [run["status"] for run in office.runs()] == [status] * 10
    assert (is_enabled(office), events(office), notices(office)) == (True, [], [])


def test_ten_bills_of_a_closed_period_disable_nothing(office: Office) -> None:
    office.person.close_books("2026-12-31")
    for number in range(10):
        office.hand_over(office.event("bill-demo", id=f"bill-{number}"))
    assert [run["status"] for run in office.runs()] == ["ACCOUNTING_PERIOD_CLOSED"] * 10
    assert (is_enabled(office), notices(office)) == (True, [])
    assert events(office) == ["integration.perform.error"] * 10


def test_ten_bills_that_are_paid_already_disable_nothing(office: Office) -> None:
    for number in range(10):
        office.hand_over(office.event("bill-demo", id=f"bill-{number}"))
    for invoice in office.invoices():
        office.person.pay(invoice["Id"])
    for number in range(10):
        office.hand_over(
            office.event("bill-demo-regenerated", id=f"bill-{number}", billTotal=1, lineItems=[_one_euro()])
        )
    assert [run["status"] for run in office.runs()][:10] == ["INVOICE_ALREADY_PAID"] * 10
    assert (is_enabled(office), notices(office)) == (True, [])


def _one_euro() -> dict[str, Any]:
    return {"id": "line", "lineItemType": "STANDING_CHARGE", "description": "Fee", "quantity": 1, "units": 1,
            "subtotal": 1, "convertedSubtotal": 1, "currency": "EUR"}  # fmt: skip


def test_a_success_between_nine_and_nine_failures_keeps_the_integration(office: Office) -> None:
    fail(office, 9)
    office.hand_over(office.event("bill-demo"))
    fail(office, 9)
    assert is_enabled(office)
    assert "integration.disabled.error" not in events(office)
    assert notices(office) == ["failing", "failing"]


def test_a_bill_that_is_skipped_is_no_success(office: Office) -> None:
    path = f"integrationconfigs/{office.configuration['id']}"
    body = office.http.get(path).json()
    office.http.put(path, json=body | {"configData": {"restrictedAccountIds": ["not this one"]}})
    fail(office, 9)
    office.hand_over(office.event("bill-demo", accountId="not this one"))
    assert office.runs()[0]["outcome"] == "SKIPPED"
    fail(office, 1)
    assert not is_enabled(office)


def test_two_workers_that_record_the_tenth_failure_together_disable_once(office: Office) -> None:
    fail(office, 9)
    plain = office.world
    another = iter([lambda: replace(office, world=plain).hand_over(a_failing_bill(office, "another-tenth"))])
    office.world = replace(plain, deliveries=Meanwhile(plain.deliveries, another))
    office.hand_over(a_failing_bill(office, "tenth"))
    assert [run["status"] for run in office.runs()] == ["ERROR"] * 11
    assert not is_enabled(office)
    assert events(office).count("integration.disabled.error") == 1
    assert events(office).count("integration.missingaccountmapping.error") == 11
    assert notices(office) == ["disabled", "failing"]


def test_a_success_and_the_tenth_failure_together_leave_the_count_to_whoever_was_first(office: Office) -> None:
    fail(office, 9)
    plain = office.world
    success = iter([lambda: replace(office, world=plain).hand_over(office.event("bill-demo"))])
    office.world = replace(plain, deliveries=Meanwhile(plain.deliveries, success))
    office.hand_over(a_failing_bill(office, "tenth"))
    assert is_enabled(office)
    office.world = plain
    fail(office, 8)
    assert is_enabled(office)
    office.hand_over(a_failing_bill(office, "the tenth since the success"))
    assert not is_enabled(office)
    assert notices(office).count("disabled") == 1


def test_runs_that_all_fail_at_once_disable_once_and_each_is_recorded(office: Office) -> None:
    answer = office.hand_over(*(a_failing_bill(office, f"bill-{number}") for number in range(40)))
    assert answer == {"batchItemFailures": []}
    assert [run["status"] for run in office.runs(pageSize=200)] == ["ERROR"] * 40
    names = events(office)
    assert names.count("integration.missingaccountmapping.error") == 40
    assert names.count("integration.disabled.error") == 1
    assert notices(office) == ["disabled", "failing"]


def test_a_configuration_enabled_again_counts_from_the_start(office: Office) -> None:
    fail(office, 10)
    assert office.http.post(f"integrationconfigs/{office.configuration['id']}/enable").status_code == 200
    for number in range(9):
        office.hand_over(a_failing_bill(office, f"later-{number}"))
    assert is_enabled(office)
    office.hand_over(a_failing_bill(office, "later-9"))
    assert not is_enabled(office)
    assert notices(office) == ["disabled", "disabled", "failing", "failing"]


def test_failures_of_a_batch_are_ended_by_what_was_sent_after_them(office: Office) -> None:
    for batch in range(2):
        bad = [a_failing_bill(office, f"bad-{batch}-{number}") for number in range(5)]
        good = [office.event("bill-demo", id=f"good-{batch}-{number}") for number in range(10)]
        office.hand_over(*bad, *good)
    assert is_enabled(office)
    assert notices(office).count("DISABLED") == 0
