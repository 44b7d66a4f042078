"""Whatever a client sends: never a 5xx, and never an answer that the OpenAPI document does not promise.

Requests are made by schemathesis from the served document, half of them broken on purpose. `M3TER_FUZZ` sets how many
of each half for each route; the normal run is bounded to some seconds.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.openapi import served
from tests.functions.api.conftest import Place
from tests.functions.api.gateway import BASE_URL
from tests.functions.api.test_m3ter_sdk import event
from tests.functions.api.test_runs import ended_run
from tests.functions.api.test_the_main_job import connected

EXAMPLES = int(os.environ.get("M3TER_FUZZ", "2"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(json.loads(served()))
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]


def stocked(place: Place) -> dict[str, str]:
    """One of everything, by the resource that it stands under."""
    http = place.http()
    configuration = {"entityType": "Bill", "destination": "QuickBooksSandbox"}
    mapping = {
        "m3terEntity": "Account",
        "m3terId": "a1",
        "externalSystem": "QuickBooksSandbox",
        "externalTable": "Customer",
        "externalId": "1",
    }
    return {
        "integrationconfigs": http.post("integrationconfigs", json=configuration).json()["id"],
        "externalmappings": http.post("externalmappings", json=mapping).json()["id"],
        "accounts": http.post("accounts", json={"name": "Acme", "code": "acme"}).json()["id"],
        "integrationcredentials": str(connected(place)["id"]),
        "events": event(place),
        "integrationruns": ended_run(place),
    }


@pytest.mark.parametrize("tag", sorted({tag for operation in OPERATIONS for tag in operation.tags}))
def test_any_request_is_answered_as_the_document_says(tag: str, place: Place) -> None:
    ids = stocked(place)
    for operation in OPERATIONS:
        if tag in operation.tags:
            ask_anything(operation, place, ids)


def ask_anything(operation: Any, place: Place, ids: dict[str, str]) -> None:
    token = place.gateway.cognito.token_of_client(place.client_id("admin"))
    client = httpx.Client(transport=place.gateway.transport())
    modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(
        max_examples=2 * EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(modes), st.booleans())
    def ask(case: Any, known: bool) -> None:
        path = case.path_parameters or {}
        if "orgId" in path:
            path["orgId"] = place.organization_id
        if "id" in path and known:
            path["id"] = ids.get(operation.path.split("/")[3], "nobody")
        sent = requests.Request(**case.as_transport_kwargs(base_url=BASE_URL)).prepare()
        headers = {**sent.headers, "Authorization": f"Bearer {token}"}
        headers.pop("Content-Length", None)
        try:
            request = httpx.Request(sent.method or "GET", sent.url or "", headers=headers, content=sent.body or b"")
        except httpx.InvalidURL:
            assume(condition=False)  # httpx sends no address of more than 64 KB
        response = client.send(request)
        response.elapsed = timedelta(0)
        case.validate_response(response, checks=CHECKS)

    ask()
