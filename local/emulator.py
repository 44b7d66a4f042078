"""MiniStack, the AWS emulator, and what there is to know about it (docs/decisions/0004-ministack.md)."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from local.processes import Background, StackTroubleError, listening

REQUIREMENTS = Path(__file__).with_name("ministack.txt")
REGION = "us-east-1"
# MiniStack takes this key for the account's root user, also where it enforces IAM.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105 # the emulator's, on every machine the same


@dataclass(frozen=True, slots=True)
class Emulator:
    """A MiniStack of one stack folder, listening on the loopback interface only."""

    home: Path
    port: int

    @property
    def url(self) -> str:
        """Where every AWS service of the emulator answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def token_url(self) -> str:
        """The token endpoint of its user pools."""
        return f"{self.url}/oauth2/token"

    def api_url(self, api_id: str, stage: str) -> str:
        """Base address of a REST API; a name under `localhost` would not resolve everywhere."""
        return f"{self.url}/_aws/execute-api/{api_id}/{stage}"

    @property
    def process(self) -> Background:
        """The emulator's process."""
        return Background(self.home, "ministack")

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return httpx.get(f"{self.url}/_ministack/health", timeout=2.0).is_success
        except httpx.HTTPError:
            return False

    def launch(self, *, enforce_iam: bool) -> None:
        """Starts the process; `start_emulator` also waits for it."""
        scratch = self.home / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        # Functions inherit this environment, so nothing of the caller's shell (proxies, AWS profiles) may be in it.
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
            "AUTH": "true" if enforce_iam else "false",
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "IOT_MTLS_ENABLED": "false",
            "SFTP_ENABLED": "false",
            # Functions run as plain processes; a Docker engine that happens to be there is not to be touched.
            "DOCKER_HOST": f"unix://{scratch / 'no-docker.sock'}",
            "LAMBDA_EXECUTOR": "local",
            "TMPDIR": str(scratch),
        }
        self.process.start([str(_installed() / "bin" / "ministack")], environment)

    def captured_mails(self) -> list[dict[str, Any]]:
        """The mails that SES would have sent, oldest first."""
        accounts = httpx.get(f"{self.url}/_ministack/ses/messages", timeout=10.0).json()["messages"]
        return [mail for mails in accounts.values() for mail in mails]


def start_emulator(home: Path, *, enforce_iam: bool) -> Emulator:
    """Starts an emulator, empty: its state lives in its process."""
    at = partial(Emulator, home)
    port = listening(
        Background(home, "ministack"),
        14566,
        start=lambda port: at(port).launch(enforce_iam=enforce_iam),
        answers=lambda port: at(port).is_ready(),
        seconds=60,
    )
    return at(port)


def _installed() -> Path:
    # An environment of its own: its botocore is pinned to another version than ours.
    place = REQUIREMENTS.parent.parent / ".local" / "ministack"
    stamp, wanted = place / "installed.txt", f"{sys.version}\n{REQUIREMENTS.read_text(encoding='utf-8')}"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        # Functions will run in this interpreter, and the layer is built for it.
        run([uv(), "venv", "--quiet", "--clear", "--python", sys.executable, str(place)])
        python = str(place / "bin" / "python")
        run([uv(), "pip", "install", "--quiet", "--require-hashes", "--python", python, "-r", str(REQUIREMENTS)])
        stamp.write_text(wanted, encoding="utf-8")
    return place


def uv() -> str:
    """The uv that the Makefile found or installed."""
    return os.environ.get("UV") or "uv"


def run(command: list[str], **options: Any) -> None:  # noqa: ANN401 # subprocess.run's own
    """Runs a command to its end.

    Raises:
        StackTroubleError: with all that it printed, when it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise StackTroubleError(f"{Path(command[0]).name} {command[1]} failed:\n{done.stdout}{done.stderr}")
