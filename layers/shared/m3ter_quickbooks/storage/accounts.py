"""The account snapshots: m3ter's events and our API write the same ones.

The higher `version` wins; of two equal ones the event's, because m3ter is where accounts live. A code belongs to one
account: its own item says to which, written in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import AccountId, OrganizationId
from m3ter_quickbooks.bill.reading import read_moment
from m3ter_quickbooks.problems import Clash, Missing, TryLater
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.audit import Audit, Kept, audit_item, audit_of, new_id
from m3ter_quickbooks.storage.paging import Page
from m3ter_quickbooks.storage.table import Action, Delete, Listing, Put, Table, TransactionRefused
from m3ter_quickbooks.storage.wire import Item, pack, unpack

RACES = 5
"""How often a write is begun again because another one of the same account was faster."""


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account: m3ter's own body (camelCase, audit fields not in it) and the few keys the table knows it by."""

    organization_id: OrganizationId
    id: AccountId
    code: str | None
    dto: Mapping[str, object]


class Accounts:
    """What the API needs, and what account events write (through `Knowledge`)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(
        self,
        organization_id: OrganizationId,
        dto: Mapping[str, object],
        *,
        by: str,
        at: datetime,
        account_id: AccountId | None = None,
    ) -> Kept[AccountRecord]:
        """A new one. Raises Clash if the code, or the id where one is given, is taken."""
        record = _record(organization_id, account_id or AccountId(new_id(at)), dto)
        kept = Kept(record, Audit.new(by, at))
        actions: list[Action] = [Put(account_item(kept), "attribute_not_exists(#pk)")]
        if record.code is not None:
            actions.append(Put(_code_item(record), "attribute_not_exists(#pk)"))
        try:
            self._table.transact(actions)
        except TransactionRefused as refused:
            raise _taken(record, refused) from refused
        return kept

    def get(self, organization_id: OrganizationId, account_id: AccountId) -> Kept[AccountRecord]:
        """Raises Missing."""
        item = self._table.get(keys.account(organization_id, account_id))
        if item is None:
            raise _missing(account_id)
        return account_of(item)

    def find(self, organization_id: OrganizationId, account_id: AccountId) -> Account | None:
        """The account as the rest of the program sees it; None if it is not known."""
        item = self._table.get(keys.account(organization_id, account_id))
        return None if item is None else told_account(account_of(item))

    def get_many(self, organization_id: OrganizationId, account_ids: Collection[str]) -> list[Kept[AccountRecord]]:
        """Those that are there, in the order asked for."""
        wanted = [keys.account(organization_id, AccountId(one)) for one in dict.fromkeys(account_ids)]
        found = self._table.get_many(wanted)
        return [account_of(found[key]) for key in wanted if key in found]

    def with_code(self, organization_id: OrganizationId, code: str) -> Kept[AccountRecord] | None:
        """The account that has this code."""
        item = self._table.get(keys.account_code(organization_id, code))
        return None if item is None else self.get(organization_id, AccountId(item["account_id"]))

    def page(
        self, organization_id: OrganizationId, *, size: int, token: str | None = None
    ) -> Page[Kept[AccountRecord]]:
        """Newest first."""
        return self._table.page(
            [Listing(keys.accounts(organization_id), "gsi1")],
            account_of,
            size=size,
            token=token,
            question=(organization_id, "accounts"),
        )

    def update(
        self,
        organization_id: OrganizationId,
        account_id: AccountId,
        dto: Mapping[str, object],
        *,
        version: int,
        by: str,
        at: datetime,
    ) -> Kept[AccountRecord]:
        """Replace it. Raises Missing, Clash if `version` is stale or the new code is taken."""
        old = self.get(organization_id, account_id)
        record = _record(organization_id, account_id, dto)
        kept = Kept(record, old.audit.changed(by, at))
        actions: list[Action] = [Put(account_item(kept), "#version = :read", {":read": version})]
        if record.code is not None:
            free = "attribute_not_exists(#pk) OR #account_id = :id"
            actions.append(Put(_code_item(record), free, {":id": account_id}))
        if old.value.code != record.code:
            actions += self._code_freed(old.value)
        try:
            self._table.transact(actions)
        except TransactionRefused as refused:
            if 0 not in refused.failed:
                raise _taken(record, refused) from refused
            stored = refused.failed[0]
            if stored is None:
                raise _missing(account_id) from refused
            raise Clash(
                f"The account was changed by somebody else: its version is {stored['version']} now."
            ) from refused
        return kept

    def delete(self, organization_id: OrganizationId, account_id: AccountId) -> Kept[AccountRecord]:
        """Delete it; what it was. Raises Missing."""
        old = self.get(organization_id, account_id)
        self._delete(old.value)
        return old

    def keep(self, organization_id: OrganizationId, account: Account, dto: Mapping[str, object]) -> bool:
        """Store what an event told, unless a higher version is there; whether it was stored. Raises TryLater."""
        key = keys.account(organization_id, account.id)
        for _ in range(RACES):
            item = self._table.get(key)
            old = None if item is None else account_of(item)
            if old is not None and old.audit.version > account.version:
                return False
            if self._replace(organization_id, account, dto, old):
                return True
        raise TryLater("The account is being changed by others.")

    def _replace(
        self,
        organization_id: OrganizationId,
        account: Account,
        dto: Mapping[str, object],
        old: Kept[AccountRecord] | None,
    ) -> bool:
        record = _record(organization_id, account.id, dto)
        put = Put(account_item(Kept(record, _told_audit(dto, account.version, old))), "attribute_not_exists(#pk)")
        if old is not None:
            # Equal versions may differ in their code: both must be as read, or the old code would stay taken.
            same_code = "attribute_not_exists(#code)" if old.value.code is None else "#code = :code"
            values = {":read": old.audit.version, **({":code": old.value.code} if old.value.code else {})}
            put = Put(put.item, f"#version = :read AND {same_code}", values)
        actions: list[Action] = [put]
        if record.code is not None:
            # m3ter keeps codes unique itself: whoever had it here has lost it there.
            actions.append(Put(_code_item(record)))
        if old is not None and old.value.code != record.code:
            actions += self._code_freed(old.value)
        try:
            self._table.transact(actions)
        except TransactionRefused:
            return False
        return True

    def forget(self, organization_id: OrganizationId, account_id: AccountId) -> None:
        """A deleted account; nothing happens if it is not there."""
        item = self._table.get(keys.account(organization_id, account_id))
        if item is not None:
            self._delete(account_of(item).value)

    def _delete(self, record: AccountRecord) -> None:
        try:
            self._table.transact([Delete(_key(record)), *self._code_freed(record)])
        except TransactionRefused as refused:
            raise TryLater("The account is being changed by others.") from refused

    def _code_freed(self, record: AccountRecord) -> list[Action]:
        """The removal of its code, unless that went to another account (m3ter's events may do so)."""
        if record.code is None:
            return []
        key = keys.account_code(record.organization_id, record.code)
        item = self._table.get(key)
        if item is None or item["account_id"] != record.id:
            return []
        return [Delete(key, "#account_id = :id", {":id": record.id})]


def account_item(kept: Kept[AccountRecord]) -> Item:
    """An account as the table keeps it: m3ter's body, packed."""
    record = kept.value
    return {
        **_key(record)._asdict(),
        "type": "account",
        "id": record.id,
        "organization_id": record.organization_id,
        "code": record.code,
        "dto": pack(record.dto),
        "gsi1pk": keys.accounts(record.organization_id),
        "gsi1sk": keys.at_time(kept.audit.created_at, record.id),
        **audit_item(kept.audit),
    }


def account_of(item: Item) -> Kept[AccountRecord]:
    """The account that `account_item` wrote."""
    record = AccountRecord(
        OrganizationId(item["organization_id"]), AccountId(item["id"]), item.get("code"), unpack(item["dto"])
    )
    return Kept(record, audit_of(item))


def told_account(kept: Kept[AccountRecord]) -> Account:
    """The account as the rest of the program sees it."""
    return Account.parse({**kept.value.dto, "id": kept.value.id, "version": kept.audit.version})


_AUDIT = ("id", "version", "dtCreated", "dtLastModified", "createdBy", "lastModifiedBy")


def _record(organization_id: OrganizationId, account_id: AccountId, dto: Mapping[str, object]) -> AccountRecord:
    code = dto.get("code")
    body = {name: value for name, value in dto.items() if name not in _AUDIT}
    return AccountRecord(organization_id, account_id, code if isinstance(code, str) and code else None, body)


def _told_audit(dto: Mapping[str, object], version: int, old: Kept[AccountRecord] | None) -> Audit:
    """m3ter's own audit fields; where it left one out, what was known before, or the epoch."""
    created_at, modified_at = (_moment(dto.get(name)) for name in ("dtCreated", "dtLastModified"))
    created_by, modified_by = (str(dto.get(name) or "m3ter") for name in ("createdBy", "lastModifiedBy"))
    first = created_at or (old.audit.created_at if old else None) or modified_at or _EPOCH
    return Audit(first, created_by, modified_at or first, modified_by, version)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(value: object) -> datetime | None:
    try:
        read = read_moment(value)
    except ValueError:
        return None
    return read if isinstance(read, datetime) else None


def _key(record: AccountRecord) -> keys.Key:
    return keys.account(record.organization_id, record.id)


def _code_item(record: AccountRecord) -> Item:
    key = keys.account_code(record.organization_id, str(record.code))
    return {"pk": key.pk, "sk": key.sk, "type": "account code", "account_id": record.id}


def _missing(account_id: AccountId) -> Missing:
    return Missing(f"There is no account {account_id}.")


def _taken(record: AccountRecord, refused: TransactionRefused) -> Clash:
    if refused.failed.get(0) is not None:
        return Clash(f"There is an account {record.id} already.")
    holder = next((item["account_id"] for item in refused.failed.values() if item), "another one")
    return Clash(f"The code {record.code} belongs to account {holder} already.")
