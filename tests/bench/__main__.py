"""`make bench`: the figures that we promise, each beside what it must reach. Figures, not tests: nothing fails here."""

from __future__ import annotations

import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from tests.bench import deliveries, long_lists, memory, on_stack, renewals, simulator

Row = tuple[str, str, str]


def month_end() -> list[Row]:
    found = deliveries.month_end()
    return [
        (
            f"{found.bills:,} bills at once for one company (virtual time)",
            "at least 95 % of 1,200 invoices/min; no 429 after the first minute; 0 twice, 0 lost",
            (
                f"{found.of_limit:.1%} ({found.per_minute:,.0f}/min, {found.seconds:.0f} s); "
                f"{found.throttled_after_first_minute} answers of 429; {found.twice} twice, {found.lost} lost"
            ),
        )
    ]


def fairness() -> list[Row]:
    found = deliveries.fairness()
    return [
        (
            "20 companies x 150 bills at once (virtual time)",
            "every company within 10 % of its fair share",
            f"{found.shares[0]:.1%} to {found.shares[-1]:.1%}; {found.twice} twice, {found.lost} lost",
        )
    ]


def storm() -> list[Row]:
    rows = []
    for remembered in (True, False):
        found = deliveries.storm(ids_remembered=remembered)
        ids = "remembered" if remembered else "forgotten"
        rows.append(
            (
                f"{found.deliveries:,} deliveries, 20 % lost answers, 5 % doubled, request ids {ids} (virtual time)",
                "0 twice, 0 lost, 0 stale",
                f"{found.twice} twice, {found.lost} lost, {found.stale} stale; {found.answers_lost} answers lost",
            )
        )
    return rows


def costs() -> list[Row]:
    found = deliveries.costs()
    return [
        (
            "QuickBooks calls per bill, warm create / update / in a full batch",
            "1 / 1 / 1 in 30; no read after a write",
            f"{found.create} / {found.update} / 1 in {found.batch}; {found.reads} reads",
        ),
        ("table requests per bill and configuration, warm", "at most 6", f"{found.table}"),
    ]


def tokens() -> list[Row]:
    found = renewals.renewals()
    return [("token renewals, 1,000 bills in an hour over 20 workers", "1", f"{found}")]


def worker() -> list[Row]:
    return [
        (
            "peak memory of a bills worker with a 1,000-line bill",
            "under 256 MB",
            f"{memory.peak_megabytes():.0f} MB (the simulator beside it included)",
        )
    ]


PARTS: dict[str, Callable[[], list[Row]]] = {
    "costs": costs,
    "worker": worker,
    "long-lists": long_lists.rows,
    "tokens": tokens,
    "month-end": month_end,
    "fairness": fairness,
    "storm": storm,
    "simulator": simulator.rows,
    "stack": on_stack.rows,
}


def main(names: list[str]) -> None:
    table = Table("Measure", "Must reach", "Measured", title="make bench", show_lines=True)
    console = Console(width=150)
    for name in names or PARTS:
        with console.status(f"measuring: {name}"):
            for row in PARTS[name]():
                table.add_row(*row)
                console.log(f"{row[0]}: {row[2]}")
    console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
