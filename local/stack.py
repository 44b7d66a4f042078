"""`make up` and `make down`: the stack on a laptop, left running; `.local/stack.json` says where everything is."""

import argparse
import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from local.deployment import API_ID, PROJECT, STAGE, client, deploy, local_parameters, outputs
from local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Emulator, start_emulator
from local.organizations import Callers
from local.processes import Background, StackTroubleError, listening

DEFAULT_HOME = PROJECT / ".local"
# The simulator's first company, and the app that it knows from the start.
COMPANY_ID = "9130000000000001"
INTUIT_CLIENT_ID = "simulator-client"
INTUIT_CLIENT_SECRET = "simulator-secret"  # noqa: S105 # the simulator's, on every machine the same


class Stack(BaseModel):
    """Where everything is, and with which keys: what stack.json holds, in camel case there."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)

    api_url: str
    organization_id: str
    client_id: str
    client_secret: str
    event_bus_name: str
    aws_endpoint_url: str
    quickbooks_url: str
    table_name: str
    queue_url: str
    dead_letter_queue_urls: list[str]
    region: str
    user_pool_id: str
    intuit_client_id: str
    intuit_client_secret: str
    quickbooks_company_id: str
    access_key_id: str
    secret_access_key: str
    function_names: dict[str, str]
    enforces_iam: bool

    @classmethod
    def read(cls, home: Path = DEFAULT_HOME) -> Self:
        """The stack that is up.

        Raises:
            StackTroubleError: none is.
        """
        try:
            return cls.model_validate_json((home / "stack.json").read_bytes())
        except FileNotFoundError:
            raise StackTroubleError("No local stack is up: start one with `make up`.") from None

    def write(self, home: Path) -> None:
        """Writes stack.json, readable by its owner only: it holds secrets, if only of a toy."""
        draft = home / "stack.json.new"
        draft.touch(mode=0o600)
        draft.write_text(self.model_dump_json(by_alias=True, indent=2) + "\n", encoding="utf-8")
        draft.replace(home / "stack.json")

    @property
    def emulator(self) -> Emulator:
        """The emulator that it runs on (for addresses; its process belongs to a stack folder)."""
        return Emulator(DEFAULT_HOME, int(self.aws_endpoint_url.rsplit(":", 1)[1]))

    def client(self, service: str) -> Any:  # noqa: ANN401 # boto3 makes its clients at run time
        """A boto3 client of this stack."""
        return client(self.emulator, service)


@dataclass(slots=True)
class Progress:
    """One line for each step, with the seconds it took."""

    quiet: bool = False

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Prints the step when it starts and its time when it ends."""
        if self.quiet:
            yield
            return
        print(f"  {what} ...", end="", flush=True)
        started = time.monotonic()
        try:
            yield
        except BaseException:
            print(" failed", flush=True)
            raise
        print(f" {time.monotonic() - started:.1f} s", flush=True)


def up(
    home: Path = DEFAULT_HOME,
    *,
    quickbooks_url: str | None = None,
    enforce_iam: bool = False,
    progress: Progress | None = None,
) -> Stack:
    """Brings the stack up, and reuses whatever of it is up already.

    Args:
        home: folder of this stack's process ids, logs and stack.json.
        quickbooks_url: server that takes the simulator's place, for API, authorize, token and revoke alike.
        enforce_iam: whether the emulator refuses what the functions' roles do not allow.
        progress: where to say what is being done.
    """
    show = progress or Progress()
    with _one_at_a_time():
        emulator = _running_emulator(home, enforce_iam=enforce_iam)
        if emulator is None:
            _stop(home)
            with show.step("starting the AWS emulator"):
                emulator = start_emulator(home, enforce_iam=enforce_iam)
            (home / "emulator.json").write_text(json.dumps({"port": emulator.port, "enforceIam": enforce_iam}))
        address = (quickbooks_url or "").rstrip("/") or _simulator(home, show)
        with show.step("building the functions, deploying template.yaml"):
            deploy(emulator, local_parameters(emulator, address), enforce_iam=enforce_iam)
        stack = _described(home, emulator, address, enforce_iam=enforce_iam)
        stack.write(home)
        return stack


def down(home: Path = DEFAULT_HOME) -> None:
    """Stops the stack and forgets its state. Logs stay."""
    with _one_at_a_time():
        _stop(home)


