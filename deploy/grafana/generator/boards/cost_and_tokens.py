"""Cost and tokens: what is spent, by whom, on what, and whether that is within the budget."""

from typing import Final

from deploy.grafana.generator import looks
from deploy.grafana.generator.boards.calls import (
    BY_MODEL,
    HOUR_SECS,
    MODEL_LEGEND,
    cache_share,
    cost_per_call,
    cost_per_hour,
)
from deploy.grafana.generator.dashboard import dashboard
from deploy.grafana.generator.layout import Band
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import bar_gauge, stat, timeseries
from deploy.grafana.generator.queries import (
    SHOWN,
    Query,
    at_once,
    growth,
    or_zero,
    rate,
    ratio,
)
from deploy.grafana.generator.tables import Column, count, only_this, table
from deploy.grafana.generator.variables import text
from exporter.metrics.catalogue import (
    COMPLETIONS,
    COST,
    TOKEN_MISMATCHES,
    TOKENS,
    UNPRICED_COMPLETIONS,
)

UID: Final = "agent-cost"

BUDGET: Final = text(
    "budget_usd_per_day",
    "Budget, $ a day",
    "What may be spent a day. The alert has a budget of its own, in its recording rules.",
    default="100",
)

_DAY_HOURS: Final = 24
_MONTH_DAYS: Final = 30


def board() -> Json:
    """Return the board."""
    return dashboard(
        UID,
        "Agents / Cost and tokens",
        "What AI agents spend: dollars and tokens by agent and model, caching, and the budget.",
        [
            Band(_tiles(), height=4),
            Band([_spending(), _against_budget()], title="Spending"),
            Band([_by_agent(), _by_model()]),
            Band([_spenders()], height=9),
            Band([_tokens(), _tokens_by_agent(), _tokens_by_model()], title="Tokens"),
            Band([_cached(), _cost_of_call(), _unknown()], title="Worth a look"),
        ],
        own_variables=[BUDGET],
        since="now-24h",
        refresh="1m",
    )


def _tiles() -> list[Json]:
    spent, unpriced = or_zero(growth(COST)), or_zero(growth(UNPRICED_COMPLETIONS))
    per_day = f"{or_zero(cost_per_hour())} * {_DAY_HOURS}"
    return [
        stat(
            "Spent",
            "Dollars over the time shown. What was spent before an exporter was first scraped "
            "is not in it.",
            at_once(spent),
            "currencyUSD",
        ),
        stat("A day", "Dollars a day at the present rate.", Query(per_day), "currencyUSD"),
        stat(
            "A month",
            "Dollars in 30 days, if all went on as over the time shown.",
            at_once(f"{spent} / $__range_s * {HOUR_SECS * _DAY_HOURS * _MONTH_DAYS}"),
            "currencyUSD",
        ),
        stat(
            "Of the budget",
            "The present rate as a share of what may be spent.",
            at_once(f"{per_day} / $budget_usd_per_day"),
            "percentunit",
            judge=looks.thresholds("green", (0.8, "orange"), (1, "red")),
            decimals=0,
        ),
        stat("Tokens", "Tokens over the time shown.", at_once(or_zero(growth(TOKENS))), "short"),
        stat(
            "Cost of a call",
            "Dollars a call over the time shown; one whose cost is unknown counts as free.",
            at_once(cost_per_call(over=SHOWN)),
            "currencyUSD",
            none=looks.NO_COST,
        ),
        stat(
            "From cache",
            "Share of prompt tokens that came from a cache over the time shown.",
            at_once(cache_share(over=SHOWN)),
            "percentunit",
            decimals=1,
            none=looks.NOT_TOLD,
        ),
        stat(
            "Cost unknown",
            "Share of calls over the time shown whose cost is unknown: set prices for them.",
            at_once(ratio(unpriced, growth(COMPLETIONS))),
            "percentunit",
            judge=looks.thresholds("green", (0.01, "orange"), (0.5, "red")),
            decimals=1,
        ),
    ]


