"""The document as a whole, and as YAML."""

from typing import Any, Final

import yaml

from docs.openapi import board, exports, files, operating, pushes, read, reads
from docs.openapi.operation import READERS, Paths
from docs.openapi.responses import HEADERS, shared_responses
from docs.openapi.schemas import components
from exporter import __version__

HEAD: Final = "# Generated from the code by `make docs`; do not edit.\n"
WIDTH: Final = 110
SHORT: Final = 90

_DESCRIPTION: Final = """\
AI agents push what happened; Prometheus scrapes it; whoever has to choose a model asks how each is
doing. Times in answers are RFC 3339 in UTC; what is unknown is null. Errors are RFC 9457 problem
documents with a `code`; they never repeat what was sent.

Whatever is read can be asked for with `HEAD` too. Any path may answer what HTTP itself asks for:
404 `not_found`, 405 `method_not_allowed` with `Allow`, 417 `expectation_failed`.
"""

_TAGS: Final = [
    {"name": pushes.TAG, "description": "What agents push."},
    {"name": exports.TAG, "description": "What OpenTelemetry's exporters push."},
    {"name": read.TAG, "description": "How things are."},
    {"name": operating.TAG, "description": "For Prometheus, probes and operators."},
    {"name": files.TAG, "description": "For people."},
]

_SECURITY_SCHEMES: Final = {
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "Where the web configuration file has users.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "Where `ingest.token_file` is set; for what is not a read.",
    },
}


def document() -> dict[str, Any]:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "agent-exporter",
            "version": __version__,
            "summary": "A Prometheus sidecar for AI agents",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {"url": "http://127.0.0.1:24368", "description": "The default; another by flag."}
        ],
        "security": READERS,
        "tags": _TAGS,
        "paths": _paths(),
        "components": {
            "securitySchemes": _SECURITY_SCHEMES,
            "headers": HEADERS,
            "responses": {**shared_responses(), **exports.export_responses()},
            "schemas": components(),
        },
    }


def _paths() -> Paths:
    merged: Paths = {}
    for group in (pushes, exports, reads, board, operating, files):
        for path, methods in group.paths().items():
            merged[path] = {**merged.get(path, {}), **methods}
    return merged


def text() -> str:
    """Return the document as YAML."""
    return HEAD + yaml.dump(
        document(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH
    )


class _Dumper(yaml.SafeDumper):
    """Writes for people: what is short in one line, text of several lines as it is."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - of none
        """Write everything out where it stands."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - its signature is PyYAML's
        """Indent lists too."""
        super().increase_indent(flow, indentless=False)


def _mapping(dumper: yaml.SafeDumper, data: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=_short(data))


def _sequence(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=_short(data))


def _short(data: dict[str, Any] | list[Any]) -> bool:
    """Whether it is read best in one line."""
    values = data.values() if isinstance(data, dict) else data
    return len(str(data)) <= SHORT and not any(
        isinstance(value, dict | list) and value for value in values
    )


def _string(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
    style = "|" if "\n" in data else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)
_Dumper.add_representer(str, _string)