def _stop(home: Path) -> None:
    for name in ("stack", "deployed", "emulator", "quickbooks"):
        (home / f"{name}.json").unlink(missing_ok=True)
    for name in ("ministack", "quickbooks"):
        Background(home, name).stop()
    for database in home.glob("quickbooks.sqlite*"):
        database.unlink()
    shutil.rmtree(home / "tmp", ignore_errors=True)


def _running_emulator(home: Path, *, enforce_iam: bool) -> Emulator | None:
    try:
        known = json.loads((home / "emulator.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    emulator = Emulator(home, known["port"])
    fits = known["enforceIam"] == enforce_iam and emulator.process.is_running() and emulator.is_ready()
    return emulator if fits else None


def _simulator(home: Path, show: Progress) -> str:
    process, place = Background(home, "quickbooks"), home / "quickbooks.json"
    if process.is_running() and place.exists():
        url: str = json.loads(place.read_text(encoding="utf-8"))["url"]
        return url

    def start(port: int) -> None:
        command = [sys.executable, "-m", "local.quickbooks", "--port", str(port)]
        process.start([*command, "--database", str(home / "quickbooks.sqlite")], os.environ)

    with show.step("starting the QuickBooks simulator"):
        port = listening(process, 14580, start, lambda port: _answers(f"http://127.0.0.1:{port}"), seconds=30)
    url = f"http://127.0.0.1:{port}"
    place.write_text(json.dumps({"url": url}), encoding="utf-8")
    return url


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid_configuration", timeout=2.0).is_success
    except httpx.HTTPError:
        return False


def _described(home: Path, emulator: Emulator, quickbooks_url: str, *, enforce_iam: bool) -> Stack:
    found = outputs(emulator)
    app = {
        "clientId": os.environ.get("INTUIT_CLIENT_ID", INTUIT_CLIENT_ID),
        "clientSecret": os.environ.get("INTUIT_CLIENT_SECRET", INTUIT_CLIENT_SECRET),
    }
    _keep_secret(emulator, "m3ter-quickbooks-app", json.dumps(app))
    try:
        before = Stack.read(home)
        organization, api_client = before.organization_id, (before.client_id, before.client_secret)
    except StackTroubleError:
        made = Callers.of(
            table=found["TableName"], user_pool=found["UserPoolId"], client=lambda service: client(emulator, service)
        ).add_organization("demo")
        organization, api_client = made["organizationId"], (made["clientId"], made["clientSecret"])
    return Stack(
        api_url=emulator.api_url(API_ID, STAGE),
        organization_id=organization,
        client_id=api_client[0],
        client_secret=api_client[1],
        event_bus_name=found["EventBusName"],
        aws_endpoint_url=emulator.url,
        quickbooks_url=quickbooks_url,
        table_name=found["TableName"],
        queue_url=found["QueueUrl"],
        dead_letter_queue_urls=[value for key, value in sorted(found.items()) if key.endswith("DeadLettersUrl")],
        region=REGION,
        user_pool_id=found["UserPoolId"],
        intuit_client_id=app["clientId"],
        intuit_client_secret=app["clientSecret"],
        quickbooks_company_id=os.environ.get("QUICKBOOKS_COMPANY_ID", COMPANY_ID),
        access_key_id=ACCESS_KEY_ID,
        secret_access_key=SECRET_ACCESS_KEY,
        function_names={name: found[f"{name}FunctionName"] for name in ("Api", "Bills", "Notifications")},
        enforces_iam=enforce_iam,
    )


def _keep_secret(emulator: Emulator, name: str, value: str) -> None:
    secrets = client(emulator, "secretsmanager")
    try:
        secrets.create_secret(Name=name, SecretString=value)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=name, SecretString=value)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    DEFAULT_HOME.mkdir(parents=True, exist_ok=True)
    with (DEFAULT_HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    """The command line that the Makefile calls."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deed", choices=["up", "down"])
    parser.add_argument("--home", type=Path, default=DEFAULT_HOME, help="folder of the stack (.local)")
    arguments = parser.parse_args()
    home: Path = arguments.home.resolve()
    try:
        if arguments.deed == "down":
            down(home)
            return
        stack = up(
            home,
            quickbooks_url=os.environ.get("QUICKBOOKS_URL"),
            enforce_iam=os.environ.get("AUTH", "").lower() == "true",
            progress=Progress(),
        )
    except StackTroubleError as trouble:
        sys.exit(str(trouble))
    print(f"The API is at {stack.api_url}\nQuickBooks is at {stack.quickbooks_url}\nMore in {home / 'stack.json'}")


if __name__ == "__main__":
    main()
