"""The set-up that the README shows is the one that works: its blocks are run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.deployment import PROJECT
from local.organizations import Callers
from local.people import Operator, answered, bill_event, put_on_the_bus
from local.stack import Stack

README = (PROJECT / "README.md").read_text(encoding="utf-8")
VARIABLES = re.findall(r'```bash\n(eval "\$\(.*?)```', README, re.DOTALL)
EXECUTED = re.findall(r"<!-- executed by tests/stack/test_readme.py -->\n```(\w+)\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def newcomer(stack: Stack, tmp_path: Path) -> Stack:
    """A stack that only this reader uses: an organization of its own, and `.local/stack.json` below `tmp_path`."""
    callers = Callers.of(table=stack.table_name, user_pool=stack.user_pool_id, client=stack.client)
    made = callers.add_organization("Newcomer Ltd")
    names = {"organizationId": "organization_id", "clientId": "client_id", "clientSecret": "client_secret"}
    mine = stack.model_copy(update={name: made[given] for given, name in names.items()})
    (tmp_path / ".local").mkdir()
    mine.write(tmp_path / ".local")
    return mine


def run(command: list[str], text: str, folder: Path) -> str:
    """What the block printed. As a reader's shell would have it: no proxy, the project's Python in front."""
    here = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "NO_PROXY": "*"}
    done = subprocess.run(  # noqa: S603  the README's own commands
        command, input=text, cwd=folder, env=here, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def log_in(stack: Stack) -> Operator:
    http = httpx.Client(base_url=stack.api_url, timeout=60.0)
    app = (stack.client_id, stack.client_secret)
    token = answered(http.post("/oauth/token", json={"grant_type": "client_credentials"}, auth=app))
    http.headers["Authorization"] = f"Bearer {token['access_token']}"
    return Operator(http, stack.organization_id)


def send(stack: Stack, account: str | None = None) -> dict[str, Any]:
    """The run of the demo's bill, of this account or of the only one there is, under the integration just set up."""
    with log_in(stack) as operator:
        event = bill_event(stack.organization_id)
        bill = event["detail"]["m3terEvent"]["eventData"]["newDto"]
        bill["accountId"] = account or operator.get("accounts")["data"][0]["id"]
        put_on_the_bus(stack, event)
        return operator.ended_runs(bill["id"])[0]


def test_the_readme_shows_the_set_up_with_curl_and_with_the_sdk() -> None:
    assert len(VARIABLES) == 1
    assert [language for language, _ in EXECUTED] == ["bash", "python"]


def test_the_set_up_with_curl_works_as_it_stands(newcomer: Stack, tmp_path: Path) -> None:
    said = run(["bash", "-euo", "pipefail"], VARIABLES[0] + EXECUTED[0][1], tmp_path)
    assert said.startswith("CONNECTED\n")
    assert '"ready":true' in said
    assert send(newcomer, "2c1d0000-0000-4000-8000-000000000001")["outcome"] == "CREATED"


def test_the_set_up_with_the_sdk_works_as_it_stands(newcomer: Stack, tmp_path: Path) -> None:
    run([sys.executable, "-"], EXECUTED[1][1], tmp_path)
    assert send(newcomer)["outcome"] == "CREATED"
