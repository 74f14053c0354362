"""Exporter: how the exporters themselves are."""

from typing import Final

from deploy.grafana.generator.boards import exporter_inside, exporter_intake, exporter_tiles
from deploy.grafana.generator.dashboard import dashboard
from deploy.grafana.generator.layout import Band
from deploy.grafana.generator.looks import Json

UID: Final = "agent-exporter"


def board() -> Json:
    """Return the board."""
    return dashboard(
        UID,
        "Agents / Exporter",
        "The exporters themselves: what comes in, what is refused, the journal, series and memory.",
        [
            Band(exporter_tiles.tiles(), height=4),
            Band([exporter_tiles.instances()], height=7),
            Band(exporter_intake.pushes(), title="What comes in"),
            Band(exporter_intake.refusals()),
            Band(exporter_inside.journal(), title="Journal"),
            Band(exporter_inside.series(), title="Series and bounds"),
            Band(exporter_inside.process(), title="Scrapes and process"),
        ],
    )
