"""How long a warm read through the deployed API takes, beside one read of the table in the same run; long lists."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

import httpx

from local.organizations import Callers
from local.stack import Stack
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import MappingId
from m3ter_quickbooks.integration.mapping import Mapping
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.audit import Audit, Kept, new_id
from m3ter_quickbooks.storage.mappings import mapping_item
from m3ter_quickbooks.storage.wire import to_wire

READS = 200
WARMING = 10
MAPPINGS = 10_000


def rows(stack: Stack) -> list[tuple[str, str, str]]:
    """The figures of a stack that is up."""
    made = Callers.of(table=stack.table_name, user_pool=stack.user_pool_id, client=stack.client).add_organization(
        "Bench"
    )
    organization_id = OrganizationId(made["organizationId"])
    app = (made["clientId"], made["clientSecret"])
    with httpx.Client(base_url=stack.api_url, timeout=60.0) as http:
        grant = {"grant_type": "client_credentials"}
        token = http.post("/oauth/token", json=grant, auth=app).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        return [_warm_read(stack, http, organization_id), _long_list(stack, http, organization_id)]


def _warm_read(stack: Stack, http: httpx.Client, organization_id: OrganizationId) -> tuple[str, str, str]:
    base = f"/organizations/{organization_id}/accounts"
    account = http.post(base, json={"name": "Acme", "code": "acme"}).json()
    pk, sk = keys.account(organization_id, account["id"])
    dynamodb = stack.client("dynamodb")
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    table = _p50(lambda: dynamodb.get_item(TableName=stack.table_name, Key=key, ConsistentRead=True))
    api = _p50(lambda: http.get(f"{base}/{account['id']}").raise_for_status())
    return (
        "warm read of an account through the API, p50, beside one read of the table",
        "reported",
        f"{api * 1000:.1f} ms, {table * 1000:.1f} ms: {api / table:.1f} times",
    )


def _long_list(stack: Stack, http: httpx.Client, organization_id: OrganizationId) -> tuple[str, str, str]:
    now = datetime.now(UTC)
    audit = Audit.new("bench", now)
    ids = [MappingId(new_id(now + timedelta(milliseconds=number))) for number in range(MAPPINGS)]
    made = (Kept(Mapping(one, "Account", one, "QuickBooks", "Customer", "1"), audit) for one in ids)
    puts = [{"PutRequest": {"Item": to_wire(mapping_item(organization_id, kept))}} for kept in made]
    dynamodb = stack.client("dynamodb")
    for start in range(0, len(puts), 25):
        dynamodb.batch_write_item(RequestItems={stack.table_name: puts[start : start + 25]})
    seen, token, began = [], None, time.perf_counter()
    while True:
        params = {"pageSize": "200"} | ({"nextToken": token} if token else {})
        page = http.get(f"/organizations/{organization_id}/externalmappings", params=params).raise_for_status().json()
        seen += [one["id"] for one in page["data"]]
        token = page.get("nextToken")
        if token is None:
            break
    took = time.perf_counter() - began
    whole = "all, once, newest first" if seen == ids[::-1] else "NOT all of them in order"
    return (f"{MAPPINGS:,} mappings, paged by 200 through the API", "all, once, newest first", f"{whole}; {took:.1f} s")


def _p50(read: Callable[[], object]) -> float:
    """Seconds."""
    for _ in range(WARMING):
        read()
    taken = []
    for _ in range(READS):
        began = time.perf_counter()
        read()
        taken.append(time.perf_counter() - began)
    return median(taken)
