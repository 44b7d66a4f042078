"""Configurations: which bills go where, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from pydantic import WithJsonSchema

from api.house import House
from api.request import Call
from api.route import Routes
from api.shapes import Audited, Identifier, Moment, Page, Paging, Shape, Until, Version, audit, optional, told
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.invoice.payload import encode
from m3ter_quickbooks.problems import BadRequest, FieldProblem, Missing
from m3ter_quickbooks.run.replay import FAILED, HELD, Found, resume
from m3ter_quickbooks.run.replay import replay as replay_runs
from m3ter_quickbooks.run.replay_order import ReplayOrder
from m3ter_quickbooks.run.rest import GIVE_UP_AFTER
from m3ter_quickbooks.run.run import Outcome, Run, RunStatus
from m3ter_quickbooks.storage.audit import Kept, new_id
from m3ter_quickbooks.storage.configurations import Wanted
from m3ter_quickbooks.storage.members import Role

routes = Routes.of("integrationconfigs")

BILL = "Bill"
LARGEST_SETTINGS = 100 * 1024
"""Bytes of configData: all configurations of an organization are read together, for every bill."""


class ConfigurationBody(Shape):
    """What an operator says of an integration."""

    destination: str = told(
        "`QuickBooks` or `QuickBooksSandbox`, in any case, with `_` or `-`.", "QuickBooks", max_length=40
    )
    entity_type: str = told("What is integrated: `Bill`.", "Bill", max_length=40)
    name: str | None = optional("What people call it.", "Bills UK", max_length=200)
    config_data: dict[str, Any] | None = optional(
        "The settings; see the README. Keys that we do not know are kept.", {"onlySendBillOnApproval": True}
    )
    integration_credentials_id: Identifier | None = optional("Credential that leads to the company.", "0195-...")
    entity_id: str | None = optional("Has no meaning for bills.", "", max_length=200)
    destination_id: str | None = optional("Has no meaning for QuickBooks.", "", max_length=200)
    credentials: Annotated[object, WithJsonSchema({"type": "null", "examples": [None]})] = optional(
        "Refused in every form, an empty one too: credentials come from `integrationcredentials`."
    )
    version: Version | None = optional("On update: the version that was read. On create: absent or 0.", 1)


class ConfigurationAnswer(Audited):
    """A configuration. `entityId` and `status` are there because the m3ter SDKs read this answer as a run."""

    id: str = told("Its id, ordered by time.", "01957f3e-6a00-7000-8000-000000000001")
    name: str | None = optional("What people call it.", "Bills UK")
    destination: str = told("`QuickBooks` or `QuickBooksSandbox`.", "QuickBooksSandbox")
    entity_type: str = told("`Bill`.", "Bill")
    entity_id: str = told("Always empty: a configuration is for all bills.", "")
    config_data: dict[str, Any] = told("The settings as they were saved.", {"onlySendBillOnApproval": True})
    enabled: bool = told("False after ten errors in a row, or when it was disabled.", example=True)
    authorized: bool = told("Whether its credential is connected.", example=False)
    trigger_type: str = told("Always `EVENT`.", "EVENT")
    integration_credentials_id: str | None = optional("Its credential.", "01957f3e-6a00-7000-8000-000000000002")
    error_count: int = told("Failed runs in a row; the tenth disables it.", 0)
    status: str = told("`DISABLED` if it is disabled, else `WAITING`.", "WAITING")


class ConfigurationsAnswer(ConfigurationAnswer):
    """The newest enabled configuration, and all of them under `data`."""

    data: list[ConfigurationAnswer] = told("Every configuration that was asked for, newest first.")
    next_token: str | None = optional("Token of the next page of `data`.", "eyJ2Ijox")


class ListQuery(Paging):
    """Which configurations."""

    destination_id: str | None = optional("Only those with this destination id.", max_length=200)


class EntityQuery(Paging):
    """Which configurations of an entity type."""

    destination: str | None = optional("Only those with this destination.", "QuickBooks", max_length=40)
    destination_id: str | None = optional("Only those with this destination id.", max_length=200)
    entity_id: str | None = optional("Only those with this entity id.", max_length=200)


class EnableBody(Shape):
    """What to do with the bills that came while it was disabled."""

    replay: bool = told("Send the bills that came meanwhile, in their order.", example=True, default=False)


class CredentialBody(Shape):
    """Which credential."""

    integration_credentials_id: Identifier = told("Id of the credential.", "01957f3e-6a00-7000-8000-000000000002")


class ReplayBody(Shape):
    """Which runs to do again. Everything is optional; nothing said means every run that failed."""

    statuses: list[RunStatus] | None = optional("Runs that ended with one of these.", ["ERROR"], max_length=20)
    outcomes: list[Outcome] | None = optional("Completed runs with one of these outcomes.", ["SKIPPED"], max_length=20)
    start_date: Moment | None = optional("Only runs created at or after this.", "2026-03-01T00:00:00Z")
    end_date: Until | None = optional("Only runs created before this.", "2026-04-01T00:00:00Z")


class ReplayAnswer(Shape):
    """What a replay put back on the queue."""

    replayed: int = told("How many runs are done again; of many only the first few hundred are counted.", 12)
    message: str = told("The same in a sentence.", "12 runs are done again, one after the other.")


@routes.post("/integrationconfigs", Role.OPERATOR)
def create(call: Call, house: House, body: ConfigurationBody) -> ConfigurationAnswer:
    """Create a configuration.

    It is enabled at once; bills are skipped until it is connected, and can be replayed then.
    """
    if body.version:
        raise _bad("version", "must be absent or 0 on create.")
    wanted = _wanted(body)
    _require_credential(call.organization_id, wanted.credential_id, wanted.destination, house)
    by, at = call.caller.name, house.now()
    return _answer(house.configurations.create(call.organization_id, wanted, by=by, at=at), house)


@routes.get("/integrationconfigs")
def list_(call: Call, house: House, query: ListQuery) -> Page[ConfigurationAnswer]:
    """List the configurations, newest first."""
    if query.destination_id:
        return Page[ConfigurationAnswer](data=[])  # Webhooks have such ids, QuickBooks has none.
    page = house.configurations.page(call.organization_id, size=query.page_size, token=query.next_token)
    return Page[ConfigurationAnswer](data=_answers(page.items, house), next_token=page.next_token)


@routes.get("/integrationconfigs/entity/{entityType}", statuses=(404,))
def get_by_entity(call: Call, house: House, query: EntityQuery) -> ConfigurationsAnswer:
    """Get the newest enabled configuration of an entity type, with all of them under `data`."""
    destination = destination_of(query.destination) if query.destination else None
    of_nobody = query.destination_id or query.entity_id or call.ids["entityType"].casefold() != BILL.casefold()
    if of_nobody:
        raise Missing("There is no enabled configuration for this.")
    page = house.configurations.page(
        call.organization_id,
        size=query.page_size,
        token=query.next_token,
        destination=destination,
        entity_type=BILL,
        enabled=True,
    )
    if not page.items:
        raise Missing("There is no enabled configuration for this.")
    answers = _answers(page.items, house)
    first = {name: getattr(answers[0], name) for name in ConfigurationAnswer.model_fields}
    return ConfigurationsAnswer(**first, data=answers, next_token=page.next_token)


@routes.get("/integrationconfigs/{id}", statuses=(404,))
def get(call: Call, house: House) -> ConfigurationAnswer:
    """Get a configuration."""
    return _answer(house.configurations.entry(call.organization_id, _id(call)), house)


@routes.put("/integrationconfigs/{id}", Role.OPERATOR, statuses=(404, 409))
def update(call: Call, house: House, body: ConfigurationBody) -> ConfigurationAnswer:
    """Change a configuration.

    What is left out is unset, but for the credential: that is taken away by `DELETE .../credential` only. Another
    credential than before sends what was held under that one.
    """
    if body.version is None:
        raise _bad("version", "is required: the version that was read.")
    wanted = _wanted(body)
    before = house.configurations.entry(call.organization_id, _id(call)).value
    _require_credential(call.organization_id, wanted.credential_id or before.credential_id, wanted.destination, house)
    reconnected = wanted.credential_id not in {None, before.credential_id}
    by, at = call.caller.name, house.now()
    kept = house.configurations.update(
        call.organization_id, _id(call), wanted, version=body.version, by=by, at=at, reconnected=reconnected
    )
    if reconnected:
        resume(call.organization_id, _id(call), RunStatus.AUTH_FAILED, house.runs_world)
    return _answer(kept, house)


@routes.delete("/integrationconfigs/{id}", Role.OPERATOR, statuses=(404, 503))
def delete(call: Call, house: House) -> ConfigurationAnswer:
    """Delete a configuration.

    Its own mappings go with it, its waiting runs end as DISABLED, its history stays.
    """
    waiting = list(_waiting_runs(call, house))
    gone = house.configurations.delete(call.organization_id, _id(call), by=call.caller.name, at=house.now())
    if waiting:
        house.runs_world.queue.retry(waiting, timedelta(0))
    return _answer(gone, house)


@routes.post("/integrationconfigs/{id}/enable", Role.OPERATOR, statuses=(404, 503))
def enable(call: Call, house: House, body: EnableBody) -> ConfigurationAnswer:
    """Enable a configuration, and count its errors from 0 again."""
    kept = house.configurations.enable(
        call.organization_id, _id(call), by=call.caller.name, at=house.now(), replay=body.replay
    )
    if body.replay:
        resume(call.organization_id, _id(call), RunStatus.DISABLED, house.runs_world)
    return _answer(kept, house)


@routes.post("/integrationconfigs/{id}/disable", Role.OPERATOR, statuses=(404,))
def disable(call: Call, house: House) -> ConfigurationAnswer:
    """Disable a configuration: bills that arrive get DISABLED runs, which can be replayed."""
    return _answer(
        house.configurations.disable(call.organization_id, _id(call), by=call.caller.name, at=house.now()), house
    )


@routes.put("/integrationconfigs/{id}/credential", Role.OPERATOR, statuses=(404, 409))
def connect(call: Call, house: House, body: CredentialBody) -> ConfigurationAnswer:
    """Connect a configuration through a credential, or through another one."""
    credential_id = CredentialId(body.integration_credentials_id)
    before = house.configurations.entry(call.organization_id, _id(call)).value
    _require_credential(call.organization_id, credential_id, before.destination, house)
    by, at = call.caller.name, house.now()
    kept = house.configurations.set_credential(call.organization_id, _id(call), credential_id, by=by, at=at)
    # What was held since the last connection was lost goes out through this one.
    resume(call.organization_id, _id(call), RunStatus.AUTH_FAILED, house.runs_world)
    return _answer(kept, house)


@routes.delete("/integrationconfigs/{id}/credential", Role.OPERATOR, statuses=(404,))
def disconnect(call: Call, house: House) -> ConfigurationAnswer:
    """Take the credential away from a configuration. The credential itself stays."""
    by, at = call.caller.name, house.now()
    return _answer(house.configurations.clear_credential(call.organization_id, _id(call), by=by, at=at), house)


@routes.post("/integrationconfigs/{id}/replay", Role.OPERATOR, statuses=(404, 503))
def replay(call: Call, house: House, body: ReplayBody) -> ReplayAnswer:
    """Do ended runs again: the newest of each bill, in their order."""
    nothing_said = body.statuses is None and body.outcomes is None
    statuses = HELD | FAILED if nothing_said else frozenset(body.statuses or ())
    order = _order(call, house, statuses)
    order = replace(order, outcomes=frozenset(body.outcomes or ()), start=body.start_date, end=body.end_date)
    return replayed(replay_runs(order, house.runs_world))


def replayed(found: Found) -> ReplayAnswer:
    """What is said of a replay that was ordered."""
    count = len(found.runs)
    counted = f"{count} run is" if count == 1 else f"{count} runs are"
    if found.after is not None:
        counted = f"{count} runs or more are" if count else "What is asked for is looked for, and"
    return ReplayAnswer(replayed=count, message=f"{counted} done again, one after the other.")


def _order(call: Call, house: House, statuses: frozenset[RunStatus]) -> ReplayOrder:
    return ReplayOrder(new_id(house.now()), house.now(), call.organization_id, _id(call), statuses)


def _waiting_runs(call: Call, house: House) -> Iterator[Run]:
    """The configuration's open runs: whoever takes one up now finds no configuration, and ends it."""
    since, token = house.now() - 2 * GIVE_UP_AFTER, None
    while True:
        page = house.history.of_configuration(
            call.organization_id,
            _id(call),
            size=200,
            token=token,
            statuses=[status for status in RunStatus if status.open],
            start=since,
        )
        yield from page.items
        token = page.next_token
        if token is None:
            return


