"""Whatever a test of ours makes the code log or print, it holds no token, no secret and nobody's address."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.leaks import leaks

HERE = Path(__file__).parent
# The simulator is QuickBooks: its own log is not ours.
NOT_OURS = (HERE / "simulator",)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fails a test, or its setup or teardown, whose output holds what must not be seen."""
    report = yield
    if report.passed and not any(place in item.path.parents for place in NOT_OURS):
        seen = (text for title, text in report.sections if title.endswith(call.when))
        found = [leak for text in seen for leak in leaks(text)]
        if found:
            report.outcome = "failed"
            report.longrepr = "\n".join(("The output of this test holds what nobody may see:", *found))
    return report
