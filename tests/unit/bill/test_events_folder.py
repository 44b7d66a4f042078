"""The files of events/ are what they say they are."""

from __future__ import annotations

import json

import pytest

from m3ter_quickbooks.bill.event import AccountEvent, BillEvent, parse_envelope
from m3ter_quickbooks.invoice.payload import decode
from m3ter_quickbooks.problems import MalformedBill
from tests.unit.making import EVENTS, ORGANIZATION, event

FILES = sorted(file.stem for file in EVENTS.glob("*.json"))


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("bill-", "account-"))])
def test_events_of_m3ter_are_read_but_for_the_malformed_one(name: str) -> None:
    if name == "bill-malformed":
        with pytest.raises(MalformedBill):
            parse_envelope(event(name))
        return
    read = parse_envelope(event(name))

    assert isinstance(read, BillEvent if name.startswith("bill-") else AccountEvent)
    assert read.organization_id == ORGANIZATION


def test_one_body_of_the_queue_batch_is_not_json() -> None:
    bodies = [record["body"] for record in event("queue-batch")["Records"]]

    readable = [body for body in bodies if body.startswith('{"version"')]
    assert len(bodies) == 4
    assert [type(parse_envelope(decode(body))).__name__ for body in readable] == [
        "AccountEvent",
        "BillEvent",
        "BillEvent",
    ]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("api-")])
def test_api_requests_are_what_the_gateway_passes_on(name: str) -> None:
    request = event(name)

    assert {"resource", "path", "httpMethod", "headers", "requestContext", "body"} <= set(request)
    assert request["body"] is None or isinstance(json.loads(request["body"]), dict)
