"""External mappings: which QuickBooks object stands for which of m3ter's."""

from __future__ import annotations

from api import mapping_words as words
from api.house import House
from api.mapping_checks import Checked, Checks
from api.request import Call
from api.route import Routes
from api.shapes import Audited, Identifier, Page, Paging, Shape, Version, audit, optional, told
from m3ter_quickbooks.integration.identifiers import ConfigurationId, MappingId
from m3ter_quickbooks.integration.mapping import Mapping, MappingKey
from m3ter_quickbooks.problems import BadRequest, FieldProblem
from m3ter_quickbooks.storage.audit import Kept
from m3ter_quickbooks.storage.members import Role
from m3ter_quickbooks.storage.paging import Page as Stored

routes = Routes.of("externalmappings")


class MappingBody(Shape):
    """One m3ter entity and the QuickBooks object that stands for it."""

    m3ter_entity: Identifier = told(
        "`Account`, `Product`, `Aggregation`, `CompoundAggregation`, `PricingBand` or `Bill`.", "Account"
    )
    m3ter_id: Identifier = told("Its id in m3ter.", "2c1d0000-0000-4000-8000-000000000001")
    external_system: Identifier = told("`QuickBooks` or `QuickBooksSandbox`.", "QuickBooksSandbox")
    external_table: Identifier = told("`Customer` for an account, `Item` for a product and the like.", "Customer")
    external_id: Identifier = told("Its Id in QuickBooks.", "58")
    integration_config_id: Identifier | None = optional(
        "Configuration that this mapping belongs to; none: to all.", "01957f3e-6a00-7000-8000-000000000001"
    )
    version: Version | None = optional("On update: the version that was read. On create: absent or 0.", 1)


class MappingAnswer(Audited):
    """A mapping."""

    id: str = told("Its id, ordered by time.", "01957f3e-6a00-7000-8000-000000000003")
    m3ter_entity: str = told("Entity of m3ter.", "Account")
    m3ter_id: str = told("Its id in m3ter.", "2c1d0000-0000-4000-8000-000000000001")
    external_system: str = told("System that it is mapped to.", "QuickBooksSandbox")
    external_table: str = told("Table there.", "Customer")
    external_id: str = told("Id there.", "58")
    integration_config_id: str | None = optional(
        "Configuration that it belongs to.", "01957f3e-6a00-7000-8000-000000000001"
    )
    warnings: list[str] | None = optional(
        "On create and update: what QuickBooks said about the object.",
        ["Customer Amy's Bird Sanctuary (1) is in USD, the account in EUR."],
    )


class MappingQuery(Paging):
    """Which mappings."""

    external_system_id: str | None = optional("Name of the external system.", "QuickBooksSandbox", max_length=200)
    integration_config_id: str | None = optional("Only those of this configuration.", max_length=200)
    m3ter_ids: list[str] | None = optional(
        "Only those of these m3ter ids; comma-joined or repeated.",
        ["2c1d0000-0000-4000-8000-000000000001"],
        max_length=200,
    )


@routes.post("/externalmappings", Role.OPERATOR, statuses=(409,))
def create(call: Call, house: House, body: MappingBody) -> MappingAnswer:
    """Create a mapping.

    Where the company is connected its object is looked at: one that is not there, is inactive or cannot be sold is
    refused; what else is odd comes back under `warnings`.
    """
    if body.version:
        raise BadRequest.about(FieldProblem("version", "must be absent or 0 on create."))
    checked = Checks(call.organization_id, house).check(key_of(body), body.external_id)
    kept = house.mappings.create(
        call.organization_id,
        checked.key,
        body.external_id,
        by=call.caller.name,
        at=house.now(),
        external_name=checked.name,
    )
    return answer(kept, checked)


@routes.get("/externalmappings")
def list_(call: Call, house: House, query: MappingQuery) -> Page[MappingAnswer]:
    """List the mappings, newest first."""
    configuration_id = query.integration_config_id
    page = house.mappings.page(
        call.organization_id,
        size=query.page_size,
        token=query.next_token,
        system=words.system_or_none(query.external_system_id),
        configuration_id=ConfigurationId(configuration_id) if configuration_id else None,
        m3ter_ids=query.m3ter_ids or (),
    )
    return _answers(page)


@routes.get("/externalmappings/external/{entity}/{m3terId}")
def list_by_m3ter_entity(call: Call, house: House, query: Paging) -> Page[MappingAnswer]:
    """List the mappings of one m3ter entity."""
    page = house.mappings.of_m3ter(
        call.organization_id, call.ids["entity"], call.ids["m3terId"], size=query.page_size, token=query.next_token
    )
    return _answers(page)


@routes.get("/externalmappings/externalid/{system}/{externalTable}/{externalId+}")
def list_by_external_entity(call: Call, house: House, query: Paging) -> Page[MappingAnswer]:
    """List the mappings that lead to one external object."""
    page = house.mappings.of_external(
        call.organization_id,
        words.system_or_none(call.ids["system"]) or "",
        call.ids["externalTable"],
        call.ids["externalId"],
        size=query.page_size,
        token=query.next_token,
    )
    return _answers(page)


@routes.get("/externalmappings/{id}", statuses=(404,))
def get(call: Call, house: House) -> MappingAnswer:
    """Get a mapping."""
    return answer(house.mappings.get(call.organization_id, MappingId(call.ids["id"])))


@routes.put("/externalmappings/{id}", Role.OPERATOR, statuses=(404, 409))
def update(call: Call, house: House, body: MappingBody) -> MappingAnswer:
    """Change a mapping; the object is looked at as on create."""
    if body.version is None:
        raise BadRequest.about(FieldProblem("version", "is required: the version that was read."))
    mapping_id = MappingId(call.ids["id"])
    house.mappings.get(call.organization_id, mapping_id)
    checked = Checks(call.organization_id, house).check(key_of(body), body.external_id)
    kept = house.mappings.update(
        call.organization_id,
        mapping_id,
        checked.key,
        body.external_id,
        version=body.version,
        by=call.caller.name,
        at=house.now(),
        external_name=checked.name,
    )
    return answer(kept, checked)


@routes.delete("/externalmappings/{id}", Role.OPERATOR, statuses=(404, 503))
def delete(call: Call, house: House) -> MappingAnswer:
    """Delete a mapping."""
    return answer(house.mappings.delete(call.organization_id, MappingId(call.ids["id"])))


def key_of(body: MappingBody) -> MappingKey:
    """The identity that the body asks for, in the words that bills look it up by. Raises BadRequest."""
    parent = body.integration_config_id
    return words.key(
        body.m3ter_entity,
        body.m3ter_id,
        body.external_system,
        body.external_table,
        ConfigurationId(parent) if parent else None,
    )


def answer(kept: Kept[Mapping], checked: Checked | None = None) -> MappingAnswer:
    """A stored mapping as the API tells it."""
    one = kept.value
    return MappingAnswer(
        id=one.id,
        m3ter_entity=one.m3ter_entity,
        m3ter_id=one.m3ter_id,
        external_system=one.external_system,
        external_table=one.external_table,
        external_id=one.external_id,
        integration_config_id=one.integration_config_id,
        warnings=list(checked.warnings) if checked and checked.warnings else None,
        **audit(kept.audit),
    )


def _answers(page: Stored[Kept[Mapping]]) -> Page[MappingAnswer]:
    return Page[MappingAnswer](data=[answer(one) for one in page.items], next_token=page.next_token)
