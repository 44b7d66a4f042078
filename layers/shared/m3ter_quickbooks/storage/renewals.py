"""The leases of token renewals with the sealed tokens, and the consents that were begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.ports import PendingConsent, Renewal
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.problems import Clash
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.table import ConditionFailed, Delete, Listing, Put, Table
from m3ter_quickbooks.storage.wire import Item, epoch, moment_of, moment_or_none, moment_text, written

FORGOTTEN_AFTER = timedelta(hours=1)


class Renewals:
    """Implements `connection.ports.Renewals`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Renewal:
        """See the port."""
        item = self._table.get(keys.renewal(organization_id, credential_id))
        return Renewal(organization_id, credential_id) if item is None else _renewal_of(item)

    def write(self, renewal: Renewal) -> Renewal:
        """See the port."""
        after = replace(renewal, rev=renewal.rev + 1)
        if renewal.rev == 0:
            put = Put(_renewal_item(after), "attribute_not_exists(#pk)")
        else:
            put = Put(_renewal_item(after), "#rev = :rev", {":rev": renewal.rev})
        try:
            self._table.put(put)
        except ConditionFailed as failed:
            stored = None if failed.item is None else _renewal_of(failed.item)
            own = renewal.holder is not None and stored is not None
            if not own or stored is None or (stored.rev, stored.holder) != (after.rev, after.holder):
                raise Clash("Somebody else is renewing this connection.") from failed
        return after

    def forget(self, organization_id: OrganizationId, credential_id: CredentialId) -> None:
        """See the port."""
        self._table.delete(Delete(keys.renewal(organization_id, credential_id)))

    def idle(self, now: datetime, limit: int) -> Sequence[tuple[OrganizationId, CredentialId]]:
        """See the port."""
        listing = Listing(keys.IDLE, "gsi3", between=("0", moment_text(now) + "$"), newest_first=False)
        found: list[tuple[OrganizationId, CredentialId]] = []
        for item in self._table.each(listing, chunk=limit):
            found.append((OrganizationId(item["organization_id"]), CredentialId(item["credential_id"])))
            if len(found) == limit:
                break
        return found


class ConsentStates:
    """Implements `connection.ports.ConsentStates`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, digest: str, pending: PendingConsent) -> None:
        """See the port."""
        key = keys.consent(digest)
        self._table.put(
            Put(
                {
                    "pk": key.pk,
                    "sk": key.sk,
                    "type": "consent",
                    "organization_id": pending.organization_id,
                    "credential_id": pending.credential_id,
                    "expires_at": moment_text(pending.expires_at),
                    "ttl": epoch(pending.expires_at + FORGOTTEN_AFTER),
                }
            )
        )

    def take(self, digest: str) -> PendingConsent | None:
        """See the port. A delete that answers what it deleted: of two callers one gets it."""
        item = self._table.delete(Delete(keys.consent(digest)))
        if item is None:
            return None
        return PendingConsent(
            OrganizationId(item["organization_id"]),
            CredentialId(item["credential_id"]),
            moment_of(item["expires_at"]),
        )


def _renewal_item(renewal: Renewal) -> Item:
    key = keys.renewal(renewal.organization_id, renewal.credential_id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "type": "renewal",
        "organization_id": renewal.organization_id,
        "credential_id": renewal.credential_id,
        "rev": renewal.rev,
        "holder": renewal.holder,
        "lease_until": written(renewal.lease_until),
        "sealed": renewal.sealed,
        "renewed_at": written(renewal.renewed_at),
        "expires_at": written(renewal.expires_at),
        "idle_at": written(renewal.idle_at),
    }
    if renewal.idle_at is not None:
        item["gsi3pk"] = keys.IDLE
        item["gsi3sk"] = keys.at_time(renewal.idle_at, renewal.organization_id, renewal.credential_id)
    return item


def _renewal_of(item: Item) -> Renewal:
    return Renewal(
        organization_id=OrganizationId(item["organization_id"]),
        credential_id=CredentialId(item["credential_id"]),
        rev=item["rev"],
        holder=item.get("holder"),
        lease_until=moment_or_none(item.get("lease_until")),
        sealed=item.get("sealed"),
        renewed_at=moment_or_none(item.get("renewed_at")),
        expires_at=moment_or_none(item.get("expires_at")),
        idle_at=moment_or_none(item.get("idle_at")),
    )
