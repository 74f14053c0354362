"""`agent-exporter check-config FILE`: says whether `serve` would take a configuration file."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from exporter.cli.flags import FAILURE, Parser
from exporter.config import ConfigError, load, read_file


def run(arguments: Sequence[str], _environ: Mapping[str, str]) -> int:
    """Check the file alone, without environment and flags; returns 0 or 1."""
    parser = Parser(
        "check-config",
        "Say whether a configuration file can be used: the first error, with its line and key.",
        examples=["agent-exporter check-config exporter.yml"],
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the YAML file")
    path: Path = parser.parse(arguments).file
    try:
        load(yaml_text=read_file(path), environ={}, flags={})
    except ConfigError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return FAILURE
    print(f"{path}: ok")
    return 0
