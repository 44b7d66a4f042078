"""The configurations: what the bills read, and what the API lets operators change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.problems import Clash, Missing
from m3ter_quickbooks.run.run import RunStatus
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.audit import SYSTEM, Audit, Kept, audit_item, audit_of, new_id
from m3ter_quickbooks.storage.mappings import Mappings
from m3ter_quickbooks.storage.owed import owe
from m3ter_quickbooks.storage.paging import Page
from m3ter_quickbooks.storage.table import (
    Action,
    Check,
    ConditionFailed,
    Delete,
    Listing,
    Put,
    Table,
    TransactionRefused,
    Update,
)
from m3ter_quickbooks.storage.wire import Item, pack, unpack

BILL = "Bill"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator may choose. `config_data` is kept as it came, unknown keys, nulls and all digits included."""

    name: str
    destination: Destination
    config_data: Mapping[str, object] = field(default_factory=dict)
    entity_type: str = BILL
    credential_id: CredentialId | None = None


class Configurations:
    """Implements `run.ports.Configurations`, and what the API needs besides."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._mappings = Mappings(table)

    # -------------------------------------------------------------------------------------- for the bills

    def for_bills(self, organization_id: OrganizationId) -> list[Integration]:
        """See the port. One query reads up to a megabyte of configurations."""
        listing = Listing(keys.of_organization(organization_id), begins=keys.CONFIGURATIONS, newest_first=False)
        return [
            configuration_of(item).value
            for item in self._table.each(listing, chunk=1000)
            if item["entity_type"] == BILL and not item.get("deleting", False)
        ]

    def get(self, organization_id: OrganizationId, configuration_id: ConfigurationId) -> Integration:
        """See the port."""
        return self.entry(organization_id, configuration_id).value

    # ---------------------------------------------------------------------------------------- for the API

    def entry(self, organization_id: OrganizationId, configuration_id: ConfigurationId) -> Kept[Integration]:
        """The configuration with its audit fields. Raises Missing."""
        item = self._table.get(keys.configuration(organization_id, configuration_id))
        if item is None or item.get("deleting", False):
            raise _missing(configuration_id)
        return configuration_of(item)

    def create(self, organization_id: OrganizationId, wanted: Wanted, *, by: str, at: datetime) -> Kept[Integration]:
        """A new one, enabled. Raises BadRequest if the settings cannot be read, Missing without that credential."""
        connected, checks = self._attached(organization_id, wanted.credential_id)
        integration = Integration(
            id=ConfigurationId(new_id(at)),
            organization_id=organization_id,
            name=wanted.name,
            destination=wanted.destination,
            settings=Settings.read(wanted.config_data),
            entity_type=wanted.entity_type,
            credential_id=wanted.credential_id,
            ever_connected=connected,
            config_data=wanted.config_data,
        )
        kept = Kept(integration, Audit.new(by, at))
        self._write([Put(configuration_item(kept)), *checks], integration.id)
        return kept

    def page(
        self,
        organization_id: OrganizationId,
        *,
        size: int,
        token: str | None = None,
        destination: Destination | None = None,
        entity_type: str | None = None,
        enabled: bool | None = None,
        credential_id: CredentialId | None = None,
    ) -> Page[Kept[Integration]]:
        """Newest first."""

        def keep(item: Item) -> bool:
            return (
                not item.get("deleting", False)
                and (destination is None or item["destination"] == destination)
                and (entity_type is None or item["entity_type"] == entity_type)
                and (enabled is None or item["enabled"] is enabled)
                and (credential_id is None or item.get("credential_id") == credential_id)
            )

        return self._table.page(
            [Listing(keys.of_organization(organization_id), begins=keys.CONFIGURATIONS)],
            configuration_of,
            size=size,
            token=token,
            question=(organization_id, "configurations", destination, entity_type, str(enabled), credential_id),
            keep=keep,
        )

    def update(
        self,
        organization_id: OrganizationId,
        configuration_id: ConfigurationId,
        wanted: Wanted,
        *,
        version: int,
        by: str,
        at: datetime,
        reconnected: bool = False,
    ) -> Kept[Integration]:
        """Replace what the operator chose; `wanted.credential_id` None leaves the credential as it is.

        `reconnected`: it gets another credential, and is owed what was held under the one before.
        Raises Missing, Clash if `version` is stale, BadRequest as `create`.
        """
        settings = Settings.read(wanted.config_data)
        connected, checks = self._attached(organization_id, wanted.credential_id)
        change = "SET #name = :name, #destination = :destination, #entity_type = :entity_type, #config_data = :data"
        values: dict[str, object] = {
            ":name": wanted.name,
            ":destination": str(wanted.destination),
            ":entity_type": wanted.entity_type,
            ":data": pack(wanted.config_data),
            ":read": version,
            **_by(by, at),
        }
        if wanted.credential_id is not None:
            change += ", #credential_id = :credential"
            values[":credential"] = wanted.credential_id
        if connected:
            change += ", #ever_connected = :yes"
            values[":yes"] = True
        key = keys.configuration(organization_id, configuration_id)
        without = " REMOVE #gsi1pk, #gsi1sk"
        if settings.daily_summary:
            change, without = f"{change}, #gsi1pk = :summaries, #gsi1sk = :place", ""
            values |= {":summaries": keys.SUMMARIES, ":place": "#".join(key)}
        update = Update(key, f"{change}, {_CHANGED}{without}", f"{_THERE} AND #version = :read", values)
        owed = [owe(organization_id, configuration_id, RunStatus.AUTH_FAILED, at)] if reconnected else []
        self._write([update, *checks, *owed], configuration_id)
        return self.entry(organization_id, configuration_id)

    def enable(
        self,
        organization_id: OrganizationId,
        configuration_id: ConfigurationId,
        *,
        by: str,
        at: datetime,
        replay: bool = False,
    ) -> Kept[Integration]:
        """Enabled, with an error count of 0; `replay`: and owed what was held meanwhile, at once. Raises Missing."""
        change = f"SET #enabled = :on, #error_count = :none, {_CHANGED}"
        values = {":on": True, ":none": 0, **_by(by, at)}
        enabled = Update(keys.configuration(organization_id, configuration_id), change, _THERE, values)
        if not replay:
            return self._change(enabled, configuration_id)
        self._write([enabled, owe(organization_id, configuration_id, RunStatus.DISABLED, at)], configuration_id)
        return self.entry(organization_id, configuration_id)

    def disable(
        self, organization_id: OrganizationId, configuration_id: ConfigurationId, *, by: str, at: datetime
    ) -> Kept[Integration]:
        """Disabled by a person. Raises Missing."""
        key = keys.configuration(organization_id, configuration_id)
        change = f"SET #enabled = :off, {_CHANGED}"
        return self._change(Update(key, change, _THERE, {":off": False, **_by(by, at)}), configuration_id)

    def set_credential(
        self,
        organization_id: OrganizationId,
        configuration_id: ConfigurationId,
        credential_id: CredentialId,
        *,
        by: str,
        at: datetime,
    ) -> Kept[Integration]:
        """Connect it, and owe it what was held since its last connection was lost, at once.

        Raises Missing (configuration or credential), Clash if the credential changes meanwhile.
        """
        connected, checks = self._attached(organization_id, credential_id)
        change = "SET #credential_id = :credential" + (", #ever_connected = :yes" if connected else "")
        values = {":credential": credential_id, **({":yes": True} if connected else {}), **_by(by, at)}
        key = keys.configuration(organization_id, configuration_id)
        owed = owe(organization_id, configuration_id, RunStatus.AUTH_FAILED, at)
        self._write([Update(key, f"{change}, {_CHANGED}", _THERE, values), *checks, owed], configuration_id)
        return self.entry(organization_id, configuration_id)

    def clear_credential(
        self, organization_id: OrganizationId, configuration_id: ConfigurationId, *, by: str, at: datetime
    ) -> Kept[Integration]:
        """Disconnect it. Raises Missing."""
        change = f"SET {_CHANGED} REMOVE #credential_id"
        key = keys.configuration(organization_id, configuration_id)
        return self._change(Update(key, change, _THERE, _by(by, at)), configuration_id)

    def delete(
        self, organization_id: OrganizationId, configuration_id: ConfigurationId, *, by: str, at: datetime
    ) -> Kept[Integration]:
        """Delete it and its own mappings; what it was. Raises Missing.

        First it is hidden from bills and readers, last it is removed: who is stopped half-way deletes it again.
        """
        key = keys.configuration(organization_id, configuration_id)
        item = self._table.get(key)
        if item is None:
            raise _missing(configuration_id)
        hide = Update(key, "SET #deleting = :yes, " + _CHANGED, "attribute_exists(#pk)", {":yes": True, **_by(by, at)})
        try:
            self._table.update(hide)
        except ConditionFailed as failed:
            raise _missing(configuration_id) from failed
        self._mappings.delete_of_configuration(organization_id, configuration_id)
        self._table.delete(Delete(key))
        return configuration_of(item)

    def with_summary(self) -> Iterator[Integration]:
        """Every configuration of the installation that wants a daily summary."""
        for item in self._table.each(Listing(keys.SUMMARIES, "gsi1")):
            if not item.get("deleting", False):
                yield configuration_of(item).value

    def using(self, organization_id: OrganizationId, credential_id: CredentialId) -> list[Integration]:
        """The configurations that a credential connects."""
        return [one for one in self.for_bills(organization_id) if one.credential_id == credential_id]

    def _attached(
        self, organization_id: OrganizationId, credential_id: CredentialId | None
    ) -> tuple[bool, list[Action]]:
        """Whether that credential is connected, and the check that it still is when the configuration is written."""
        if credential_id is None:
            return False, []
        key = keys.credential(organization_id, credential_id)
        credential = self._table.get(key)
        if credential is None:
            raise Missing(f"There is no credential {credential_id}.")
        status = credential["status"]
        return status == ConnectionStatus.CONNECTED, [Check(key, "#status = :status", {":status": status})]

    def _write(self, actions: Sequence[Action], configuration_id: ConfigurationId) -> None:
        try:
            self._table.transact(actions)
        except TransactionRefused as refused:
            if 0 not in refused.failed:
                raise Clash("The credential was changed at the same time; please try again.") from refused
            raise _refused(configuration_id, refused.failed[0]) from refused

    def _change(self, update: Update, configuration_id: ConfigurationId) -> Kept[Integration]:
        try:
            return configuration_of(self._table.update(update))
        except ConditionFailed as failed:
            raise _refused(configuration_id, failed.item) from failed


_THERE = "attribute_exists(#pk) AND attribute_not_exists(#deleting)"
_CHANGED = "#version = #version + :one, #modified_at = :at, #modified_by = :by"


def _by(by: str, at: datetime) -> dict[str, object]:
    audit = audit_item(Audit.new(by, at))
    return {":one": 1, ":at": audit["modified_at"], ":by": by}


def counted(
    organization_id: OrganizationId,
    configuration_id: ConfigurationId,
    *,
    count: int,
    read: int,
    disable: bool,
    at: datetime,
) -> Update:
    """The part of a closing that counts errors in a row (sending-once rule 5); the tenth also disables, once."""
    change, condition = "SET #error_count = :count", "#error_count = :read AND attribute_not_exists(#deleting)"
    values: dict[str, object] = {":count": count, ":read": read}
    if disable:
        change += ", #enabled = :off, " + _CHANGED
        condition += " AND #enabled = :on"
        values |= {":off": False, ":on": True, **_by(SYSTEM, at)}
    return Update(keys.configuration(organization_id, configuration_id), change, condition, values)


def configuration_item(kept: Kept[Integration]) -> Item:
    """A configuration as the table keeps it."""
    one = kept.value
    key = keys.configuration(one.organization_id, one.id)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "type": "configuration",
        "gsi1pk": keys.SUMMARIES if one.settings.daily_summary else None,
        "gsi1sk": "#".join(key) if one.settings.daily_summary else None,
        "id": one.id,
        "organization_id": one.organization_id,
        "name": one.name,
        "destination": str(one.destination),
        "entity_type": one.entity_type,
        "enabled": one.enabled,
        "credential_id": one.credential_id,
        "ever_connected": one.ever_connected,
        "error_count": one.error_count,
        "config_data": pack(one.config_data),
        **audit_item(kept.audit),
    }


def configuration_of(item: Item) -> Kept[Integration]:
    """The configuration that `configuration_item` wrote."""
    credential_id = item.get("credential_id")
    config_data = unpack(item["config_data"])
    audit = audit_of(item)
    return Kept(
        Integration(
            id=ConfigurationId(item["id"]),
            organization_id=OrganizationId(item["organization_id"]),
            name=item["name"],
            destination=Destination(item["destination"]),
            settings=Settings.read(config_data),
            entity_type=item["entity_type"],
            enabled=item["enabled"],
            version=audit.version,
            credential_id=None if credential_id is None else CredentialId(credential_id),
            ever_connected=item["ever_connected"],
            error_count=item["error_count"],
            config_data=config_data,
        ),
        audit,
    )


def _missing(configuration_id: ConfigurationId) -> Missing:
    return Missing(f"There is no integration configuration {configuration_id}.")


def _refused(configuration_id: ConfigurationId, stored: Item | None) -> Missing | Clash:
    if stored is None or stored.get("deleting", False):
        return _missing(configuration_id)
    return Clash(f"It was changed by somebody else: its version is {stored['version']} now.")
