"""Epochs: the life of the counters between two resets to 0.

PromQL takes a counter that steps back from 1000 to 950 for one that was reset and counted 950 more.
So a counter that cannot be shown to be whole must begin at 0, with a new time of creation. What is
committed always outlives the process; whether it outlives the machine depends on how it was synced.
With `normal`, the end of the journal may be missing after a crash of the machine, which is told by
the machine's boot id having changed without a clean shutdown of the exporter before it, or by the
system not telling any.
"""

from pathlib import Path
from typing import Literal

from msgspec import Struct

Cause = Literal["new", "memory", "power_loss", "corrupt", "reconfigured"]
Sync = Literal["normal", "full"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Epoch(Struct, frozen=True):
    """When the counters began at 0, Unix seconds, and why they had to."""

    started_at: float
    cause: Cause


class Run(Struct, frozen=True):
    """How the journal was last used: on which boot of the machine, and whether it was closed."""

    boot_id: str
    sync: Sync
    closed: bool


class Basis(Struct, frozen=True):
    """What decides under which series an event counts: a replay under another counts elsewhere."""

    digest: str


def boot_id() -> str:
    """Return what names this boot of the machine; empty where the system does not tell."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def may_have_lost(last: Run, boot: str) -> bool:
    """Return whether commits of the last run may be missing, now that the boot is `boot`."""
    same_boot = last.boot_id == boot and boot
    return last.sync == "normal" and not last.closed and not same_boot