def _id(call: Call) -> ConfigurationId:
    return ConfigurationId(call.ids["id"])


def _wanted(body: ConfigurationBody) -> Wanted:
    """What may be saved. Raises BadRequest with everything that is wrong at once."""
    wrong: list[FieldProblem] = []
    destination = Destination.QUICKBOOKS
    try:
        destination = destination_of(body.destination)
    except BadRequest as problem:
        wrong += problem.fields
    if body.entity_type.casefold() != BILL.casefold():
        wrong.append(FieldProblem("entityType", f"is not supported; supported is {BILL}."))
    if body.credentials is not None:
        wrong.append(FieldProblem("credentials", "are not taken inline: create them under integrationcredentials."))
    try:
        Settings.read(body.config_data or {})
    except BadRequest as problem:
        wrong += problem.fields
    if len(encode(body.config_data or {})) > LARGEST_SETTINGS:
        wrong.append(FieldProblem("configData", f"is larger than {LARGEST_SETTINGS // 1024} KB."))
    if wrong:
        raise BadRequest.about(*wrong)
    credential_id = CredentialId(body.integration_credentials_id) if body.integration_credentials_id else None
    return Wanted(body.name or "", destination, body.config_data or {}, credential_id=credential_id)


def destination_of(text: str) -> Destination:
    """The destination in any spelling. Raises BadRequest."""
    try:
        return Destination.read(text)
    except ValueError as error:
        raise _bad("destination", f"{error}.") from error


