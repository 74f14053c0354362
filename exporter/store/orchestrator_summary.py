"""The summary that the orchestrator's TelemetryStore exports: what of it is known, and no more.

It holds, of each model, how many completions succeeded and failed over its window, the mean latency
of the successes, the instant of the newest event, and the end of a limit. That is taken in as it
stands: both counts, and mean times count as the sum of latencies. All of it goes into the slot of
the newest event, the only instant there is, so it leaves the window as one. Nothing is made up
beside: no completions, no quantiles, no tokens, no cost.

Its limits are guesses, an hour from the failure, so they are taken for guesses made when it was
exported: a success after that lifts them. The store it comes from knows no providers; a model's is
told from its name, like that of a completion.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from exporter.event.rejection import Code, Refusal
from exporter.event.tokens import COUNT_MAX
from exporter.event.types import NAME_LENGTH_MAX, UNKNOWN, Instant, Milliseconds
from exporter.store.aggregate import US_PER_MS
from exporter.store.credence import AHEAD_SECS_MAX, MODELS_MAX, SLOT_SECS_MIN
from exporter.store.limit import RESET_AHEAD_SECS_MAX
from exporter.store.limits import CALL
from exporter.store.summary import Count, LimitState, ModelState, NonEmpty, SlotState, State


class Performance(Struct, kw_only=True):
    """What it says of a model; the rest follows from that."""

    model: NonEmpty
    successful_completions: Count
    failed_completions: Count
    avg_latency_ms: Milliseconds | None = None
    last_event_at: Instant | None = None
    subscription_limit_expires_at: Instant | None = None


class _Summary(Struct):
    model_performances: list[Performance]


_decoder = msgspec.json.Decoder(_Summary)


def decode_performances(body: bytes) -> list[Performance]:
    """Return what a summary says of the models. Raises what `msgspec` raises."""
    return _decoder.decode(body).model_performances


def state_of(performances: list[Performance], *, exported_at: float, now: float) -> State:
    """Return what performances hold that were exported at `exported_at`, Unix seconds.

    Raises `Refusal`: `too_new` where an event is dated ahead of `now`, `out_of_range` where times
    add up to more than can be, a limit ends too far ahead, or there are too many models.
    """
    if len(performances) > MODELS_MAX:
        raise Refusal(Code.OUT_OF_RANGE, "too many for a summary", path="$.model_performances")
    return State(
        slot_secs=SLOT_SECS_MIN,
        session_slot_secs=SLOT_SECS_MIN,
        models=list(_models(performances, now)),
        sessions=[],
        limits=list(_limits(performances, min(exported_at, now), now)),
    )


def seconds(instant: object) -> float | None:
    """Return an instant as the wire may write it in Unix seconds; `None` where none is named."""
    if isinstance(instant, datetime):
        return instant.timestamp()
    return instant if isinstance(instant, float) else None


def _models(performances: list[Performance], now: float) -> Iterator[ModelState]:
    for n, performance in enumerate(performances):
        last_event_at = seconds(performance.last_event_at)
        messages = performance.successful_completions + performance.failed_completions
        if last_event_at is None or not messages:
            continue
        path = f"$.model_performances[{n}]"
        if last_event_at > now + AHEAD_SECS_MAX:
            raise Refusal(Code.TOO_NEW, "dated ahead of this clock", path=f"{path}.last_event_at")
        latency_us = 0
        if performance.avg_latency_ms is not None:
            total_ms = performance.avg_latency_ms * performance.successful_completions
            latency_us = round(total_ms * US_PER_MS)
        if messages > COUNT_MAX or latency_us > COUNT_MAX:
            raise Refusal(Code.OUT_OF_RANGE, "adds up to too much", path=path)
        yield ModelState(*_key(performance), [_slot(performance, last_event_at, latency_us)])


def _slot(performance: Performance, at: float, latency_us: int) -> SlotState:
    messages = performance.successful_completions + performance.failed_completions
    timed = performance.avg_latency_ms is not None
    return SlotState(
        starts_at=at,
        last_at=at,
        messages=messages,
        successes=performance.successful_completions,
        unpriced=messages,
        latency_us=latency_us,
        unbinned=performance.successful_completions if timed else 0,
        latencies={},
        **dict.fromkeys(("input", "output", "reasoning", "cache_read", "cache_write"), 0),
        **dict.fromkeys(("cost_nano", "ttft_us", "ttfts", "paced_tokens", "paced_us"), 0),
    )


def _limits(
    performances: list[Performance], signalled_at: float, now: float
) -> Iterator[LimitState]:
    for n, performance in enumerate(performances):
        reset_at = seconds(performance.subscription_limit_expires_at)
        if reset_at is None or reset_at <= now:
            continue
        if reset_at - signalled_at > RESET_AHEAD_SECS_MAX:
            path = f"$.model_performances[{n}].subscription_limit_expires_at"
            raise Refusal(Code.OUT_OF_RANGE, "the limit ends too far ahead", path=path)
        yield LimitState(*_key(performance), CALL, signalled_at, reset_at, known=False)


def _key(performance: Performance) -> tuple[str, str]:
    """Return provider and model, each cut like those of a completion."""
    prefix, slash, _ = performance.model.partition("/")
    provider = prefix if slash and prefix else UNKNOWN
    return provider[:NAME_LENGTH_MAX], performance.model[:NAME_LENGTH_MAX]
