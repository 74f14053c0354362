"""Every query of every panel has an answer, of a real Prometheus that scraped made-up traffic.

A query that has no answer yet is asked again until the time for all is up.
"""

import re

import pytest

from tests.deploy.grafana.boards import BOARDS, Json, resolved, targets, variables
from tests.deploy.grafana.scraped import SHOWN_SECS, Scraped
from tests.prometheus import requires_prometheus


@requires_prometheus
@pytest.mark.prometheus
@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_every_query_of_a_board_has_an_answer(scraped: Scraped, board: Json) -> None:
    """With every variable at "All"; and each series has the labels that its legend names."""
    silent = []
    for target in targets(board):
        series = scraped.series(target)
        named = re.findall(r"\{\{(\w+)\}\}", target.target["legendFormat"])
        if not series or not all(any(name in labels for labels in series) for name in named):
            silent.append(str(target))
    assert not silent


@requires_prometheus
@pytest.mark.prometheus
def test_a_table_has_the_rows_that_it_names(scraped: Scraped) -> None:
    """The columns that come first are labels of every query."""
    for board in BOARDS.values():
        for target in targets(board):
            if target.panel["type"] == "table":
                order = target.panel["transformations"][1]["options"]["indexByName"]
                keys = {key for key in order if not key.startswith("Value")}
                assert all(set(labels) <= keys for labels in scraped.series(target)), str(target)


@requires_prometheus
@pytest.mark.prometheus
@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_every_variable_has_values(scraped: Scraped, board: Json) -> None:
    """As Grafana asks for them: the values of a label of the series that match."""
    for name, variable in variables(board).items():
        if variable["type"] == "query":
            query = variable["query"]["query"].removeprefix("label_values(")
            selector, _, label = query.removesuffix(")").rpartition(", ")
            match = resolved(selector, board, shown_secs=SHOWN_SECS)
            assert scraped.answer(f"label/{label}/values", {"match[]": match}), name
