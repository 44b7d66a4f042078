"""The peak memory of the API's worker over lists that are long, in a process of its own.

The table stands aside: its items are made as they are read, so that what grows is the API alone.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from api.handler import handle
from api.house import House
from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, EventId, OrganizationId
from m3ter_quickbooks.environment import ApiEnvironment
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, MappingId
from m3ter_quickbooks.integration.mapping import Mapping
from m3ter_quickbooks.run.run import Happening, Outcome, Run, RunId, RunStatus
from m3ter_quickbooks.storage.audit import Audit, Kept
from m3ter_quickbooks.storage.mappings import mapping_item
from m3ter_quickbooks.storage.members import Member, Role, member_item
from m3ter_quickbooks.storage.run_items import run_item
from m3ter_quickbooks.storage.wire import Item, to_wire
from tests.bench.peak import own_peak_megabytes

MAPPINGS, RUNS = 10_000, 50_000
ORGANIZATION = OrganizationId("0f0e0d0c-0000-4000-8000-000000000001")
CONFIGURATION = ConfigurationId("01957f3e-6a00-7000-8000-000000000001")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Endless:
    """As much of DynamoDB's client as lists ask of it: a list as long as it says."""

    def query(self, **request: Any) -> dict[str, Any]:
        """The next items of the list."""
        length, make = (MAPPINGS, _mapping) if "IndexName" not in request else (RUNS, _run)
        start = _number(request["ExclusiveStartKey"]) + 1 if "ExclusiveStartKey" in request else 0
        end = min(length, start + request["Limit"])
        items = [to_wire(make(number)) for number in range(start, end)]
        return {"Items": items} if end == length else {"Items": items, "LastEvaluatedKey": items[-1]}

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Whoever asks is a viewer."""
        del request
        return {"Item": to_wire(member_item(Member(ORGANIZATION, "client", Role.VIEWER)))}


class Context:
    """What Lambda hands over beside the event."""

    function_name = "api"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:api"
    aws_request_id = "bench"


def rows() -> list[tuple[str, str, str]]:
    """Megabytes of a fresh process: after one small request, then after each list, one after the other."""
    told = subprocess.run([sys.executable, "-m", "tests.bench.long_lists"], capture_output=True, text=True, check=True)
    first, *_, last = json.loads(told.stdout.splitlines()[-1]).values()
    return [
        (
            f"peak memory of an API worker: {MAPPINGS:,} mappings and {RUNS:,} runs, paged by 200, then as CSV",
            "reported; the same for any length",
            f"{last:.0f} MB; {first:.0f} MB after one small request",
        )
    ]


def _mapping(number: int) -> Item:
    one = MappingId(f"01957f3e-6a00-7000-8000-{number:012}")
    mapping = Mapping(one, "Account", f"account-{number}", "QuickBooks", "Customer", f"{number}")
    return mapping_item(ORGANIZATION, Kept(mapping, Audit.new("bench", NOON)))


def _run(number: int) -> Item:
    created = NOON + timedelta(seconds=number)
    return run_item(
        Run(
            id=RunId(f"5f1c0000-0000-5000-8000-{number:012}"),
            organization_id=ORGANIZATION,
            configuration_id=CONFIGURATION,
            configuration_version=1,
            destination=Destination.QUICKBOOKS,
            bill_id=BillId(f"bill-{number}"),
            account_id=AccountId("acme"),
            event_id=EventId("event"),
            happening=Happening.CREATED,
            fence=Fence(1, False, NOON, False),  # noqa: FBT003  version, deleted, date, approved
            snapshot="seen",
            created_at=created,
            give_up_at=created + timedelta(hours=24),
            status=RunStatus.COMPLETE,
            outcome=Outcome.CREATED,
            completed_at=created,
            warnings=("QuickBooks shows 100.01, the bill 100.00.",),
            external_id=f"{number}",
        )
    )


def _number(key: dict[str, Any]) -> int:
    """Of the item that this is the key of: the last digits of its id."""
    (digits,) = re.findall(r"-8000-(\d{12})", f"{key['pk']['S']} {key['sk']['S']}".replace(CONFIGURATION, ""))[-1:]
    return int(digits)


def _house() -> House:
    names = ("SANDBOX_API_URL", "API_URL", "APP_URL", "SANDBOX_APP_URL")
    environment = {
        **{f"QUICKBOOKS_{name}": "https://quickbooks.example" for name in names},
        **{f"INTUIT_{name}_URL": "https://quickbooks.example" for name in ("AUTHORIZE", "TOKEN", "REVOKE")},
        "STAGE": "bench",
        "TABLE_NAME": "table",
        "QUEUE_URL": "https://sqs.example/bills",
        "SECRET_PREFIX": "bench/",
        "QUICKBOOKS_APP_SECRET": "app",
        "M3TER_API_URL": "https://m3ter.example",
        "USER_POOL_ID": "pool",
        "TOKEN_URL": "https://cognito.example/oauth2/token",
        "PUBLIC_URL": "",
    }
    return House(ApiEnvironment.read(environment), client=lambda name: Endless())


def _walk(ask: Callable[[str], dict[str, Any]], path: str) -> int:
    """Every page of a list, or every part of a file; how many entries there were."""
    seen, token = 0, ""
    while True:
        answer = ask(f"{path}?nextToken={token}" if token else path)
        assert answer["statusCode"] == 200, answer
        if path.endswith("export"):
            seen += answer["body"].count("\n") - 1
            token = answer["headers"].get("x-next-token", "")
        else:
            page = json.loads(answer["body"])
            seen += len(page["data"])
            token = page.get("nextToken", "")
        if not token:
            return seen


def _measure() -> dict[str, float]:
    house = _house()

    def ask(path: str) -> dict[str, Any]:
        bare, _, query = path.partition("?nextToken=")
        parameters = {"pageSize": "200", **({"nextToken": query} if query else {})}
        event = {
            "httpMethod": "GET",
            "path": f"/organizations/{ORGANIZATION}/{bare}",
            "queryStringParameters": parameters,
            "requestContext": {"authorizer": {"claims": {"client_id": "client"}}},
        }
        return handle(event, Context(), house)  # type: ignore[arg-type]  # as much of it as is looked at

    runs = f"integrationconfigs/{CONFIGURATION}/runs"
    ask("users/me")
    peaks = {"one request": own_peak_megabytes()}
    for path, length in (("externalmappings", MAPPINGS), (runs, RUNS)):
        for way in (path, f"{path}/export"):
            assert _walk(ask, way) == length
            peaks[way] = own_peak_megabytes()
    return peaks


if __name__ == "__main__":
    print(json.dumps(_measure()))
