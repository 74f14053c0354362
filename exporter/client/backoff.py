"""When to try again, and for how long."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

REQUEST_TIMEOUT: Final = 408
TOO_MANY_REQUESTS: Final = 429
SERVER_ERROR: Final = 500


class Patience(NamedTuple):
    """How long is waited, in seconds.

    `attempt`: for one answer. `batch`: until a batch is given up. `first` and `longest`: what is at
    most paused after the first failed attempt, and after any. `told`: at most paused because the
    exporter said so.
    """

    attempt: float = 5.0
    batch: float = 60.0
    first: float = 0.1
    longest: float = 10.0
    told: float = 30.0

    def pause_secs(self, failures: int, random: Callable[[], float]) -> float:
        """Return the pause after so many failed attempts in a row: exponential, with full jitter.

        Full jitter is anything from nothing to the bound, so that clients which failed together do
        not come back together.
        """
        return random() * min(self.longest, self.first * 2.0 ** min(failures - 1, 32))


def is_worth_repeating(status: int) -> bool:
    """Return whether a push that was answered so may succeed if it is tried again."""
    return status in (REQUEST_TIMEOUT, TOO_MANY_REQUESTS) or status >= SERVER_ERROR


def retry_after_secs(header: str | None, now: float) -> float:
    """Return the seconds that a `Retry-After` asks for at `now` (Unix seconds); 0 for none.

    RFC 9110, 10.2.3: whole seconds, or a date.
    """
    if header is None:
        return 0.0
    try:
        if header.strip().isdecimal():
            return float(header)
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, OverflowError, TypeError):
        return 0.0
