"""Since when the process has been running."""

from exporter.clock import Clock


class Uptime:
    """Begins with being made. `started_at` is Unix seconds, as the clock stood then."""

    def __init__(self, clock: Clock) -> None:
        self.started_at = clock.now()
        self._clock = clock
        self._began = clock.monotonic()

    @property
    def secs(self) -> float:
        """How long ago that was, whatever the wall clock has done since."""
        return self._clock.monotonic() - self._began
