"""Time as an argument: what reads a clock is given one."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings of time, so that a test can hold both still."""

    def now(self) -> float:
        """Return Unix seconds: what events and windows are dated with; it may jump."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow: what durations are measured with."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        """Return Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds since an arbitrary point, never stepping back."""
        return time.monotonic()
