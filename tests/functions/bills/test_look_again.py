"""The last resort: fifteen minutes after a create that was once unsure, are there two documents of its bill?"""

import json
from datetime import timedelta
from typing import Any

import pytest

from m3ter_quickbooks.run.look_again import GIVE_UP_AFTER
from tests.functions.bills.conftest import Office

SWEEP = {"source": "m3ter-quickbooks.schedule", "detail-type": "sweep"}
QUARTER = timedelta(minutes=15)
PUT_OFF = {"batchItemFailures": []}


@pytest.fixture
def twice(office: Office) -> Office:
    """A bill whose create was unsure, and whose invoice somebody has copied with its note."""
    office.simulator.mishaps.add("lost-answer", entity="invoice", operation="create", count=1)
    office.hand_over(office.event("bill-demo"))
    [run] = office.runs()
    assert run["outcome"] == "ADOPTED"
    [invoice] = office.invoices()
    kept = {name: invoice[name] for name in ("CustomerRef", "TxnDate", "PrivateNote")}
    office.person.create(
        "Invoice", kept | {"Line": [line for line in invoice["Line"] if "SalesItemLineDetail" in line]}
    )
    office.drop_messages()
    office.clock.move(QUARTER + timedelta(seconds=1))
    return office


def sweep(office: Office) -> None:
    assert office.hand_over(SWEEP) == PUT_OFF


def told(office: Office) -> list[dict[str, Any]]:
    return [event for event in office.http.get("events").json()["data"] if "more than one" in str(event)]


def test_two_documents_of_one_bill_are_told_once(twice: Office) -> None:
    sweep(twice)
    assert twice.take_messages() == 1
    twice.clock.move(QUARTER)
    sweep(twice)
    assert twice.take_messages() == 0
    assert len(told(twice)) == 1


def test_a_look_that_cannot_be_made_is_asked_for_again_each_quarter_of_an_hour(twice: Office) -> None:
    twice.simulator.mishaps.add("server-error", operation="query")
    sweep(twice)
    assert twice.take_messages() == 1
    twice.clock.move(timedelta(minutes=1))
    sweep(twice)
    assert twice.take_messages() == 0
    assert told(twice) == []

    twice.simulator.mishaps.clear()
    twice.clock.move(QUARTER)
    sweep(twice)
    assert twice.take_messages() == 1
    assert len(told(twice)) == 1


def test_a_disabled_integration_is_looked_at_all_the_same(twice: Office) -> None:
    twice.http.post(f"integrationconfigs/{twice.configuration['id']}/disable")
    sweep(twice)
    twice.take_messages()
    assert len(told(twice)) == 1


def test_a_company_that_was_lost_is_not_looked_at_for_ever(twice: Office) -> None:
    twice.simulator.mishaps.add("lost-admin", operation="query")
    for later in (timedelta(0), QUARTER):
        twice.clock.move(later)
        sweep(twice)
        assert twice.take_messages() == 1

    twice.clock.move(GIVE_UP_AFTER)
    sweep(twice)
    assert twice.take_messages() == 1
    twice.clock.move(QUARTER)
    sweep(twice)
    assert twice.take_messages() == 0


def test_bills_of_the_same_batch_do_not_wait_for_a_look(twice: Office) -> None:
    sweep(twice)
    sqs, queue = twice.aws.clients["sqs"], twice.house.environment.queue_url
    [look] = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]

    assert twice.hand_over(json.loads(look["Body"]), twice.event("bill-demo", id="another-bill")) == PUT_OFF

    assert [call.operation for call in twice.simulator.calls][-2:] == ["create", "query"]
