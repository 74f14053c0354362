"""What the benchmarks ran on: enough to tell whether two runs can be compared."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import process

LIBRARIES = ("aiohttp", "uvloop", "msgspec", "prometheus-client")


def described(*, pinned: bool, quick: bool) -> dict[str, str]:
    """Return what a reader needs to know of the machine and of the run, by name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": f"{_processor()}, {cores} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {_kernel()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "run": ("quick, " if quick else "")
        + ("server and load on a core each" if pinned else "NOT pinned to cores"),
        "load of the machine before": f"{process.load_average():.2f}",
        "day": datetime.now(UTC).date().isoformat(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _kernel() -> str:
    """Return the kernel's version without what its builder added."""
    return platform.release().partition("-")[0]
