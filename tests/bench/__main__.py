"""`make bench`: the figures that we promise, each beside what it must reach. Figures, not tests: nothing fails here."""

from __future__ import annotations

import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from tests.bench import costs, deliveries, long_lists, memory, neighbours, on_stack, renewals, simulator

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


ORDERS = range(1, 13)
"""Seeds: how much of a company comes early is chance, so one order says little."""


def fairness() -> list[Row]:
    in_turn = deliveries.fairness(None)
    shuffled = [deliveries.fairness(seed) for seed in ORDERS]
    chance = [deliveries.fairness(seed, by_chance=True) for seed in ORDERS]
    every = [in_turn, *shuffled]
    return [
        (
            "20 companies x 150 bills at once (virtual time)",
            "every company within 10 % of its fair share",
            (
                f"events in turn: {in_turn.shares[0]:.1%} to {in_turn.shares[-1]:.1%}; {_over(shuffled)} "
                f"(without a fair share: {_over(chance)}); "
                f"{sum(one.twice for one in every)} twice, {sum(one.lost for one in every)} lost"
            ),
        )
    ]


def _over(orders: list[deliveries.Fairness]) -> str:
    least, most = min(one.shares[0] for one in orders), max(one.shares[-1] for one in orders)
    within = sum(one.shares[0] >= 0.9 and one.shares[-1] <= 1.1 for one in orders)
    return f"in {len(orders)} shuffles of them {least:.1%} to {most:.1%}, {within} within 10 %"


def busy_neighbour() -> list[Row]:
    found = neighbours.neighbours()
    beside, alone = found.beside, found.alone
    return [
        (
            "a bill of 19 small companies beside 3,000 at once of another: event to closed run (virtual time)",
            "reported, beside and alone; 0 twice, 0 lost",
            (
                f"p50 {beside.p50:.1f} s, p99 {beside.p99:.1f} s, at most {beside.most:.1f} s; "
                f"alone {alone.p50:.1f} s, {alone.p99:.1f} s, {alone.most:.1f} s; "
                f"the busy company took {found.busy_seconds:.0f} s; "
                f"{found.twice} twice, {found.lost} lost"
            ),
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
                (
                    f"{found.twice} twice, {found.lost} lost, {found.stale} stale; "
                    f"{found.answers_lost} of {found.writes:,} answers lost"
                ),
            )
        )
    return rows


def calls_and_requests() -> list[Row]:
    found = costs.costs()
    create, update, batch = found.create, found.update, found.batch
    operations = f"{len(create.operations)} / {len(update.operations)} / {len(batch.operations)} in {batch.bills}"
    reads = create.reads + update.reads + batch.reads
    elsewhere = create.elsewhere + update.elsewhere + batch.elsewhere
    return [
        (
            "QuickBooks calls per bill, warm create / update / in a full batch",
            "1 / 1 / 1 in 30; no read after a write",
            f"{operations}; {reads} reads",
        ),
        (
            "table requests per bill and configuration, warm create / update / in a full batch",
            "at most 6",
            f"{create.table:g} / {update.table:g} / {batch.table:.2f}; {elsewhere} of Secrets Manager and SQS",
        ),
    ]


def tokens() -> list[Row]:
    found = renewals.hour()
    return [
        (
            f"token refreshes, {found.bills:,} bills in an hour over 20 workers, 20 at once (virtual time)",
            "1",
            (
                f"{found.refreshes}; {found.refused} answers of 401, {found.throttled} of 429; "
                f"{found.secrets} requests of Secrets Manager; {found.twice} twice, {found.lost} lost"
            ),
        )
    ]


def worker() -> list[Row]:
    before, after = memory.peak_megabytes()
    return [
        (
            "peak memory of a bills worker with a 1,000-line bill",
            "under 256 MB",
            f"{after:.0f} MB, {before:.0f} MB before the bill (moto and the simulator beside it included)",
        )
    ]


PARTS: dict[str, Callable[[], list[Row]]] = {
    "costs": calls_and_requests,
    "worker": worker,
    "long-lists": long_lists.rows,
    "tokens": tokens,
    "month-end": month_end,
    "fairness": fairness,
    "neighbours": busy_neighbour,
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
