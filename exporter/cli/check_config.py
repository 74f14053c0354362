"""`agent-exporter check-config FILE`: says whether `serve` would take a configuration file."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from exporter.cli.flags import FAILURE, Parser
from exporter.config import ConfigError, load, read_file
from exporter.config.web_file import read_web_file


def run(arguments: Sequence[str], _environ: Mapping[str, str]) -> int:
    """Check the file, without environment and flags, and the web file it names; returns 0 or 1.

    Certificates and tokens are not read: they may be on another machine.
    """
    parser = Parser(
        "check-config",
        "Say whether a configuration file can be used: the first error, with its line and key.",
        examples=["agent-exporter check-config exporter.yml"],
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the YAML file")
    path: Path = parser.parse(arguments).file
    checked = path
    try:
        config = load(yaml_text=read_file(path), environ={}, flags={}, directory=path.parent)
        if config.web.config_file is not None:
            checked = Path(config.web.config_file)
            for warning in read_web_file(checked).warnings:
                print(f"{checked}: warning: {warning}", file=sys.stderr)
    except ConfigError as error:
        print(f"{checked}: {error}", file=sys.stderr)
        return FAILURE
    print(f"{path}: ok")
    return 0
