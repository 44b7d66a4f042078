"""No message is lost, and none blocks the others."""

import json
from pathlib import Path
from typing import Any

from tests.template.transformed import Template

PROJECT = Path(__file__).resolve().parents[2]
DEAD_LETTERS = {"BillsDeadLetters", "EventsDeadLetters", "MailDeadLetters", "ChangesDeadLetters"}


def test_every_queue_is_encrypted(template: Template) -> None:
    assert all(queue["SqsManagedSseEnabled"] is True for queue in template.of_type("SQS::Queue").values())


def test_every_queue_that_is_worked_on_hands_what_fails_five_times_to_dead_letters(template: Template) -> None:
    queues = template.of_type("SQS::Queue")
    for name, queue in queues.items():
        if name in DEAD_LETTERS:
            continue
        redrive = queue["RedrivePolicy"]
        assert redrive["maxReceiveCount"] >= 5
        assert redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] in DEAD_LETTERS


def test_dead_letters_are_kept_for_two_weeks(template: Template) -> None:
    queues = template.of_type("SQS::Queue")
    assert {queues[name]["MessageRetentionPeriod"] for name in DEAD_LETTERS} == {14 * 24 * 3600}


def test_every_queue_refuses_requests_without_tls(template: Template) -> None:
    refusing: set[str] = set()
    for policy in template.of_type("SQS::QueuePolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            denial = statement.get("Fn::If", [None, statement])[1]
            if denial["Effect"] == "Deny" and denial["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}:
                refusing.add(denial["Resource"]["Fn::GetAtt"][0])
    assert refusing == set(template.of_type("SQS::Queue"))


def test_a_queue_policy_speaks_of_its_own_queue_only(template: Template) -> None:
    for policy in template.of_type("SQS::QueuePolicy").values():
        (queue,) = policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]:
            said = statement.get("Fn::If", [None, statement])[1]
            assert said["Resource"] == {"Fn::GetAtt": [queue["Ref"], "Arn"]}


def test_a_message_stays_invisible_for_six_timeouts_of_the_function_that_works_on_it(
    template: Template, functions: dict[str, Any]
) -> None:
    queues = template.of_type("SQS::Queue")
    for name, function in functions.items():
        for mapping in template.mappings_of(name):
            source = mapping["EventSourceArn"]["Fn::GetAtt"][0]
            if source in queues:
                assert queues[source]["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_queue_batches_fail_message_by_message_and_in_bounded_number(template: Template) -> None:
    queues = template.of_type("SQS::Queue")
    mappings = [
        mapping
        for mapping in template.of_type("Lambda::EventSourceMapping").values()
        if mapping["EventSourceArn"]["Fn::GetAtt"][0] in queues
    ]
    assert len(mappings) == 2
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
        assert "FilterCriteria" not in mapping  # a message that a filter refuses is deleted


def test_bills_stay_under_the_ten_requests_at_once_that_quickbooks_takes(template: Template) -> None:
    (mapping,) = template.mappings_of("Bills")
    assert mapping["ScalingConfig"]["MaximumConcurrency"] < 10


def test_one_bad_change_does_not_block_the_stream(template: Template) -> None:
    stream = next(
        mapping
        for mapping in template.mappings_of("Notifications")
        if mapping["EventSourceArn"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
    )
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    assert stream["BisectBatchOnFunctionError"] is True
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 0 < stream["MaximumRetryAttempts"] <= 20
    assert 0 < stream["MaximumRecordAgeInSeconds"] <= 24 * 3600
    assert stream["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["ChangesDeadLetters", "Arn"]}
    (only,) = stream["FilterCriteria"]["Filters"]
    assert json.loads(only["Pattern"])["dynamodb"]["NewImage"] == {"type": {"S": ["event", "notice"]}}


def test_every_rule_has_dead_letters_and_bounded_retries(template: Template) -> None:
    rules = template.of_type("Events::Rule")
    assert len(rules) == 4
    for rule in rules.values():
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["EventsDeadLetters", "Arn"]}
            assert target["RetryPolicy"].keys() == {"MaximumEventAgeInSeconds", "MaximumRetryAttempts"}


def test_the_rule_lets_in_what_m3ter_says_about_bills_and_accounts(template: Template) -> None:
    assert template.of_type("Events::Rule")["M3terEvents"]["EventPattern"] == {
        "source": ["m3ter"],
        "detail-type": [{"prefix": "billing.bill."}, {"prefix": "configuration.account."}],
    }


def test_the_schedule_sweeps_each_minute_renews_each_hour_and_sums_up_each_day(template: Template) -> None:
    scheduled = {
        json.loads(rule["Targets"][0]["Input"])["detail-type"]: rule["ScheduleExpression"]
        for rule in template.of_type("Events::Rule").values()
        if "ScheduleExpression" in rule
    }
    assert scheduled == {
        "sweep": "rate(1 minute)",
        "keep-alive": "rate(1 hour)",
        "daily-summary": "cron(0 6 * * ? *)",
    }


def test_the_schedule_sends_what_the_example_events_hold(template: Template) -> None:
    for rule, example in (
        ("BillsSweep", "schedule-sweep.json"),
        ("BillsKeepAlive", "schedule-keep-alive.json"),
        ("NotificationsSummary", "schedule-daily-summary.json"),
    ):
        sent = template.of_type("Events::Rule")[rule]["Targets"][0]["Input"]
        assert json.loads(sent) == json.loads((PROJECT / "events" / example).read_text())


def test_what_a_schedule_could_not_start_is_kept(template: Template) -> None:
    configs = list(template.of_type("Lambda::EventInvokeConfig").values())
    assert sorted(config["FunctionName"]["Ref"] for config in configs) == ["Bills", "Notifications"]
    for config in configs:
        assert config["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["EventsDeadLetters", "Arn"]}
