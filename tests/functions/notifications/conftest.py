"""What Lambda tells the function about itself."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "m3ter-quickbooks")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "m3ter-quickbooks/test")
