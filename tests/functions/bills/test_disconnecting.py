"""A credential that is deleted: by it nothing is sent any more, also by who had read everything a moment before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.integration import Integration
from tests.functions.bills.conftest import COMPANY, Office, connect


class ReadBefore:
    """The configurations as somebody has read them before the credential was deleted."""

    def __init__(self, configurations: Any, organization_id: str) -> None:
        self._configurations = configurations
        self._read: list[Integration] = configurations.for_bills(OrganizationId(organization_id))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._configurations, name)

    def for_bills(self, organization_id: OrganizationId) -> list[Integration]:
        assert all(one.organization_id == organization_id for one in self._read)
        return self._read


def by_nobody_else(_: Office) -> None:
    """Intuit is told, and refuses the token from then on."""


def by_another_credential(office: Office) -> None:
    """Then Intuit is told nothing: it would end both."""
    connect(office.place, office.simulator, COMPANY)


@pytest.mark.parametrize("led_to", [by_nobody_else, by_another_credential])
def test_nothing_is_sent_by_a_deleted_credential_although_its_connection_is_remembered(
    office: Office, led_to: Callable[[Office], None]
) -> None:
    led_to(office)
    office.hand_over(office.event("bill-demo", id="bill-1"))
    before = ReadBefore(office.world.configurations, office.place.organization_id)
    assert office.http.delete(f"integrationcredentials/{office.credential['id']}").status_code == 200

    office.clock.move(timedelta(seconds=30))
    office.world = replace(office.world, configurations=before)
    office.hand_over(office.event("bill-demo", id="bill-2"))

    assert len(office.invoices()) == 1
    assert [run["status"] for run in office.runs()] == ["AUTH_FAILED", "COMPLETE"]
