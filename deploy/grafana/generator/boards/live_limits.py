"""Live ops: who is limited until when, and how much of which allowance is left."""

from deploy.grafana.generator import looks
from deploy.grafana.generator.boards.calls import BY_MODEL, MODEL_LEGEND, quota_used
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import bar_gauge, state_timeline, timeseries
from deploy.grafana.generator.queries import Query, at_once, highest, select
from deploy.grafana.generator.tables import Column, table
from exporter.metrics.catalogue import (
    QUOTA_RESET,
    RATE_LIMIT_RESET,
    RATE_LIMITED,
)

_WINDOW = "agent, provider, window"
_WINDOW_LEGEND = "{{agent}} {{provider}} {{window}}"


def limits() -> list[Json]:
    """Return the panels of what is refused now."""
    limited = highest(select(RATE_LIMITED), BY_MODEL)
    return [
        state_timeline(
            "Limited models",
            "When which model refused calls. One without a name is a whole provider.",
            Query(limited, MODEL_LEGEND),
            looks.LIMITED,
            none=looks.NONE,
        ),
        _limited_now(),
    ]


def quotas() -> list[Json]:
    """Return the panels of allowances."""
    used = highest(quota_used(), _WINDOW)
    return [
        bar_gauge(
            "Quotas",
            "Share of each allowance that is used, as last reported.",
            at_once(used, _WINDOW_LEGEND),
            "percentunit",
            judge=looks.FULL_IS_BAD,
            none=looks.NO_QUOTA,
        ),
        timeseries(
            "Quotas over time",
            "Share of each allowance that is used; it falls when the allowance is renewed. "
            "Above 1 it was overdrawn.",
            Query(used, _WINDOW_LEGEND),
            "percentunit",
            none=looks.NO_QUOTA,
        ),
        _renewals(),
    ]


def _limited_now() -> Json:
    return table(
        "Limited until",
        "Limits in force, and how long they still last.",
        ["provider", "model"],
        [
            Column(
                "Ends in", f"{highest(select(RATE_LIMIT_RESET), BY_MODEL)} - time()", "dtdurations"
            )
        ],
        none=looks.NONE,
    )


def _renewals() -> Json:
    used, reset = highest(quota_used(), _WINDOW), highest(select(QUOTA_RESET), _WINDOW)
    return table(
        "Allowances",
        "How much is used, and how long it is until there is more.",
        ["agent", "provider", "window"],
        [
            Column("Used", used, "percentunit", looks.FULL_IS_BAD),
            Column("Renewed in", f"{reset} - time() > 0", "dtdurations"),
        ],
        none=looks.NO_QUOTA,
    )
