"""The external mappings.

    MAPPING#<id>                the mapping: read by id, listed newest first, found by both its ends (gsi1, gsi2)
    MAPPED  <its identity>      the same in short: makes it unique, and is what a bill's batch read asks for

Both are written in one transaction, always.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId, MappingId
from m3ter_quickbooks.integration.mapping import Mapping, MappingKey
from m3ter_quickbooks.problems import Clash, Missing, TryLater
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.audit import SYSTEM, Audit, Kept, audit_item, audit_of, new_id
from m3ter_quickbooks.storage.keys import Key
from m3ter_quickbooks.storage.paging import Page
from m3ter_quickbooks.storage.table import Action, Delete, Listing, Put, Table, TransactionRefused, Update
from m3ter_quickbooks.storage.wire import Item

DELETIONS = 3
"""How often it is tried again with what somebody else just changed."""


class Mappings:
    """What the API needs; the bills read mappings through `Knowledge`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(
        self,
        organization_id: OrganizationId,
        key: MappingKey,
        external_id: str,
        *,
        by: str,
        at: datetime,
        external_name: str | None = None,
    ) -> Kept[Mapping]:
        """A new one. Raises Clash, naming the first, if there is one with this identity."""
        kept = Kept(_mapping(MappingId(new_id(at)), key, external_id, external_name), Audit.new(by, at))
        try:
            self._table.transact(_creation(organization_id, kept))
        except TransactionRefused as refused:
            raise _taken(refused) from refused
        return kept

    def get(self, organization_id: OrganizationId, mapping_id: MappingId) -> Kept[Mapping]:
        """Raises Missing."""
        item = self._table.get(keys.mapping(organization_id, mapping_id))
        if item is None:
            raise _missing(mapping_id)
        return mapping_of(item)

    def page(
        self,
        organization_id: OrganizationId,
        *,
        size: int,
        token: str | None = None,
        system: str | None = None,
        configuration_id: ConfigurationId | None = None,
        m3ter_ids: Collection[str] = (),
        entity: str | None = None,
    ) -> Page[Kept[Mapping]]:
        """Newest first (with several `m3ter_ids`: of each of them); the documents of bills come last.

        `configuration_id`: only the mappings whose parent it is. `system`: the external system's name.
        """
        wanted = sorted(frozenset(m3ter_ids))
        if wanted:
            listings = [Listing(keys.by_m3ter(organization_id, m3ter_id), "gsi2") for m3ter_id in wanted]
        elif configuration_id is not None:
            listings = [Listing(keys.of_configuration(organization_id, configuration_id), "gsi3")]
        else:
            listings = [Listing(keys.of_organization(organization_id), begins=keys.MAPPINGS)]

        def keep(item: Item) -> bool:
            return (
                (system is None or item["external_system"] == system)
                and (configuration_id is None or item.get("integration_config_id") == configuration_id)
                and (entity is None or item["m3ter_entity"] == entity)
            )

        return self._table.page(
            listings,
            mapping_of,
            size=size,
            token=token,
            question=(organization_id, "mappings", system, configuration_id, entity, *wanted),
            keep=None if system is entity is None and (configuration_id is None or not wanted) else keep,
        )

    def found(self, organization_id: OrganizationId, wanted: Collection[MappingKey]) -> tuple[Mapping, ...]:
        """Those of these that are there, in one request for every hundred."""
        by_place = {keys.mapped(organization_id, key): key for key in wanted}
        return tuple(mapped_of(item) for item in self._table.get_many(by_place).values())

    def of_m3ter(
        self, organization_id: OrganizationId, entity: str, m3ter_id: str, *, size: int, token: str | None = None
    ) -> Page[Kept[Mapping]]:
        """The mappings of one m3ter entity, newest first."""
        return self._table.page(
            [Listing(keys.by_m3ter(organization_id, m3ter_id), "gsi2", begins=keys.of_entity(entity))],
            mapping_of,
            size=size,
            token=token,
            question=(organization_id, "mappings of m3ter", entity, m3ter_id),
        )

    def of_external(
        self,
        organization_id: OrganizationId,
        system: str,
        table: str,
        external_id: str,
        *,
        size: int,
        token: str | None = None,
    ) -> Page[Kept[Mapping]]:
        """The mappings that lead to one external object, newest first."""
        return self._table.page(
            [Listing(keys.by_external(organization_id, system, table, external_id), "gsi1")],
            mapping_of,
            size=size,
            token=token,
            question=(organization_id, "mappings of external", system, table, external_id),
        )

    def update(
        self,
        organization_id: OrganizationId,
        mapping_id: MappingId,
        key: MappingKey,
        external_id: str,
        *,
        version: int,
        by: str,
        at: datetime,
        external_name: str | None = None,
    ) -> Kept[Mapping]:
        """Replace it. Raises Missing, Clash if `version` is stale or the new identity is taken."""
        old = self.get(organization_id, mapping_id)
        changed = Kept(
            replace(_mapping(mapping_id, key, external_id, external_name), version=old.audit.version + 1),
            old.audit.changed(by, at),
        )
        unchanged = "#version = :read"
        actions: list[Action] = [
            Put(mapping_item(organization_id, changed), unchanged, {":read": version}),
            Put(
                mapped_item(organization_id, changed.value),
                "attribute_not_exists(#pk) OR #id = :id",
                {":id": mapping_id},
            ),
        ]
        if old.value.key != key:
            actions.append(Delete(keys.mapped(organization_id, old.value.key)))
        try:
            self._table.transact(actions)
        except TransactionRefused as refused:
            stored = refused.failed.get(0, {})
            if stored is None:
                raise _missing(mapping_id) from refused
            if stored:
                raise Clash(
                    f"The mapping was changed by somebody else: its version is {stored['version']} now."
                ) from refused
            raise _taken(refused) from refused
        return changed

    def delete(self, organization_id: OrganizationId, mapping_id: MappingId) -> Kept[Mapping]:
        """Delete it; what it was. Raises Missing, TryLater if it is changed all the time."""
        for _ in range(DELETIONS):
            old = self.get(organization_id, mapping_id)
            if self._deleted(organization_id, old):
                return old
        raise TryLater("The mapping is being changed by somebody else.")

    def delete_of_configuration(self, organization_id: OrganizationId, configuration_id: ConfigurationId) -> None:
        """Delete a configuration's own mappings, however many; doing it again is harmless."""
        own = Listing(keys.of_configuration(organization_id, configuration_id), "gsi3")
        for one in map(mapping_of, self._table.each(own)):
            if self._deleted(organization_id, one):
                continue
            # The index was behind, or somebody was faster.
            with suppress(Missing):
                now = self.get(organization_id, one.value.id)
                if now.value.integration_config_id == configuration_id:
                    self.delete(organization_id, one.value.id)

    def _deleted(self, organization_id: OrganizationId, one: Kept[Mapping]) -> bool:
        """Whether it could be deleted; not if it is no longer as it was read, or gone."""
        try:
            self._table.transact(_deletion(organization_id, one))
        except TransactionRefused:
            return False
        return True


