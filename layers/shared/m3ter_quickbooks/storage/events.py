"""The error events, kept 28 days. Their stream images are what is published as outgoing events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.problems import Missing
from m3ter_quickbooks.run.trouble import EventName, Trouble
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.paging import Page
from m3ter_quickbooks.storage.table import ConditionFailed, Listing, Table, Update
from m3ter_quickbooks.storage.wire import Item, epoch, moment_of, moment_or_none, moment_text, pack, unpack

KEPT_FOR = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An error event, and when somebody marked it as actioned."""

    trouble: Trouble
    actioned_at: datetime | None = None
    actioned_by: str | None = None


class Events:
    """What the API and the mails need. They are written by the closings of runs."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def page(
        self,
        organization_id: OrganizationId,
        *,
        size: int,
        token: str | None = None,
        include_actioned: bool = False,
        event_name: str | None = None,
        account_id: str | None = None,
        resource_id: str | None = None,
    ) -> Page[StoredEvent]:
        """Those nobody has actioned, newest first; then, if wanted, the actioned ones, newest first.

        `resource_id`: the configuration, bill or run that an event is about.
        """
        listings = [Listing(keys.unactioned(organization_id), "gsi1")]
        if include_actioned:
            listings.append(Listing(keys.actioned(organization_id), "gsi1"))

        def keep(item: Item) -> bool:
            about = (item.get("configuration_id"), item.get("bill_id"), item.get("run_id"))
            return (
                (event_name is None or item["name"] == event_name)
                and (account_id is None or item.get("account_id") == account_id)
                and (resource_id is None or resource_id in about)
            )

        filters = (event_name, account_id, resource_id)
        return self._table.page(
            listings,
            event_of,
            size=size,
            token=token,
            question=(organization_id, "events", str(include_actioned), *filters),
            keep=None if filters == (None, None, None) else keep,
        )

    def get(self, organization_id: OrganizationId, event_id: str) -> StoredEvent:
        """Raises Missing."""
        item = self._table.get(keys.event(organization_id, event_id))
        if item is None:
            raise _missing(event_id)
        return event_of(item)

    def get_many(self, organization_id: OrganizationId, event_ids: list[str]) -> list[StoredEvent]:
        """Those that are there, in the order asked for."""
        wanted = [keys.event(organization_id, event_id) for event_id in dict.fromkeys(event_ids)]
        found = self._table.get_many(wanted)
        return [event_of(found[key]) for key in wanted if key in found]

    def mark_actioned(
        self, organization_id: OrganizationId, event_id: str, *, actioned: bool, by: str, at: datetime
    ) -> StoredEvent:
        """Mark it as actioned, or not actioned after all. Marking it twice keeps the first time. Raises Missing."""
        key = keys.event(organization_id, event_id)
        if actioned:
            change = (
                "SET #gsi1pk = :place, #actioned_at = if_not_exists(#actioned_at, :at), "
                "#actioned_by = if_not_exists(#actioned_by, :by)"
            )
            values = {":place": keys.actioned(organization_id), ":at": moment_text(at), ":by": by}
        else:
            change = "SET #gsi1pk = :place REMOVE #actioned_at, #actioned_by"
            values = {":place": keys.unactioned(organization_id)}
        try:
            return event_of(self._table.update(Update(key, change, "attribute_exists(#pk)", values)))
        except ConditionFailed as failed:
            raise _missing(event_id) from failed

    def of_configuration(
        self,
        organization_id: OrganizationId,
        configuration_id: ConfigurationId,
        *,
        until: datetime,
        since: datetime | None = None,
    ) -> Iterator[Trouble]:
        """The errors of a configuration between two moments (both included), newest first, read as they are wanted."""
        span = ("0" if since is None else keys.at_time(since), keys.at_time(until) + "$")
        listing = Listing(keys.events_of_configuration(organization_id, configuration_id), "gsi2", between=span)
        return (event_of(item).trouble for item in self._table.each(listing))


def event_item(trouble: Trouble) -> Item:
    """An error event as the table keeps it, not yet actioned."""
    key = keys.event(trouble.organization_id, trouble.id)
    at = keys.at_time(trouble.at, trouble.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "type": "event",
        "id": trouble.id,
        "organization_id": trouble.organization_id,
        "name": str(trouble.name),
        "at": moment_text(trouble.at),
        "dto": pack(trouble.dto),
        "cause": trouble.cause,
        "configuration_id": trouble.configuration_id,
        "account_id": trouble.account_id,
        "bill_id": trouble.bill_id,
        "run_id": trouble.run_id,
        "gsi1pk": keys.unactioned(trouble.organization_id),
        "gsi1sk": at,
        "ttl": epoch(trouble.at + KEPT_FOR),
    }
    if trouble.configuration_id is not None:
        item["gsi2pk"] = keys.events_of_configuration(trouble.organization_id, trouble.configuration_id)
        item["gsi2sk"] = at
    return item


def event_of(item: Item) -> StoredEvent:
    """The event that `event_item` wrote."""
    configuration_id, bill_id = item.get("configuration_id"), item.get("bill_id")
    dto: Mapping[str, object] = unpack(item["dto"])
    return StoredEvent(
        Trouble(
            id=item["id"],
            organization_id=OrganizationId(item["organization_id"]),
            name=EventName(item["name"]),
            at=moment_of(item["at"]),
            dto=dto,
            cause=item["cause"],
            configuration_id=None if configuration_id is None else ConfigurationId(configuration_id),
            account_id=item.get("account_id"),
            bill_id=None if bill_id is None else BillId(bill_id),
            run_id=item.get("run_id"),
        ),
        moment_or_none(item.get("actioned_at")),
        item.get("actioned_by"),
    )


def _missing(event_id: str) -> Missing:
    return Missing(f"There is no event {event_id}.")
