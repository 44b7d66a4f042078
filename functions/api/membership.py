"""Who may do what: the token says who calls, the table says what he is in this organization.

The gateway has verified the token. A client's token has the client as its subject; a person's has the person, and the
console's app client beside it, which must never count as a member itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from api.request import Caller
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.problems import NotAllowed, NotRecognized
from m3ter_quickbooks.storage.members import Member, Role

REMEMBERED_FOR = timedelta(seconds=30)
MOST_REMEMBERED = 1000
RANKS = (Role.VIEWER, Role.OPERATOR, Role.ADMIN)
"""Each may do what those before it may."""


class Members(Protocol):
    """The memberships in the table."""

    def get(self, organization_id: OrganizationId, principal: str) -> Member | None:
        """The membership, ended or not; None if there never was one, be it because there is no such organization."""


def caller_of(claims: Mapping[str, str]) -> Caller:
    """Who calls. Raises NotRecognized for a token without a subject."""
    client, subject = str(claims.get("client_id") or ""), str(claims.get("sub") or "")
    if not (client or subject):
        raise NotRecognized("The token does not say whose it is.")
    return Caller(subject or client, person=bool(subject) and subject != client)


class Gate:
    """Lets members in. Positive answers are remembered for half a minute: that long a removed member may still act."""

    def __init__(self, members: Members, now: Callable[[], datetime]) -> None:
        self._members = members
        self._now = now
        self._known: OrderedDict[tuple[OrganizationId, str], tuple[Member, datetime]] = OrderedDict()

    def let_in(self, caller: Caller, organization_id: OrganizationId, least: Role) -> Caller:
        """The caller with the role that he has here.

        Raises NotAllowed: the same for an organization that is not there as for one he is not a member of.
        """
        member = self._member(organization_id, caller.principal)
        if member is None or (member.ends_at is not None and member.ends_at <= self._now()):
            raise NotAllowed("You are not a member of this organization.")
        if RANKS.index(member.role) < RANKS.index(least):
            raise NotAllowed(f"This needs the role {least.value}; yours is {member.role.value}.")
        return Caller(caller.principal, person=caller.person, role=member.role.value)

    def forget(self, organization_id: OrganizationId, principal: str) -> None:
        """Read this one anew next time: it has just been changed here."""
        self._known.pop((organization_id, principal), None)

    def _member(self, organization_id: OrganizationId, principal: str) -> Member | None:
        key = (organization_id, principal)
        known = self._known.get(key)
        if known and self._now() - known[1] < REMEMBERED_FOR:
            return known[0]
        member = self._members.get(organization_id, principal)
        if member is not None:
            self._known[key] = (member, self._now())
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        return member
