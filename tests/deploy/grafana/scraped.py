"""What a Prometheus answers to the queries of boards, as Grafana would ask them."""

import json
import math
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.deploy.grafana.boards import BOARDS, Json, Target, resolved, targets

SHOWN_SECS = 30

EVERY = ".+"
BUSY, WELL, GONE = "busy", "well", "gone"
"""The jobs with an exporter: with demo traffic, with few calls that succeed, and one that ended."""


@dataclass(frozen=True, slots=True)
class Scraped:
    """A Prometheus, the exporter where all is well, and until when may be asked again."""

    url: str
    well: str
    deadline: float

    def answer(self, path: str, parameters: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
        """Return the data of an answer; it must not be an error."""
        address = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address) as response:  # noqa: S310 - http, ours
            return json.load(response)["data"]

    def asked(self, target: Target, job: str = EVERY) -> list[Json]:
        """Return the series with a number that answer a query now."""
        expr = resolved(target.expr, BOARDS[target.board], shown_secs=SHOWN_SECS, job=job)
        now = time.time()
        times = {"start": str(now - SHOWN_SECS / 2), "end": str(now), "step": "1"}
        if target.target["instant"]:
            result = self.answer("query", {"query": expr})["result"]
        else:
            result = self.answer("query_range", {"query": expr, **times})["result"]
        return [row for row in result if any(map(math.isfinite, numbers(row)))]

    def series(self, target: Target) -> list[dict[str, str]]:
        """Return the labels of each series that answers a query; asks again while none does."""
        while not (found := self.asked(target)) and time.monotonic() < self.deadline:
            time.sleep(0.2)
        return [row["metric"] for row in found]

    def tile(self, board: str, title: str, job: str = EVERY) -> float:
        """Return the number that a tile shows now."""
        (target,) = (each for each in targets(BOARDS[board]) if each.panel["title"] == title)
        (row,) = self.asked(target, job)
        return numbers(row)[-1]


def numbers(row: Json) -> list[float]:
    """Return the values of a series: one, or one for each step."""
    return [float(value) for _, value in row.get("values", [row.get("value")])]
