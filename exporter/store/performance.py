"""From aggregates to answers: averages, rates, quantiles, and nothing where there is no data."""

from exporter.store.aggregate import US_PER_MS, Completions, Usage
from exporter.store.answers import (
    ModelPerformance,
    ModelUsage,
    TokenTotals,
    instant,
)
from exporter.store.latency import quantiles_ms


def performance(
    model: str,
    provider: str | None,
    total: Completions | None,
    *,
    window_secs: float,
    stale: bool,
    reset_at: float | None,
) -> ModelPerformance:
    """Return how a model did, from what is in its window and when its limit resets, if limited."""
    sums = total or Completions()
    p50, p95, p99 = quantiles_ms(sums.latencies, (0.5, 0.95, 0.99))
    return ModelPerformance(
        model=model,
        provider=provider,
        successful_completions=sums.successes,
        failed_completions=sums.messages - sums.successes,
        window_secs=window_secs,
        throughput=sums.successes / window_secs,
        avg_latency_ms=_ratio(sums.latency_us / US_PER_MS, sums.timed),
        p50_latency_ms=p50,
        p95_latency_ms=p95,
        p99_latency_ms=p99,
        avg_ttft_ms=_ratio(sums.ttft_us / US_PER_MS, sums.ttfts),
        output_tokens_per_second=_ratio(sums.paced_tokens, sums.paced_us / 1e6),
        success_rate=_ratio(sums.successes, sums.messages),
        tokens=_token_totals(sums),
        cost_usd=sums.cost_usd,
        last_event_at=instant(sums.last_at) if total else None,
        stale=stale,
        subscription_limit_reached=reset_at is not None,
        subscription_limit_expires_at=instant(reset_at) if reset_at is not None else None,
    )


def _ratio(amount: float, of: float) -> float | None:
    return amount / of if of else None


def _token_totals(usage: Usage) -> TokenTotals:
    return TokenTotals(
        input=usage.input,
        output=usage.output,
        reasoning=usage.reasoning,
        cache_read=usage.cache_read,
        cache_write=usage.cache_write,
        total=usage.tokens,
    )


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
