"""What a customer owes, wherever a customer is answered (facts 3.2)."""

from typing import Any

import pytest

from tests.simulator.caller import Caller, invoice, line


@pytest.fixture
def parent(company: Caller) -> Any:
    """A customer who owes 30, with a job that owes 70 and a job below it that owes 5."""
    made = company.made("Customer", {"DisplayName": "Parent"})
    job = company.made("Customer", {"DisplayName": "Job", "Job": True, "ParentRef": {"value": made["Id"]}})
    part = company.made("Customer", {"DisplayName": "Part", "Job": True, "ParentRef": {"value": job["Id"]}})
    for customer, amount in ((made, 30), (job, 70), (part, 5)):
        company.made("Invoice", invoice(line(amount), customer=customer["Id"]))
    return made


def owed(customer: Any) -> tuple[Any, Any]:
    return customer["Balance"], customer["BalanceWithJobs"]


def test_a_customer_owes_for_itself_and_with_its_jobs(company: Caller, parent: Any) -> None:
    assert owed(company.read("Customer", parent["Id"])) == (30, 105)
    found = company.query("select * from Customer where DisplayName in ('Job', 'Part')")["Customer"]
    assert [owed(one) for one in found] == [(70, 75), (5, 5)]


def test_an_update_answers_with_what_is_owed(company: Caller, parent: Any) -> None:
    change = {"Id": parent["Id"], "SyncToken": "0", "sparse": True, "Notes": "hello"}
    assert owed(company.made("Customer", change)) == (30, 105)


def test_changes_and_batches_tell_what_is_owed(company: Caller, parent: Any) -> None:
    changes = company.get("cdc?entities=Customer&changedSince=2026-11-01").json()["CDCResponse"][0]["QueryResponse"][0]
    assert owed(next(one for one in changes["Customer"] if one["Id"] == parent["Id"])) == (30, 105)
    change = {"Id": parent["Id"], "SyncToken": "0", "sparse": True, "Notes": "hello"}
    items = {"BatchItemRequest": [{"bId": "1", "operation": "update", "Customer": change}]}
    (item,) = company.post("batch", items).json()["BatchItemResponse"]
    assert owed(item["Customer"]) == (30, 105)


def test_customers_are_found_and_sorted_by_what_they_owe(company: Caller, parent: Any) -> None:
    found = company.query("select * from Customer where Balance > '4' and Balance < '71' orderby Balance desc")
    assert [one["Balance"] for one in found["Customer"]] == [70, 30, 5]
    assert company.query("select count(*) from Customer where Balance = '70.00'") == {"totalCount": 1}


def test_a_new_name_reaches_the_jobs_below(company: Caller, parent: Any) -> None:
    change = {"Id": parent["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "Elder"}
    company.made("Customer", change)
    found = company.query("select * from Customer where DisplayName in ('Job', 'Part')")["Customer"]
    names = [(one["FullyQualifiedName"], one["SyncToken"]) for one in found]
    assert names == [("Elder:Job", "1"), ("Elder:Job:Part", "1")]


@pytest.mark.parametrize("entity", ["Customer", "Class", "Item"])
def test_nothing_stands_below_itself(company: Caller, entity: str) -> None:
    name = "DisplayName" if entity == "Customer" else "Name"
    body = {name: "Above", "Type": "Category"} if entity == "Item" else {name: "Above"}
    above = company.made(entity, body)
    below = company.made(entity, {**body, name: "Below", "ParentRef": {"value": above["Id"]}})
    change = {"Id": above["Id"], "SyncToken": "0", "sparse": True, "ParentRef": {"value": below["Id"]}}
    assert company.fault(entity.lower(), change)["code"] == "6000"
