"""How the model calls of the demo fail: in the words that providers and their libraries use."""

from dataclasses import dataclass
from random import Random
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure: its type, status and text as they would arrive, and how long it takes to come.

    `retried` is whether an agent tries again; `resets_at` when a limit ends, Unix seconds.
    """

    error_type: str
    text: str
    status_code: int | None = None
    secs: tuple[float, float] = (0.1, 1.5)
    retried: bool = False
    resets_at: float | None = None


OVERLOADED: Final = Failure(
    error_type="overloaded_error",
    text="Overloaded",
    status_code=529,
    secs=(0.2, 6.0),
    retried=True,
)

SERVER: Final = Failure(
    error_type="internal_server_error",
    text="The server had an error while processing the request",
    status_code=500,
    secs=(0.5, 20.0),
    retried=True,
)
CONNECTION: Final = Failure(
    error_type="APIConnectionError", text="Connection reset by peer", retried=True
)
TIMEOUT: Final = Failure(
    error_type="APITimeoutError", text="Request timed out", secs=(30.0, 60.0), retried=True
)

RARE: Final = (
    *(OVERLOADED, SERVER, SERVER, CONNECTION, CONNECTION, CONNECTION, TIMEOUT, TIMEOUT),
    Failure(error_type="authentication_error", text="the token has expired", status_code=401),
    Failure(
        error_type="context_length_exceeded",
        text="prompt is too long: 204812 tokens > 200000 maximum",
        status_code=400,
    ),
    Failure(
        error_type="content_policy_violation",
        text="the request was rejected by the content filter",
        status_code=400,
        secs=(0.5, 3.0),
    ),
    Failure(
        error_type="invalid_request_error",
        text="messages.3: text content blocks must be non-empty",
        status_code=400,
    ),
    Failure(error_type="APIUserAbortError", text="Request was aborted", secs=(1.0, 20.0)),
    Failure(
        error_type="unexpected_end_of_stream",
        text="the stream ended before the message was complete",
        secs=(2.0, 20.0),
        retried=True,
    ),
)
"""What may always happen: a deck of cards, so that none is long in coming."""


def rate_limited(until: float) -> Failure:
    """Return the failure of a call to a model that is limited until then, Unix seconds."""
    return Failure(
        error_type="rate_limit_error",
        text="This request would exceed the organization's rate limit of tokens per minute",
        status_code=429,
        secs=(0.1, 0.5),
        retried=True,
        resets_at=until,
    )


def quota_exhausted(until: float) -> Failure:
    """Return the failure of a call for which there is no allowance until then, Unix seconds."""
    return Failure(
        error_type="usage_limit_reached",
        text="You've hit your usage limit",
        status_code=429,
        secs=(0.1, 0.5),
        resets_at=until,
    )


class Deck:
    """Deals the failures of `RARE` in random order, each once before any comes again."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._cards: list[Failure] = []

    def deal(self) -> Failure:
        """Return the next failure."""
        if not self._cards:
            self._cards = list(RARE)
            self._random.shuffle(self._cards)
        return self._cards.pop()
