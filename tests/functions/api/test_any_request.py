"""Whatever a client sends: never a 5xx, and never an answer that the OpenAPI document does not promise.

`M3TER_FUZZ` sets how many requests of each half for each route; the normal run is bounded to some seconds.
"""

from __future__ import annotations

import os

import httpx
import pytest

from tests.functions.api.anything import TAGS, Asker
from tests.functions.api.conftest import Place
from tests.functions.api.gateway import BASE_URL
from tests.functions.api.test_m3ter_sdk import event
from tests.functions.api.test_runs import ended_run
from tests.functions.api.test_the_main_job import connected

EXAMPLES = int(os.environ.get("M3TER_FUZZ", "2"))


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


@pytest.mark.parametrize("tag", TAGS)
def test_any_request_is_answered_as_the_document_says(tag: str, place: Place) -> None:
    token = place.gateway.cognito.token_of_client(place.client_id("admin"))
    client = httpx.Client(transport=place.gateway.transport())
    Asker(client, BASE_URL, token, place.organization_id, stocked(place)).ask(tag, 2 * EXAMPLES)
