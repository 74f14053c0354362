"""SLO: how fast the error budget of 30 days burns, over several windows at once.

The windows and factors are those of the alerts, after Google's SRE Workbook, "Alerting on SLOs". A
burn rate of 1 uses up the budget in just 30 days. Queries are `increase` over fixed windows and no
recording rules, so that the board works without the rules, and for any choice of agents and models.
A call that its user cancelled has not failed.
"""

from collections.abc import Callable
from typing import Final

from deploy.grafana.generator import looks
from deploy.grafana.generator.boards.calls import BY_MODEL
from deploy.grafana.generator.boards.live_tiles import LATENCY_OBJECTIVE
from deploy.grafana.generator.dashboard import dashboard
from deploy.grafana.generator.layout import Band
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import stat, timeseries
from deploy.grafana.generator.queries import SHOWN, Query, at_once, growth, or_zero, ratio
from deploy.grafana.generator.tables import Column, count, only_this, table
from deploy.grafana.generator.variables import choice
from exporter.metrics.catalogue import COMPLETION_DURATION, COMPLETION_ERRORS, COMPLETIONS

UID: Final = "agent-slo"

WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
BUDGET_WINDOW: Final = "30d"
LINES: Final = looks.thresholds("transparent", (1, "blue"), (3, "yellow"), (6, "orange"))
JUDGED: Final = looks.thresholds("green", (1, "yellow"), (6, "orange"), (14.4, "red"))
LEFT: Final = looks.thresholds("red", (0, "orange"), (0.25, "green"))

_NOT_CANCELLED: Final = 'error_type!="cancelled"'
_SHARES: Final = {f"{percent}%": f"{percent / 100:g}" for percent in (90, 95, 98, 99, 99.5, 99.9)}

AVAILABILITY: Final = choice(
    "availability_objective",
    "Must succeed",
    "The share of completions that must not fail.",
    _SHARES,
    default="99%",
)
SPEED: Final = choice(
    "latency_objective",
    "Must be fast",
    "The share of completions that must be within the latency beside it.",
    _SHARES,
    default="95%",
)

_WIDTHS: Final = (4, 4, 4, 3, 3, 3, 3)

BadShare = Callable[[str, str], str]


def board() -> Json:
    """Return the board."""
    succeed, be_fast = AVAILABILITY["name"], SPEED["name"]
    return dashboard(
        UID,
        "Agents / SLO",
        "Whether completions succeed and are fast enough, and how fast the error budget burns.",
        [
            Band(_summary(), height=4),
            Band(_burn_tiles(failed, succeed), height=4, widths=_WIDTHS, title="Errors"),
            Band([_burn("Errors: burn rate", failed, succeed), _by_model()], height=9),
            Band(_burn_tiles(slow, be_fast), height=4, widths=_WIDTHS, title="Latency"),
            Band([_burn("Latency: burn rate", slow, be_fast), _slow_by_model()], height=9),
        ],
        own_variables=[AVAILABILITY, LATENCY_OBJECTIVE, SPEED],
        since="now-24h",
        refresh="1m",
    )


def failed(over: str, by: str = "") -> str:
    """Return the share of completions that failed, and were not cancelled, over a duration."""
    errors = growth(COMPLETION_ERRORS, _NOT_CANCELLED, by=by, over=over)
    errors = errors if by else or_zero(errors)
    return ratio(errors, growth(COMPLETIONS, by=by, over=over))


def slow(over: str, by: str = "") -> str:
    """Return the share of completions that took longer than they may, over a duration."""
    fast = growth(COMPLETION_DURATION, 'le="$latency_within"', by=by, part="bucket", over=over)
    return f"1 - {ratio(fast, growth(COMPLETION_DURATION, by=by, part='count', over=over))}"


def burn_rate(bad_share: str, objective: str) -> str:
    """Return how many times faster than evenly the budget burns."""
    return f"({bad_share}) / (1 - ${objective})"


def _summary() -> list[Json]:
    tiles = []
    for word, bad, objective in (
        ("Succeeded", failed, AVAILABILITY["name"]),
        ("Fast", slow, SPEED["name"]),
    ):
        tiles += [
            stat(
                word,
                "Share of completions over the time shown; a cancelled one has not failed.",
                at_once(f"1 - ({bad(SHOWN, '')})"),
                "percentunit",
                decimals=2,
            ),
            stat(
                f"{word}: budget left",
                "What is left of the error budget of 30 days; below 0 the objective is missed. "
                "Prometheus has to keep more than 30 days (--storage.tsdb.retention.time=31d), or "
                "it is that of what it keeps.",
                at_once(f"1 - {burn_rate(bad(BUDGET_WINDOW, ''), objective)}"),
                "percentunit",
                judge=LEFT,
                decimals=1,
            ),
        ]
    return tiles


def _burn_tiles(bad: BadShare, objective: str) -> list[Json]:
    return [
        stat(
            f"Burn rate {window}",
            f"How many times too fast the error budget burnt over the last {window}.",
            at_once(burn_rate(bad(window, ""), objective)),
            "short",
            judge=JUDGED,
            decimals=2,
        )
        for window in WINDOWS
    ]


def _burn(title: str, bad: BadShare, objective: str) -> Json:
    return timeseries(
        title,
        "Alerts fire where both windows of a pair are above: 1h and 5m 14.4, 6h and 30m 6, "
        "1d and 2h 3, 3d and 6h 1. With an objective below 93.1% it never comes to 14.4, even if "
        "every call fails.",
        [Query(burn_rate(bad(window, ""), objective), window) for window in WINDOWS],
        "short",
        lines=LINES,
    )


def _by_model() -> Json:
    return table(
        "Errors: who burns it",
        "Models over the time shown; those above 1 use up more than their share.",
        ["provider", "model"],
        [
            Column(
                "Burn rate",
                burn_rate(failed(SHOWN, BY_MODEL), AVAILABILITY["name"]),
                judge=JUDGED,
            ),
            count("Failed", growth(COMPLETION_ERRORS, _NOT_CANCELLED, by=BY_MODEL)),
            count("Calls", growth(COMPLETIONS, by=BY_MODEL)),
        ],
        link=only_this(UID, {"provider": "provider", "model": "model"}),
    )


def _slow_by_model() -> Json:
    return table(
        "Latency: who burns it",
        "Models over the time shown; those above 1 use up more than their share.",
        ["provider", "model"],
        [
            Column("Burn rate", burn_rate(slow(SHOWN, BY_MODEL), SPEED["name"]), judge=JUDGED),
            Column("Slow", slow(SHOWN, BY_MODEL), "percentunit"),
            count("Calls", growth(COMPLETION_DURATION, by=BY_MODEL, part="count")),
        ],
        link=only_this(UID, {"provider": "provider", "model": "model"}),
    )
