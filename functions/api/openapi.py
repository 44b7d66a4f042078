"""The OpenAPI 3.1 document, made of the table of routes and the models in their signatures.

`python -m api.openapi` prints it; docs/openapi.json holds what it printed, and a test fails when the two differ.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.route import Route
from api.shapes import Shape, told

PAGE = "text/html"
REFERENCE = "#/components/schemas/{model}"

WHY: Mapping[int, str] = {
    400: "The request has to change; `errors` names the fields at fault, where fields are.",
    401: "The token is missing, expired or not ours; at `/oauth/token`, the credentials are.",
    403: "Not a member of this organization (whether it exists or not), or a role that may not.",
    404: "This organization has no such thing.",
    405: "The path is there, the method is not.",
    409: "Somebody was faster, or it is there already. Carries `x-should-retry: false`.",
    413: "The body is larger than 1 MB.",
    503: "QuickBooks or AWS is out of reach; nothing happened. `Retry-After` says when to try again.",
}


class FieldError(Shape):
    """One field at fault."""

    field: str = told(
        "Path of the field; an entry of a list by its place, from 0: `mappings[0].externalId`.",
        "configData.accountFilter",
    )
    message: str = told("What is wrong with it.", "column 14: this name is not known.")


class Error(Shape):
    """Every answer that is not a 2xx."""

    message: str = told("What went wrong and what to do, in a sentence.", "There is no such mapping.")
    errors: list[FieldError] | None = told("Only where fields are at fault.", None, default=None)


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole document for these routes, in their order."""
    routes = list(routes)
    names, schemas = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path.replace("+}", "}"), {})[route.method.lower()] = _operation(route, names)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "m3ter-quickbooks",
            "version": "1",
            "summary": "Usage bills made in m3ter become invoices in QuickBooks Online.",
            "description": (
                "Times are ISO-8601 UTC. Money is a JSON number with all its digits. Lists come newest first, one page "
                "at a time. Get a token from `POST /oauth/token` and send it as `Authorization: Bearer`."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": _errors(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token from `POST /oauth/token`."},
                "client": {"type": "http", "scheme": "basic", "description": "Client id and secret of an API client."},
            },
        },
    }


Mode = Literal["validation", "serialization"]


def _schemas(routes: list[Route]) -> tuple[dict[tuple[type[BaseModel], Mode], str], dict[str, Any]]:
    models: list[tuple[type[BaseModel], Mode]] = [(Error, "serialization")]
    for route in routes:
        if route.body:
            models.append((route.body, "validation"))
        if route.answer:
            models.append((route.answer, "serialization"))
    references, definitions = models_json_schema(list(dict.fromkeys(models)), ref_template=REFERENCE)
    names = {key: str(reference["$ref"]).rsplit("/", 1)[-1] for key, reference in references.items()}
    named: dict[tuple[type[BaseModel], Mode], str] = {}
    for model, mode in models:
        named[model, mode] = names[model, mode]
    return named, {name: _tidy(schema) for name, schema in sorted(definitions.get("$defs", {}).items())}


def _operation(route: Route, names: Mapping[tuple[type[BaseModel], Mode], str]) -> dict[str, Any]:
    first, _, rest = (route.act.__doc__ or "").partition("\n")
    needs = f"\n\nNeeds the role {route.role.value}." if route.role else "\n\nPublic."
    operation: dict[str, Any] = {
        "operationId": f"{route.tag}_{route.act.__name__}",
        "tags": [route.tag],
        "summary": first.strip().rstrip("."),
        "description": (re.sub(r"\n[ ]+", "\n", rest).strip() + needs).strip(),
        "parameters": [*_path_parameters(route), *_query_parameters(route.query)],
        "responses": _responses(route, names),
        "security": [{"token": []}] if route.role else [{"client": []}] if route.tag == "oauth" else [],
    }
    if route.body:
        schema = {"$ref": REFERENCE.format(model=names[(route.body, "validation")])}
        operation["requestBody"] = {
            "required": any(field.is_required() for field in route.body.model_fields.values()),
            "content": {media: {"schema": schema} for media in route.body_media},
        }
    elif route.body_media != ("application/json",):
        text = {"schema": {"type": "string"}}
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(route.body_media, text)}
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_WORDS.get(name, "Its id."),
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }
        for name in re.findall(r"{(\w+)\+?}", route.path)
    ]


