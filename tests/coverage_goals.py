"""Prints the coverage of the last test run and fails where it is below its goal: `python -m tests.coverage_goals`."""

import sys

from coverage import Coverage

# Branches count. The pure rooms decide about money: nothing in them is left untried.
GOALS = {
    "*/m3ter_quickbooks/bill/*": 100.0,
    "*/m3ter_quickbooks/integration/*": 100.0,
    "*/m3ter_quickbooks/invoice/*": 100.0,
}
OVERALL = 95.0


def main() -> None:
    """Prints the table, then one line for each goal."""
    coverage = Coverage()
    coverage.load()
    reached = coverage.report()
    missed = [f"all: {reached:.1f} % of {OVERALL:.0f} %"] if reached < OVERALL else []
    say = sys.stdout.write
    say(f"\nBranch coverage: {reached:.1f} % overall (goal {OVERALL:.0f} %)\n")
    for room, goal in GOALS.items():
        part = coverage.report(include=[room], file=_Nowhere())
        say(f"                 {part:.1f} % in {room.split('/')[-2]}/ (goal {goal:.0f} %)\n")
        if part < goal:
            missed.append(f"{room}: {part:.1f} % of {goal:.0f} %")
    if missed:
        sys.exit("Below the goal: " + ", ".join(missed))


class _Nowhere:
    def write(self, text: str) -> int:
        return len(text)


if __name__ == "__main__":
    main()
