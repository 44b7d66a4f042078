"""Fifteen minutes after a create that was once unsure: the last resort of sending-once part 3.

No rule on our side can stop a create that is already on its way when two assumptions fail at once. What can be done is
to see it: two live documents of one bill become an error event that names both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.header import BILL_MARKER
from m3ter_quickbooks.problems import ConnectionLost, Missing, Refused, TryLater
from m3ter_quickbooks.run.answer import RemoteDocument
from m3ter_quickbooks.run.case import connection_of
from m3ter_quickbooks.run.delivery import Delivery, Verb
from m3ter_quickbooks.run.identity import time_ordered_id
from m3ter_quickbooks.run.planning import marker
from m3ter_quickbooks.run.trouble import EventName, LookAgain, Trouble
from m3ter_quickbooks.run.world import World


@dataclass(frozen=True, slots=True)
class _Named:
    """A live document, as far as people need it to find it."""

    kind: DocumentKind
    id: str
    number: str | None


GIVE_UP_AFTER = timedelta(days=7)


def look_again(look: LookAgain, world: World) -> None:
    """Look for every live document of the bill; report if there is more than one.

    What cannot be looked at now is left to the sweep, which asks again: this message has done all that it can.
    """
    try:
        integration = world.configurations.get(look.organization_id, look.configuration_id)
    except Missing:
        return world.runs.looked(look, None)
    if integration.credential_id is None:
        return world.runs.looked(look, None)
    try:
        found = _found(look, integration, world)
    except (TryLater, ConnectionLost, Refused):
        # Until the company can be asked, or the books of that week are long looked at.
        return world.runs.looked(look, None) if world.clock() > look.due_at + GIVE_UP_AFTER else None
    live = [_Named(document.kind, document.id, document.number) for document in found if not document.voided]
    # The same bill may rightly have a document of another configuration in the same company.
    records = _records(look, world)
    others = {(record.document.kind, record.document.id) for record in records.values() if record.document}
    if all((document.kind, document.id) in others for document in live):
        return world.runs.looked(look, None)
    record = records.get(look.configuration_id)
    if record is not None and record.leased(world.clock()):
        return None  # somebody is settling it right now
    ours = record.document if record else None
    if ours is not None and (ours.kind, ours.id) not in {(document.kind, document.id) for document in live}:
        # It has another customer or day by now, so it was not found beside the stranger.
        live.insert(0, _Named(ours.kind, ours.id, ours.number))
    return world.runs.looked(look, _trouble(look, live, world, unsettled=_unsettled(record, found)))


def _found(look: LookAgain, integration: Integration, world: World) -> list[RemoteDocument]:
    """Also of a disabled integration: its documents are in the books all the same."""
    connection = connection_of(integration, world.connections.get)
    if connection is None or connection.status is not ConnectionStatus.CONNECTED:
        raise ConnectionLost(f"Integration {integration.id} is not connected.")
    marker = f"{BILL_MARKER}{look.bill_id}"
    return [
        document
        for place in look.places
        for document in world.quickbooks.look_for(connection, place.kind, place.customer_id, place.txn_date, marker)
    ]


def _records(look: LookAgain, world: World) -> dict[ConfigurationId, Delivery]:
    return {
        integration.id: world.deliveries.get(look.organization_id, integration.id, look.bill_id)
        for integration in world.configurations.for_bills(look.organization_id)
    }


def _unsettled(record: Delivery | None, found: list[RemoteDocument]) -> bool:
    """Whether one of them is the create that the record still has open: whoever tries next takes it over."""
    op = record.op if record else None
    if op is None or op.verb is not Verb.CREATE:
        return False
    return any(marker(op) in document.note and not document.voided for document in found)


def _message(look: LookAgain, live: list[_Named], *, unsettled: bool) -> str:
    names = " and ".join(f"{document.kind.value} {document.number or document.id}" for document in live)
    if len(live) > 1:
        return (
            f"QuickBooks holds more than one document for bill {look.bill_id}: {names}. An answer of QuickBooks had "
            "been lost and its request took effect twice. Keep the one that the run names and void the other."
        )
    if unsettled:
        return (
            f"QuickBooks holds {names} for bill {look.bill_id}, and its run ended before that was known: the answer of "
            "QuickBooks had been lost. Enable the integration or connect it again if that is why, and retry the run: "
            "it takes the document over."
        )
    return (
        f"QuickBooks holds a document for bill {look.bill_id} that no run knows of: {names}. An answer of QuickBooks "
        "had been lost and its request took effect all the same. Void it, unless you made it yourself."
    )


def _trouble(look: LookAgain, live: list[_Named], world: World, *, unsettled: bool) -> Trouble:
    now = world.clock()
    dto = {
        "integrationConfigId": look.configuration_id,
        "integrationRunId": look.run_id,
        "entityType": "Bill",
        "entityId": look.bill_id,
        "message": _message(look, live, unsettled=unsettled),
        "documents": [{"type": document.kind.value, "id": document.id, "number": document.number} for document in live],
    }
    return Trouble(
        id=time_ordered_id(now, look.run_id, "duplicate"),
        organization_id=look.organization_id,
        name=EventName.PERFORM,
        at=now,
        dto=dto,
        cause="unsettled" if unsettled and len(live) == 1 else "duplicate",
        configuration_id=look.configuration_id,
        bill_id=look.bill_id,
        run_id=look.run_id,
    )