_PATH_WORDS = {
    "orgId": "Id of the organization; the caller must be a member of it.",
    "externalId": "Id in the external system. It may hold slashes.",
    "entityType": "What is integrated: `Bill`.",
    "entityId": "Id of the bill.",
    "entity": "m3ter entity, such as `Account`.",
    "m3terId": "Id of that entity in m3ter.",
    "system": "External system: `QuickBooks` or `QuickBooksSandbox`.",
    "externalTable": "Table of the external system, such as `Customer`.",
    "destination": "`QuickBooks` or `QuickBooksSandbox`.",
    "destinationId": "Id of the configuration.",
}


def _query_parameters(query: type[BaseModel] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    schema = query.model_json_schema(ref_template=REFERENCE)
    required = set(schema.get("required", ()))
    parameters = []
    for name, told_schema in schema["properties"].items():
        inlined = _tidy(_inline(told_schema, schema.get("$defs", {})))
        description = inlined.pop("description", "")
        one = {"name": name, "in": "query", "required": name in required, "description": description, "schema": inlined}
        if inlined.get("type") == "array":
            one |= {"style": "form", "explode": False}
        parameters.append(one)
    return parameters


def _responses(route: Route, names: Mapping[tuple[type[BaseModel], Mode], str]) -> dict[str, Any]:
    if route.answer:
        schema: dict[str, Any] = {"$ref": REFERENCE.format(model=names[(route.answer, "serialization")])}
    else:
        schema = {"type": "object"}
    content = {
        media: {"schema": schema if media == "application/json" else {"type": "string"}} for media in route.media
    }
    responses: dict[str, Any] = {"200": {"description": "Done.", "content": content}}
    statuses = {400, *route.statuses}
    if route.role:
        statuses |= {401, 403}
    if route.body or route.body_media != ("application/json",):
        statuses |= {413}
    shared = _errors()
    for status in map(str, sorted(statuses)):
        responses[status] = {"$ref": f"#/components/responses/{status}"}
        if PAGE in route.media:
            responses[status] = shared[status] | {"content": shared[status]["content"] | {PAGE: content[PAGE]}}
    return responses


def _errors() -> dict[str, Any]:
    """Every answer that is not a 2xx, by its status."""
    error = {"application/json": {"schema": {"$ref": REFERENCE.format(model=Error.__name__)}}}
    return {str(status): {"description": why, "content": error} for status, why in WHY.items()}


def _inline(schema: Any, definitions: Mapping[str, Any]) -> Any:  # noqa: ANN401  JSON schema
    if isinstance(schema, list):
        return [_inline(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found = _inline(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
        return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
    return {key: _inline(value, definitions) for key, value in schema.items()}


def _tidy(schema: Any) -> Any:  # noqa: ANN401  JSON schema
    """Without what pydantic says about itself: generated titles, and null where absent is what we answer."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _tidy(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    if kept.get("default", 0) is None:
        del kept["default"]
    kinds = kept.get("anyOf")
    if isinstance(kinds, list) and {"type": "null"} in kinds and not kept.pop("null", False):
        others = [kind for kind in kinds if kind != {"type": "null"}]
        del kept["anyOf"]
        kept = {**(others[0] if len(others) == 1 else {"anyOf": others}), **kept}
    return kept


@cache
def served() -> str:
    """The document as it is served and checked in."""
    from api.table import TABLE  # noqa: PLC0415  the table holds the route that serves this

    return json.dumps(document(TABLE.routes), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(served())
