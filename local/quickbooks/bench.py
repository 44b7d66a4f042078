"""How many invoices a second one simulator process makes, over HTTP, with its state on disk."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from local.quickbooks.seed import SAMPLE
from local.quickbooks.store import Store

CONNECTIONS = 16


def creates_per_second(seconds: float) -> dict[str, Any]:
    """Make invoices for so long, kill the server, and count what its file still has.

    Keys: `created`, `seconds`, `perSecond`, `keptAfterKill` (invoices in the file less those there before),
    `lost` (created and answered, yet not kept; 0), `p50Milliseconds`, `p99Milliseconds`, and `perCpuSecond`: invoices
    for one second of processor time of the server, whatever else the machine does (None off Linux).
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "books.sqlite"
        with _server(file) as (base, process):
            tokens = httpx.post(f"{base}/_simulator/tokens", json={"companyId": SAMPLE}).json()
            before = _cpu_seconds(process.pid)
            taken, times = asyncio.run(_load(base, tokens["access_token"], seconds))
            spent = _cpu_seconds(process.pid) - before
            process.send_signal(signal.SIGKILL)
            process.wait()
        store = Store(file)
        kept = store.count(SAMPLE, "Invoice") - 1
        store.close()
    times.sort()
    return {
        "created": len(times),
        "seconds": round(taken, 3),
        "perSecond": round(len(times) / taken, 1),
        "perCpuSecond": round(len(times) / spent, 1) if spent else None,
        "keptAfterKill": kept,
        "lost": max(len(times) - kept, 0),
        "p50Milliseconds": round(times[len(times) // 2] * 1000, 2),
        "p99Milliseconds": round(times[len(times) * 99 // 100] * 1000, 2),
    }


@contextmanager
def _server(file: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "local.quickbooks", "--port", "0", "--database", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the simulator has no output")
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
            yield process.stdout.readline().rsplit(" ", 1)[-1].strip(), process
        finally:
            process.kill()


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process so far; 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _invoice(number: int) -> bytes:
    detail = {"ItemRef": {"value": "1"}, "Qty": 3, "UnitPrice": 12.5}
    line = {"Amount": 37.5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    return json.dumps({"CustomerRef": {"value": "1"}, "PrivateNote": f"bill {number}", "Line": [line]}).encode()


async def _load(base: str, token: str, seconds: float) -> tuple[float, list[float]]:
    """Plain HTTP/1.1 over a few connections that stay open: the client must not cost more than the server."""
    host, port = base.removeprefix("http://").split(":")
    times: list[float] = []
    start = time.perf_counter()

    async def keep_creating(worker: int) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        number = 0
        while time.perf_counter() < start + seconds:
            body = _invoice(number)
            path = f"/v3/company/{SAMPLE}/invoice?requestid=w{worker}n{number}&minorversion=75"
            head = (
                f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            begun = time.perf_counter()
            writer.write(head.encode() + body)
            await _answered(reader)
            times.append(time.perf_counter() - begun)
            number += 1
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(keep_creating(one) for one in range(CONNECTIONS)))
    return time.perf_counter() - start, times


async def _answered(reader: asyncio.StreamReader) -> None:
    status = await reader.readline()
    length = 0
    while (line := await reader.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    body = await reader.readexactly(length)
    if b" 200 " not in status:
        raise RuntimeError(f"{status!r} {body[:300]!r}")


if __name__ == "__main__":
    print(json.dumps(creates_per_second(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)))
