"""The document says what the API does, is checked in, served, and whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api.openapi import served
from api.table import TABLE
from tests.functions.api.conftest import Place

CHECKED_IN = Path(__file__).parents[3] / "docs" / "openapi.json"


def properties(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for model, schema in document["components"]["schemas"].items():
        for name, about in schema.get("properties", {}).items():
            yield f"{model}.{name}", about


def test_the_document_that_is_checked_in_is_not_stale() -> None:
    assert CHECKED_IN.read_text() == served(), "run: python -m api.openapi > docs/openapi.json"


def test_it_is_served_to_everybody(place: Place) -> None:
    answer = place.gateway.client().get("openapi.json")
    assert answer.status_code == 200
    assert answer.text == CHECKED_IN.read_text()


def test_every_route_stands_in_it_with_the_role_that_it_needs() -> None:
    document = json.loads(served())
    assert document["openapi"] == "3.1.0"
    for route in TABLE.routes:
        operation = document["paths"][route.path.replace("+}", "}")][route.method.lower()]
        assert operation["summary"]
        assert ("Public" if route.role is None else str(route.role)) in operation["description"]
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids)) == len(TABLE.routes)


def test_every_model_and_every_field_is_told_with_an_example_where_it_is_no_model_itself() -> None:
    document = json.loads(served())
    models = document["components"]["schemas"].items()
    assert [name for name, about in models if not about.get("description")] == []
    assert [name for name, about in properties(document) if not about.get("description")] == []
    plain = [(name, about) for name, about in properties(document) if "$ref" not in json.dumps(about)]
    assert [name for name, about in plain if "examples" not in about] == []


def test_every_text_that_comes_in_has_its_limit() -> None:
    """What has none is bounded by its format, or is one of a few words."""
    document = json.loads(served())
    bodies = json.dumps([one.get("requestBody") for path in document["paths"].values() for one in path.values()])
    bounds = {"maxLength", "enum", "const", "format"}
    unbounded = [
        name
        for name, about in properties(document)
        if f'/{name.partition(".")[0]}"' in bodies and about.get("type") == "string" and not bounds & set(about)
    ]
    assert unbounded == []


def test_money_is_a_number_in_every_place() -> None:
    schemas = json.loads(served())["components"]["schemas"]
    assert schemas["DocumentAnswer"]["properties"]["total"]["type"] == "number"
    assert {"type": "number"} in schemas["AccountBody"]["properties"]["customFields"]["additionalProperties"]["anyOf"]


def test_null_is_promised_only_where_it_says_something() -> None:
    nullable = [name for name, about in properties(json.loads(served())) if {"type": "null"} in about.get("anyOf", ())]
    assert nullable == ["EventAnswer.dtActioned"]