def document_mapped(
    organization_id: OrganizationId, mapped: Mapping | None, unmapped: Mapping | None, at: datetime
) -> list[Action]:
    """The part of a closing that records which document a bill became, and takes back one that it no longer is.

    The same bill and configuration always have the same mapping, whichever id was proposed: what is there is replaced.
    """
    actions: list[Action] = []
    if mapped is not None:
        one = replace(mapped, id=_document_id(mapped))
        whole = mapping_item(organization_id, Kept(one, Audit.new(SYSTEM, at)))
        actions += [_written_again(whole), Put(mapped_item(organization_id, one))]
    if unmapped is not None and (mapped is None or mapped.key != unmapped.key):
        actions.append(Delete(keys.mapped(organization_id, unmapped.key)))
        if mapped is None:
            actions.append(Delete(keys.mapping(organization_id, _document_id(unmapped))))
    return actions


def _document_id(one: Mapping) -> MappingId:
    """Begins with zeros, so that lists show first what people made. Invoice and credit memo share it: never both."""
    facts = f"{one.m3ter_entity}/{one.m3ter_id}/{one.external_system}/{one.integration_config_id}"
    return MappingId(str(UUID(int=8 << 76 | 2 << 62 | int.from_bytes(sha256(facts.encode()).digest()) >> 194)))


