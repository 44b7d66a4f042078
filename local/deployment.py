"""The real template.yaml, built by `sam build` and deployed to the emulator by `sam deploy`."""

import compileall
import hashlib
import json
import os
import platform
import py_compile
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Emulator, run, uv

PROJECT = Path(__file__).resolve().parent.parent
STACK_NAME = "m3ter-quickbooks"
STAGE = "local"
# MiniStack takes the id of a REST API from a tag, so that its address is known before it is deployed.
API_ID = "3b1115ab"
SENDER_ADDRESS = "billing@m3ter-quickbooks.example"


@dataclass(frozen=True, slots=True)
class QuickBooksAddresses:
    """Where QuickBooks and Intuit's consent pages are: all under one address, as the simulator has them."""

    url: str

    def parameters(self) -> dict[str, str]:
        """The template parameters that point there."""
        return {
            "QuickBooksApiUrl": self.url,
            "QuickBooksSandboxApiUrl": self.url,
            "QuickBooksAppUrl": self.url,
            "QuickBooksSandboxAppUrl": self.url,
            "IntuitAuthorizeUrl": f"{self.url}/connect/oauth2",
            "IntuitTokenUrl": f"{self.url}/oauth2/v1/tokens/bearer",
            "IntuitRevokeUrl": f"{self.url}/v2/oauth2/tokens/revoke",
        }


def local_parameters(emulator: Emulator, quickbooks_url: str) -> dict[str, str]:
    """What differs on a laptop; everything else is the template's default."""
    return QuickBooksAddresses(quickbooks_url).parameters() | {
        "Stage": STAGE,
        "SenderAddress": SENDER_ADDRESS,
        # The simulator answers in seconds, so an unanswered request cannot land much later than that.
        "InFlightSeconds": "20",
        "PublicUrl": emulator.api_url(API_ID, STAGE),
        "TokenUrl": emulator.token_url,
        "TlsOnly": "false",
    }


def deploy(emulator: Emulator, parameters: Mapping[str, str], *, enforce_iam: bool) -> bool:
    """Builds and deploys, unless the emulator has exactly this already.

    Returns:
        Whether there was something to deploy.
    """
    deployed = emulator.home / "deployed.json"
    wanted = json.dumps({"port": emulator.port, "parameters": dict(parameters), "sources": _fingerprint()}, indent=1)
    if deployed.exists() and deployed.read_text(encoding="utf-8") == wanted:
        return False
    deployed.unlink(missing_ok=True)
    build = emulator.home / "build"
    _build(build)
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    run(
        [
            *_sam("deploy"),
            *("--template-file", str(build / "template.yaml")),
            *("--stack-name", STACK_NAME),
            *("--tags", f"ms-custom-id={API_ID}"),
            *("--parameter-overrides", *overrides),
        ],
        cwd=PROJECT,
        env=_environment() | _credentials(emulator),
    )
    if enforce_iam:
        _grant_what_the_emulator_cannot_judge(emulator)
    deployed.write_text(wanted, encoding="utf-8")
    return True


def outputs(emulator: Emulator) -> dict[str, str]:
    """The outputs of the deployed stack."""
    stacks = client(emulator, "cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}


def client(emulator: Emulator, service: str) -> Any:  # noqa: ANN401 # boto3 makes its clients at run time
    """A boto3 client of the emulator."""
    return boto3.client(
        service,  # type: ignore[call-overload] # the stubs want a literal
        endpoint_url=emulator.url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
    )


def layer_target() -> dict[str, str]:
    """What makes layers/shared/Makefile build for the interpreter that runs this, and so the functions."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    systems = {"Linux": f"{machine}-manylinux_2_28", "Darwin": f"{machine}-apple-darwin"}
    return {
        "LAYER_PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}",
        "LAYER_PLATFORM": systems.get(platform.system(), platform.system().lower()),
    }


def _build(build: Path) -> None:
    run([*_sam("build"), "--build-dir", str(build)], cwd=PROJECT, env=_environment() | layer_target())
    # Each worker of the emulator unpacks the layer anew, with new file times: only bytecode that is checked
    # against nothing survives that, and without it every cold start would compile boto3 and pydantic.
    compileall.compile_dir(
        build / "SharedLayer" / "python",
        quiet=2,
        workers=0,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def _sam(deed: str) -> list[str]:
    program = str(Path(sys.executable).with_name("sam"))
    return [program, deed, "--config-file", str(PROJECT / "samconfig.toml"), "--config-env", "local"]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))} | {
        "UV": uv(),
        "SAM_CLI_TELEMETRY": "0",
    }


def _credentials(emulator: Emulator) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    }


def _grant_what_the_emulator_cannot_judge(emulator: Emulator) -> None:
    # MiniStack knows neither the condition key `events:source` nor which identity a mail is sent from, and asks for an
    # action `sqs:SendMessageBatch` that AWS does not have: it refuses all three under AUTH=true. tests/template checks
    # the real statements; everything else is enforced as it stands.
    granted = {
        "ApiRole": ["sqs:SendMessageBatch"],
        "BillsRole": ["sqs:SendMessageBatch"],
        "NotificationsRole": ["sqs:SendMessageBatch", "events:PutEvents", "ses:SendEmail"],
    }
    stack, iam = client(emulator, "cloudformation"), client(emulator, "iam")
    for role, actions in granted.items():
        described = stack.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=role)
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam.put_role_policy(
            RoleName=described["StackResourceDetail"]["PhysicalResourceId"],
            PolicyName="what-ministack-cannot-judge",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(str(path.relative_to(PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield PROJECT / "template.yaml"
    yield PROJECT / "samconfig.toml"
    for folder in (PROJECT / "functions", PROJECT / "layers"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
