"""python -m local.quickbooks: the simulator on its own."""

import argparse

from local.quickbooks.app import serve
from local.quickbooks.limits import Latency, Limits, real_latency, real_limits
from local.quickbooks.oauth import Client
from local.quickbooks.simulator import Simulator
from local.quickbooks.store import Unusable


def _port(said: str) -> int:
    if not said.isdecimal() or not 0 <= int(said[:9]) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(said)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.quickbooks", description="A QuickBooks Online simulator.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=9999, help="0 takes a free one (default: 9999)")
    parser.add_argument("--database", default=":memory:", help="SQLite file that keeps the state (default: memory)")
    parser.add_argument("--limits", action="store_true", help="the documented rate limits")
    parser.add_argument("--latency", action="store_true", help="answer about as slowly as the real thing")
    parser.add_argument("--seed", type=int, help="make chance and tokens repeat from run to run")
    parser.add_argument("--client-id", default=Client().id)
    parser.add_argument("--client-secret", default=Client().secret)
    asked = parser.parse_args()
    try:
        simulator = Simulator(
            asked.database,
            seed=asked.seed,
            client=Client(asked.client_id, asked.client_secret),
            limits=real_limits() if asked.limits else Limits(),
            latency=real_latency() if asked.latency else Latency(),
        )
    except Unusable as problem:
        parser.exit(1, f"{problem}\n")
    try:
        serve(simulator, asked.host, asked.port, lambda base: print(f"QuickBooks simulator on {base}", flush=True))
    except KeyboardInterrupt:
        print("stopped")
    except OSError as problem:
        parser.exit(1, f"cannot listen on {asked.host}:{asked.port}: {problem.strerror}\n")
    finally:
        simulator.close()


if __name__ == "__main__":
    main()
