"""A clock that stands still until it is told to go on."""


class ManualClock:
    """Both readings of time, moved by hand."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> float:
        """Return Unix seconds."""
        return self._now

    def monotonic(self) -> float:
        """Return seconds since the clock was made."""
        return self._monotonic

    def advance(self, secs: float) -> None:
        """Let time pass."""
        self._now += secs
        self._monotonic += secs
