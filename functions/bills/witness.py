"""How runs come to rest, as metrics and log lines. No organization is a dimension: there may be thousands."""

from __future__ import annotations

from dataclasses import asdict

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from m3ter_quickbooks.connection.keep_alive import KeptAlive
from m3ter_quickbooks.run.run import Run

logger = Logger(child=True)


class Counting:
    """Counts every ending by its outcome or status, and every failure by its cause."""

    def closed(self, run: Run, cause: str) -> None:
        """A run is over."""
        result = run.outcome.value if run.outcome else run.status.value
        _count("RunsEnded", "Outcome", result)
        if cause:
            _count("RunsFailed", "Cause", cause)
        logger.info(
            "run over",
            extra={
                "run_id": run.id,
                "organization_id": run.organization_id,
                "configuration_id": run.configuration_id,
                "bill_id": run.bill_id,
                "status": run.status.value,
                "outcome": run.outcome,
                "reason": run.reason,
                "cause": cause or None,
                "external_id": run.external_id,
                "request_id": run.request_id,
                "intuit_tid": run.intuit_tid,
            },
        )

    def waits(self, run: Run) -> None:
        """A run waits."""
        _count("RunsWaiting", "Status", run.status.value)
        logger.info(
            "run waits",
            extra={"run_id": run.id, "status": run.status.value, "reason": run.reason, "attempts": run.attempts},
        )


def kept_alive(kept: KeptAlive) -> None:
    """A round of the schedule over the connections that nobody uses. The alarm in template.yaml knows the name."""
    if kept.postponed:
        with single_metric(name="TokenRenewalFailed", unit=MetricUnit.Count, value=kept.postponed):
            pass
    logger.info("kept connections alive", extra=asdict(kept))


def _count(name: str, dimension: str, value: str) -> None:
    with single_metric(name=name, unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(name=dimension, value=value)
