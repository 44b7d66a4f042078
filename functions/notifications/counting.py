"""What is counted. The organization is no dimension: there may be thousands."""

from __future__ import annotations

from typing import Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from m3ter_quickbooks.run.trouble import EventName, Notice, Trouble

# The alarms in template.yaml know these names. Counted here, where nothing uncommitted is ever seen.
_ALARMING: Final = {EventName.DISABLED: "IntegrationDisabled", EventName.AUTHENTICATION: "TokenRenewalFailed"}


def count_announced(change: Trouble | Notice) -> None:
    """One change that was announced."""
    count("NoticesOrdered" if isinstance(change, Notice) else "EventsPublished")
    if isinstance(change, Trouble) and change.name in _ALARMING:
        count(_ALARMING[change.name])


def count(name: str) -> None:
    """One of it."""
    with single_metric(name=name, unit=MetricUnit.Count, value=1):
        pass
