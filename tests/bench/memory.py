"""The peak memory of a bills worker that sends a bill of a thousand lines, in a process of its own.

Nothing stands aside: the real stores, AWS clients, tokens. What stands in for AWS and QuickBooks is in the same process
and counts, so this is more than the worker's own.
"""

from __future__ import annotations

import json
import subprocess
import sys

from tests.bench.installed import ORGANIZATION, Installed, installed
from tests.bench.peak import own_peak_megabytes
from tests.bench.told import a_bill, an_event

LINES = 1000


def peak_megabytes() -> tuple[float, float]:
    """Of a fresh process: before the bill, and after it."""
    told = subprocess.run([sys.executable, "-m", "tests.bench.memory"], capture_output=True, text=True, check=True)
    before, after = told.stdout.split()[-2:]
    return float(before), float(after)


def _send(office: Installed) -> None:
    bill = a_bill("bill-large", 1, "1000.00")
    line = bill["lineItems"][0] | {"subtotal": "1.00", "convertedSubtotal": "1.00", "averageUnitPrice": "1.00"}
    bill["lineItems"] = [line | {"id": f"line-{number}", "sequenceNumber": number} for number in range(LINES)]
    office.queue.put(json.dumps(an_event(ORGANIZATION, bill)), office.time.now)
    office.time.start(lambda: office.queue.serve(office.world()))
    office.time.run()
    assert len(office.invoices()[0]["Line"]) == LINES + 1


if __name__ == "__main__":
    with installed() as connected:
        print(own_peak_megabytes())
        _send(connected)
    print(own_peak_megabytes())