def _written_again(item: Item) -> Update:
    """Write every attribute, but keep who made it and when, and count the version on."""
    first = {name: item[name] for name in ("created_at", "created_by")}
    plain = {name: value for name, value in item.items() if name not in {*first, "pk", "sk", "version"}}
    changes = [f"#{name} = :{name}" for name in plain] + [
        f"#{name} = if_not_exists(#{name}, :{name})" for name in first
    ]
    return Update(
        Key(item["pk"], item["sk"]),
        f"SET {', '.join(changes)}, #version = if_not_exists(#version, :none) + :one",
        values={f":{name}": value for name, value in (plain | first).items()} | {":none": 0, ":one": 1},
    )


def _mapping(mapping_id: MappingId, key: MappingKey, external_id: str, external_name: str | None) -> Mapping:
    return Mapping(
        id=mapping_id,
        m3ter_entity=key.m3ter_entity,
        m3ter_id=key.m3ter_id,
        external_system=key.external_system,
        external_table=key.external_table,
        external_id=external_id,
        integration_config_id=key.integration_config_id,
        external_name=external_name,
    )


def _creation(organization_id: OrganizationId, kept: Kept[Mapping]) -> list[Action]:
    return [
        Put(mapping_item(organization_id, kept)),
        Put(mapped_item(organization_id, kept.value), "attribute_not_exists(#pk)"),
    ]


def _deletion(organization_id: OrganizationId, one: Kept[Mapping]) -> list[Action]:
    """Both, as they were read: one that moved would leave its new identity to bills, and another's must stay."""
    mapping, read = one.value, {":read": one.audit.version}
    return [
        Delete(keys.mapping(organization_id, mapping.id), "#version = :read", read),
        Delete(
            keys.mapped(organization_id, mapping.key), "attribute_not_exists(#pk) OR #id = :id", {":id": mapping.id}
        ),
    ]


def mapping_item(organization_id: OrganizationId, kept: Kept[Mapping]) -> Item:
    """A mapping, whole, in all its places."""
    one = kept.value
    key = keys.mapping(organization_id, one.id)
    places = {
        "gsi1pk": keys.by_external(organization_id, one.external_system, one.external_table, one.external_id),
        "gsi1sk": one.id,
        "gsi2pk": keys.by_m3ter(organization_id, one.m3ter_id),
        "gsi2sk": keys.of_entity(one.m3ter_entity, one.id),
    }
    if one.integration_config_id is not None:
        places["gsi3pk"] = keys.of_configuration(organization_id, one.integration_config_id)
        places["gsi3sk"] = one.id
    return {"pk": key.pk, "sk": key.sk, "type": "mapping", **_fields(one), **places, **audit_item(kept.audit)}


def mapped_item(organization_id: OrganizationId, one: Mapping) -> Item:
    """The same by its identity."""
    key = keys.mapped(organization_id, one.key)
    return {"pk": key.pk, "sk": key.sk, "type": "mapped", "version": one.version, **_fields(one)}


def _fields(one: Mapping) -> Item:
    return {
        "id": one.id,
        "m3ter_entity": str(one.m3ter_entity),
        "m3ter_id": one.m3ter_id,
        "external_system": str(one.external_system),
        "external_table": str(one.external_table),
        "external_id": one.external_id,
        "integration_config_id": one.integration_config_id,
        **({"external_name": one.external_name} if one.external_name else {}),
    }


def mapping_of(item: Item) -> Kept[Mapping]:
    """The mapping that `mapping_item` wrote."""
    return Kept(mapped_of(item), audit_of(item))


def mapped_of(item: Item) -> Mapping:
    """The mapping that `mapped_item` wrote."""
    parent = item.get("integration_config_id")
    return Mapping(
        id=MappingId(item["id"]),
        m3ter_entity=item["m3ter_entity"],
        m3ter_id=item["m3ter_id"],
        external_system=item["external_system"],
        external_table=item["external_table"],
        external_id=item["external_id"],
        integration_config_id=None if parent is None else ConfigurationId(parent),
        version=item["version"],
        external_name=item.get("external_name"),
    )


def _missing(mapping_id: MappingId) -> Missing:
    return Missing(f"There is no external mapping {mapping_id}.")


def _taken(refused: TransactionRefused) -> Clash:
    first = next((item for item in refused.failed.values() if item), None)
    named = f": mapping {first['id']}, to {first['external_table']} {first['external_id']}" if first else ""
    return Clash(f"There is a mapping for this already{named}.")
