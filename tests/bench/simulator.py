"""How fast the simulator takes invoices: one process, SQLite on disk; then it is killed, and its file looked at."""

from __future__ import annotations

from local.quickbooks.bench import creates_per_second

SECONDS = 10.0


def rows() -> list[tuple[str, str, str]]:
    found = creates_per_second(SECONDS)
    measured = f"{found['perSecond']:.0f}/s; {found['lost']} of {found['created']:,} lost after a kill"
    return [("simulator: invoice creates per second, one process, SQLite on disk", "500/s; nothing lost", measured)]
