"""Where an integration sends its bills."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Destination(StrEnum):
    """A production company or a sandbox company. The value is m3ter's spelling, also of the external system's name."""

    QUICKBOOKS = "QuickBooks"
    QUICKBOOKS_SANDBOX = "QuickBooksSandbox"

    @classmethod
    def read(cls, text: str) -> Self:
        """Any case, with or without `_`, `-` or spaces. Raises ValueError that lists what is supported."""
        plain = "".join(text.split()).replace("_", "").replace("-", "").casefold()
        for destination in cls:
            if destination.value.casefold() == plain:
                return destination
        supported = " and ".join(cls)
        raise ValueError(f"is not supported; supported are {supported}")
