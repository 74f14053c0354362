"""The whole store, in parts that can be kept, and back again.

Saving only reads. Each part is made when it is asked for, so that the event loop may do other work
between two of them. Others may ask the store something then, which moves slot time on and lets go
of what has left the window, but no event may be applied. So the tables may be saved at different
instants; the clock is saved after them, and restoring lets go of all that had left by then.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from exporter.event.types import Completion, RequestStarted
from exporter.store import saved
from exporter.store.model_window import ModelKey
from exporter.store.parts import encode
from exporter.store.requests import Pair
from exporter.store.saved import SavedClock, SavedCounts
from exporter.store.state import State

CLOCK: Final = "clock"

FORMS: Final[dict[str, Any]] = {
    CLOCK: SavedClock,
    "counts": SavedCounts,
    "models": list[saved.SavedModel],
    "passed": list[ModelKey],
    "sessions": list[saved.SavedSession],
    "agents": list[str],
    "idle": list[Pair],
    "requests": list[RequestStarted],
    "lone_ends": list[saved.SavedLoneEnd],
    "limits": list[saved.SavedLimit],
    "queues": list[saved.SavedQueue],
    "quotas": list[saved.SavedQuota],
    "tool_windows": list[saved.SavedTool],
    "heard": list[saved.SavedHeard],
    "calls": list[Completion],
    "events": list[saved.SavedRingEvent],
    "tools": list[str],
    "channels": list[str],
}
_DECODERS: Final = {name: msgspec.msgpack.Decoder(form) for name, form in FORMS.items()}


def save(state: State) -> Iterator[tuple[str, bytes]]:
    """Yield the state in parts, each with its name; one name may come several times, in order."""
    for name, part in _parts(state):
        yield name, encode(part)


def restore(state: State, parts: Iterable[tuple[str, bytes]], *, totals: bool) -> None:
    """Become what was saved; `state` must be fresh.

    Without `totals` the counts of the process's life stay at 0. What there is no room for goes,
    uncounted; parts of unknown names are passed over. Raises `ValueError` where a part does not
    decode or parts do not fit together, and `state` must not be used then.
    """
    found = _Parts(parts)
    for counts in found.each("counts"):
        _restore_counts(state, counts, totals=totals)
    for clock in found.each(CLOCK):
        state.clock.restore(clock)
        for form in found.every("models"):
            state.model_table.restore(form, clock)
        for form in found.every("sessions"):
            state.session_table.restore(form, clock)
        for form in found.every("tool_windows"):
            state.tool_table.restore(form, clock)
    state.model_table.settle(found.every("passed"))
    state.session_table.settle(found.every("agents"))
    state.tool_table.settle()
    state.request_table.restore_idle(found.every("idle"))
    for name, take_in in _takers(state).items():
        for form in found.every(name):
            take_in(form)


class _Parts:
    """Saved parts by their names, decoded one at a time."""

    def __init__(self, parts: Iterable[tuple[str, bytes]]) -> None:
        self._by_name: dict[str, list[bytes]] = defaultdict(list)
        for name, part in parts:
            self._by_name[name].append(part)
        if CLOCK not in self._by_name and self._by_name.keys() & {"models", "tool_windows"}:
            raise ValueError("slots are saved without their clock")

    def each(self, name: str) -> Iterator[Any]:
        """Yield what each part of that name holds."""
        return (_decode(name, part) for part in self._by_name.get(name, ()))

    def every(self, name: str) -> Iterator[Any]:
        """Yield the forms in all parts of that name, which are lists."""
        return (form for forms in self.each(name) for form in forms)


def _parts(state: State) -> Iterator[tuple[str, object]]:
    requests = state.request_table
    for name, parts in (
        ("models", state.model_table.save()),
        ("sessions", state.session_table.save()),
        ("requests", requests.save()),
        ("limits", state.limit_table.save()),
        ("queues", state.queue_table.save()),
        ("quotas", state.quota_table.save()),
        ("tool_windows", state.tool_table.save()),
        ("heard", state.heard_agents.save()),
        ("calls", state.call_ring.save()),
        ("events", state.event_ring.save()),
    ):
        for part in parts:
            yield name, part
    yield CLOCK, state.clock.save()
    yield "passed", list(state.model_table.passed)
    yield "agents", list(state.session_table.agents)
    yield "idle", requests.idle()
    yield "lone_ends", requests.lone_ends.save()
    yield "tools", state.tool_names.in_order()
    yield "channels", state.channel_names.in_order()
    yield "counts", _counts(state)


def _takers(state: State) -> dict[str, Callable[[Any], None]]:
    """Return what takes in, one after the other, the forms of each name."""
    return {
        "requests": state.request_table.restore,
        "lone_ends": state.request_table.lone_ends.restore,
        "limits": state.limit_table.restore,
        "queues": state.queue_table.restore,
        "quotas": state.quota_table.restore,
        "heard": state.heard_agents.restore,
        "calls": state.call_ring.add,
        "events": state.event_ring.restore,
        "tools": state.tool_names.add,
        "channels": state.channel_names.add,
    }


def _decode(name: str, part: bytes) -> Any:  # noqa: ANN401 - whichever form has that name
    try:
        return _DECODERS[name].decode(part)
    except (ValueError, RecursionError):
        # What msgspec says may quote what was pushed.
        raise ValueError(f"a saved part does not decode: {name}") from None


def _counts(state: State) -> SavedCounts:
    return SavedCounts(
        used=state.used,
        last_seq=state.event_ring.last_seq,
        messages_processed=state.messages_processed,
        errors=state.errors,
        completions=state.completions,
        completions_failed=state.completions_failed,
        latency_ms_sum=state.latency_ms_sum,
        latencies=state.latencies,
    )


def _restore_counts(state: State, counts: SavedCounts, *, totals: bool) -> None:
    state.used = counts.used
    state.event_ring.last_seq = counts.last_seq
    if not totals:
        return
    state.messages_processed = counts.messages_processed
    state.errors = counts.errors
    state.completions = counts.completions
    state.completions_failed = counts.completions_failed
    state.latency_ms_sum = counts.latency_ms_sum
    state.latencies = counts.latencies
