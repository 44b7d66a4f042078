"""A table that tells which requests were made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from m3ter_quickbooks.storage.table import Table


@dataclass
class Counting:
    """The names of the requests, in their order."""

    table: Table
    requests: list[str] = field(default_factory=list)

    def note(self, model: Any, **_: Any) -> None:
        """To be registered with botocore's `before-call`."""
        self.requests.append(model.name)
