"""The queue in memory: messages with the moment from which they may be delivered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from m3ter_quickbooks.run.replay_order import ReplayOrder
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.trouble import LookAgain

LONGEST_DELAY = timedelta(minutes=15)


@dataclass
class MemoryQueue:
    """`run.ports.Queue`."""

    clock: Callable[[], datetime]
    messages: list[tuple[datetime, Run | LookAgain | ReplayOrder]] = field(default_factory=list)

    def retry(self, runs: Sequence[Run], delay: timedelta) -> None:
        self.messages += [(self.clock() + min(delay, LONGEST_DELAY), run) for run in runs]

    def replay(self, order: ReplayOrder) -> None:
        self.messages.append((self.clock(), order))

    def look(self, look: LookAgain, delay: timedelta) -> None:
        self.messages.append((self.clock() + min(delay, LONGEST_DELAY), look))

    def take_due(self) -> list[Run | LookAgain | ReplayOrder]:
        """Take out what may be delivered now."""
        due = [message for at, message in self.messages if at <= self.clock()]
        self.messages = [(at, message) for at, message in self.messages if at > self.clock()]
        return due
