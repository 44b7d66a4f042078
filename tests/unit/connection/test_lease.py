"""The lease of a renewal outlives all that is waited for under it."""

from datetime import timedelta

import pytest

from m3ter_quickbooks.connection.tokens import EXCHANGE, LEASE
from m3ter_quickbooks.quickbooks.oauth import TIMEOUT
from m3ter_quickbooks.wiring import aws_client

LONGEST_BACKOFF = 1
"""Of botocore's standard mode, before a second attempt."""


@pytest.fixture
def slowest_read(monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """Of a secret, by the client that the functions use."""
    made_up = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    for name, value in made_up.items():
        monkeypatch.setenv(name, value)
    config = aws_client("secretsmanager").meta.config
    assert config.retries["total_max_attempts"] == 2
    return timedelta(seconds=2 * (config.connect_timeout + config.read_timeout) + LONGEST_BACKOFF)


def test_an_exchange_ends_before_it_could_outlive_the_lease(slowest_read: timedelta) -> None:
    waits = (TIMEOUT.pool, TIMEOUT.connect, TIMEOUT.write, TIMEOUT.read)
    asking = timedelta(seconds=sum(wait or 0 for wait in waits))
    assert slowest_read + asking < EXCHANGE


def test_a_slow_secret_leaves_time_for_an_exchange(slowest_read: timedelta) -> None:
    assert slowest_read + EXCHANGE < LEASE
