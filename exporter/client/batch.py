"""What one push carries: events as one JSON array, and the report of what was dropped before."""

import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from exporter.client.drops import Reason

SOURCE: Final = "agent-exporter-client"

BODY_BYTES_MAX: Final = 1_000_000
"""Below the mebibyte from which the exporter counts the values of a push."""


class Body(NamedTuple):
    """The body of a push, and how many events it holds."""

    data: bytes
    events: int


def bodies(encoded: Iterable[bytes]) -> Iterator[Body]:
    """Yield events that are encoded, in their order, in as few bodies as have room for them."""
    events: list[bytes] = []
    size_bytes = 0
    for event in encoded:
        if events and size_bytes + len(event) > BODY_BYTES_MAX:
            yield _body(events)
            events, size_bytes = [], 0
        events.append(event)
        size_bytes += len(event) + 1
    if events:
        yield _body(events)


def reports(dropped: dict[Reason, int]) -> list[dict[str, Any]]:
    """Return log events that tell how many events were dropped, one for each reason."""
    now = time.time()
    return [
        {
            "type": "log",
            "level": "warn",
            "source": SOURCE,
            "message": f"{events} event{'s were' if events > 1 else ' was'} dropped",
            "context": {"dropped": events, "reason": reason.value},
            "timestamp": now,
        }
        for reason, events in dropped.items()
    ]


def _body(events: list[bytes]) -> Body:
    return Body(b"[" + b",".join(events) + b"]", len(events))