def _spending() -> Json:
    return timeseries(
        "Spend rate by source",
        "Dollars an hour: as reported by the source, or computed from the configured prices.",
        Query(cost_per_hour("source"), "{{source}}"),
        "currencyUSD",
        colours={"reported": "green", "computed": "blue"},
        stacked=True,
        none=looks.NO_COST,
    )


def _against_budget() -> Json:
    per_day = f"{or_zero(cost_per_hour())} * {_DAY_HOURS}"
    return timeseries(
        "Spend rate against the budget",
        "The present rate as a share of what may be spent: above 1 it does not last the day.",
        Query(f"{per_day} / $budget_usd_per_day", "of the budget"),
        "percentunit",
        lines=looks.thresholds("transparent", (0.8, "orange"), (1, "red")),
    )


def _by_agent() -> Json:
    return timeseries(
        "Spend rate by agent",
        "Dollars an hour that each agent spends.",
        Query(cost_per_hour("agent"), "{{agent}}"),
        "currencyUSD",
        stacked=True,
        none=looks.NO_COST,
    )


def _by_model() -> Json:
    return timeseries(
        "Spend rate by model",
        "Dollars an hour that are spent on each model.",
        Query(cost_per_hour(BY_MODEL), MODEL_LEGEND),
        "currencyUSD",
        stacked=True,
        none=looks.NO_COST,
    )


def _spenders() -> Json:
    by = "agent, provider, model"
    per_million = ratio(f"{growth(COST, by=by)} * 1e6", growth(TOKENS, by=by))
    return table(
        "Who spends on what",
        "Every agent and model over the time shown. A click on a model shows it alone.",
        ["agent", "provider", "model"],
        [
            Column("Cost", growth(COST, by=by), "currencyUSD"),
            Column("$/h", cost_per_hour(by), "currencyUSD"),
            count("Calls", growth(COMPLETIONS, by=by)),
            Column("$ a call", cost_per_call(by, over=SHOWN), "currencyUSD"),
            Column("Tokens", growth(TOKENS, by=by)),
            Column("$ a million tokens", per_million, "currencyUSD"),
            Column("Cached", cache_share(by, over=SHOWN), "percentunit"),
            count("Cost unknown", growth(UNPRICED_COMPLETIONS, by=by)),
        ],
        link=only_this(UID, {"agent": "agent", "provider": "provider", "model": "model"}),
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


def _tokens_by_agent() -> Json:
    return bar_gauge(
        "Tokens by agent",
        "Tokens over the time shown.",
        at_once(f"sort_desc({growth(TOKENS, by='agent')})", "{{agent}}"),
        "short",
        none=looks.NOT_TOLD,
    )


def _tokens_by_model() -> Json:
    return bar_gauge(
        "Tokens by model",
        "Tokens over the time shown, the twelve models that used most.",
        at_once(f"topk(12, {growth(TOKENS, by=BY_MODEL)})", MODEL_LEGEND),
        "short",
        none=looks.NOT_TOLD,
    )


def _cached() -> Json:
    return timeseries(
        "From cache by model",
        "Share of prompt tokens that came from a cache: a fall is a prompt that changes too early.",
        Query(cache_share(BY_MODEL), MODEL_LEGEND),
        "percentunit",
        most=1,
        none=looks.NOT_TOLD,
    )


def _cost_of_call() -> Json:
    return timeseries(
        "Cost of a call by agent",
        "Dollars a call on average; a call whose cost is unknown counts as free.",
        Query(cost_per_call("agent"), "{{agent}}"),
        "currencyUSD",
        none=looks.NO_COST,
    )


def _unknown() -> Json:
    return timeseries(
        "What is not certain",
        "Calls a minute whose cost is unknown, or whose token total is not the sum of its parts.",
        [
            Query(f"{rate(UNPRICED_COMPLETIONS)} * 60", "cost unknown"),
            Query(f"{rate(TOKEN_MISMATCHES)} * 60", "total mismatched"),
        ],
        "cpm",
    )
