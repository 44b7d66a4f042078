"""Credentials that nobody uses are renewed once a day: a refresh token that is never used ends after 100 days."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.connection.ports import AccessTokens, Clock, ConnectionBook, Renewals
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.patience import seconds_left
from m3ter_quickbooks.problems import Clash, ConnectionLost, Missing, TryLater

_POSTPONED_BY = timedelta(hours=1)
_ENOUGH = 3
_LAST_BEGUN = 20.0
"""Seconds before this invocation stops to wait for others. The next round begins where this one ended."""


@dataclass(frozen=True, slots=True)
class KeptAlive:
    """How many were renewed, could not be renewed now, or turned out to be lost."""

    renewed: int = 0
    postponed: int = 0
    lost: int = 0


def keep_alive(
    tokens: AccessTokens, renewals: Renewals, book: ConnectionBook, clock: Clock, limit: int = 100
) -> KeptAlive:
    """Renew at most `limit` idle credentials, those that waited longest first. Called by the schedule, hourly.

    After three that could not be renewed the round is over: it is Intuit as a whole, and each would wait for a timeout.
    """
    done = KeptAlive()
    for organization_id, credential_id in renewals.idle(clock(), limit):
        left = seconds_left(clock())
        if done.postponed == _ENOUGH or (left is not None and left < _LAST_BEGUN):
            break
        try:
            connection = book.get(organization_id, credential_id)
        except Missing:
            renewals.forget(organization_id, credential_id)
            continue
        if connection.status is not ConnectionStatus.CONNECTED:
            _next_look(renewals, organization_id, credential_id, None)
            continue
        try:
            tokens.access_token(connection)
            done = replace(done, renewed=done.renewed + 1)
        except TryLater:
            # Postponed, so that one which cannot be renewed does not stand before all others for ever.
            _next_look(renewals, organization_id, credential_id, clock() + _POSTPONED_BY)
            done = replace(done, postponed=done.postponed + 1)
        except ConnectionLost:
            done = replace(done, lost=done.lost + 1)
    return done


def _next_look(
    renewals: Renewals, organization_id: OrganizationId, credential_id: CredentialId, idle_at: datetime | None
) -> None:
    with suppress(Clash):  # somebody is renewing it: that says when the next look is
        renewals.write(replace(renewals.get(organization_id, credential_id), idle_at=idle_at))
