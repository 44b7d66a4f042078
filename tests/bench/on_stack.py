"""What is measured on a local stack, in real time. It is a stack of its own, with IAM enforced, gone afterwards."""

from __future__ import annotations

from local.stack import DEFAULT_HOME, Progress, down, up
from tests.bench import api_reads, notice, one_bill

HOME = DEFAULT_HOME / "bench-stack"


def rows() -> list[tuple[str, str, str]]:
    """Every figure of the stack."""
    stack = up(HOME, enforce_iam=True, progress=Progress(quiet=True))
    try:
        return [*one_bill.rows(stack), *notice.rows(stack), *api_reads.rows(stack)]
    finally:
        down(HOME)
