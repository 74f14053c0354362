"""What the store answers: frozen Structs, as they stand in the JSON.

Times are aware UTC datetimes, which encode as RFC 3339. What is unknown is `None`, never 0.
"""

from datetime import UTC, datetime
from typing import Final

from msgspec import Raw, Struct

from exporter.event.types import Level

_SECOND_MIN: Final = -62_135_596_800.0
_SECOND_MAX: Final = 253_402_300_799.0


def instant(at: float) -> datetime:
    """Return the Unix second `at` as a datetime, held within the years 1 to 9999."""
    if not _SECOND_MIN <= at <= _SECOND_MAX:  # Calls to `min` and `max` take twice as long.
        at = _SECOND_MIN if at < _SECOND_MIN else _SECOND_MAX
    return datetime.fromtimestamp(at, UTC)


class TokenTotals(Struct, frozen=True, gc=False):
    """Tokens by their disjoint parts, and the sum of these."""

    input: int
    output: int
    reasoning: int
    cache_read: int
    cache_write: int
    total: int


class ModelPerformance(Struct, frozen=True, gc=False):
    """How a model did over the window.

    Latencies are those of successes. `throughput` is successes a second, over the whole window.
    `output_tokens_per_second` is what was generated, reasoning included, over the time of the
    calls that generated it. `provider` is `None` where several are added up.
    """

    model: str
    provider: str | None
    successful_completions: int
    failed_completions: int
    window_secs: float
    throughput: float
    avg_latency_ms: float | None
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    p99_latency_ms: float | None
    avg_ttft_ms: float | None
    output_tokens_per_second: float | None
    success_rate: float | None
    tokens: TokenTotals
    cost_usd: float | None
    last_event_at: datetime | None
    stale: bool
    subscription_limit_reached: bool
    subscription_limit_expires_at: datetime | None


class ModelUsage(Struct, frozen=True, gc=False):
    """What some completions used; `message_count` is how many."""

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    total_tokens: int
    cost_usd: float | None
    message_count: int


class UsageSnapshot(Struct, frozen=True):
    """What a session used over the window; it leaves in steps of a twelfth of the window.

    So it may tell of what happened up to such a step before `window_start`.
    """

    id: str
    window_start: datetime
    window_end: datetime
    by_model: dict[str, ModelUsage]
    totals: ModelUsage


class InFlight(Struct, frozen=True):
    """A request in flight."""

    id: str
    session_id: str | None
    channel: str
    agent: str
    started_at: datetime
    duration_ms: float


class ToolPerformance(Struct, frozen=True):
    """How a tool of an agent did over the window; durations are of all calls that told one."""

    agent: str
    tool: str
    calls: int
    failures: int
    success_rate: float | None
    avg_duration_ms: float | None
    p95_duration_ms: float | None
    last_event_at: datetime


class QuotaReading(Struct, frozen=True):
    """How much of an allowance was used at `read_at`; without a model, of the provider's.

    Once `resets_at` has come, what is used and whether calls are refused is unknown.
    """

    agent: str
    provider: str
    model: str | None
    window: str
    used_ratio: float | None
    limited: bool | None
    resets_at: datetime | None
    read_at: datetime


class QueueReading(Struct, frozen=True):
    """How many items waited in a queue at `read_at`."""

    agent: str
    queue: str
    depth: int
    read_at: datetime


class HeardAgent(Struct, frozen=True):
    """An agent that pushed.

    `last_event_at` is the instant of its newest event, `last_heard_at` when one last arrived.
    """

    agent: str
    events: int
    last_event_at: datetime
    last_heard_at: datetime


class Call(Struct, frozen=True):
    """A recent completion: `input_tokens` is all that went in, `output_tokens` all that came out.

    `tokens_per_second` is the latter over the latency.
    """

    timestamp: datetime
    agent: str
    session_id: str | None
    provider: str
    model: str
    success: bool
    latency_ms: float | None
    ttft_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    tokens_per_second: float | None
    cost_usd: float | None
    error: str | None
    error_type: str | None


class RingEvent(Struct, frozen=True):
    """Something that happened, as the event ring tells it; `context` is a JSON object, encoded."""

    seq: int
    timestamp: datetime
    level: Level
    source: str
    message: str
    context: Raw | None


class ModelCalls(Struct, frozen=True):
    """All completions since the start; the latency is that of successes."""

    total: int
    avg_latency_ms: float | None
    error_rate: float | None
    recent: list[Call]


class Snapshot(Struct, frozen=True):
    """The process at a glance; `uptime` is in seconds."""

    messages_processed: int
    errors: int
    active_requests: int
    uptime: float
    queue_depth: int
    model_calls: ModelCalls
