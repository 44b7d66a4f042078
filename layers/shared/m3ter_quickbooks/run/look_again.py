"""Fifteen minutes after a create that was once unsure: the last resort of sending-once part 3.

No rule on our side can stop a create that is already on its way when two assumptions fail at once. What can be done is
to see it: two live documents of one bill become an error event that names both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.header import BILL_MARKER
from m3ter_quickbooks.problems import ConnectionLost, Missing, Refused, TryLater
from m3ter_quickbooks.run.answer import RemoteDocument
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
    if look.company_id is None:  # ordered by a release that did not name it
        own = world.deliveries.get(look.organization_id, look.configuration_id, look.bill_id)
        look = replace(look, company_id=own.company_id)
    records = _records(look, world)
    record = records.get(look.configuration_id)
    try:
        found = _found(look, world)
    except (TryLater, ConnectionLost, Refused):
        # Until the company can be asked, or the books of that week are long looked at.
        return _given_up(look, record, world) if world.clock() > look.due_at + GIVE_UP_AFTER else None
    live = [_Named(document.kind, document.id, document.number) for document in found if not document.voided]
    # The same bill may rightly have a document of another configuration in the same company.
    others = {(one.document.kind, one.document.id) for one in records.values() if one.document}
    if all((document.kind, document.id) in others for document in live):
        return world.runs.looked(look, None)
    if record is not None and record.leased(world.clock()):
        return None  # somebody is settling it right now
    ours = record.document if record else None
    if ours is not None and (ours.kind, ours.id) not in {(document.kind, document.id) for document in live}:
        # It has another customer or day by now, so it was not found beside the stranger.
        live.insert(0, _Named(ours.kind, ours.id, ours.number))
    if len(live) == 1 and _unsettled(record, found):
        return world.runs.looked(look, _trouble(look, live, _untaken(look, live, world), "unsettled", world))
    return world.runs.looked(look, _trouble(look, live, _message(look, live), "duplicate", world))


def _given_up(look: LookAgain, record: Delivery | None, world: World) -> None:
    """Nobody could look. That is told where the create is still open; elsewhere it would only be a second net."""
    if record is None or record.op is None or record.op.verb is not Verb.CREATE:
        return world.runs.looked(look, None)
    message = (
        f"An answer of QuickBooks was lost, and since then nobody could look whether it holds a document for bill "
        f"{look.bill_id}: company {look.company_id} cannot be reached. Look there for a document whose memo names the "
        "bill, and void it if the bill was sent otherwise."
    )
    return world.runs.looked(look, _trouble(look, [], message, "unsettled", world))


def _found(look: LookAgain, world: World) -> list[RemoteDocument]:
    """Also for an integration that is disabled, disconnected or deleted: its documents are in the books all the same.

    Never in another company than the one that it was sent to: finding nothing there would mean nothing.
    """
    connection = world.connections.to_company(look.organization_id, look.company_id) if look.company_id else None
    if connection is None:
        raise ConnectionLost("No credential leads to that company.")
    marker = f"{BILL_MARKER}{look.bill_id}"
    return [
        document
        for place in look.places
        for document in world.quickbooks.look_for(connection, place.kind, place.customer_id, place.txn_date, marker)
    ]


def _records(look: LookAgain, world: World) -> dict[ConfigurationId, Delivery]:
    """What is known of the bill in that company; of a deleted configuration, too. Ids mean nothing elsewhere."""
    own = [integration.id for integration in world.configurations.for_bills(look.organization_id)]
    records = {
        configuration_id: world.deliveries.get(look.organization_id, configuration_id, look.bill_id)
        for configuration_id in {*own, look.configuration_id}
    }
    return {name: record for name, record in records.items() if record.company_id == look.company_id}


def _unsettled(record: Delivery | None, found: list[RemoteDocument]) -> bool:
    """Whether one of them is the create that the record still has open: whoever tries next takes it over."""
    op = record.op if record else None
    if op is None or op.verb is not Verb.CREATE:
        return False
    return any(marker(op) in document.note and not document.voided for document in found)


def _names(live: list[_Named]) -> str:
    return " and ".join(f"{document.kind.value} {document.number or document.id}" for document in live)


def _untaken(look: LookAgain, live: list[_Named], world: World) -> str:
    """The one document of a bill is there, and its own integration does not know."""
    found = f"QuickBooks holds {_names(live)} for bill {look.bill_id}, and"
    try:
        world.configurations.get(look.organization_id, look.configuration_id)
    except Missing:
        return (
            f"{found} the integration was deleted before that was known: the answer of QuickBooks had been lost. Keep "
            "it if the bill is to stay in the books, and void it before another integration sends the bill again."
        )
    return (
        f"{found} its run ended before that was known: the answer of QuickBooks had been lost. Enable the integration "
        "or connect it again if that is why, and retry the run: it takes the document over."
    )


def _message(look: LookAgain, live: list[_Named]) -> str:
    names = _names(live)
    if len(live) > 1:
        return (
            f"QuickBooks holds more than one document for bill {look.bill_id}: {names}. An answer of QuickBooks had "
            "been lost and its request took effect twice. Keep the one that the run names and void the other."
        )
    return (
        f"QuickBooks holds a document for bill {look.bill_id} that no run knows of: {names}. An answer of QuickBooks "
        "had been lost and its request took effect all the same. Void it, unless you made it yourself."
    )


def _trouble(look: LookAgain, live: list[_Named], message: str, cause: str, world: World) -> Trouble:
    now = world.clock()
    dto = {
        "integrationConfigId": look.configuration_id,
        "integrationRunId": look.run_id,
        "entityType": "Bill",
        "entityId": look.bill_id,
        "message": message,
        "documents": [{"type": document.kind.value, "id": document.id, "number": document.number} for document in live],
    }
    return Trouble(
        id=time_ordered_id(now, look.run_id, "duplicate"),
        organization_id=look.organization_id,
        name=EventName.PERFORM,
        at=now,
        dto=dto,
        cause=cause,
        configuration_id=look.configuration_id,
        bill_id=look.bill_id,
        run_id=look.run_id,
    )
