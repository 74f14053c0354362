"""What makes a good board: its form, its variables, its places, its links.

Some are rules of Grafana's dashboard-linter (https://github.com/grafana/dashboard-linter), a Go
program that cannot be installed as a package, after its code of June 2026.
"""

import json
import re
from itertools import combinations

import pytest

from deploy.grafana.generator.boards.slo import BUDGET_WINDOW
from exporter.metrics.catalogue import COMPLETION_DURATION
from tests.deploy.grafana.boards import (
    BOARDS,
    DIRECTORY,
    OF_GRAFANA,
    PATHS,
    Json,
    panels,
    texts,
    uses,
    variables,
)
from tests.deploy.prometheus.families import SAMPLES
from tests.deploy.prometheus.promql import selectors

CLIENT_SIDE_APPLY_BYTES = 262_144
"""What kubectl can put into the annotation that it keeps the last applied form in."""

COMMON = ["datasource", "job", "instance", "agent", "provider", "model", "filters"]
"""The variables that every board has, before its own."""

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
    assert list(variables(board))[: len(COMMON)] == COMMON


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
def test_a_board_can_be_filtered_by_any_label(board: Json) -> None:
    """By namespace or cluster, say, which the scrape adds: as Grafana 10.4 and later have it."""
    filters = variables(board)["filters"]
    assert filters["type"] == "adhoc"
    assert filters["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert filters["filters"] == []


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
    assert set(list(variables(board))[len(COMMON) :]) <= used


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
        assert {"datasource", "job", "instance", "filters"} <= uses(url)


def test_a_budget_of_thirty_days_says_how_long_prometheus_has_to_keep_them() -> None:
    """By default it keeps 15, and the tile would tell of those."""
    tiles = [panel for panel in panels(BOARDS["agent-slo"]) if "budget left" in panel["title"]]
    assert len(tiles) == 2
    for tile in tiles:
        assert f"[{BUDGET_WINDOW}]" in tile["targets"][0]["expr"]
        assert "retention.time=31d" in tile["description"]
