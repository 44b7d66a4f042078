from collections.abc import Iterator

import pytest

from tests.protocol.on_moto import stores_on_moto
from tests.protocol.stage import Stage, StageClock, Stores


@pytest.fixture
def stores() -> Iterator[Stores]:
    with stores_on_moto() as made:
        yield made


@pytest.fixture
def stage(stores: Stores) -> Stage:
    return Stage(stores, StageClock())
