"""`make invoke`: one function in Lambda's own runtime, by `sam local invoke`, against the local stack.

The stack listens on the loopback interface only, which a container cannot reach, so for as long as the invocation
lasts its two ports are also opened on the address that containers know this machine by.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from local.deployment import PROJECT
from local.emulator import run, uv
from local.processes import StackTroubleError
from local.stack import DEFAULT_HOME, Progress, Stack, up

IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
LOOPBACK = "127.0.0.1"


def invoke(function: str, event: Path) -> int:
    """Runs one function once and prints what it answers.

    Returns:
        The exit code of `sam local invoke`.

    Raises:
        StackTroubleError: there is no container engine, no image, no such function or event.
    """
    if not event.is_file():
        raise StackTroubleError(f"There is no event {event}. Those there are: events/*.json")
    gateway = _container_gateway()
    stack = up(progress=Progress())
    if function not in stack.function_names:
        raise StackTroubleError(f"There is no function {function}. There are: {', '.join(stack.function_names)}.")
    build = DEFAULT_HOME / "invoke"
    environment = _sam_environment(stack)
    sam = str(Path(sys.executable).with_name("sam"))
    # Another build than the stack's: for Lambda's runtime, not for the interpreter on this machine.
    run([sam, "build", "--build-dir", str(build), "--config-env", "local"], cwd=PROJECT, env=environment)
    template = _with_endpoint(build / "template.yaml", stack, gateway)
    variables = _environment_of(stack, function, gateway, build)
    with ExitStack() as relays:
        for url in (stack.aws_endpoint_url, stack.quickbooks_url):
            if urlsplit(url).hostname == LOOPBACK:
                relays.enter_context(_relay(gateway, urlsplit(url).port or 80))
        command = [sam, "local", "invoke", function, "--template", str(template), "--event", str(event)]
        command += ["--env-vars", str(variables), "--skip-pull-image", "--region", stack.region]
        return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode


def _container_gateway() -> str:
    if shutil.which("docker") is None:
        raise StackTroubleError("`sam local invoke` needs a container engine, and there is no `docker` on the path.")
    if _docker("info") is None:
        raise StackTroubleError("`sam local invoke` needs a container engine, and none answers: start Docker.")
    if _docker("image", "inspect", IMAGE) is None:
        raise StackTroubleError(f"The Lambda image is not on this machine: docker pull {IMAGE}")
    networks = json.loads(_docker("network", "inspect", "bridge") or "[]")
    ranges = networks[0]["IPAM"]["Config"] if networks else []
    if not ranges:
        raise StackTroubleError("Docker has no network `bridge`, so a container could not reach the stack.")
    # The engine takes the first address of the range for itself where nobody chose another.
    return str(ranges[0].get("Gateway") or next(ip_network(ranges[0]["Subnet"]).hosts()))


def _docker(*arguments: str) -> str | None:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    return None if done.returncode else done.stdout.strip()


def _sam_environment(stack: Stack) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAYER_"))} | {
        "UV": uv(),
        "AWS_ACCESS_KEY_ID": stack.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stack.secret_access_key,
        "AWS_DEFAULT_REGION": stack.region,
    }


def _with_endpoint(template: Path, stack: Stack, gateway: str) -> Path:
    # SAM passes on only variables that the template knows.
    variables = "POWERTOOLS_SERVICE_NAME: m3ter-quickbooks"
    endpoint = stack.aws_endpoint_url.replace(LOOPBACK, gateway)
    text = template.read_text(encoding="utf-8")
    if variables not in text:
        raise StackTroubleError("template.yaml has no environment to add the emulator's address to.")
    changed = template.with_name("invoke.yaml")
    changed.write_text(text.replace(variables, f"{variables}\n        AWS_ENDPOINT_URL: {endpoint}"), encoding="utf-8")
    return changed


def _environment_of(stack: Stack, function: str, gateway: str, folder: Path) -> Path:
    configuration = stack.client("lambda").get_function_configuration(FunctionName=stack.function_names[function])
    deployed: dict[str, str] = configuration["Environment"]["Variables"]
    variables = {name: value.replace(LOOPBACK, gateway) for name, value in deployed.items()}
    chosen = folder / "variables.json"
    chosen.write_text(json.dumps({function: variables}), encoding="utf-8")
    return chosen


@contextmanager
def _relay(address: str, port: int) -> Iterator[None]:
    with socket.create_server((address, port)) as server:
        threading.Thread(target=_serve, args=(server, port), daemon=True).start()
        yield


def _serve(server: socket.socket, port: int) -> None:
    while True:
        try:
            caller, _ = server.accept()
        except OSError:  # the invocation is over and the server closed
            return
        inner = socket.create_connection((LOOPBACK, port))
        for source, sink in ((caller, inner), (inner, caller)):
            threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while received := source.recv(65536):
            sink.sendall(received)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # one side hung up, which is how most connections end
        return


def main() -> None:
    """The command line that the Makefile calls."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("function")
    parser.add_argument("event", type=Path)
    arguments = parser.parse_args()
    try:
        sys.exit(invoke(arguments.function, arguments.event.resolve()))
    except StackTroubleError as trouble:
        sys.exit(str(trouble))


if __name__ == "__main__":
    main()
