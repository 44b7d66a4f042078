"""What the routes work with: the real things of `wiring`, and the gate."""

from __future__ import annotations

import os
from functools import cache, cached_property

from api.membership import Gate
from m3ter_quickbooks.environment import ApiEnvironment
from m3ter_quickbooks.wiring import Api


class House(Api):
    """Everything that is built once per process for the API."""

    @cached_property
    def gate(self) -> Gate:
        """Lets members in."""
        return Gate(self.members, self.now)


@cache
def house() -> House:
    """The house of this Lambda."""
    return House(ApiEnvironment.read(os.environ))
