"""One function for each kind of panel that the boards are made of.

A panel has no place yet; `layout` gives it one. `about` is what its corner tells: what it shows.
The metrics that it is made of are put behind that.
"""

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any, Final

from deploy.grafana.generator import looks
from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.queries import Query, names_in

DATASOURCE: Final[Json] = {"type": "prometheus", "uid": "${datasource}"}

STEP_LEAST: Final = "1m"
"""Agents make a few calls a minute: with it `$__rate_interval` is at least four minutes."""


def stat(
    title: str,
    about: str,
    query: Query,
    unit: str,
    *,
    judge: Json | None = None,
    mappings: Sequence[Json] = (),
    decimals: int | None = None,
    none: str = looks.NO_TRAFFIC,
) -> Json:
    """Return a tile. Where it does not judge it is blue, with a sparkline if its query has one.

    `none` is what stands in it, as in the other kinds of panels, where its query has no answer.
    """
    graph = "none" if query.instant else "area"
    return panel(
        "stat",
        title,
        about,
        [query],
        defaults={
            **_number(unit, decimals),
            "mappings": [*looks.no_value(none), *mappings],
            "thresholds": judge or looks.NEUTRAL,
            "color": {"mode": "thresholds"},
            "noValue": none,
        },
        options={
            "colorMode": "background" if judge else "value",
            "graphMode": graph,
            "justifyMode": "auto",
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "textMode": "value",
            "wideLayout": True,
        },
    )


def timeseries(
    title: str,
    about: str,
    queries: Query | Sequence[Query],
    unit: str,
    *,
    colours: Mapping[str, str] | None = None,
    stacked: bool = False,
    most: float | None = None,
    lines: Json | None = None,
    none: str = looks.NO_TRAFFIC,
) -> Json:
    """Return a graph. `most` is where its axis ends; `lines` are thresholds drawn across it."""
    custom: Json = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 40 if stacked else 10,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if lines else "off"},
    }
    defaults: Json = {
        **_number(unit),
        "custom": custom,
        "color": {"mode": "palette-classic"},
        "thresholds": lines or looks.NEUTRAL,
        "min": 0,
        "noValue": none,
    }
    return panel(
        "timeseries",
        title,
        about,
        _listed(queries),
        defaults=defaults if most is None else {**defaults, "max": most},
        overrides=looks.fixed_colours(colours or {}),
        options={
            "legend": {
                "displayMode": "table",
                "placement": "bottom",
                "calcs": ["mean", "max"],
                "showLegend": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    )


def heatmap(title: str, about: str, query: Query, unit: str) -> Json:
    """Return the buckets of a histogram over time."""
    return panel(
        "heatmap",
        title,
        about,
        [query],
        defaults={"custom": {"scaleDistribution": {"type": "linear"}}},
        options={
            "calculate": False,
            "cellGap": 1,
            "cellValues": {"unit": "short", "decimals": 0},
            "color": {"mode": "scheme", "scheme": "Blues", "steps": 32, "exponent": 0.5},
            "exemplars": {"color": "orange"},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "yHistogram": True},
            "yAxis": {"axisPlacement": "left", "unit": unit, "reverse": False},
        },
    )


def bar_gauge(
    title: str,
    about: str,
    queries: Query | Sequence[Query],
    unit: str,
    *,
    judge: Json | None = None,
    none: str = looks.NO_DATA,
) -> Json:
    """Return a bar for each series; with `judge` up to 1, as shares have it."""
    bounds: Json = {"min": 0, "max": 1} if judge else {"min": 0}
    return panel(
        "bargauge",
        title,
        about,
        _listed(queries),
        defaults={
            **_number(unit),
            **bounds,
            "thresholds": judge or looks.NEUTRAL,
            "color": {"mode": "thresholds"},
            "noValue": none,
        },
        options={
            "displayMode": "basic",
            "orientation": "horizontal",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "showUnfilled": True,
            "valueMode": "color",
        },
    )


def state_timeline(
    title: str,
    about: str,
    query: Query,
    states: Sequence[Json],
    *,
    none: str = looks.NO_DATA,
) -> Json:
    """Return which state each series was in, over time."""
    return panel(
        "state-timeline",
        title,
        about,
        [query],
        defaults={
            "custom": {"fillOpacity": 70, "lineWidth": 0},
            "mappings": list(states),
            "color": {"mode": "thresholds"},
            "thresholds": looks.NONE_IS_GOOD,
            "noValue": none,
        },
        options={
            "alignValue": "left",
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
            "mergeValues": True,
            "rowHeight": 0.8,
            "showValue": "never",
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )


def panel(
    kind: str,
    title: str,
    about: str,
    queries: Sequence[Query],
    *,
    defaults: Json,
    options: Json,
    overrides: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
) -> Json:
    """Return a panel of any kind; its description ends with the metrics that it is made of."""
    names = ", ".join(f"`{name}`" for name in names_in([query.expr for query in queries]))
    whole: Json = {
        "type": kind,
        "title": title,
        "description": f"{about} Metric: {names}",
        "datasource": DATASOURCE,
        "targets": [
            _target(query, ref_id) for query, ref_id in zip(queries, ascii_uppercase, strict=False)
        ],
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        "options": options,
    }
    return whole | ({"transformations": list(transformations)} if transformations else {})


def _target(query: Query, ref_id: str) -> Json:
    target: Json = {
        "refId": ref_id,
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "format": query.form,
        "instant": query.instant,
        "range": not query.instant,
        "interval": STEP_LEAST,
        "legendFormat": query.legend or "__auto",
    }
    return target | ({"exemplar": True} if query.exemplar else {})


def _number(unit: str, decimals: int | None = None) -> dict[str, Any]:
    return {"unit": unit} if decimals is None else {"unit": unit, "decimals": decimals}


def _listed(queries: Query | Sequence[Query]) -> Sequence[Query]:
    return [queries] if isinstance(queries, Query) else queries
