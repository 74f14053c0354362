"""Every query of every panel has an answer, of a real Prometheus that scraped made-up traffic.

One exporter, one demo and one Prometheus for all tests. Windows are filled within seconds, since it
is scraped every second; a query that has no answer yet is asked again until the time for all is up.
"""

import json
import math
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.grafana.boards import BOARDS, Json, Target, resolved, targets, variables
from tests.e2e.processes import COMMAND, eventually, exporter, prometheus, push, query
from tests.prometheus import requires_prometheus

PATIENCE_SECS = 50
SHOWN_SECS = 30

LIMITED: Json = {
    "type": "quota",
    "agent": "reviewer",
    "provider": "acme",
    "model": "acme-large",
    "window": "5h",
    "used_ratio": 1,
    "limited": True,
    "resets_at": 4_000_000_000,
}
"""A limit that is in force: in the demo the first comes after a minute."""


@dataclass(frozen=True, slots=True)
class Scraped:
    """A Prometheus, and until when a question may be asked again."""

    url: str
    deadline: float

    def answer(self, path: str, parameters: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
        """Return the data of an answer; it must not be an error."""
        address = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address) as response:  # noqa: S310 - http, ours
            return json.load(response)["data"]

    def series(self, target: Target) -> list[dict[str, str]]:
        """Return the labels of each series with a number that answers a query as Grafana asks."""
        expr = resolved(target.expr, BOARDS[target.board], shown_secs=SHOWN_SECS)
        while True:
            now = time.time()
            times = {"start": str(now - SHOWN_SECS / 2), "end": str(now), "step": "1"}
            if target.target["instant"]:
                result = self.answer("query", {"query": expr})["result"]
            else:
                result = self.answer("query_range", {"query": expr, **times})["result"]
            found = [row["metric"] for row in result if any(map(math.isfinite, numbers(row)))]
            if found or time.monotonic() > self.deadline:
                return found
            time.sleep(0.2)


def numbers(row: Json) -> list[float]:
    """Return the values of a series: one, or one for each step."""
    return [float(value) for _, value in row.get("values", [row.get("value")])]


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """Run an exporter with demo traffic, and a Prometheus that scrapes it."""
    directory = tmp_path_factory.mktemp("boards")
    config = directory / "exporter.yml"
    config.write_text("storage: {snapshot_secs: 1}\n")
    with (
        exporter(directory, f"--config.file={config}") as url,
        prometheus(directory, url) as prometheus_url,
        demo(url, directory),
    ):
        assert push(url, [LIMITED])["accepted"] == 1
        eventually(lambda: query(prometheus_url, "agent_rate_limited == 1"), "a scrape")
        yield Scraped(prometheus_url, time.monotonic() + PATIENCE_SECS)


def demo(url: str, directory: Path) -> subprocess.Popen[bytes]:
    """Send made-up traffic until the context ends."""
    arguments = [str(COMMAND), "demo", f"--url={url}", "--rate=150", "--seed=11"]
    with (directory / "demo.log").open("wb") as log:
        return Demo(arguments, stdout=log, stderr=log)


class Demo(subprocess.Popen[bytes]):
    """A process that is ended with its context."""

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.terminate()
        self.wait(PATIENCE_SECS)


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
