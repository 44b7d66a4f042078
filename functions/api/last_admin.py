"""An organization always has an admin: without one, nobody could ever invite or let in anybody again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.problems import Clash
from m3ter_quickbooks.storage.members import Member, Role, User

FOR_EVER = datetime.max.replace(tzinfo=UTC)


def keeper_of(
    before: User,
    role: Role,
    ends_at: datetime | None,
    admins: Callable[[OrganizationId], Iterable[Member]],
    now: datetime,
) -> Member | None:
    """Another admin, for at least as long as `before` was to be one; None where no admin loses anything.

    Raises Clash where there is no such admin: the day on which nobody is one must not come nearer.
    """
    until = before.ends_at or FOR_EVER
    will_be_until = (ends_at or FOR_EVER) if role is Role.ADMIN else now
    if before.role is not Role.ADMIN or until <= now or will_be_until >= until:
        return None
    for admin in admins(before.organization_id):
        if admin.principal != before.id and (admin.ends_at or FOR_EVER) >= until:
            return admin
    raise Clash(
        f"{before.email} is the last admin of this organization. Make somebody else an admin first, for as long."
    )
