"""The error count of each configuration, as one invocation knows it.

Ten failed runs in a row disable a configuration, and a sent bill ends the row (rule 5). The closing is conditional on
the count that was read; whether a success has a row to end depends on how old that reading is. So the count is read
again when a batch has been answered, or a single bill after a while, and moved by every closing of our own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.problems import Missing
from m3ter_quickbooks.run.ports import Closing, Configurations

_Place = tuple[OrganizationId, ConfigurationId]


@dataclass(frozen=True, slots=True)
class _Count:
    errors: int
    enabled: bool


@dataclass(slots=True)
class Counts:
    """`now` gives an integration with its count of this moment; nothing else of it changes under a run in hand."""

    configurations: Configurations
    _known: dict[_Place, _Count] = field(default_factory=dict)
    _fresh: set[_Place] | None = None
    """None: what an integration was opened with is new enough."""

    def now(self, integration: Integration) -> Integration:
        """Raises TryLater where the table cannot be read."""
        place = (integration.organization_id, integration.id)
        if self._fresh is not None and place not in self._fresh:
            return self.read_again(integration)
        known = self._known.get(place)
        return integration if known is None else replace(integration, error_count=known.errors, enabled=known.enabled)

    def read_again(self, integration: Integration) -> Integration:
        """Consistently. A configuration that was deleted meanwhile has no count left to keep."""
        place = (integration.organization_id, integration.id)
        try:
            stored = self.configurations.get(*place)
            self._known[place] = _Count(stored.error_count, stored.enabled)
        except Missing:
            self._known[place] = _Count(0, enabled=False)
        if self._fresh is not None:
            self._fresh.add(place)
        known = self._known[place]
        return replace(integration, error_count=known.errors, enabled=known.enabled)

    def closed(self, closing: Closing, integration: Integration) -> None:
        """Our own closing of a run of `integration` moved it."""
        if closing.count is not None:
            place = (closing.run.organization_id, closing.run.configuration_id)
            self._known[place] = _Count(closing.count, integration.enabled and not closing.disable)

    def time_has_passed(self) -> None:
        """Whatever is known may have been moved by others: it is read again when it is asked for."""
        self._fresh = set()
