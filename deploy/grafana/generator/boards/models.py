"""Models: which one is faster, cheaper, more reliable, and since when."""

from typing import Final

from deploy.grafana.generator import looks
from deploy.grafana.generator.boards.calls import (
    BY_MODEL,
    MODEL_LEGEND,
    cache_share,
    cost_per_call,
    error_ratio,
    generating_speed,
)
from deploy.grafana.generator.dashboard import dashboard
from deploy.grafana.generator.layout import Band
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import timeseries
from deploy.grafana.generator.queries import SHOWN, Query, growth, quantile, rate, ratio
from deploy.grafana.generator.tables import Column, count, only_this, table
from exporter.metrics.catalogue import (
    COMPLETION_DURATION,
    COMPLETION_ERRORS,
    COMPLETION_FINISHES,
    COMPLETION_INPUT_TOKENS,
    COMPLETION_OUTPUT_TOKENS,
    COMPLETION_TTFT,
    COMPLETIONS,
    COST,
    TOKENS,
)

UID: Final = "agent-models"


def board() -> Json:
    """Return the board."""
    return dashboard(
        UID,
        "Agents / Models",
        "Models side by side over time: latency, speed, errors, cost and size of calls.",
        [
            Band([_comparison()], height=10),
            Band([_calls(), _error_ratio()], title="Traffic and errors"),
            Band([_errors(), _finishes()]),
            Band(_latencies(), title="Latency and speed"),
            Band([_first_token(), _speed()]),
            Band(_sizes(), title="Size of calls"),
            Band([_cost_of_call(), _cached()], title="Cost and cache"),
        ],
        since="now-6h",
    )


def _comparison() -> Json:
    duration, over = COMPLETION_DURATION, SHOWN
    judged = looks.FEW_ARE_GOOD
    tokens = ratio(growth(TOKENS, by=BY_MODEL), growth(COMPLETIONS, by=BY_MODEL))
    return table(
        "Comparison",
        "Every model over the time shown. A click on a model shows the board for it alone.",
        ["provider", "model"],
        [
            count("Calls", growth(COMPLETIONS, by=BY_MODEL)),
            Column("Errors", error_ratio(BY_MODEL, over=over), "percentunit", judged),
            Column("p50", quantile(0.5, duration, by=BY_MODEL, over=over), "s"),
            Column("p95", quantile(0.95, duration, by=BY_MODEL, over=over), "s"),
            Column("TTFT p50", quantile(0.5, COMPLETION_TTFT, by=BY_MODEL, over=over), "s"),
            Column("TTFT p95", quantile(0.95, COMPLETION_TTFT, by=BY_MODEL, over=over), "s"),
            Column("Tokens/s", generating_speed(BY_MODEL, over=over)),
            count("Tokens a call", tokens),
            Column("Cached", cache_share(BY_MODEL, over=over), "percentunit"),
            Column("Cost", growth(COST, by=BY_MODEL), "currencyUSD"),
            Column("$ a call", cost_per_call(BY_MODEL, over=over), "currencyUSD"),
        ],
        link=only_this(UID, {"provider": "provider", "model": "model"}),
    )


def _calls() -> Json:
    return timeseries(
        "Completions",
        "Calls of each model that ended, a minute.",
        Query(f"{rate(COMPLETIONS, by=BY_MODEL)} * 60", MODEL_LEGEND),
        "cpm",
        stacked=True,
    )


def _error_ratio() -> Json:
    return timeseries(
        "Errors",
        "Share of the calls of each model that failed.",
        Query(error_ratio(BY_MODEL), MODEL_LEGEND),
        "percentunit",
        most=1,
    )


def _errors() -> Json:
    by_type = rate(COMPLETION_ERRORS, by=f"{BY_MODEL}, error_type")
    return timeseries(
        "Errors by model and type",
        "Failed calls a minute: the twelve kinds of failure that are most frequent.",
        Query(f"topk(12, {by_type} * 60 > 0)", f"{MODEL_LEGEND} {{{{error_type}}}}"),
        "cpm",
        stacked=True,
        none=looks.NO_ERRORS,
    )


def _finishes() -> Json:
    return timeseries(
        "Why models stopped",
        "Completions a minute by what ended them: length is an answer that was cut off.",
        Query(f"{rate(COMPLETION_FINISHES, by='reason')} * 60", "{{reason}}"),
        "cpm",
        colours=looks.FINISHES,
        stacked=True,
        none=looks.NOT_TOLD,
    )


def _latencies() -> list[Json]:
    return [
        timeseries(
            f"Latency {name}",
            f"{about} took no longer, failed ones included.",
            Query(quantile(share, COMPLETION_DURATION, by=BY_MODEL), MODEL_LEGEND, exemplar=True),
            "s",
        )
        for name, share, about in (
            ("p50", 0.5, "Half of the calls"),
            ("p95", 0.95, "95 of 100 calls"),
            ("p99", 0.99, "99 of 100 calls"),
        )
    ]


def _first_token() -> Json:
    return timeseries(
        "First token p95",
        "95 of 100 calls got their first token within this.",
        Query(quantile(0.95, COMPLETION_TTFT, by=BY_MODEL), MODEL_LEGEND),
        "s",
        none=looks.NOT_TOLD,
    )


def _speed() -> Json:
    return timeseries(
        "Tokens a second",
        "Tokens generated for each second that calls took, the wait for the first one included.",
        Query(generating_speed(BY_MODEL), MODEL_LEGEND),
        "short",
        none=looks.NOT_TOLD,
    )


def _sizes() -> list[Json]:
    return [
        timeseries(
            title,
            about,
            Query(quantile(0.95, family, by=BY_MODEL), MODEL_LEGEND),
            "short",
            none=looks.NOT_TOLD,
        )
        for title, about, family in (
            (
                "Prompt tokens p95",
                "95 of 100 calls were given no more tokens, those from a cache included.",
                COMPLETION_INPUT_TOKENS,
            ),
            (
                "Generated tokens p95",
                "95 of 100 calls generated no more tokens, those of reasoning included.",
                COMPLETION_OUTPUT_TOKENS,
            ),
        )
    ]


def _cost_of_call() -> Json:
    return timeseries(
        "Cost of a call",
        "Dollars for each call on average; a call whose cost is unknown counts as free.",
        Query(cost_per_call(BY_MODEL), MODEL_LEGEND),
        "currencyUSD",
        none=looks.NO_COST,
    )


def _cached() -> Json:
    return timeseries(
        "From cache",
        "Share of prompt tokens that came from a cache.",
        Query(cache_share(BY_MODEL), MODEL_LEGEND),
        "percentunit",
        most=1,
        none=looks.NOT_TOLD,
    )
