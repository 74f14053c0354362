"""What a board lets its reader choose."""

from collections.abc import Mapping, Sequence
from typing import Final

from deploy.grafana.generator.looks import Json
from deploy.grafana.generator.panels import DATASOURCE
from exporter.metrics import catalogue
from exporter.metrics.catalogue import Family

ON_TIME_RANGE_CHANGE: Final = 2
ALPHABETICAL: Final = 1

_TARGETS: Final = 'job=~"$job", instance=~"$instance"'
_OF_AGENTS: Final = (
    *(catalogue.COMPLETIONS, catalogue.REQUESTS, catalogue.TOOL_CALLS, catalogue.LOG_EVENTS),
    *(catalogue.QUEUE_DEPTH, catalogue.QUOTA_USED, catalogue.SESSIONS),
)
"""Between them they know every agent: one may tell of nothing but its queues."""


def common() -> list[Json]:
    """Return the variables of every board, so that they go along from one to the next.

    Each offers what those before it leave. "All" of a target is any that has a name; "all" of the
    others is anything, since a limit of a whole provider has no model.
    """
    build = catalogue.BUILD_INFO.sample_name
    completions = catalogue.COMPLETIONS.sample_name
    agents = '{{__name__=~"{}", {}}}'.format("|".join(_names(_OF_AGENTS)), _TARGETS)
    of_agents = f'{completions}{{{_TARGETS}, agent=~"$agent"}}'
    of_providers = f'{completions}{{{_TARGETS}, agent=~"$agent", provider=~"$provider"}}'
    return [
        {
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": "prometheus",
            "current": {},
            "hide": 0,
            "includeAll": False,
            "multi": False,
            "options": [],
            "refresh": 1,
            "regex": "",
        },
        _of_label("job", "Job", build, every=".+"),
        _of_label("instance", "Instance", f'{build}{{job=~"$job"}}', every=".+"),
        _of_label("agent", "Agent", agents, every=".*"),
        _of_label("provider", "Provider", of_agents, every=".*"),
        _of_label("model", "Model", of_providers, every=".*"),
        _any_other_label(),
    ]


def choice(name: str, label: str, about: str, options: Mapping[str, str], *, default: str) -> Json:
    """Return a variable with fixed values by their texts."""
    offered = [
        {"text": text, "value": value, "selected": text == default}
        for text, value in options.items()
    ]
    return {
        "name": name,
        "label": label,
        "description": about,
        "type": "custom",
        "query": ", ".join(f"{text} : {value}" for text, value in options.items()),
        "current": next(each for each in offered if each["selected"]),
        "options": offered,
        "hide": 0,
        "includeAll": False,
        "multi": False,
    }


def boundaries(
    family: Family, name: str, label: str, about: str, seconds: Sequence[float], *, default: float
) -> Json:
    """Return a choice of bucket boundaries of a histogram, as its label `le` spells them."""
    for each in seconds:
        if each not in family.buckets:
            raise ValueError(f"{each} is no boundary of {family.name}")
    options = {f"{each:g}s": str(float(each)) for each in seconds}
    return choice(name, label, about, options, default=f"{default:g}s")


def text(name: str, label: str, about: str, *, default: str) -> Json:
    """Return a variable that is typed in."""
    value = {"text": default, "value": default, "selected": True}
    return {
        "name": name,
        "label": label,
        "description": about,
        "type": "textbox",
        "query": default,
        "current": value,
        "options": [value],
        "hide": 0,
    }


def _of_label(name: str, label: str, selector: str, *, every: str) -> Json:
    query = f"label_values({selector}, {name})"
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": "Variable"},
        "definition": query,
        "multi": True,
        "includeAll": True,
        "allValue": every,
        "current": {"text": ["All"], "value": ["$__all"], "selected": True},
        "hide": 0,
        "options": [],
        "refresh": ON_TIME_RANGE_CHANGE,
        "regex": "",
        "sort": ALPHABETICAL,
    }


def _any_other_label() -> Json:
    """Return the filters by labels that a scrape adds (namespace, cluster, pod) or a family has.

    Grafana puts them into every selector of a query, so nothing has to name them.
    """
    return {
        "name": "filters",
        "label": "Filters",
        "type": "adhoc",
        "datasource": DATASOURCE,
        "baseFilters": [],
        "filters": [],
        "hide": 0,
    }


def _names(families: Sequence[Family]) -> list[str]:
    return [family.sample_name for family in families]
