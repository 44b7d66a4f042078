"""m3ter's events, as EventBridge carries them (docs: README, "Events in").

`detail` is `{id, eventName, eventTime, orgId?, m3terEvent: {eventData: {newDto, oldDto}}}`. Unknown keys are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import EventId, OrganizationId
from m3ter_quickbooks.bill.reading import LONGEST_IDENTIFIER, read_moment
from m3ter_quickbooks.problems import MalformedEvent

Happening = Literal["created", "updated", "deleted"]

BILL = "billing.bill."
ACCOUNT = "configuration.account."
SOURCE = "m3ter"
_HAPPENINGS = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class BillEvent:
    """A bill was made, changed or removed. `dto` is m3ter's own body of the bill; for a deletion the last one known."""

    event_id: EventId
    organization_id: OrganizationId
    happening: Happening
    event_time: datetime
    bill: Bill
    fence: Fence
    dto: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """An account was made, changed or removed."""

    event_id: EventId
    organization_id: OrganizationId
    happening: Happening
    event_time: datetime
    account: Account
    dto: Mapping[str, object]


def parse_envelope(event: Mapping[str, object]) -> BillEvent | AccountEvent | None:
    """Read an EventBridge event: what a Lambda is invoked with, or the parsed body of its SQS message.

    None if it is not one of m3ter's, or of a kind that we have no use for. Raises as `parse_event`.
    """
    if event.get("source") != SOURCE:
        return None
    return parse_event(_object(event, "detail"))


def parse_event(detail: Mapping[str, object]) -> BillEvent | AccountEvent | None:
    """Read m3ter's event. None if it is neither about a bill nor about an account.

    Raises MalformedEvent, whose `key` is the dotted path of what is missing or wrong, and MalformedBill for a bill
    that cannot be read.
    """
    name = _text(detail, "eventName")
    for prefix in (BILL, ACCOUNT):
        happening = name.removeprefix(prefix)
        if name.startswith(prefix) and happening in _HAPPENINGS:
            return _read(detail, prefix, cast("Happening", happening))
    return None


def _read(detail: Mapping[str, object], prefix: str, happening: Happening) -> BillEvent | AccountEvent:
    event_id = EventId(_text(detail, "id"))
    event_time = _moment(detail, "eventTime")
    dto = _dto(detail, happening)
    organization_id = OrganizationId(_text(detail if detail.get("orgId") else dto, "orgId"))
    if prefix == ACCOUNT:
        return AccountEvent(event_id, organization_id, happening, event_time, Account.parse(dto), dto)
    bill = Bill.parse(dto)
    fence = Fence.of(bill, event_time, deleted=happening == "deleted")
    return BillEvent(event_id, organization_id, happening, event_time, bill, fence, dto)


def _dto(detail: Mapping[str, object], happening: Happening) -> Mapping[str, object]:
    data = _object(_object(detail, "m3terEvent"), "eventData", "m3terEvent.")
    # Of a deleted bill m3ter tells what it was; whether under oldDto or newDto is not documented.
    if happening == "deleted" and data.get("oldDto") is not None:
        return _object(data, "oldDto", "m3terEvent.eventData.")
    return _object(data, "newDto", "m3terEvent.eventData.")


def _text(holder: Mapping[str, object], key: str) -> str:
    value = holder.get(key)
    if isinstance(value, str) and value.strip() and len(value) <= LONGEST_IDENTIFIER:
        return value
    raise MalformedEvent(
        f"The event cannot be read: {key} is missing, or is not text of at most {LONGEST_IDENTIFIER} characters.", key
    )


def _moment(holder: Mapping[str, object], key: str) -> datetime:
    try:
        value = read_moment(holder.get(key))
    except ValueError as error:
        raise MalformedEvent(f"The event cannot be read: {key} should be {error}.", key) from None
    if isinstance(value, datetime):
        return value
    raise MalformedEvent(f"The event cannot be read: {key} is missing.", key)


def _object(holder: Mapping[str, object], key: str, path: str = "") -> Mapping[str, object]:
    value = holder.get(key)
    if isinstance(value, Mapping):
        return cast("Mapping[str, object]", value)
    raise MalformedEvent(f"The event cannot be read: {path}{key} is missing or is not an object.", f"{path}{key}")
