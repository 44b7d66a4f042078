"""What every function has, and what the stack keeps."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from m3ter_quickbooks.environment import (
    ApiEnvironment,
    BillsEnvironment,
    Environment,
    NotificationsEnvironment,
)
from tests.template.transformed import Template

PROJECT = Path(__file__).resolve().parents[2]


def test_there_are_three_functions_one_layer_and_one_table(template: Template, functions: dict[str, Any]) -> None:
    assert set(functions) == {"Api", "Bills", "Notifications"}
    assert len(template.of_type("Lambda::LayerVersion")) == 1
    assert list(template.of_type("DynamoDB::Table")) == ["Table"]


def test_every_function_is_traced_and_logs_json_to_a_group_that_forgets(
    template: Template, functions: dict[str, Any]
) -> None:
    groups = template.of_type("Logs::LogGroup")
    for name, function in functions.items():
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}Logs"}
        assert groups[f"{name}Logs"]["RetentionInDays"] > 0


@pytest.mark.parametrize("name", ["Api", "Bills", "Notifications"])
def test_the_handler_that_a_function_names_is_there(functions: dict[str, Any], name: str) -> None:
    module, _, function = functions[name]["Handler"].rpartition(".")
    assert (module, function) == (f"{name.lower()}.handler", "handle")
    assert importlib.util.find_spec(module) is not None


def test_the_api_answers_before_the_gateway_gives_up(functions: dict[str, Any]) -> None:
    assert functions["Api"]["Timeout"] <= 29


def test_a_claim_outlives_an_invocation_by_the_in_flight_window(
    functions: dict[str, Any], source: dict[str, Any]
) -> None:
    bills, window = functions["Bills"], source["Parameters"]["InFlightSeconds"]
    # QuickBooks' limit of 120 s for a request, 10 s of network, 5 s between clocks.
    assert window["Default"] == 135
    assert bills["Environment"]["Variables"]["IN_FLIGHT_SECONDS"] == {"Ref": "InFlightSeconds"}


def test_nothing_but_the_table_the_pool_and_the_secrets_is_worth_keeping(template: Template) -> None:
    retained = {name for name, resource in template.resources.items() if resource.get("DeletionPolicy") == "Retain"}
    assert retained == {"Table", "UserPool"}
    assert all(template.resources[name]["UpdateReplacePolicy"] == "Retain" for name in retained)


def test_the_table_can_be_restored_and_tells_what_changed(template: Template) -> None:
    table = template.of_type("DynamoDB::Table")["Table"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_the_table_and_its_indexes_have_the_keys_that_storage_builds(template: Template) -> None:
    table = template.of_type("DynamoDB::Table")["Table"]
    keys = {"": table["KeySchema"]}
    keys |= {index["IndexName"]: index["KeySchema"] for index in table["GlobalSecondaryIndexes"]}
    assert {name: [key["AttributeName"] for key in schema] for name, schema in keys.items()} == {
        "": ["pk", "sk"],
        "gsi1": ["gsi1pk", "gsi1sk"],
        "gsi2": ["gsi2pk", "gsi2sk"],
        "gsi3": ["gsi3pk", "gsi3sk"],
    }


def test_the_layer_is_built_for_the_runtime_and_the_processor_of_the_functions(
    functions: dict[str, Any], source: dict[str, Any]
) -> None:
    makefile = (PROJECT / "layers/shared/Makefile").read_text()
    python = re.search(r"LAYER_PYTHON \?= (\S+)", makefile)
    machine = re.search(r"LAYER_PLATFORM \?= ([a-z0-9]+_?[0-9]*)-", makefile)
    assert python is not None
    assert machine is not None
    assert source["Parameters"]["Runtime"]["Default"] == f"python{python[1]}"
    assert {tuple(function["Architectures"]) for function in functions.values()} == {(machine[1],)}


def test_everything_that_differs_between_installations_is_a_parameter(source: dict[str, Any]) -> None:
    assert {
        "Stage",
        "SenderAddress",
        "InFlightSeconds",
        "QuickBooksAppSecret",
        "EventProducers",
        "QuickBooksApiUrl",
        "QuickBooksSandboxApiUrl",
        "IntuitAuthorizeUrl",
        "IntuitTokenUrl",
        "IntuitRevokeUrl",
        "Runtime",
    } <= set(source["Parameters"])


def test_only_the_sender_address_has_no_default(source: dict[str, Any]) -> None:
    assert [name for name, given in source["Parameters"].items() if "Default" not in given] == ["SenderAddress"]


def test_the_template_names_no_account_and_uses_no_yaml_aliases() -> None:
    text = (PROJECT / "template.yaml").read_text()
    assert not re.search(r"\b\d{12}\b", text)
    assert not re.search(r"(^|[\s:-])[&*][A-Za-z]\w+", text, re.MULTILINE)  # CloudFormation knows no aliases


@pytest.mark.parametrize(
    ("name", "needed"),
    [("Api", ApiEnvironment), ("Bills", BillsEnvironment), ("Notifications", NotificationsEnvironment)],
)
def test_each_function_is_told_what_it_asks_for_and_nothing_else(
    functions: dict[str, Any], name: str, needed: type[Environment]
) -> None:
    told = {key for key in functions[name]["Environment"]["Variables"] if not key.startswith("POWERTOOLS_")}
    assert told == {str(field.alias) for field in needed.model_fields.values()}


def test_the_layer_describes_every_service_that_a_function_calls() -> None:
    makefile = (PROJECT / "layers/shared/Makefile").read_text()
    services = re.search(r"^SERVICES := (.+)$", makefile, re.MULTILINE)
    assert services is not None
    wiring = (PROJECT / "layers/shared/m3ter_quickbooks/wiring.py").read_text()
    called = set(re.findall(r"client\(\"([a-z0-9-]+)\"\)", wiring))
    assert called
    assert called <= set(services[1].split())
