"""One local stack for the whole session, in a folder and on ports of its own, with IAM enforced.

Every worker of pytest-xdist uses the same one: the first brings it up, the last takes it down. Before that, all that
it has shown to anybody is searched for what nobody may see.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.stack import DEFAULT_HOME, Progress, Stack, down, up
from tests.leaks import nothing_leaks
from tests.stack.observing import Listener, all_that_is_seen

HOME = DEFAULT_HOME / "test-stack"
USERS = HOME / "users"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.stack)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The stack's addresses and keys, as stack.json has them."""
    mine = USERS / str(os.getpid())
    with _alone():
        mine.touch()
        running = up(HOME, enforce_iam=True, progress=Progress(quiet=True))
    listener = Listener.of_everybody(running)
    yield running
    try:
        for where, text in all_that_is_seen(running, listener):
            nothing_leaks(f"The stack's {where}", text)
    finally:
        with _alone():
            mine.unlink()
            if not any(USERS.iterdir()):
                down(HOME)


@contextmanager
def _alone() -> Iterator[None]:
    USERS.mkdir(parents=True, exist_ok=True)
    with (HOME / "users.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in USERS.iterdir():
            if not _is_alive(int(left.name)):
                left.unlink()
        yield


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
