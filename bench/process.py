"""What the system tells about a process, and which core it may use.

Where a system does not tell (no /proc, no affinity, a single core) the answer is `None`, and the
benchmarks carry on without.
"""

import os
from pathlib import Path
from typing import NamedTuple


class Cores(NamedTuple):
    """Where the two sides of a measurement run, so that they do not take turns on one core."""

    server: int
    load: int


def split_cores() -> Cores | None:
    """Return the first and the last core this process may use, or `None` where it cannot pin."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[0], allowed[-1]) if len(allowed) > 1 else None


def pin(pid: int, core: int) -> None:
    """Keep a process on one core. Threads it starts from now on inherit that."""
    os.sched_setaffinity(pid, {core})


def cpu_seconds(pid: int) -> float | None:
    """Return the processor time that all threads of a process have used, user and system."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    # The command name, in parentheses, may hold spaces: count the fields from behind it.
    fields = text.rpartition(")")[2].split()
    utime, stime = fields[11:13]
    return (int(utime) + int(stime)) / os.sysconf("SC_CLK_TCK")


def memory_peak_bytes(pid: int) -> int | None:
    """Return the largest resident size that a process has had."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    peaks = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return peaks[0] * 1024 if peaks else None
