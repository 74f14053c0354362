"""What makes a good panel, and a good query.

The linter is a Go program that cannot be installed as a package; these are its rules after its code
of June 2026 (https://github.com/grafana/dashboard-linter), done more strictly where that lets
something pass: a counter is one by its type and not by its name, every kind of panel is looked at,
and `increase` goes over `$__rate_interval`, over all that is shown, or over an objective's window.
"""

import re

import pytest

from deploy.grafana.generator.boards.slo import BUDGET_WINDOW, WINDOWS
from deploy.grafana.generator.queries import FOREIGN, REMEMBERED, UP
from exporter.metrics.catalogue import BUILD_INFO, COMPLETION_DURATION
from tests.deploy.grafana.boards import BOARDS, Json, panels, targets
from tests.deploy.prometheus.families import SAMPLES, unknown_labels, unknown_values
from tests.deploy.prometheus.promql import Selector, selectors

UNITS = {
    *("bytes", "cpm", "cps", "currencyUSD", "dtdurations", "locale"),
    *("percentunit", "reqps", "s", "short"),
}
"""Those of the linter's units that the boards use."""

BOARD = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)


@BOARD
def test_a_panel_says_what_it_shows(board: Json) -> None:
    """panel-title-description: and at the end which metrics it is made of, all of them."""
    for panel in panels(board):
        assert panel["title"]
        text, _, names = panel["description"].rpartition(" Metric: ")
        assert text.endswith(".")
        asked = {
            SAMPLES[selector.metric].sample_name
            for target in panel["targets"]
            for selector in selectors(target["expr"])
        }
        assert set(re.findall(r"`(\w+)`", names)) == asked


@BOARD
def test_a_panel_asks_the_chosen_source(board: Json) -> None:
    """panel-datasource and panel-no-targets: the one of the variable; a query has a letter."""
    for panel in panels(board):
        assert panel["targets"]
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)
        for asked in (panel, *panel["targets"]):
            assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@BOARD
def test_a_panel_has_a_unit(board: Json) -> None:
    """panel-units: a known one, but where states stand for the numbers."""
    for panel in panels(board):
        if panel["type"] == "heatmap":
            assert panel["options"]["yAxis"]["unit"] in UNITS
        elif panel["type"] != "state-timeline":
            assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        for override in panel["fieldConfig"]["overrides"]:
            for each in override["properties"]:
                assert each["id"] != "unit" or each["value"] in UNITS


@BOARD
def test_a_panel_without_a_value_says_so(board: Json) -> None:
    """Words stand where there is nothing, not NaN and not an empty panel."""
    for panel in panels(board):
        if panel["type"] != "heatmap":
            assert panel["fieldConfig"]["defaults"]["noValue"]


@BOARD
def test_a_query_is_of_the_chosen_exporters(board: Json) -> None:
    """target-job and target-instance: on every selector; agent, provider, model where they are."""
    for target in targets(board):
        for selector in selectors(target.expr):
            assert selector.matcher("job") == "=~$job"
            assert selector.matcher("instance") == "=~$instance"
            for label in {"agent", "provider", "model"} & set(SAMPLES[selector.metric].labels):
                assert selector.matcher(label) in {f"=~${label}", f"=~${label}|"}


@BOARD
def test_what_a_query_asks_for_is_there(board: Json) -> None:
    """Every metric and label, every value of a closed label, every boundary of a bucket."""
    for target in targets(board):
        for selector in selectors(target.expr):
            assert selector.metric in SAMPLES
            assert not unknown_labels(selector)
            assert not unknown_values(selector)


@BOARD
def test_a_query_asks_counters_how_they_grew(board: Json) -> None:
    """target-counter-agg and target-rate-interval: over windows that hold enough scrapes."""
    for target in targets(board):
        fixed = {*WINDOWS, BUDGET_WINDOW} if target.board == "agent-slo" else set()
        for selector in selectors(target.expr):
            growing = {call.name for call in selector.calls} & {"rate", "irate", "increase"}
            if SAMPLES[selector.metric].type == "gauge":
                assert not growing
                assert selector.window == (REMEMBERED if remembers(selector) else "")
            else:
                allowed = {"$__rate_interval"}
                allowed |= {"$__range", *fixed} if growing == {"increase"} else set()
                assert selector.window in allowed
                assert len(growing) == 1


def remembers(selector: Selector) -> bool:
    """Return whether a selector looks back for the last value."""
    return "last_over_time" in {call.name for call in selector.calls}


@BOARD
def test_what_every_target_tells_is_asked_of_exporters_alone(board: Json) -> None:
    """Prometheus has `up` of all it scrapes, and many processes tell of their CPU and memory."""
    foreign = {family.sample_name for family in FOREIGN}
    for target in targets(board):
        names = [selector.metric for selector in selectors(target.expr)]
        for name, following in zip(names, [*names[1:], ""], strict=True):
            if name in foreign:
                assert following == BUILD_INFO.sample_name, str(target)
        assert UP.sample_name not in names or any(map(remembers, selectors(target.expr)))


@BOARD
def test_a_legend_tells_series_apart(board: Json) -> None:
    """It has every label that is left, so that no two lines have one name."""
    for target in targets(board):
        if target.panel["type"] in {"timeseries", "bargauge", "state-timeline"}:
            first = selectors(target.expr)[0]
            left = {label for call in first.calls[:3] for label in call.by} - {"le"}
            named = set(re.findall(r"\{\{(\w+)\}\}", target.target["legendFormat"]))
            assert named == left, str(target)


@BOARD
def test_a_count_is_told_to_the_last(board: Json) -> None:
    """In a table, where an increase would be a number with parts, or "1.2 K"."""
    for panel in panels(board):
        for override in panel["fieldConfig"]["overrides"]:
            told = {each["id"]: each["value"] for each in override["properties"]}
            if override["matcher"]["options"] in {"Calls", "Failed", "Cost unknown", "Waiting"}:
                assert (told["unit"], told["decimals"]) == ("locale", 0)


@BOARD
def test_no_axis_cuts_what_can_be_above_one(board: Json) -> None:
    """A quota can be overdrawn; shares of calls and tokens can be no more than all."""
    for panel in panels(board):
        if panel["type"] == "timeseries" and "agent_quota_used_ratio" in panel["description"]:
            assert "max" not in panel["fieldConfig"]["defaults"]


@BOARD
def test_a_query_adds_up_what_several_exporters_tell(board: Json) -> None:
    """Two exporters of one agent are one line, and not two with the same name."""
    for target in targets(board):
        for selector in selectors(target.expr):
            assert {call.name for call in selector.calls} & {"sum", "max", "min", "count"}


@BOARD
def test_durations_can_show_exemplars(board: Json) -> None:
    """Where the family has trace ids, and the panel is one that draws them."""
    for target in targets(board):
        drawn = target.panel["type"] == "timeseries" and target.board != "agent-slo"
        quantile = target.expr.startswith("histogram_quantile")
        of_calls = f"({COMPLETION_DURATION.name}_bucket" in target.expr
        assert target.target.get("exemplar", False) is (drawn and quantile and of_calls)
