"""The peak memory of a bills worker that sends a bill of a thousand lines, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy

import boto3

from tests.bench.deliveries import Bench
from tests.bench.peak import own_peak_megabytes
from tests.bench.told import a_bill

LINES = 1000


def peak_megabytes() -> float:
    """Of a fresh process: the worker's own libraries, the simulator beside it included."""
    told = subprocess.run([sys.executable, "-m", "tests.bench.memory"], capture_output=True, text=True, check=True)
    return float(told.stdout.split()[-1])


def _send() -> None:
    # What the real function has loaded beside: the AWS clients. (None of them is asked anything.)
    clients = [boto3.client(name, "eu-west-1") for name in ("dynamodb", "sqs", "secretsmanager")]
    bench = Bench(1, limits=False)
    bill = a_bill("bill-large", 1, "1000.00")
    line = bill["lineItems"][0] | {"subtotal": "1.00", "convertedSubtotal": "1.00", "averageUnitPrice": "1.00"}
    bill["lineItems"] = [deepcopy(line) | {"id": f"line-{number}", "sequenceNumber": number} for number in range(LINES)]
    bench.tell_bill(0, bill)
    bench.work(workers=1)
    assert len(bench.invoices(bench.realms[0])[0]["Line"]) == LINES + 1
    assert clients


if __name__ == "__main__":
    _send()
    print(own_peak_megabytes())
