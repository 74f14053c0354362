"""The settings that have a flag and an environment variable besides their key in the file."""

import re
from collections.abc import Mapping

from msgspec import Struct

PREFIX = "AGENT_EXPORTER_"
CONFIG_FILE_VARIABLE = PREFIX + "CONFIG_FILE"
URL_VARIABLE = PREFIX + "URL"


class Setting(Struct, frozen=True, kw_only=True):
    """One setting: its flag without the dashes, its path in `Config`, and what help says of it.

    `placeholder` stands for the value in the help text. A `repeatable` flag may be given several
    times; its environment variable separates the values with commas.
    """

    flag: str
    path: tuple[str, str]
    help: str
    placeholder: str
    repeatable: bool = False

    @property
    def variable(self) -> str:
        """The environment variable, derived from the flag."""
        return PREFIX + re.sub(r"[.-]", "_", self.flag).upper()


SETTINGS = (
    Setting(
        flag="web.listen-address",
        path=("web", "listen_address"),
        help="where to serve: host:port, [ipv6]:port, or :port for all interfaces",
        placeholder="ADDRESS",
        repeatable=True,
    ),
    Setting(
        flag="ingest.listen-address",
        path=("ingest", "listen_address"),
        help="take pushes on this address only; by default they are taken wherever is served",
        placeholder="ADDRESS",
    ),
    Setting(
        flag="log.level",
        path=("log", "level"),
        help="the least severe level to write: debug, info, warn or error",
        placeholder="LEVEL",
    ),
    Setting(
        flag="log.format",
        path=("log", "format"),
        help="how to write a line: logfmt or json",
        placeholder="FORMAT",
    ),
)

_KNOWN = {CONFIG_FILE_VARIABLE, URL_VARIABLE} | {setting.variable for setting in SETTINGS}

# Kubernetes sets these in every pod beside a Service called "agent-exporter".
_SERVICE_LINK = re.compile(PREFIX + r"(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)")


def unknown_environment(environ: Mapping[str, str]) -> list[str]:
    """Return the names, sorted, that carry our prefix but set nothing: most likely misspelt."""
    return sorted(
        name
        for name in environ
        if name.startswith(PREFIX) and name not in _KNOWN and not _SERVICE_LINK.fullmatch(name)
    )
