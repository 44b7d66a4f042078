"""A failure that nobody sees is the second worst thing that can happen."""

import json
import re
from pathlib import Path
from typing import Any

from tests.template.transformed import Template

PROJECT = Path(__file__).resolve().parents[2]


def headings() -> set[str]:
    text = (PROJECT / "docs/runbook.md").read_text()
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in found}


def watched(template: Template) -> set[tuple[str, str]]:
    """Metric and what it is of, for every alarm."""
    return {
        (alarm["MetricName"], str(dimension["Value"]))
        for alarm in template.of_type("CloudWatch::Alarm").values()
        for dimension in alarm["Dimensions"]
    }


def test_every_alarm_tells_the_topic_and_links_a_heading_of_the_runbook(template: Template) -> None:
    known = headings()
    for alarm in template.of_type("CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        link = re.search(r"docs/runbook\.md#([a-z0-9-]+)$", alarm["AlarmDescription"])
        assert link is not None
        assert link[1] in known


def test_every_dead_letter_queue_is_watched_for_what_lies_in_it(template: Template) -> None:
    # Messages that are moved in by a redrive do not count as sent, so what is visible is what is counted.
    queues = {name for name in template.of_type("SQS::Queue") if name.endswith("DeadLetters")}
    lying = {(metric, of) for metric, of in watched(template) if metric == "ApproximateNumberOfMessagesVisible"}
    assert lying == {
        ("ApproximateNumberOfMessagesVisible", str({"Fn::GetAtt": [name, "QueueName"]})) for name in queues
    }


def test_every_function_is_watched_for_errors_and_throttles(template: Template, functions: dict[str, Any]) -> None:
    for name in functions:
        for metric in ("Errors", "Throttles"):
            assert (metric, str({"Ref": name})) in watched(template)


def test_ages_disabled_integrations_and_failed_renewals_are_watched(template: Template) -> None:
    metrics = {metric for metric, _ in watched(template)}
    assert {"ApproximateAgeOfOldestMessage", "IteratorAge", "IntegrationDisabled", "TokenRenewalFailed"} <= metrics


def test_our_own_metrics_are_watched_where_the_functions_write_them(
    template: Template, functions: dict[str, Any]
) -> None:
    environment = functions["Bills"]["Environment"]["Variables"]
    for name in ("IntegrationDisabledAlarm", "TokenRenewalFailedAlarm"):
        alarm = template.of_type("CloudWatch::Alarm")[name]
        assert alarm["Namespace"] == environment["POWERTOOLS_METRICS_NAMESPACE"]
        assert alarm["Dimensions"] == [{"Name": "service", "Value": environment["POWERTOOLS_SERVICE_NAME"]}]


def test_the_dashboard_is_json_and_shows_the_metrics_that_the_functions_write(template: Template) -> None:
    (dashboard,) = template.of_type("CloudWatch::Dashboard").values()
    shown = str(json.loads(dashboard["DashboardBody"]["Fn::Sub"]))
    for metric in ("RunsEnded", "RunsFailed", "RunsWaiting", "IntegrationDisabled", "TokenRenewalFailed"):
        assert metric in shown
        assert f'"{metric}"' in "".join(file.read_text() for file in (PROJECT / "functions").rglob("*.py"))
