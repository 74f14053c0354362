"""Made-up histories of a store: time moves, things happen, and everything is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.event.tokens import Tokens
from exporter.event.types import Completion, Event, Quota
from exporter.pipeline.turns import finish
from exporter.store.bounds import Bounds
from exporter.store.telemetry import TelemetryStore
from tests.builders import (
    completion,
    failure,
    limit_hit,
    log,
    queue_depth,
    quota,
    request_ended,
    request_started,
    tool_call,
)

BOUNDS = Bounds(
    window_secs=60.0,
    slots=24,
    models_max=3,
    sessions_max=3,
    session_active_secs=20,
    requests_max=3,
    request_ttl_secs=50,
    limit_ttl_secs=40,
    calls_max=4,
    events_max=4,
    gauge_ttl_secs=30,
)
"""So little room that everything is evicted now and then."""

MODELS, PROVIDERS, AGENTS = ("a", "b", "c"), ("p", "q"), ("x", "y", "unknown")
SESSIONS, REQUESTS, WINDOWS = ("s", "t", "u", "v", None), ("1", "2", "3", "4"), ("5h", "7d")

_counts = st.none() | st.integers(0, 10_000)
_milliseconds = st.none() | st.just(0.0) | st.floats(0.1, 8.64e7)
_common = {"agent": st.sampled_from(AGENTS), "session_id": st.sampled_from(SESSIONS)}
_names = {"model": st.sampled_from(MODELS), "provider": st.sampled_from(PROVIDERS)}
_resets = st.none() | st.sampled_from([-9.0, 20.0, 60.0, 9000.0, 1e9])

completions = st.builds(
    completion,
    **_common,
    **_names,
    success=st.booleans(),
    latency_ms=_milliseconds,
    ttft_ms=_milliseconds,
    cost_usd=st.none() | st.floats(0, 10),
    tokens=st.none() | st.builds(Tokens, _counts, _counts, _counts, _counts, _counts),
)
limit_signals = st.one_of(
    st.builds(limit_hit, **_common, **_names, resets_at=_resets),
    st.builds(
        quota,
        window=st.sampled_from(WINDOWS),
        used_ratio=st.sampled_from([None, 0.25, 1.0]),
        model=st.sampled_from(["a", None]),
        limited=st.sampled_from([True, False, None]),
        resets_at=_resets,
    ),
)
_requests = {"request_id": st.sampled_from(REQUESTS), **_common}
events: st.SearchStrategy[Event] = st.one_of(
    completions,
    completions,
    limit_signals,
    st.builds(failure, **_common, **_names),
    st.builds(request_started, **_requests, channel=st.sampled_from(["cli", "ws"])),
    st.builds(request_ended, **_requests, success=st.sampled_from([True, False, None])),
    st.builds(
        tool_call,
        **_common,
        tool=st.sampled_from(["t1", "t2"]),
        success=st.booleans(),
        duration_ms=_milliseconds,
    ),
    st.builds(log, level=st.sampled_from(["info", "error"]), context=st.sampled_from([None, {}])),
    st.builds(queue_depth, queue=st.sampled_from(["q1", "q2"]), depth=st.integers(0, 9)),
)
ages = st.sampled_from([0.0, 0.0, 0.25, 2.5, 9.5, 10.0, 30.0, 55.0]) | st.sampled_from(
    [-30.0, 61.0, 300.0]
)
steps_ahead = st.sampled_from([0.0, 0.5, 2.5, 4.0, 10.0, 10.0, 11.0, 35.0, 200.0])
steps_back = st.sampled_from([-1.0, -12.0, -45.0, -70.0, -5000.0])


@dataclass(frozen=True)
class Step:
    """The clock moves, some events come in, and then something may be done with the store."""

    secs: float
    pushed: Sequence[tuple[float, Event]]
    what: str

    def events(self, now: float) -> list[Event]:
        """Return what is pushed, as objects of its own, dated as of `now`."""
        return [dated(event, now - age_secs) for age_secs, event in self.pushed]


def histories(
    secs: st.SearchStrategy[float], pushed: st.SearchStrategy[Event], *what: str
) -> st.SearchStrategy[list[Step]]:
    """Return histories of such steps."""
    pushes = st.lists(st.tuples(ages, pushed), max_size=5)
    return st.lists(
        st.builds(Step, secs=secs, pushed=pushes, what=st.sampled_from(what)), max_size=15
    )


def dated(event: Event, at: float) -> Event:
    """Return an event that happened at `at`, its reset as far from then as it was from 0."""
    if isinstance(event, Completion | Quota) and event.resets_at is not None:
        return replace(event, at=at, resets_at=at + event.resets_at)
    return replace(event, at=at)


ANSWERS: dict[str, Callable[[TelemetryStore, float], object]] = {
    "models": lambda store, now: store.model_performances(now=now),
    "model": lambda store, now: [store.model_performance(model, now=now) for model in MODELS],
    "gauges": lambda store, now: store.gauge_rows(now),
    "cost": lambda store, now: store.sessions(now=now, sort="cost"),
    "tokens": lambda store, now: store.sessions(now=now, sort="tokens"),
    "recent": lambda store, now: store.sessions(now=now, sort="recent"),
    "session": lambda store, now: store.session_usage("s", now=now),
    "active": lambda store, now: store.sessions_active(now),
    "in_flight": lambda store, now: store.in_flight(now),
    "in_flight_by": lambda store, now: store.in_flight_by(now),
    "queues": lambda store, now: store.queue_depth(now),
    "glance": lambda store, now: store.board.glance(now),
    "timeline": lambda store, now: finish(store.board.timeline(now=now, limit=9, points_max=12)),
    "tool_calls": lambda store, now: store.board.tools(now=now, limit=9),
    "quotas": lambda store, now: store.board.quotas(now),
    "queue_depths": lambda store, now: store.board.queues(now),
    "agents": lambda store, _: store.board.agents(),
    "calls": lambda store, _: store.calls(),
    "events": lambda store, _: store.events(),
    "events_after": lambda store, _: store.events_after(3),
    "tools": lambda store, _: store.tools_seen(),
    "channels": lambda store, _: store.channels_seen(),
    "snapshot": lambda store, now: store.snapshot(now=now, uptime_secs=0.0),
}
"""Every question there is, by name."""


def every_answer(store: TelemetryStore, now: float) -> dict[str, object]:
    """Return the answers to all questions, by name."""
    return {name: ask(store, now) for name, ask in ANSWERS.items()}
