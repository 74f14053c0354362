"""What a summary may say to be believed.

A part is no more than its whole, latencies add up to what their buckets allow, nothing is dated
ahead of our clock, and there is no more of anything than any store exports. What is refused is told
by its place alone.
"""

from collections.abc import Iterator, Sized
from typing import Final

from exporter.event.rejection import Code, Refusal
from exporter.event.tokens import COUNT_MAX
from exporter.event.types import MILLISECONDS_MAX
from exporter.store.aggregate import US_PER_MS
from exporter.store.latency import sum_range_us
from exporter.store.limit import RESET_AHEAD_SECS_MAX
from exporter.store.summary import SlotState, State

AHEAD_SECS_MAX: Final = 600.0
"""How far ahead of our clock a summary, or anything in it, may be dated."""

MODELS_MAX: Final = 10_000
SESSIONS_MAX: Final = 100_000
LIMITS_MAX: Final = 10_000
SLOTS_MAX: Final = 10_000
SLOT_SECS_MIN: Final = 1e-3

_ROUNDED_US: Final = 1.0
"""By how much a latency may differ from what it added to a sum: each slot is rounded once."""

_ROUNDED_RATIO: Final = 1e-9
"""By how much the sum of many floats may differ from what they add up to."""


def check(state: State, now: float) -> None:
    """Raise `Refusal` where something is dated too far ahead of `now`, or cannot be."""
    for path, many, many_max in _sizes(state):
        if len(many) > many_max:
            raise Refusal(Code.OUT_OF_RANGE, "too many for a summary", path=path)
    for name, secs in (
        ("slot_secs", state.slot_secs),
        ("session_slot_secs", state.session_slot_secs),
    ):
        if secs < SLOT_SECS_MIN:
            raise Refusal(Code.OUT_OF_RANGE, "slots are too short", path=f"$.state.{name}")
    for path, at in _instants(state):
        if at > now + AHEAD_SECS_MAX:
            raise Refusal(Code.TOO_NEW, "the summary is dated ahead of this clock", path=path)
    for path, part, whole in _parts_of_wholes(state):
        if part > whole:
            raise Refusal(Code.OUT_OF_RANGE, "a part is more than its whole", path=path)


def _sizes(state: State) -> Iterator[tuple[str, Sized, int]]:
    yield "$.state.models", state.models, MODELS_MAX
    yield "$.state.sessions", state.sessions, SESSIONS_MAX
    yield "$.state.limits", state.limits, LIMITS_MAX
    for m, model in enumerate(state.models):
        yield f"$.state.models[{m}].slots", model.slots, SLOTS_MAX
    for n, session in enumerate(state.sessions):
        yield f"$.state.sessions[{n}].slots", session.slots, SLOTS_MAX


def _instants(state: State) -> Iterator[tuple[str, float]]:
    for m, model in enumerate(state.models):
        for s, slot in enumerate(model.slots):
            yield f"$.state.models[{m}].slots[{s}].starts_at", slot.starts_at
            yield f"$.state.models[{m}].slots[{s}].last_at", slot.last_at
    for n, session in enumerate(state.sessions):
        yield f"$.state.sessions[{n}].last_event_at", session.last_event_at
        for s, part in enumerate(session.slots):
            yield f"$.state.sessions[{n}].slots[{s}].starts_at", part.starts_at
    for n, limit in enumerate(state.limits):
        yield f"$.state.limits[{n}].signalled_at", limit.signalled_at


def _parts_of_wholes(state: State) -> Iterator[tuple[str, float, float]]:
    for m, model in enumerate(state.models):
        for s, slot in enumerate(model.slots):
            yield from _parts_of_slot(f"$.state.models[{m}].slots[{s}]", slot)
    for n, session in enumerate(state.sessions):
        for s, part in enumerate(session.slots):
            for usage in part.by_model.values():
                path = f"$.state.sessions[{n}].slots[{s}].by_model[...].unpriced"
                yield path, usage.unpriced, usage.messages
    for n, limit in enumerate(state.limits):
        reset_secs = (limit.reset_at or 0.0) - limit.signalled_at
        yield f"$.state.limits[{n}].reset_at", reset_secs, RESET_AHEAD_SECS_MAX


def _parts_of_slot(path: str, slot: SlotState) -> Iterator[tuple[str, float, float]]:
    timed = sum(slot.latencies.values()) + slot.unbinned
    yield f"{path}.unpriced", slot.unpriced, slot.messages
    yield f"{path}.successes", slot.successes, slot.messages
    yield f"{path}.latencies", timed, slot.successes
    yield f"{path}.paced_tokens", slot.paced_tokens, slot.output + slot.reasoning
    yield f"{path}.paced_us", slot.paced_us, slot.latency_us
    least, most = _latency_range_us(slot)
    slack = timed * _ROUNDED_US
    yield f"{path}.latency_us", least * (1 - _ROUNDED_RATIO) - slack, slot.latency_us
    yield f"{path}.latency_us", slot.latency_us, most * (1 + _ROUNDED_RATIO) + slack
    ttfts_us = slot.ttfts * (MILLISECONDS_MAX * US_PER_MS + _ROUNDED_US)
    yield f"{path}.ttft_us", slot.ttft_us, ttfts_us * (1 + _ROUNDED_RATIO)


def _latency_range_us(slot: SlotState) -> tuple[float, float]:
    """Return the least and the most that the latencies of a slot may add up to, as it is told.

    A sum is cut at `COUNT_MAX`. Those in no bucket are each as short or as long as may be.
    """
    least, most = sum_range_us(slot.latencies)
    most += slot.unbinned * MILLISECONDS_MAX * US_PER_MS
    return min(least, COUNT_MAX), min(most, COUNT_MAX)