def _require_credential(
    organization_id: OrganizationId, credential_id: CredentialId | None, destination: Destination, house: House
) -> None:
    """Raises BadRequest for a credential that is not there, or that leads to another destination."""
    if credential_id is None:
        return
    try:
        connection = house.credentials.get(organization_id, credential_id).value
    except Missing as missing:
        raise _bad("integrationCredentialsId", "leads to no credential of this organization.") from missing
    if connection.destination is not destination:
        raise _bad("integrationCredentialsId", f"leads to {connection.destination.value}, not to {destination.value}.")


def _bad(field: str, message: str) -> BadRequest:
    return BadRequest.about(FieldProblem(field, message))


def _answers(kept: Iterable[Kept[Integration]], house: House) -> list[ConfigurationAnswer]:
    """Answers for one page; each credential on it is read once."""
    known: dict[CredentialId, bool] = {}
    answers = []
    for one in kept:
        credential_id = one.value.credential_id
        if credential_id and credential_id not in known:
            known[credential_id] = _authorized(one.value.organization_id, credential_id, house)
        answers.append(_shape(one, authorized=bool(credential_id and known[credential_id])))
    return answers


def _answer(kept: Kept[Integration], house: House) -> ConfigurationAnswer:
    return _answers([kept], house)[0]


def _authorized(organization_id: OrganizationId, credential_id: CredentialId, house: House) -> bool:
    try:
        return house.credentials.get(organization_id, credential_id).value.status is ConnectionStatus.CONNECTED
    except Missing:
        return False  # It was deleted: the configuration keeps its id and is not connected.


def _shape(kept: Kept[Integration], *, authorized: bool) -> ConfigurationAnswer:
    one = kept.value
    return ConfigurationAnswer(
        id=one.id,
        name=one.name or None,
        destination=one.destination.value,
        entity_type=one.entity_type,
        entity_id="",
        config_data=dict(one.config_data),
        enabled=one.enabled,
        authorized=authorized,
        trigger_type="EVENT",
        integration_credentials_id=one.credential_id,
        error_count=one.error_count,
        status=RunStatus.WAITING if one.enabled else RunStatus.DISABLED,
        **audit(kept.audit),
    )
