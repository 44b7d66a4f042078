"""Requests that schemathesis makes from the served document, half of them broken on purpose, the same in every run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
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

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(json.loads(served()))
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]
TAGS = sorted({tag for operation in OPERATIONS for tag in operation.tags})


@dataclass(frozen=True)
class Asker:
    """A client with a token. `ids`: of something that is there, by the resource that it stands under."""

    client: httpx.Client
    base_url: str
    token: str
    organization_id: str
    ids: Mapping[str, str]

    def ask(self, tag: str, examples: int) -> None:
        """Send `examples` requests to each route of one resource; fail at an answer that the document does not hold."""
        for operation in OPERATIONS:
            if tag in operation.tags:
                self._ask(operation, examples)

    def _ask(self, operation: Any, examples: int) -> None:
        modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

        @settings(
            max_examples=examples,
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
                path["orgId"] = self.organization_id
            if "id" in path and known:
                path["id"] = self.ids.get(operation.path.split("/")[3], "nobody")
            response = self.client.send(self._request(case))
            response.elapsed = timedelta(0)
            case.validate_response(response, checks=CHECKS)

        ask()

    def _request(self, case: Any) -> httpx.Request:
        sent = requests.Request(**case.as_transport_kwargs(base_url=self.base_url)).prepare()
        headers = {**sent.headers, "Authorization": f"Bearer {self.token}"}
        headers.pop("Content-Length", None)
        try:
            return httpx.Request(sent.method or "GET", sent.url or "", headers=headers, content=sent.body or b"")
        except httpx.InvalidURL:
            assume(condition=False)  # httpx sends no address of more than 64 KB
            raise
