"""The hourly tick: connections that nobody uses are renewed, and what could not be renewed raises the alarm."""

import json
from typing import Any

import pytest

from bills.handler import handle
from m3ter_quickbooks.connection.keep_alive import KeptAlive
from tests.functions.bills.conftest import Lambda, Office

TICK = {
    "Records": [
        {"messageId": "tick", "body": json.dumps({"source": "m3ter-quickbooks.schedule", "detail-type": "keep-alive"})}
    ]
}


def tick(office: Office, kept: KeptAlive, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the function wrote to its log."""
    capsys.readouterr()
    answer = handle(TICK, Lambda(), office.world, lambda: kept)  # type: ignore[arg-type]  # less than a LambdaContext
    assert answer == {"batchItemFailures": []}
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_what_could_not_be_renewed_raises_the_alarm(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    written = tick(office, KeptAlive(renewed=5, postponed=2), capsys)
    assert [line["TokenRenewalFailed"] for line in written if "TokenRenewalFailed" in line] == [[2.0]]


def test_a_round_without_failures_raises_none(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    written = tick(office, KeptAlive(renewed=5), capsys)
    assert not any("TokenRenewalFailed" in line for line in written)
