"""The two strips of tiles at the top of Live ops: eight of how fast, eight of how well."""

from typing import Final

from deploy.grafana.generator import looks
from deploy.grafana.generator.boards.calls import (
    FAILED,
    cache_share,
    cost_per_hour,
    error_ratio,
    quota_used,
)
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import stat
from deploy.grafana.generator.queries import (
    UP,
    Query,
    at_once,
    highest,
    of_exporters,
    or_zero,
    quantile,
    rate,
    ratio,
    select,
    total,
    within,
)
from deploy.grafana.generator.variables import boundaries
from exporter.metrics.catalogue import (
    COMPLETION_DURATION,
    COMPLETION_TTFT,
    COMPLETIONS,
    QUEUE_DEPTH,
    RATE_LIMITED,
    REQUESTS_IN_FLIGHT,
    SESSIONS_ACTIVE,
    TOKENS,
    TOOL_CALLS,
    UNPRICED_COMPLETIONS,
)

LATENCY_OBJECTIVE: Final = boundaries(
    COMPLETION_DURATION,
    "latency_within",
    "Fast means within",
    "How long a completion may take to count as fast: a boundary of a bucket.",
    (1, 2.5, 5, 10, 20, 30, 60, 120),
    default=30,
)


def pace_tiles() -> list[Json]:
    """Return the tiles of what is going on."""
    latency, first = COMPLETION_DURATION, COMPLETION_TTFT
    tokens = or_zero(rate(TOKENS))
    return [
        stat(
            "Completions a minute",
            "Model calls that ended, a minute.",
            Query(f"{or_zero(rate(COMPLETIONS))} * 60"),
            "cpm",
            decimals=1,
        ),
        stat(
            "Tokens a minute",
            "Tokens of all kinds, a minute.",
            Query(f"{tokens} * 60"),
            "short",
        ),
        stat(
            "Cost an hour",
            "Dollars an hour at the present rate, as far as the cost is known.",
            Query(or_zero(cost_per_hour())),
            "currencyUSD",
        ),
        stat(
            "Requests in flight",
            "What users asked for and agents are working on.",
            Query(or_zero(total(select(REQUESTS_IN_FLIGHT)))),
            "short",
        ),
        stat(
            "Sessions",
            "Sessions that were heard of in the last minutes.",
            Query(or_zero(total(select(SESSIONS_ACTIVE)))),
            "short",
        ),
        stat(
            "Waiting",
            "Items in all queues, as last reported.",
            Query(or_zero(total(select(QUEUE_DEPTH)))),
            "short",
        ),
        stat(
            "First token p95",
            "95 of 100 calls got their first token within this.",
            at_once(quantile(0.95, first)),
            "s",
            none=looks.NOT_TOLD,
        ),
        stat(
            "Latency p95", "95 of 100 calls took no longer.", at_once(quantile(0.95, latency)), "s"
        ),
    ]


def health_tiles() -> list[Json]:
    """Return the tiles that judge, and two shares that only tell."""
    failed_tools = or_zero(rate(TOOL_CALLS, FAILED))
    unpriced = or_zero(rate(UNPRICED_COMPLETIONS))
    shown = _judging
    return [
        shown("Errors", "Share of model calls that failed.", error_ratio(), looks.FEW_ARE_GOOD),
        shown(
            "Fast enough",
            "Share of calls that took no longer than the variable says.",
            within("$latency_within", COMPLETION_DURATION),
            looks.MOST_IS_GOOD,
        ),
        shown(
            "Tool errors",
            "Share of tool calls that failed. Agents try things: some always do.",
            ratio(failed_tools, rate(TOOL_CALLS)),
            looks.thresholds("green", (0.15, "orange"), (0.3, "red")),
            none=looks.NO_TOOLS,
        ),
        stat(
            "Models limited",
            "Models that refuse calls now. A provider that refuses all, and of which no model is "
            "known, counts as one.",
            at_once(_limited()),
            "short",
            judge=looks.NONE_IS_GOOD,
        ),
        shown(
            "Fullest quota",
            "How much is used of the allowance of which most is used.",
            highest(quota_used()),
            looks.FULL_IS_BAD,
            none=looks.NO_QUOTA,
        ),
        stat(
            "From cache",
            "Share of prompt tokens that came from a cache, which is the cheap way.",
            at_once(cache_share()),
            "percentunit",
            decimals=1,
            none=looks.NOT_TOLD,
        ),
        stat(
            "Cost unknown",
            "Share of calls whose cost is unknown, and so missing from all costs.",
            at_once(ratio(unpriced, rate(COMPLETIONS))),
            "percentunit",
            decimals=1,
        ),
        stat(
            "Exporters down",
            "Exporters that Prometheus could not scrape last time.",
            at_once(or_zero(f"count({of_exporters(UP)} == 0)")),
            "short",
            judge=looks.NONE_IS_GOOD,
        ),
    ]


def _judging(title: str, about: str, share: str, judge: Json, none: str = looks.NO_TRAFFIC) -> Json:
    return stat(title, about, at_once(share), "percentunit", judge=judge, decimals=1, none=none)


def _limited() -> str:
    """Return how many models are limited: with a provider all that are known of it say so."""
    of_models = highest(select(RATE_LIMITED, 'model!=""'), "provider, model")
    of_providers = highest(select(RATE_LIMITED, 'model=""'), "provider")
    nameless = f"{of_providers} unless on (provider) {of_models}"
    return f"{or_zero(total(of_models))} + {or_zero(total(nameless))}"
