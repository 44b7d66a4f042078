"""A simulator with a clock that stands still, and a client with a token for each company.

No hypothesis deadline: a busy machine is not a failure.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from local.quickbooks.seed import SAMPLE, SINGLE_CURRENCY, UNITED_KINGDOM
from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller

settings.register_profile("simulator", deadline=None)
settings.load_profile("simulator")

NOON = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "fact(section, row): the observed behaviour of QuickBooks that this test holds to"
    )


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    simulator = Simulator(clock=lambda: NOON, seed=1)
    yield simulator
    simulator.close()


@pytest.fixture
def company(simulator: Simulator) -> Caller:
    """The sample company: US dollars, multicurrency, automatic numbers."""
    return Caller(simulator, SAMPLE)


@pytest.fixture
def numbered_company(simulator: Simulator) -> Caller:
    """One currency, numbers of its own."""
    return Caller(simulator, SINGLE_CURRENCY)


@pytest.fixture
def british_company(simulator: Simulator) -> Caller:
    return Caller(simulator, UNITED_KINGDOM)
