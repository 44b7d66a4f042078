"""What holds for every adapter test: no network (moto and MockTransport answer), and no hypothesis deadline."""

import pytest
from hypothesis import settings

settings.register_profile("adapters", deadline=None, max_examples=60)
settings.load_profile("adapters")


@pytest.fixture(autouse=True)
def _no_network(socket_disabled: None) -> None:
    """Sockets are off."""
