"""make clients: clients of other languages, unmodified, against the simulator over a socket.

node-quickbooks brings its own tests: they run as they are. Where a client brings none, or leaves out a part that
matters, there is a walk beside this file. Needs node and npm; what it installs stays in .local/clients.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from local.quickbooks.app import running
from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator

HERE = Path(__file__).parent
PLACE = HERE.parents[1] / ".local" / "clients"
PACKAGES = ["node-quickbooks@2", "intuit-oauth@4", "mocha@10", "expect@0.1.1", "async@0.9.0", "underscore@1"]
# cdc.js hands over a moment, which the client's own date-fns takes for no date; charge.js is the Payments API.
SHIPPED = ["index.js", "batch.js"]
WALKS = ["node_quickbooks_walk.js", "intuit_oauth_walk.js"]


def _install() -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--prefix", str(PLACE), "--no-package-lock", "--no-audit", "--no-fund", "--loglevel"]
    subprocess.run([*command, "error", *PACKAGES], check=True)  # noqa: S603  names of packages, all written above


def _run(base: str, refresh_token: str, access_token: str) -> int:
    modules = PLACE / "node_modules"
    specs = [modules / "node-quickbooks" / "test" / name for name in SHIPPED] + [HERE / name for name in WALKS]
    told = {
        "NODE_PATH": str(modules),
        "SIMULATOR": base,
        "REALM": SAMPLE,
        "ACCESS_TOKEN": access_token,
        "REFRESH_TOKEN": refresh_token,
    }
    command = [str(modules / ".bin" / "mocha"), "--exit", "--require", str(HERE / "setup.js"), *map(str, specs)]
    return subprocess.run(command, cwd=PLACE, env={**os.environ, **told}, check=False).returncode  # noqa: S603  as above


def main() -> int:
    if shutil.which("npm") is None:
        print("Clients of other languages need node and npm, version 18 or newer.", file=sys.stderr)
        return 2
    _install()
    simulator = Simulator()
    try:
        with running(simulator) as base:
            with simulator.store.transaction():
                tokens = simulator.tokens.issue(SAMPLE, simulator.now())
            return _run(base, tokens["refresh_token"], tokens["access_token"])
    finally:
        simulator.close()


if __name__ == "__main__":
    sys.exit(main())
