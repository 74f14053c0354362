"""Questions about model calls and allowances that several panels ask alike."""

from typing import Final

from deploy.grafana.generator.queries import growth, rate, ratio, select
from exporter.metrics.catalogue import (
    COMPLETION_DURATION,
    COMPLETIONS,
    COST,
    QUOTA_RESET,
    QUOTA_USED,
    TOKENS,
)

BY_MODEL: Final = "provider, model"
MODEL_LEGEND: Final = "{{provider}} {{model}}"
FAILED: Final = 'outcome="error"'
HOUR_SECS: Final = 3600

_GENERATED: Final = 'type=~"output|reasoning"'
_PROMPT: Final = 'type=~"input|cache_read|cache_write"'
_CACHED: Final = 'type="cache_read"'


def error_ratio(by: str = "", *, over: str = "") -> str:
    """Return the share of completions that failed: of just now, or over a duration."""
    if over:
        failed = growth(COMPLETIONS, FAILED, by=by, over=over)
        return ratio(failed, growth(COMPLETIONS, by=by, over=over))
    return ratio(rate(COMPLETIONS, FAILED, by=by), rate(COMPLETIONS, by=by))


def cost_per_hour(by: str = "") -> str:
    """Return dollars an hour, at the present rate."""
    return f"{rate(COST, by=by)} * {HOUR_SECS}"


def cache_share(by: str = "", *, over: str = "") -> str:
    """Return the share of prompt tokens that came from a cache."""
    if over:
        cached = growth(TOKENS, _CACHED, by=by, over=over)
        return ratio(cached, growth(TOKENS, _PROMPT, by=by, over=over))
    return ratio(rate(TOKENS, _CACHED, by=by), rate(TOKENS, _PROMPT, by=by))


def generating_speed(by: str = "", *, over: str = "") -> str:
    """Return tokens generated for each second that calls took, the wait for the first included."""
    if over:
        generated = growth(TOKENS, _GENERATED, by=by, over=over)
        return ratio(generated, growth(COMPLETION_DURATION, by=by, part="sum", over=over))
    return ratio(rate(TOKENS, _GENERATED, by=by), rate(COMPLETION_DURATION, by=by, part="sum"))


def cost_per_call(by: str = "", *, over: str = "") -> str:
    """Return dollars for each completion; those whose cost is unknown count as free."""
    if over:
        return ratio(growth(COST, by=by, over=over), growth(COMPLETIONS, by=by, over=over))
    return ratio(rate(COST, by=by), rate(COMPLETIONS, by=by))


def quota_used() -> str:
    """Return the share used of each allowance, unless it was renewed after that was told."""
    return f"{select(QUOTA_USED)} unless {select(QUOTA_RESET)} <= time()"
