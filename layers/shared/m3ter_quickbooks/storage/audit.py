"""Who made and changed an entity, and when; and the ids that sort by time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from m3ter_quickbooks.storage.wire import Item, moment_of, moment_text

T = TypeVar("T")

SYSTEM = "m3ter-quickbooks"
"""Who changes what nobody asked for: the tenth error disables a configuration."""


@dataclass(frozen=True, slots=True)
class Audit:
    """m3ter's audit fields. `version` starts at 1 and grows by one with every change."""

    created_at: datetime
    created_by: str
    modified_at: datetime
    modified_by: str
    version: int = 1

    @classmethod
    def new(cls, by: str, at: datetime) -> Audit:
        """Of something that is being made."""
        return cls(at, by, at, by)

    def changed(self, by: str, at: datetime) -> Audit:
        """After one change."""
        return replace(self, modified_at=at, modified_by=by, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """An entity as the table keeps it: the thing itself and its audit fields."""

    value: T
    audit: Audit


def audit_item(audit: Audit) -> Item:
    """The audit fields as attributes."""
    return {
        "created_at": moment_text(audit.created_at),
        "created_by": audit.created_by,
        "modified_at": moment_text(audit.modified_at),
        "modified_by": audit.modified_by,
        "version": audit.version,
    }


def audit_of(item: Item) -> Audit:
    """The audit fields of an item. Written by another tool an item may lack them: it was made at the epoch then."""
    made = item.get("created_at")
    created_at = moment_of(made) if made else _EPOCH
    changed = item.get("modified_at")
    created_by: str = item.get("created_by", SYSTEM)
    return Audit(
        created_at,
        created_by,
        moment_of(changed) if changed else created_at,
        str(item.get("modified_by", created_by)),
        item.get("version", 1),
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id(at: datetime, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A UUID of version 7 (RFC 9562) whose text sorts by `at`, to about a microsecond; the rest is random."""
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    milliseconds, rest = divmod(microseconds, 1000)
    fraction = rest * 4096 // 1000
    random = int.from_bytes(random_bytes(8)) & ((1 << 62) - 1)
    return str(UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random))
