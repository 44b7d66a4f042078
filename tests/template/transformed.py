"""The template after the SAM transform, and how tests ask it things."""

from collections.abc import Iterator
from typing import Any


class Template:
    """The template as CloudFormation gets it: the SAM transform is applied, intrinsic functions are left."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.resources: dict[str, dict[str, Any]] = document["Resources"]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of the resources of one type, by logical id."""
        return {
            name: resource["Properties"]
            for name, resource in self.resources.items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every statement of every role, with the role's logical id."""
        for name, role in self.of_type("IAM::Role").items():
            for policy in role["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement

    def mappings_of(self, function: str) -> list[dict[str, Any]]:
        """The event source mappings of a function."""
        mappings = self.of_type("Lambda::EventSourceMapping").values()
        return [mapping for mapping in mappings if mapping["FunctionName"] == {"Ref": function}]
