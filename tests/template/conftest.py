import os
from pathlib import Path
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

from tests.template.transformed import Template

PROJECT = Path(__file__).resolve().parents[2]


class NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


@pytest.fixture(scope="session")
def source() -> dict[str, Any]:
    """The template as it is written."""
    document: dict[str, Any] = yaml_parse((PROJECT / "template.yaml").read_text())
    return document


@pytest.fixture(scope="session")
def template() -> Template:
    document = yaml_parse((PROJECT / "template.yaml").read_text())
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://bucket/layer"
    document["Globals"]["Function"]["CodeUri"] = "s3://bucket/functions"
    region = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"  # the transform asks boto3 for the partition's name
    try:
        return Template(transform(document, {}, NoManagedPolicies()))
    finally:
        if region is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = region


@pytest.fixture(scope="session")
def functions(template: Template) -> dict[str, dict[str, Any]]:
    return template.of_type("Lambda::Function")
