"""The credentials: which company each leads to and whether it still does. The tokens are in Secrets Manager."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.invoice.company import Company
from m3ter_quickbooks.problems import Clash, Missing
from m3ter_quickbooks.run.run import RunStatus
from m3ter_quickbooks.run.trouble import Notice, Trouble
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.audit import SYSTEM, Audit, Kept, audit_item, audit_of, new_id
from m3ter_quickbooks.storage.events import event_item
from m3ter_quickbooks.storage.notices import notice_item
from m3ter_quickbooks.storage.owed import owe
from m3ter_quickbooks.storage.paging import Page
from m3ter_quickbooks.storage.table import (
    MOST_KEYS,
    Action,
    ConditionFailed,
    Delete,
    Listing,
    Put,
    Table,
    TransactionRefused,
    Update,
)
from m3ter_quickbooks.storage.wire import Item, day_or_none, moment_or_none, moment_text, written

REMEMBERED = timedelta(seconds=60)


class Credentials:
    """What the API needs."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(
        self, organization_id: OrganizationId, destination: Destination, name: str, *, by: str, at: datetime
    ) -> Kept[Connection]:
        """A draft, to be connected by consent."""
        connection = Connection(
            organization_id=organization_id,
            credential_id=CredentialId(new_id(at)),
            destination=destination,
            status=ConnectionStatus.DRAFT,
            name=name,
        )
        kept = Kept(connection, Audit.new(by, at))
        self._table.put(Put(credential_item(kept)))
        return kept

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Kept[Connection]:
        """Raises Missing."""
        return _entry(self._table, organization_id, credential_id)

    def page(
        self,
        organization_id: OrganizationId,
        *,
        size: int,
        token: str | None = None,
        destination: Destination | None = None,
    ) -> Page[Kept[Connection]]:
        """Newest first."""
        return self._table.page(
            [Listing(keys.of_organization(organization_id), begins=keys.CREDENTIALS)],
            credential_of,
            size=size,
            token=token,
            question=(organization_id, "credentials", destination),
            keep=None if destination is None else lambda item: bool(item["destination"] == destination),
        )

    def delete(
        self, organization_id: OrganizationId, credential_id: CredentialId, *, by: str, at: datetime
    ) -> Kept[Connection]:
        """Delete it and take it out of the configurations that it connected; what it was. Raises Missing.

        Whoever is stopped half-way deletes it again: it goes last.
        """
        kept = self.get(organization_id, credential_id)
        for configuration in _connected_by(self._table, organization_id, credential_id):
            cleared = Update(
                keys.Key(configuration["pk"], configuration["sk"]),
                "SET #version = #version + :one, #modified_at = :at, #modified_by = :by REMOVE #credential_id",
                "#credential_id = :credential",
                {":one": 1, ":at": moment_text(at), ":by": by, ":credential": credential_id},
            )
            try:
                self._table.update(cleared)
            except ConditionFailed:
                continue  # It was given another credential in the meantime.
        self._table.delete(Delete(keys.renewal(organization_id, credential_id)))
        self._table.delete(Delete(keys.credential(organization_id, credential_id)))
        return kept


