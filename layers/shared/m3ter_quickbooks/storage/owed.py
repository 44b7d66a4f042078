"""Replays that are owed: put into the very transaction that ends the holding, so that none is ever forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.run.replay_order import OwedReplay
from m3ter_quickbooks.run.run import RunStatus
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.audit import new_id
from m3ter_quickbooks.storage.table import Put
from m3ter_quickbooks.storage.wire import Item, moment_of, moment_text

AT_THE_LATEST = timedelta(minutes=1)
"""Whoever commits it gives the order at once; the sweep, when that did not work."""


def owe(organization_id: OrganizationId, configuration_id: ConfigurationId, status: RunStatus, at: datetime) -> Put:
    """What goes into the transaction. One that is owed already is replaced: the new one is about the same runs."""
    return Put(owed_item(OwedReplay(new_id(at), organization_id, configuration_id, status, at + AT_THE_LATEST)))


def owed_item(owed: OwedReplay) -> Item:
    """An owed replay, found again by when it is due."""
    key = keys.owed(owed.organization_id, owed.configuration_id, owed.status)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "type": "owed",
        "id": owed.id,
        "organization_id": owed.organization_id,
        "configuration_id": owed.configuration_id,
        "status": str(owed.status),
        "due_at": moment_text(owed.due_at),
        "last": owed.last,
        "gsi3pk": keys.OWED,
        "gsi3sk": keys.at_time(owed.due_at, owed.id),
    }


def owed_of(item: Item) -> OwedReplay:
    """The owed replay that `owed_item` wrote."""
    return OwedReplay(
        id=item["id"],
        organization_id=OrganizationId(item["organization_id"]),
        configuration_id=ConfigurationId(item["configuration_id"]),
        status=RunStatus(item["status"]),
        due_at=moment_of(item["due_at"]),
        last=item["last"],
    )
