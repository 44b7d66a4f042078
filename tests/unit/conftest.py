"""What holds for every unit test: no network, and no hypothesis deadline (a busy machine is not a failure).

`HYPOTHESIS_PROFILE=thorough pytest tests/unit` looks thirty times as long for a counterexample.
"""

import os

import pytest
from hypothesis import settings

settings.register_profile("unit", deadline=None, max_examples=60)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "unit"))


@pytest.fixture(autouse=True)
def _no_network(socket_disabled: None) -> None:
    """Sockets are off."""
