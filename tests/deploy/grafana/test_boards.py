"""What makes a good board: the rules of Grafana's dashboard-linter, and some that it lacks.

The linter is a Go program that cannot be installed as a package; these are its rules after its code
of June 2026 (https://github.com/grafana/dashboard-linter), done more strictly where that lets
something pass: a counter is one by its type and not by its name, every kind of panel is looked at,
and `increase` goes over `$__rate_interval`, over all that is shown, or over an objective's window.
"""

import json
import re
from itertools import combinations

import pytest

from deploy.grafana.generator.boards.slo import BUDGET_WINDOW, WINDOWS
from exporter.metrics.catalogue import COMPLETION_DURATION
from tests.deploy.grafana.boards import (
    BOARDS,
    DIRECTORY,
    OF_GRAFANA,
    PATHS,
    Json,
    panels,
    targets,
    texts,
    uses,
    variables,
)
from tests.deploy.prometheus.families import SAMPLES, unknown_labels, unknown_values
from tests.deploy.prometheus.promql import selectors

CLIENT_SIDE_APPLY_BYTES = 262_144
"""What kubectl can put into the annotation that it keeps the last applied form in."""

UNITS = {"bytes", "cpm", "cps", "currencyUSD", "dtdurations", "percentunit", "reqps", "s", "short"}
"""Those of the linter's units that the boards use."""

BOARD = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)


@BOARD
def test_a_board_is_of_the_form_that_every_grafana_takes(board: Json) -> None:
    """Classic JSON, provisioned and not edited, for no data source in particular."""
    assert 39 <= board["schemaVersion"] <= 42
    assert board["editable"] is False
    assert "id" not in board
    assert not {"__inputs", "__requires", "apiVersion", "kind", "spec"} & set(board)
    assert "DS_PROMETHEUS" not in json.dumps(board)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_board_fits_into_a_config_map(path: str) -> None:
    """Also as the last applied configuration; and it is plain ASCII under the name of its uid."""
    data = (DIRECTORY / path).read_bytes()
    assert len(data) < CLIENT_SIDE_APPLY_BYTES
    assert data.isascii()
    assert json.loads(data)["uid"] == (DIRECTORY / path).stem


def test_the_addresses_of_boards_stand() -> None:
    """A uid is what links and bookmarks hold: a board may come, none may be renamed."""
    assert set(BOARDS) == {
        "agent-live-ops",
        "agent-models",
        "agent-cost",
        "agent-slo",
        "agent-exporter",
    }
    assert all(len(uid) <= 40 for uid in BOARDS)


@BOARD
def test_boards_lead_to_each_other(board: Json) -> None:
    """With the variables and the time that were chosen; so all have the same first variables."""
    (link,) = board["links"]
    assert link["includeVars"]
    assert link["keepTime"]
    assert set(link["tags"]) <= set(board["tags"])
    common = ["datasource", "job", "instance", "agent", "provider", "model"]
    assert list(variables(board))[:6] == common


@BOARD
def test_the_variables_are_as_the_linter_wants_them(board: Json) -> None:
    """template-datasource, -job, -instance, -label-promql, -on-time-change-reload."""
    by_name = variables(board)
    source = by_name["datasource"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    assert source["label"] == "Data source"
    for name, label, every in (("job", "Job", ".+"), ("instance", "Instance", ".+")):
        assert (by_name[name]["label"], by_name[name]["allValue"]) == (label, every)
    for name in ("job", "instance", "agent", "provider", "model"):
        variable = by_name[name]
        assert variable["type"] == "query"
        assert variable["datasource"]["uid"] == "${datasource}"
        assert variable["multi"]
        assert variable["includeAll"]
        assert variable["refresh"] == 2
        assert re.fullmatch(rf"label_values\(.+, {name}\)", variable["query"]["query"])


@BOARD
def test_a_variable_asks_for_metrics_that_are_there(board: Json) -> None:
    """Each is narrowed by all before it, and by none behind it."""
    known: list[str] = []
    for name, variable in variables(board).items():
        if variable["type"] == "query":
            expr = variable["query"]["query"].removeprefix("label_values(").rpartition(",")[0]
            (selector,) = selectors(expr)
            named = selector.matcher("__name__")
            for metric in named.removeprefix("=~").split("|") if named else [selector.metric]:
                assert name in {"job", "instance", *SAMPLES[metric].labels}
            assert uses(expr) == set(known)
            known.append(name)


@BOARD
def test_what_counts_as_fast_is_a_boundary_of_a_bucket(board: Json) -> None:
    """Between two boundaries a histogram knows nothing."""
    variable = variables(board).get("latency_within")
    if variable is not None:
        boundaries = {str(bucket) for bucket in COMPLETION_DURATION.buckets}
        assert {option["value"] for option in variable["options"]} <= boundaries


@BOARD
def test_no_variable_is_unresolved(board: Json) -> None:
    """Not in a query, a title, a text or a link; and each that only this board has is used."""
    used = {name for text in texts(board) for name in uses(text)}
    assert used <= set(variables(board)) | OF_GRAFANA
    assert set(list(variables(board))[6:]) <= used


@BOARD
def test_panels_have_a_place_each(board: Json) -> None:
    """Within the grid, no two in one place, and no id twice."""
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)


def test_live_ops_begins_with_two_strips_of_eight_tiles() -> None:
    """What is going on, and how well, before anybody scrolls."""
    tiles = BOARDS["agent-live-ops"]["panels"][:16]
    assert [tile["type"] for tile in tiles] == ["stat"] * 16
    assert {tile["gridPos"]["w"] for tile in tiles} == {3}
    assert [tile["gridPos"]["y"] for tile in tiles] == [0] * 8 + [4] * 8


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
                assert not selector.window
            else:
                allowed = {"$__rate_interval"}
                allowed |= {"$__range", *fixed} if growing == {"increase"} else set()
                assert selector.window in allowed
                assert len(growing) == 1


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


@pytest.mark.parametrize("uid", ["agent-live-ops", "agent-models", "agent-cost", "agent-slo"])
def test_a_click_on_a_model_shows_it_alone(uid: str) -> None:
    """The link sets the model and keeps the time and everything else that was chosen."""
    tables = [panel for panel in panels(BOARDS[uid]) if panel["type"] == "table"]
    links = [
        link["url"]
        for table in tables
        for override in table["fieldConfig"]["overrides"]
        if override["matcher"]["options"] == "model"
        for each in override["properties"]
        if each["id"] == "links"
        for link in each["value"]
    ]
    assert links
    for url in links:
        assert url.startswith(f"/d/{uid}?${{__url_time_range}}&")
        assert "var-model=${__data.fields.model:percentencode}" in url
        assert {"datasource", "job", "instance"} <= uses(url)
