"""The notices that the stream turns into mails, and which recipient had which mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.problems import Clash, Missing
from m3ter_quickbooks.run.trouble import Notice, NoticeKind
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.table import ConditionFailed, Put, Table, Update
from m3ter_quickbooks.storage.wire import Item, epoch, moment_of, moment_text, pack, unpack

KEPT_FOR = timedelta(days=400)


class Notices:
    """What the mails need. Notices are written together with what caused them."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, organization_id: OrganizationId, notice_id: str) -> Notice:
        """Raises Missing."""
        item = self._table.get(keys.notice(organization_id, notice_id))
        if item is None:
            raise Missing(f"There is no notice {notice_id}.")
        return notice_of(item)

    def order(self, notice: Notice) -> bool:
        """Write a notice that nothing else is committed with; whether it is the first of its id."""
        try:
            self._table.put(Put(notice_item(notice), "attribute_not_exists(#pk)"))
        except ConditionFailed:
            return False
        return True

    def claim_mail(
        self, organization_id: OrganizationId, notice_id: str, recipient: str, now: datetime, lease: timedelta
    ) -> bool:
        """Claim one recipient's mail of one notice before it is sent: False if it was sent already.

        Raises Clash while somebody else holds it: whether that mail goes out is not known before the lease has run out.
        A claim that was never confirmed runs out after `lease`: a mail may then come twice, but never not at all.
        """
        key = keys.mail(organization_id, notice_id, recipient)
        claim = Update(
            key,
            "SET #type = :type, #lease_until = :until, #ttl = :ttl",
            "attribute_not_exists(#sent_at) AND (attribute_not_exists(#lease_until) OR #lease_until <= :now)",
            {
                ":type": "mail",
                ":until": moment_text(now + lease),
                ":now": moment_text(now),
                ":ttl": epoch(now + KEPT_FOR),
            },
        )
        try:
            self._table.update(claim)
        except ConditionFailed as failed:
            if failed.item and "sent_at" in failed.item:
                return False
            raise Clash("Another worker is sending this mail.") from failed
        return True

    def mail_sent(self, organization_id: OrganizationId, notice_id: str, recipient: str, at: datetime) -> None:
        """It was accepted by SES: no second one."""
        key = keys.mail(organization_id, notice_id, recipient)
        values = {":type": "mail", ":at": moment_text(at), ":ttl": epoch(at + KEPT_FOR)}
        self._table.update(
            Update(key, "SET #type = :type, #sent_at = :at, #ttl = :ttl REMOVE #lease_until", None, values)
        )

    def mail_failed(self, organization_id: OrganizationId, notice_id: str, recipient: str) -> None:
        """It was not sent: whoever comes next may try at once."""
        key = keys.mail(organization_id, notice_id, recipient)
        self._table.update(Update(key, "REMOVE #lease_until"))


def notice_item(notice: Notice) -> Item:
    """A notice as the table keeps it. One of the same id is overwritten: only its first insertion is mailed."""
    key = keys.notice(notice.organization_id, notice.id)
    return {
        "pk": key.pk,
        "sk": key.sk,
        "type": "notice",
        "id": notice.id,
        "organization_id": notice.organization_id,
        "kind": str(notice.kind),
        "at": moment_text(notice.at),
        "configuration_id": notice.configuration_id,
        "credential_id": notice.credential_id,
        "facts": pack(notice.facts),
        "ttl": epoch(notice.at + KEPT_FOR),
    }


def notice_of(item: Item) -> Notice:
    """The notice that `notice_item` wrote."""
    configuration_id, credential_id = item.get("configuration_id"), item.get("credential_id")
    return Notice(
        id=item["id"],
        organization_id=OrganizationId(item["organization_id"]),
        kind=NoticeKind(item["kind"]),
        at=moment_of(item["at"]),
        configuration_id=None if configuration_id is None else ConfigurationId(configuration_id),
        credential_id=None if credential_id is None else CredentialId(credential_id),
        facts=unpack(item["facts"]),
    )
