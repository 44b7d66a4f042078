"""What is found out about a bill on the way: problems that stop it, warnings that do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from m3ter_quickbooks.bill.bill import Bill, BillLine
from m3ter_quickbooks.invoice.text import at_most, one_line
from m3ter_quickbooks.problems import BillProblem, ProblemKind

MOST = 50
"""How many problems, and how many warnings, of one bill are told: enough to mend it, few enough to be kept."""


@dataclass(slots=True)
class Findings:
    """Collected while a bill is translated, so that all problems are told at once."""

    problems: list[BillProblem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def told_problems(self) -> list[BillProblem]:
        """The problems, or the first fifty and how many more there are."""
        more = len(self.problems) - MOST
        if more <= 0:
            return self.problems
        return [*self.problems[:MOST], BillProblem(ProblemKind.VALIDATION, f"And {more} more problems like these.")]

    def told_warnings(self) -> tuple[str, ...]:
        """The warnings, or the first fifty and how many more there are."""
        more = len(self.warnings) - MOST
        return (*self.warnings[:MOST], *([f"And {more} more warnings like these."] if more > 0 else []))

    def problem(
        self,
        message: str,
        kind: ProblemKind = ProblemKind.VALIDATION,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Something that must be mended before this bill can be sent."""
        self.problems.append(BillProblem(kind, message, detail or {}))

    def warning(self, message: str) -> None:
        """Something that somebody should know."""
        self.warnings.append(message)


def name_of_bill(bill: Bill) -> str:
    """A bill as people find it."""
    return f"bill {at_most(one_line(bill.reference), 80)} ({bill.id})"


def name_of_line(line: BillLine) -> str:
    """A line as people find it."""
    words = one_line(line.description) or one_line(line.product_name) or "no description"
    identifier = f", {line.id}" if line.id else ""
    return f'"{at_most(words, 80)}" ({at_most(line.line_item_type, 80)}{identifier})'


def name_of(entity: str, identifier: str, name: str | None) -> str:
    """Any other object of m3ter's."""
    words = f' "{at_most(one_line(name), 80)}"' if name else ""
    return f"{entity}{words} ({identifier})"
