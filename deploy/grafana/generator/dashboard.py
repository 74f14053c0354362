"""A whole board, from its parts."""

from collections.abc import Sequence
from typing import Final

from deploy.grafana.generator import variables
from deploy.grafana.generator.layout import Band, placed
from deploy.grafana.generator.looks import Json

SCHEMA_VERSION: Final = 39
"""That of Grafana 10.4: later ones bring it up to theirs when they load it."""

TAG: Final = "agent-exporter"


def dashboard(
    uid: str,
    title: str,
    about: str,
    bands: Sequence[Band],
    *,
    own_variables: Sequence[Json] = (),
    since: str = "now-1h",
    refresh: str = "30s",
) -> Json:
    """Return a board that shows the time `since`; its file is named as its `uid`."""
    return {
        "uid": uid,
        "title": title,
        "description": about,
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "time": {"from": since, "to": "now"},
        "timepicker": {},
        "timezone": "",
        "refresh": refresh,
        "weekStart": "",
        "annotations": {"list": []},
        "links": [_other_boards()],
        "templating": {"list": [*variables.common(), *own_variables]},
        "panels": placed(bands),
    }


def _other_boards() -> Json:
    return {
        "title": "Agents",
        "type": "dashboards",
        "tags": [TAG],
        "asDropdown": False,
        "icon": "external link",
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "tooltip": "",
        "url": "",
    }
