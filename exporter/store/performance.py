"""From aggregates to answers: averages, rates, quantiles, and nothing where there is no data.

How a model did is told from its window as it lies there, past slots and open slot: to make a total
of them first would take 5 us more, half as long again.
"""

from math import inf
from typing import Final

from exporter.store.aggregate import NANO_PER_USD, US_PER_MS, Completions, Usage
from exporter.store.answers import ModelPerformance, ModelUsage, TokenTotals, instant
from exporter.store.model_window import ModelWindow
from exporter.store.open_slot import OpenSlot

_QUANTILES: Final = (0.5, 0.95, 0.99)


def performance(
    model: str,
    provider: str | None,
    window: ModelWindow,
    *,
    window_secs: float,
    stale: bool,
    reset_at: float | None,
) -> ModelPerformance:
    """Return how a model did, from its window and when its limit resets, if it is limited.

    It is as of the last `leave` of the window.
    """
    past, opened = window.past_sum(), window.open
    samples, (p50_ms, p95_ms, p99_ms) = window.ranks().quantiles_ms(_QUANTILES)
    successes = past.successes + opened.successes
    messages = past.messages + opened.successes + opened.failures
    opened_us = round(opened.latency_ms * US_PER_MS)
    latency_us = past.latency_us + opened_us
    timed = samples + past.unbinned + opened.unbinned
    priced = messages > past.unpriced + opened.unpriced
    last_at = opened.last_at
    return ModelPerformance(  # By their order: by their names it takes 1.5 us more.
        model,
        provider,
        successes,
        messages - successes,
        window_secs,
        successes / window_secs,
        latency_us / US_PER_MS / timed if timed else None,
        p50_ms,
        p95_ms,
        p99_ms,
        _mean_ttft_ms(past, opened),
        _output_tokens_per_second(past, opened, opened_us),
        successes / messages if messages else None,
        _token_totals(past, opened),
        (past.cost_nano + opened.cost_nano) / NANO_PER_USD if priced else None,
        instant(last_at) if last_at > -inf else None,
        stale,
        reset_at is not None,
        instant(reset_at) if reset_at is not None else None,
    )


def _mean_ttft_ms(past: Completions, opened: OpenSlot) -> float | None:
    ttfts = past.ttfts + opened.ttfts
    ttft_us = past.ttft_us + round(opened.ttft_ms * US_PER_MS)
    return ttft_us / US_PER_MS / ttfts if ttfts else None


def _output_tokens_per_second(past: Completions, opened: OpenSlot, opened_us: int) -> float | None:
    generated = opened.output + opened.reasoning
    tokens = past.paced_tokens + generated - opened.unpaced_tokens
    us = past.paced_us + opened_us - round(opened.unpaced_ms * US_PER_MS)
    return tokens / (us / 1e6) if us else None


def _token_totals(past: Completions, opened: OpenSlot) -> TokenTotals:
    input_ = past.input + opened.input
    output = past.output + opened.output
    reasoning = past.reasoning + opened.reasoning
    cache_read = past.cache_read + opened.cache_read
    cache_write = past.cache_write + opened.cache_write
    total = input_ + output + reasoning + cache_read + cache_write
    return TokenTotals(input_, output, reasoning, cache_read, cache_write, total)


def model_usage(usage: Usage) -> ModelUsage:
    """Return what was used, as it is told."""
    return ModelUsage(
        input_tokens=usage.input,
        output_tokens=usage.output,
        reasoning_tokens=usage.reasoning,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        total_tokens=usage.tokens,
        cost_usd=usage.cost_usd,
        message_count=usage.messages,
    )
