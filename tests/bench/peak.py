"""The most memory that this process has held so far."""

from __future__ import annotations

import resource
from pathlib import Path


def own_peak_megabytes() -> float:
    """Linux counts into `ru_maxrss` what the parent held when it forked, so there it is asked elsewhere."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
