"""Live ops: what is going on now, and what is wrong with it."""

from typing import Final

from deploy.grafana.generator import looks
from deploy.grafana.generator.boards import live_activity, live_limits
from deploy.grafana.generator.boards.calls import (
    BY_MODEL,
    MODEL_LEGEND,
    cache_share,
    cost_per_hour,
    error_ratio,
    generating_speed,
)
from deploy.grafana.generator.boards.live_tiles import LATENCY_OBJECTIVE, health_tiles, pace_tiles
from deploy.grafana.generator.dashboard import dashboard
from deploy.grafana.generator.layout import Band
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import heatmap, timeseries
from deploy.grafana.generator.queries import (
    RATE_INTERVAL,
    SHOWN,
    Query,
    growth,
    highest,
    quantile,
    rate,
    select,
)
from deploy.grafana.generator.tables import Column, count, only_this, table
from exporter.metrics.catalogue import (
    COMPLETION_DURATION,
    COMPLETION_ERRORS,
    COMPLETION_TTFT,
    COMPLETIONS,
    RATE_LIMITED,
    TOKENS,
)

UID: Final = "agent-live-ops"


def board() -> Json:
    """Return the board."""
    return dashboard(
        UID,
        "Agents / Live ops",
        "What AI agents are doing now: calls, latency, cost, errors, limits, tools and queues.",
        [
            Band(pace_tiles(), height=4),
            Band(health_tiles(), height=4),
            Band([_models()], height=9, title="Models"),
            Band([_latency(), _first_token(), _latency_map()], title="Latency"),
            Band([_outcomes(), _errors(), _error_ratios()], title="Outcomes"),
            Band([_tokens(), _cost_by_model(), _cost_by_agent()], title="Tokens and cost"),
            Band(live_activity.requests(), title="Requests and queues"),
            Band(live_activity.tools(), title="Tools"),
            Band(live_limits.limits(), widths=(16, 8), title="Limits and quotas"),
            Band(live_limits.quotas()),
            Band(live_activity.work(), title="Work and logs"),
            Band(live_activity.decisions_and_log()),
        ],
        own_variables=[LATENCY_OBJECTIVE],
    )


def _models() -> Json:
    latency, shown = COMPLETION_DURATION, SHOWN
    return table(
        "Models",
        "Every model over the time shown. A click on a model shows the board for it alone.",
        ["provider", "model"],
        [
            count("Calls", growth(COMPLETIONS, by=BY_MODEL)),
            Column("Errors", error_ratio(BY_MODEL, over=shown), "percentunit", looks.FEW_ARE_GOOD),
            Column("p50", quantile(0.5, latency, by=BY_MODEL, over=shown), "s"),
            Column("p95", quantile(0.95, latency, by=BY_MODEL, over=shown), "s"),
            Column("p99", quantile(0.99, latency, by=BY_MODEL, over=shown), "s"),
            Column("TTFT p95", quantile(0.95, COMPLETION_TTFT, by=BY_MODEL, over=shown), "s"),
            Column("Tokens/s", generating_speed(BY_MODEL, over=shown)),
            Column("Cached", cache_share(BY_MODEL, over=shown), "percentunit"),
            Column("$/h", cost_per_hour(BY_MODEL), "currencyUSD"),
            Column(
                "Limit",
                highest(select(RATE_LIMITED), BY_MODEL),
                mappings=tuple(looks.LIMITED),
            ),
        ],
        link=only_this(UID, {"provider": "provider", "model": "model"}),
    )


def _latency() -> Json:
    return timeseries(
        "Latency of completions",
        "Wall time of model calls, failed ones included. The points are traces, where agents tell.",
        [
            Query(quantile(0.5, COMPLETION_DURATION), "p50", exemplar=True),
            Query(quantile(0.95, COMPLETION_DURATION), "p95", exemplar=True),
            Query(quantile(0.99, COMPLETION_DURATION), "p99", exemplar=True),
        ],
        "s",
        colours=looks.QUANTILES,
    )


def _first_token() -> Json:
    return timeseries(
        "Time to first token",
        "How long a call waits for its first token, as far as agents tell.",
        [
            Query(quantile(0.5, COMPLETION_TTFT), "p50"),
            Query(quantile(0.95, COMPLETION_TTFT), "p95"),
            Query(quantile(0.99, COMPLETION_TTFT), "p99"),
        ],
        "s",
        colours=looks.QUANTILES,
        none=looks.NOT_TOLD,
    )


def _latency_map() -> Json:
    buckets = select(COMPLETION_DURATION, part="bucket")
    return heatmap(
        "Latency of completions, every one",
        "How many calls took how long: two bands are two kinds of calls, which no quantile shows.",
        Query(f"sum by (le) (increase({buckets}[{RATE_INTERVAL}]))", "{{le}}", form="heatmap"),
        "s",
    )


def _outcomes() -> Json:
    return timeseries(
        "Completions by outcome",
        "Model calls that ended, a minute.",
        Query(f"{rate(COMPLETIONS, by='outcome')} * 60", "{{outcome}}"),
        "cpm",
        colours=looks.OUTCOMES,
        stacked=True,
    )


def _errors() -> Json:
    return timeseries(
        "Errors by type",
        "Failed model calls a minute, by what kind of failure it was.",
        Query(f"{rate(COMPLETION_ERRORS, by='error_type')} * 60 > 0", "{{error_type}}"),
        "cpm",
        colours=looks.ERROR_TYPES,
        stacked=True,
        none=looks.NO_ERRORS,
    )


def _error_ratios() -> Json:
    return timeseries(
        "Errors by model",
        "Share of the calls of each model that failed.",
        Query(error_ratio(BY_MODEL), MODEL_LEGEND),
        "percentunit",
        most=1,
    )


def _tokens() -> Json:
    return timeseries(
        "Tokens by type",
        "Tokens a second, in five parts that do not overlap.",
        Query(rate(TOKENS, by="type"), "{{type}}"),
        "short",
        colours=looks.TOKENS,
        stacked=True,
        none=looks.NOT_TOLD,
    )


def _cost_by_model() -> Json:
    return timeseries(
        "Cost by model",
        "Dollars an hour at the present rate, as far as the cost is known.",
        Query(cost_per_hour(BY_MODEL), MODEL_LEGEND),
        "currencyUSD",
        stacked=True,
        none=looks.NO_COST,
    )


def _cost_by_agent() -> Json:
    return timeseries(
        "Cost by agent",
        "Dollars an hour at the present rate, as far as the cost is known.",
        Query(cost_per_hour("agent"), "{{agent}}"),
        "currencyUSD",
        stacked=True,
        none=looks.NO_COST,
    )
