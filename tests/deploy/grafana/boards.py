"""The boards as they are checked in, and their queries as Grafana would send them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parents[3] / "deploy/grafana/dashboards"

Json = dict[str, Any]

PATHS = sorted(DIRECTORY.glob("*.json"))
BOARDS: dict[str, Json] = {path.stem: json.loads(path.read_text()) for path in PATHS}

OF_GRAFANA = {"__rate_interval", "__range", "__range_s", "__url_time_range", "__data", "__all"}
"""What Grafana knows without being told."""

_USES = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Target:
    """A query of a panel of a board."""

    board: str
    panel: Json
    target: Json

    @property
    def expr(self) -> str:
        """The query as it stands in the board."""
        expr: str = self.target["expr"]
        return expr

    def __str__(self) -> str:
        """Return where it is."""
        return f"{self.board}-{self.panel['id']}{self.target['refId']}-{self.panel['title']}"


def panels(board: Json) -> list[Json]:
    """Return the panels that show something."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def variables(board: Json) -> dict[str, Json]:
    """Return the variables by name."""
    return {each["name"]: each for each in board["templating"]["list"]}


def targets(board: Json) -> list[Target]:
    """Return every query of a board."""
    return [
        Target(board["uid"], panel, target)
        for panel in panels(board)
        for target in panel["targets"]
    ]


def uses(text: str) -> set[str]:
    """Return the variables that a text uses."""
    return {braced or plain for braced, plain in _USES.findall(text)}


def texts(value: object) -> Iterator[str]:
    """Yield all texts in a piece of a board."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def resolved(text: str, board: Json, *, shown_secs: int, job: str = ".+") -> str:
    """Return a query with all variables put in: all agents, the defaults else."""
    chosen = {
        name: each["allValue"] if each.get("includeAll") else each["current"].get("value", "")
        for name, each in variables(board).items()
        if each["type"] != "adhoc"
    }
    chosen["job"] = job
    chosen |= {"__range": f"{shown_secs}s", "__range_s": str(shown_secs), "__rate_interval": "10s"}
    return _USES.sub(lambda found: str(chosen[found[1] or found[2]]), text)
