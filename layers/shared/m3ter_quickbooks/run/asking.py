"""What an attempt asks of its worker, and what it is told. Attempts themselves send nothing (see `dispatch.py`)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime

from m3ter_quickbooks.connection.connection import Connection
from m3ter_quickbooks.run.answer import Answer
from m3ter_quickbooks.run.delivery import Operation
from m3ter_quickbooks.run.rest import Rest


@dataclass(frozen=True, slots=True)
class Reserve:
    """May one request to this company leave? `alone`: it must not travel in a batch."""

    company_id: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """Yes, from this moment on."""

    at: datetime
    batch: bool = False


@dataclass(frozen=True, slots=True)
class Busy:
    """No; there may be room then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Send:
    """Send this operation, but only while `lease_until` outlives it by H (rule 3)."""

    connection: Connection
    op: Operation
    slot: Slot
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it. `at` is not before the moment it left."""

    answer: Answer
    at: datetime


Asks = Reserve | Send
Told = Slot | Busy | Sent
Steps = Generator[Asks, Told, Rest | None]
