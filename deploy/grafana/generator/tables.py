"""Tables: a row for each set of labels, a column for each query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from deploy.grafana.generator import looks
from deploy.grafana.generator.looks import Json, override
from deploy.grafana.generator.panels import panel
from deploy.grafana.generator.queries import column

_KEPT: Final = ("datasource", "job", "instance", "agent", "filters")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what fills it, its unit, and how it judges, if it does.

    One without a heading is not shown, and is there for its labels.
    """

    heading: str
    expr: str
    unit: str = "short"
    judge: Json | None = None
    mappings: tuple[Json, ...] = ()
    decimals: int | None = None


def count(heading: str, expr: str) -> Column:
    """Return a column of whole numbers, told to the last: an increase is extrapolated to parts."""
    return Column(heading, expr, "locale", decimals=0)


def table(
    title: str,
    about: str,
    keys: Sequence[str],
    columns: Sequence[Column],
    *,
    link: Json | None = None,
    none: str = looks.NO_TRAFFIC,
) -> Json:
    """Return a table whose rows are named by the labels `keys`.

    `link` is what a click on the last of them does. The first column sorts.
    """
    overrides = [_look(each) for each in columns if each.heading]
    if link is not None:
        overrides.append(override(keys[-1], links=[link]))
    return panel(
        "table",
        title,
        about,
        [column(each.expr) for each in columns],
        defaults={
            "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True},
            "mappings": looks.no_value("-"),
            "thresholds": looks.NEUTRAL,
            "color": {"mode": "thresholds"},
            "unit": "short",
            "noValue": none,
        },
        overrides=overrides,
        options={
            "cellHeight": "sm",
            "footer": {"show": False, "reducer": ["sum"], "fields": ""},
            "showHeader": True,
            "sortBy": [{"displayName": columns[0].heading, "desc": True}],
        },
        transformations=_one_table(keys, columns),
    )


def only_this(uid: str, labels: Mapping[str, str]) -> Json:
    """Return the link that shows a board for the clicked row alone: variables by label."""
    kept = [f"${{{name}:queryparam}}" for name in _KEPT if name not in labels]
    set_to = [
        f"var-{variable}=${{__data.fields.{label}:percentencode}}"
        for label, variable in labels.items()
    ]
    query = "&".join(["${__url_time_range}", *kept, *set_to])
    return {"title": "Show only this", "url": f"/d/{uid}?{query}", "targetBlank": False}


def _one_table(keys: Sequence[str], columns: Sequence[Column]) -> list[Json]:
    """Return what joins the answers by their labels, and names and orders the columns."""
    # Grafana calls the value of a single query by no letter.
    letters = ascii_uppercase[: len(columns)] if len(columns) > 1 else ""
    fields = [f"Value #{letter}" for letter in letters] or ["Value"]
    headings = {field: each.heading for field, each in zip(fields, columns, strict=True)}
    hidden = [field for field, heading in headings.items() if not heading]
    order = {name: index for index, name in enumerate([*keys, *fields])}
    organize: Json = {
        "excludeByName": dict.fromkeys(["Time", *hidden], True),
        "indexByName": order,
        "renameByName": {field: heading for field, heading in headings.items() if heading},
    }
    return [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": organize},
    ]


def _look(each: Column) -> Json:
    properties: dict[str, object] = {"unit": each.unit}
    if each.decimals is not None:
        properties["decimals"] = each.decimals
    if each.judge is not None:
        properties["thresholds"] = each.judge
        properties["custom__cellOptions"] = {"type": "color-text"}
    if each.mappings:
        properties["mappings"] = [*each.mappings]
        properties["custom__cellOptions"] = {"type": "color-text"}
    return override(each.heading, **properties)
