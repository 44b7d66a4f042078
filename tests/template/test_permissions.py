"""Least privilege: verbs and ARNs, each function its own role."""

import json
from typing import Any

from tests.template.transformed import Template


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions_of(template: Template, role: str) -> set[str]:
    return {
        action for name, statement in template.statements() if name == role for action in as_list(statement["Action"])
    }


def test_each_function_has_a_role_of_its_own(functions: dict[str, Any]) -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in functions.values()]
    assert sorted(roles) == ["ApiRole", "BillsRole", "NotificationsRole"]


def test_no_role_has_a_managed_policy(template: Template) -> None:
    assert not any("ManagedPolicyArns" in role for role in template.of_type("IAM::Role").values())


def test_no_statement_names_all_resources_but_the_one_for_traces(template: Template) -> None:
    for _, statement in template.statements():
        if "*" in as_list(statement["Resource"]):
            assert statement["Action"] == ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]


def test_no_statement_has_an_action_with_a_wildcard(template: Template) -> None:
    assert not [
        action for _, statement in template.statements() for action in as_list(statement["Action"]) if "*" in action
    ]


def test_nobody_scans_or_changes_the_table_itself(template: Template) -> None:
    items = {"BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"}
    streams = {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
    allowed = {f"dynamodb:{verb}" for verb in items | streams}
    for role in template.of_type("IAM::Role"):
        assert {action for action in actions_of(template, role) if action.startswith("dynamodb:")} <= allowed


def test_events_are_published_under_our_own_source_only(template: Template) -> None:
    publishing = [
        statement for _, statement in template.statements() if "events:PutEvents" in as_list(statement["Action"])
    ]
    assert [statement["Condition"] for statement in publishing] == [
        {"StringEquals": {"events:source": "m3ter-quickbooks"}}
    ]


def test_mail_is_sent_from_the_sender_address_only(template: Template) -> None:
    (sending,) = [statement for _, statement in template.statements() if statement["Action"] == "ses:SendEmail"]
    assert "identity/${SenderAddress}" in sending["Resource"]["Fn::Sub"]
    assert sending["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "SenderAddress"}}}


def test_only_api_and_bills_touch_secrets_and_only_by_prefix(template: Template) -> None:
    touching = [
        (role, statement)
        for role, statement in template.statements()
        if any(action.startswith("secretsmanager:") for action in as_list(statement["Action"]))
    ]
    assert {role for role, _ in touching} == {"ApiRole", "BillsRole"}
    for _, statement in touching:
        arn = statement["Resource"]["Fn::Sub"]
        assert arn.endswith((":secret:m3ter-quickbooks/${Stage}/*", ":secret:${QuickBooksAppSecret}-??????"))


def test_the_intuit_app_is_read_and_never_written(template: Template) -> None:
    for _, statement in template.statements():
        if statement["Sid"] == "IntuitApp":
            assert statement["Action"] == "secretsmanager:GetSecretValue"


def test_only_the_api_makes_and_deletes_secrets(template: Template) -> None:
    making = {"secretsmanager:CreateSecret", "secretsmanager:DeleteSecret"}
    assert {role for role in template.of_type("IAM::Role") if actions_of(template, role) & making} == {"ApiRole"}


def test_other_accounts_put_nothing_but_m3ter_events_on_the_bus(template: Template) -> None:
    condition, policy, otherwise = template.of_type("Events::EventBus")["EventBus"]["Policy"]["Fn::If"]
    (statement,) = policy["Statement"]
    assert (condition, otherwise) == ("HasEventProducers", {"Ref": "AWS::NoValue"})
    assert statement["Condition"] == {"StringEquals": {"events:source": "m3ter"}}
    assert statement["Principal"] == {"AWS": {"Ref": "EventProducers"}}


def test_queues_take_messages_from_our_own_rules_only(template: Template) -> None:
    allowing = [
        statement
        for policy in template.of_type("SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Effect") == "Allow"
    ]
    assert len(allowing) == 3
    for statement in allowing:
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert "aws:SourceArn" in json.dumps(statement["Condition"])
