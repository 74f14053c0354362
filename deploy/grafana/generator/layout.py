"""Places panels on the grid: bands of panels side by side, from the top down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from deploy.grafana.generator.looks import Json

COLUMNS: Final = 24


@dataclass(frozen=True, slots=True)
class Band:
    """Panels side by side, of one height and, without `widths`, of one width.

    With a `title` a row begins with it.
    """

    panels: Sequence[Json]
    height: int = 8
    widths: Sequence[int] = ()
    title: str = ""


def placed(bands: Sequence[Band]) -> list[Json]:
    """Return all panels with an id and a place; raises ValueError where a band does not fit."""
    panels: list[Json] = []
    top = 0
    for band in bands:
        if band.title:
            panels.append(_row(band.title, len(panels) + 1, top))
            top += 1
        left = 0
        for panel, width in zip(band.panels, _widths(band), strict=True):
            place = {"x": left, "y": top, "w": width, "h": band.height}
            panels.append({"id": len(panels) + 1, "gridPos": place, **panel})
            left += width
        top += band.height
    return panels


def _widths(band: Band) -> Sequence[int]:
    widths = band.widths or [COLUMNS // len(band.panels)] * len(band.panels)
    if sum(widths) != COLUMNS:
        raise ValueError(f"a band of {len(band.panels)} panels does not fill the grid")
    return widths


def _row(title: str, identifier: int, top: int) -> Json:
    return {
        "id": identifier,
        "type": "row",
        "title": title,
        "collapsed": False,
        "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
        "panels": [],
    }