class Connections:
    """Implements `run.ports.Connections`: remembers each connection for a minute, so the warm path reads none.

    A minute of not knowing that a connection was ended is harmless: what is sent depends on how it is read with
    everything else about the bill (`Knowledge.about`).
    """

    def __init__(self, table: Table, clock: Callable[[], datetime], remembered: timedelta = REMEMBERED) -> None:
        self._table = table
        self._clock = clock
        self._remembered = remembered
        self._known: dict[tuple[OrganizationId, CredentialId], tuple[datetime, Connection]] = {}

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection:
        """See the port."""
        now = self._clock()
        known = self._known.get((organization_id, credential_id))
        # Only what works is remembered: a reconnected company is to be used at once.
        if known is not None and now < known[0] + self._remembered and known[1].status is ConnectionStatus.CONNECTED:
            return known[1]
        return self.fresh(organization_id, credential_id)

    def fresh(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection:
        """See the port."""
        connection = _entry(self._table, organization_id, credential_id).value
        self._known[organization_id, credential_id] = (self._clock(), connection)
        return connection

    def to_company(self, organization_id: OrganizationId, company_id: str) -> Connection | None:
        """See the port. A company is either a sandbox or not: its id tells, so both are looked up."""
        for destination in Destination:
            for item in self._table.each(Listing(keys.company(destination, company_id), "gsi1")):
                if item["organization_id"] != organization_id:
                    continue
                with suppress(Missing):  # the index may be a moment behind
                    connection = self.fresh(organization_id, CredentialId(item["id"]))
                    if connection.status is ConnectionStatus.CONNECTED:
                        return connection
        return None


class ConnectionBook:
    """Implements `connection.ports.ConnectionBook`."""

    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection:
        """See the port."""
        return _entry(self._table, organization_id, credential_id).value

    def write(self, connection: Connection) -> Connection:
        """See the port. Once connected, its configurations are marked as ever connected and owed what they held."""
        organization_id, credential_id = connection.organization_id, connection.credential_id
        kept = _entry(self._table, organization_id, credential_id)
        after = kept.audit.changed(SYSTEM, self._clock())
        now = replace(connection, version=connection.version + 1, name=kept.value.name)
        actions: list[Action] = [
            Put(
                credential_item(Kept(now, replace(after, version=now.version))),
                "#version = :read",
                {":read": connection.version},
            )
        ]
        if connection.status is ConnectionStatus.CONNECTED:
            for item in _connected_by(self._table, organization_id, credential_id):
                if not item["ever_connected"]:
                    key = keys.Key(item["pk"], item["sk"])
                    actions.append(Update(key, "SET #ever_connected = :yes", "attribute_exists(#pk)", {":yes": True}))
                configuration_id = ConfigurationId(item["id"])
                actions.append(owe(organization_id, configuration_id, RunStatus.AUTH_FAILED, self._clock()))
        try:
            # More configurations than one transaction holds: the others are marked before, the connection comes last.
            for start in range(MOST_KEYS, len(actions), MOST_KEYS):
                self._table.transact(actions[start : start + MOST_KEYS])
            self._table.transact(actions[:MOST_KEYS])
        except TransactionRefused as refused:
            if refused.failed.get(0, {}) is None:
                raise _missing(credential_id) from refused
            raise Clash(f"Credential {credential_id} was changed at the same time.") from refused
        return now

    def break_(self, connection: Connection, trouble: Trouble, notice: Notice) -> bool:
        """See the port."""
        broken = Update(
            keys.credential(connection.organization_id, connection.credential_id),
            "SET #status = :broken, #version = #version + :one, #modified_at = :at, #modified_by = :by "
            "REMOVE #gsi1pk, #gsi1sk",
            "#status = :connected AND #version = :read",
            {
                ":broken": str(ConnectionStatus.NEEDS_RECONNECT),
                ":connected": str(ConnectionStatus.CONNECTED),
                ":read": connection.version,
                ":one": 1,
                ":at": moment_text(self._clock()),
                ":by": SYSTEM,
            },
        )
        try:
            self._table.transact([broken, Put(event_item(trouble)), Put(notice_item(notice))])
        except TransactionRefused:
            return False
        return True

    def consent_ends(self, connection: Connection, ends: datetime) -> None:
        """See the port."""
        key = keys.credential(connection.organization_id, connection.credential_id)
        change, values = "SET #consent_ends = :ends", {":ends": moment_text(ends)}
        try:
            self._table.update(Update(key, change, "attribute_exists(#pk)", values))
        except ConditionFailed:
            return

    def announce(self, connection: Connection, notice: Notice) -> bool:
        """See the port."""
        del connection  # The notice says which one it is about.
        try:
            self._table.put(Put(notice_item(notice), "attribute_not_exists(#pk)"))
        except ConditionFailed:
            return False
        return True

    def shared(self, connection: Connection) -> bool:
        """See the port."""
        if connection.company_id is None:
            return False
        own = keys.credential(connection.organization_id, connection.credential_id)
        listing = Listing(keys.company(connection.destination, connection.company_id), "gsi1")
        return any((item["pk"], item["sk"]) != own for item in self._table.each(listing))


def _entry(table: Table, organization_id: OrganizationId, credential_id: CredentialId) -> Kept[Connection]:
    item = table.get(keys.credential(organization_id, credential_id))
    if item is None:
        raise _missing(credential_id)
    return credential_of(item)


def _connected_by(table: Table, organization_id: OrganizationId, credential_id: CredentialId) -> list[Item]:
    """The configurations that a credential connects."""
    configurations = Listing(keys.of_organization(organization_id), begins=keys.CONFIGURATIONS)
    return [item for item in table.each(configurations) if item.get("credential_id") == credential_id]


def credential_item(kept: Kept[Connection]) -> Item:
    """A credential as the table keeps it; findable by its company while it is connected."""
    one = kept.value
    key = keys.credential(one.organization_id, one.credential_id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "type": "credential",
        "id": one.credential_id,
        "organization_id": one.organization_id,
        "destination": str(one.destination),
        "status": str(one.status),
        "company_id": one.company_id,
        "consent_ends": written(one.consent_ends),
        "name": one.name,
        **audit_item(kept.audit),
    }
    if one.company is not None:
        item["company"] = {
            "company_id": one.company.company_id,
            "name": one.company.name,
            "country": one.company.country,
            "home_currency": one.company.home_currency,
            "multicurrency": one.company.multicurrency,
            "custom_transaction_numbers": one.company.custom_transaction_numbers,
            "book_close_date": written(one.company.book_close_date),
        }
    if one.status is ConnectionStatus.CONNECTED and one.company_id is not None:
        item["gsi1pk"] = keys.company(one.destination, one.company_id)
        item["gsi1sk"] = f"{key.pk}#{key.sk}"
    return item


def credential_of(item: Item) -> Kept[Connection]:
    """The credential that `credential_item` wrote."""
    company = item.get("company")
    audit = audit_of(item)
    return Kept(
        Connection(
            organization_id=OrganizationId(item["organization_id"]),
            credential_id=CredentialId(item["id"]),
            destination=Destination(item["destination"]),
            status=ConnectionStatus(item["status"]),
            company_id=item.get("company_id"),
            company=None if company is None else _company_of(company),
            consent_ends=moment_or_none(item.get("consent_ends")),
            name=item["name"],
            version=audit.version,
        ),
        audit,
    )


def _company_of(item: Item) -> Company:
    return Company(
        company_id=item["company_id"],
        name=item["name"],
        country=item.get("country"),
        home_currency=item.get("home_currency"),
        multicurrency=item["multicurrency"],
        custom_transaction_numbers=item["custom_transaction_numbers"],
        book_close_date=day_or_none(item.get("book_close_date")),
    )


def _missing(credential_id: CredentialId) -> Missing:
    return Missing(f"There is no credential {credential_id}.")
