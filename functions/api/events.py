"""Error events: what went wrong, who has dealt with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.house import House
from api.request import Call
from api.route import Routes
from api.shapes import Identifier, Moment, Page, Paging, Shape, optional, shown, told
from m3ter_quickbooks.problems import BadRequest, FieldProblem
from m3ter_quickbooks.run.trouble import EventName
from m3ter_quickbooks.storage.events import StoredEvent
from m3ter_quickbooks.storage.members import Role

routes = Routes.of("events")


class EventAnswer(Shape):
    """An error event. Kept for 28 days."""

    id: str = told("Its id, ordered by time.", "01957f3e-6a00-7000-8000-000000000004")
    event_name: str = told("m3ter's name for it.", "integration.missingaccountmapping.error")
    event_time: Moment = told("When it happened.", "2026-03-02T10:00:02.000Z")
    dt_actioned: Moment | None = optional(
        "When somebody marked it as dealt with; null until then.",
        "2026-03-02T11:00:00.000Z",
        json_schema_extra={"null": True},
    )
    m3ter_event: dict[str, Any] = told(
        "`eventData.newDto` holds the configuration, run, bill and message, and what helps to fix it.",
        {"eventData": {"newDto": {"message": "Account Acme has no QuickBooks customer."}}},
    )


class EventQuery(Paging):
    """Which events. `ids` cannot be combined with the others."""

    account_id: str | None = optional("Only those about this account.", max_length=200)
    event_name: str | None = optional("Only those of this name.", "integration.perform.error", max_length=200)
    event_type: str | None = optional(
        "m3ter's type; ours are all `IntegrationEvent`.", "IntegrationEvent", max_length=200
    )
    ids: list[str] | None = optional("Exactly these.", max_length=200)
    include_actioned: bool = told("Also those that were dealt with.", example=True, default=False)
    notification_code: str | None = optional("Events of ours have none.", max_length=200)
    notification_id: str | None = optional("Events of ours have none.", max_length=200)
    resource_id: str | None = optional("Only those about this configuration, run or bill.", max_length=200)


class ActionedBody(Shape):
    """Whether it was dealt with."""

    actioned: bool = told("True: dealt with. False: open again.", example=True)


class ManyActionedBody(Shape):
    """Several events that were dealt with."""

    ids: list[Identifier] = told("Their ids.", ["01957f3e-6a00-7000-8000-000000000004"], min_length=1, max_length=200)


class EventsAnswer(Shape):
    """The events after the change, in the order asked for."""

    data: list[EventAnswer] = told("The events.")


class TypesAnswer(Shape):
    """Names of events."""

    events: list[str] = told("Every name that there is.", ["integration.perform.error"])


class FieldsQuery(Shape):
    """Which event."""

    event_name: str | None = optional("Only the fields of this one.", "integration.perform.error", max_length=200)


class FieldsAnswer(Shape):
    """Fields of events."""

    events: dict[str, dict[str, str]] = told(
        "Event name -> field -> type.", {"integration.perform.error": {"new.message": "string"}}
    )


OUR_TYPE = "IntegrationEvent"

OF_EVERY_RUN: Mapping[str, str] = {
    "new.message": "string",
    "new.destination": "string",
    "new.integrationConfigId": "string",
    "new.integrationName": "string",
    "new.integrationRunId": "string",
    "new.entityType": "string",
    "new.entityId": "string",
    "new.accountId": "string",
    "new.status": "string",
    "new.problems": "array",
}
OF_ONE: Mapping[EventName, Mapping[str, str]] = {
    EventName.MISSING_ACCOUNT_MAPPING: {
        "new.m3terEntity": "string",
        "new.m3terId": "string",
        "new.externalMapping": "map",
    },
    EventName.AUTHENTICATION: {
        "new.integrationCredentialsId": "string",
        "new.companyId": "string",
        "new.companyName": "string",
    },
    EventName.DISABLED: {"new.errorCount": "int"},
    EventName.PERFORM: {"new.documents": "array"},
}
"""What `newDto` may hold: in every event about a run, and in one sort of event besides."""


@routes.get("/events")
def list_(call: Call, house: House, query: EventQuery) -> Page[EventAnswer]:
    """List the error events: those that nobody has dealt with, newest first; then, if asked for, the others."""
    if query.ids:
        return Page[EventAnswer](data=_by_id(call, house, query))
    of_nobody = query.notification_code or query.notification_id
    if of_nobody or (query.event_type or OUR_TYPE).casefold() != OUR_TYPE.casefold():
        return Page[EventAnswer](data=[])
    page = house.events.page(
        call.organization_id,
        size=query.page_size,
        token=query.next_token,
        include_actioned=query.include_actioned,
        event_name=query.event_name,
        account_id=query.account_id,
        resource_id=query.resource_id,
    )
    return Page[EventAnswer](data=[_answer(event) for event in page.items], next_token=page.next_token)


@routes.get("/events/types")
def types(call: Call, house: House) -> TypesAnswer:
    """List the names that events can have."""
    del call, house
    return TypesAnswer(events=[name.value for name in EventName])


@routes.get("/events/fields")
def fields(call: Call, house: House, query: FieldsQuery) -> FieldsAnswer:
    """List the fields of events, by the event's name."""
    del call, house
    names = [name for name in EventName if query.event_name in (None, name.value)]
    return FieldsAnswer(events={name.value: {**OF_EVERY_RUN, **OF_ONE.get(name, {})} for name in names})


@routes.get("/events/{id}", statuses=(404,))
def get(call: Call, house: House) -> EventAnswer:
    """Get an event."""
    return _answer(house.events.get(call.organization_id, call.ids["id"]))


@routes.put("/events/{id}/actioned", Role.OPERATOR, statuses=(404,))
def action(call: Call, house: House, body: ActionedBody) -> EventAnswer:
    """Mark an event as dealt with, or as open again."""
    by, at = call.caller.name, house.now()
    return _answer(
        house.events.mark_actioned(call.organization_id, call.ids["id"], actioned=body.actioned, by=by, at=at)
    )


@routes.post("/events/actioned", Role.OPERATOR, statuses=(404,))
def action_many(call: Call, house: House, body: ManyActionedBody) -> EventsAnswer:
    """Mark several events as dealt with: all of them, or none if one is not there."""
    organization_id = call.organization_id
    for event_id in _absent(body.ids, house.events.get_many(organization_id, body.ids)):
        house.events.get(organization_id, event_id)
    by, at = call.caller.name, house.now()
    marked = [
        house.events.mark_actioned(organization_id, event_id, actioned=True, by=by, at=at)
        for event_id in dict.fromkeys(body.ids)
    ]
    return EventsAnswer(data=[_answer(event) for event in marked])


def _by_id(call: Call, house: House, query: EventQuery) -> list[EventAnswer]:
    others = (query.account_id, query.event_name, query.event_type, query.resource_id, query.notification_code)
    if any(others) or query.notification_id:
        raise BadRequest.about(FieldProblem("ids", "cannot be combined with other filters."))
    return [_answer(event) for event in house.events.get_many(call.organization_id, list(query.ids or ()))]


def _absent(ids: list[str], found: list[StoredEvent]) -> list[str]:
    there = {event.trouble.id for event in found}
    return [one for one in ids if one not in there]


def _answer(event: StoredEvent) -> EventAnswer:
    trouble = event.trouble
    return EventAnswer(
        id=trouble.id,
        event_name=trouble.name.value,
        event_time=trouble.at,
        dt_actioned=event.actioned_at,
        m3ter_event={"eventData": {"newDto": shown(trouble.dto)}},
    )
