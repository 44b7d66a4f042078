"""The documented limits per company (facts 6), off unless switched on, and how long QuickBooks takes."""

from collections import defaultdict, deque
from dataclasses import dataclass

from local.quickbooks import problems


@dataclass(slots=True)
class Limits:
    """None switches a limit off. A batch counts as one request and has its own limit beside."""

    per_second: int | None = None
    per_minute: int | None = None
    at_once: int | None = None
    batches_per_minute: int | None = None


def real_limits() -> Limits:
    return Limits(per_second=10, per_minute=500, at_once=10, batches_per_minute=40)


@dataclass(slots=True)
class Latency:
    """Seconds before a request is carried out: `fixed`, plus up to `spread` by chance, plus `each` per batch item."""

    fixed: float = 0.0
    spread: float = 0.0
    each: float = 0.0


def real_latency() -> Latency:
    return Latency(fixed=0.35, spread=0.6, each=0.15)


class Meter:
    """Sliding windows per company. Times are seconds of the simulator's clock."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self._batches: dict[str, deque[float]] = defaultdict(deque)
        self._running: dict[str, int] = defaultdict(int)

    def enter(self, limits: Limits, realm: str, batch: bool, now: float) -> None:
        """Count one request in. Raises GatewayFault 429 when it is one too many; then nothing is counted."""
        recent, batches = self._recent[realm], self._batches[realm]
        for window in (recent, batches):
            while window and window[0] <= now - 60:
                window.popleft()
        in_a_second = sum(1 for at in reversed(recent) if at > now - 1) if limits.per_second else 0
        full = (
            (limits.per_second is not None and in_a_second >= limits.per_second)
            or (limits.per_minute is not None and len(recent) >= limits.per_minute)
            or (limits.at_once is not None and self._running[realm] >= limits.at_once)
            or (batch and limits.batches_per_minute is not None and len(batches) >= limits.batches_per_minute)
        )
        if full:
            raise problems.throttled()
        if limits.per_second is not None or limits.per_minute is not None:
            recent.append(now)
        if batch and limits.batches_per_minute is not None:
            batches.append(now)
        self._running[realm] += 1

    def leave(self, realm: str) -> None:
        self._running[realm] -= 1
