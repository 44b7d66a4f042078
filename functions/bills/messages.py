"""What this function can be handed: events of m3ter, our own retry messages, the schedule. Parsed, nothing done yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from m3ter_quickbooks.bill.event import AccountEvent, BillEvent, parse_envelope
from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.payload import decode
from m3ter_quickbooks.problems import MalformedBill, MalformedEvent
from m3ter_quickbooks.run.delivery import Doubt
from m3ter_quickbooks.run.opening import Told, told_of_unreadable
from m3ter_quickbooks.run.replay_order import ReplayOrder
from m3ter_quickbooks.run.run import Outcome, RunId, RunStatus
from m3ter_quickbooks.run.trouble import LookAgain

SCHEDULE = "m3ter-quickbooks.schedule"


@dataclass(frozen=True, slots=True)
class Retry:
    """Take up this run again, if it still stands as it did at `version` (None: however it stands)."""

    organization_id: OrganizationId
    run_id: RunId
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """The schedule asks for something."""

    what: Literal["sweep", "keep-alive"]


@dataclass(frozen=True, slots=True)
class NotOurs:
    """Something that this function has no use for: acknowledged, and said in the log."""

    source: str


Message = Told | AccountEvent | Retry | ReplayOrder | LookAgain | Tick | NotOurs


def records(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The messages of an SQS batch as (message id, body); any other event is one message with an empty id."""
    if "Records" in event:
        return [(record["messageId"], record["body"]) for record in event["Records"]]
    # A plain event, as `sam local invoke` and the schedule hand it over, was parsed by the runtime already: its numbers
    # are floats with their shortest text, which is what m3ter wrote for every amount of up to 15 digits.
    return [("", json.dumps(event))]


def read_message(body: str) -> Message:
    """What one message asks for. Raises MalformedEvent when not even its bill or organization can be told."""
    try:
        message = decode(body.encode())
    except ValueError as error:
        text = "A message in the queue is not JSON."
        raise MalformedEvent(text) from error
    if not isinstance(message, dict):
        text = "A message in the queue is JSON, but not an object."
        raise MalformedEvent(text)
    if "retry" in message:
        retry = message["retry"]
        return Retry(OrganizationId(retry["organizationId"]), RunId(retry["runId"]), retry.get("version"))
    if "replay" in message:
        return _replay(message["replay"])
    if "look" in message:
        return _look(message["look"])
    if message.get("source") == SCHEDULE:
        return Tick(message["detail-type"])
    return _m3ter_event(message)


def _m3ter_event(message: Mapping[str, Any]) -> Message:
    try:
        event = parse_envelope(message)
    except (MalformedBill, MalformedEvent) as problem:
        # The bill cannot be read, but somebody must hear of it: its runs are opened all the same, and end with why.
        told = _told_all_the_same(message)
        if told is None:
            raise MalformedEvent(problem.message) from None
        return told
    if isinstance(event, BillEvent):
        return Told.of(event)
    if event is None:
        return NotOurs(str(message.get("detail-type") or message.get("source")))
    return event


def _told_all_the_same(message: Mapping[str, Any]) -> Told | None:
    detail = message.get("detail")
    if not isinstance(detail, Mapping) or not str(detail.get("eventName", "")).startswith("billing.bill."):
        return None
    try:
        moment = datetime.fromisoformat(str(detail.get("eventTime") or message.get("time")))
    except ValueError:
        return None
    # An event that m3ter gave no id is the one that EventBridge carries it in: delivered again, it is the same.
    named = {**detail, "id": detail.get("id") or message.get("id")}
    return told_of_unreadable(named, moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _replay(order: Mapping[str, Any]) -> ReplayOrder:
    after = order["after"]
    return ReplayOrder(
        id=order["id"],
        at=datetime.fromisoformat(order["at"]),
        organization_id=OrganizationId(order["organizationId"]),
        configuration_id=ConfigurationId(order["configurationId"]),
        statuses=frozenset(map(RunStatus, order["statuses"])),
        outcomes=frozenset(map(Outcome, order["outcomes"])),
        start=datetime.fromisoformat(order["start"]) if order["start"] else None,
        end=datetime.fromisoformat(order["end"]) if order["end"] else None,
        after=(datetime.fromisoformat(after[0]), after[1]) if after else None,
    )


def _look(look: Mapping[str, Any]) -> LookAgain:
    return LookAgain(
        OrganizationId(look["organizationId"]),
        ConfigurationId(look["configurationId"]),
        BillId(look["billId"]),
        look["runId"],
        tuple(
            Doubt(DocumentKind(place["kind"]), place["customerId"], date.fromisoformat(place["txnDate"]))
            for place in look["places"]
        ),
        datetime.fromisoformat(look["dueAt"]),
        look.get("companyId"),
    )
