"""A store with something in every part of it, and one that was restored."""

from collections.abc import Iterable

from exporter.store.bounds import Bounds
from exporter.store.telemetry import TelemetryStore
from tests.builders import (
    NOW,
    completion,
    failure,
    limit_hit,
    log,
    queue_depth,
    quota,
    request_ended,
    request_started,
    tokens,
    tool_call,
)


def filled(**bounds: object) -> TelemetryStore:
    """Return a store with something in every part of it."""
    store = TelemetryStore(**Bounds(**bounds))  # type: ignore[typeddict-item]  # as tests need them
    store.apply([completion(model="a", session_id="s", at=NOW - 3000)], NOW)
    store.apply(
        [
            completion(model=f"m{n}", session_id=f"s{n}", tokens=tokens(n), at=NOW - 600 + 60 * n)
            for n in range(10)
        ],
        NOW,
    )
    store.apply(
        [
            *(failure(model=f"m{n}") for n in range(10)),
            limit_hit(),
            quota(limited=True, resets_at=NOW + 900),
            tool_call(success=False),
            log(context={"a": [1, None]}),
            queue_depth(depth=3),
            request_ended(request_id="lone"),
            *(request_started(request_id=f"r{n}", at=NOW - n, channel=f"c{n}") for n in range(9)),
            request_ended(request_id="r8"),
        ],
        NOW,
    )
    return store


def restored(parts: Iterable[tuple[str, bytes]], **bounds: object) -> TelemetryStore:
    """Return a store that was restored from such parts."""
    store = TelemetryStore(**Bounds(**bounds))  # type: ignore[typeddict-item]  # as tests need them
    store.restore(parts)
    return store
