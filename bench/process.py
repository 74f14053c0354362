"""What the system tells about a process, and which core it may use.

Where a system does not tell (no /proc, no affinity, a single core) the answer is `None`, and the
benchmarks carry on without.
"""

import os
import time
from pathlib import Path
from typing import NamedTuple

CPUCLOCK_SCHED = 2
"""The scheduler's own clock of a process, in the low bits of a clock's id."""


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


def load_average() -> float:
    """Return how many processes wanted a core in the last minute, on average."""
    return os.getloadavg()[0]


def cpu_seconds(pid: int) -> float | None:
    """Return the processor time that all threads of a process have used, user and system.

    Nanoseconds count, so that a single scrape can be measured. The id of another process's clock is
    what Linux's clock_getcpuclockid(3) makes of its pid.
    """
    try:
        return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)
    except (AttributeError, OSError):
        return None


def memory_peak_bytes(pid: int) -> int | None:
    """Return the largest resident size that a process has had."""
    return _number(pid, "status", "VmHWM", 1024)


def memory_bytes(pid: int) -> int | None:
    """Return the resident size of a process."""
    return _number(pid, "status", "VmRSS", 1024)


def written_bytes(pid: int) -> int | None:
    """Return how much a process has had written to disks."""
    return _number(pid, "io", "write_bytes", 1)


def _number(pid: int, file: str, name: str, unit: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) for line in lines if line.startswith(f"{name}:")]
    return found[0] * unit if found else None
