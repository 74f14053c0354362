"""A token bucket: so many requests at once, and one more every interval.

It is kept as the one instant at which the bucket is full again (the generic cell rate algorithm):
a count of tokens would gather the rounding of every fraction that came back.
"""

import math

from exporter.config.web_file import RateLimit


class TokenBucket:
    """Full at first, with `burst` tokens; one comes back every interval. Seconds are monotonic."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._full_at = -math.inf

    def take(self, now: float) -> float:
        """Take a token and return 0, or return the seconds until there is one again."""
        full_at = max(self._full_at, now)
        one_left_secs = (self.limit.burst - 1) * self.limit.interval_secs
        wait_secs = full_at - one_left_secs - now
        if wait_secs > 0:
            return wait_secs
        self._full_at = full_at + self.limit.interval_secs
        return 0.0


def retry_after_secs(wait_secs: float) -> int:
    """Return whole seconds, at least one, after which to come again."""
    return max(1, math.ceil(wait_secs))
