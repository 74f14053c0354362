"""The settings that have a flag and an environment variable besides their key in the file."""

import re
from collections.abc import Mapping

from msgspec import Struct

PREFIX = "AGENT_EXPORTER_"
CONFIG_FILE_VARIABLE = PREFIX + "CONFIG_FILE"
URL_VARIABLE = PREFIX + "URL"
TOKEN_VARIABLE = PREFIX + "TOKEN"


class Setting(Struct, frozen=True, kw_only=True):
    """One setting: its flag without the dashes, its path in `Config`, and what help says of it.

    `placeholder` stands for the value in the help text. A `repeatable` flag may be given several
    times; its environment variable separates the values with commas. A `boolean` flag may stand
    without a value, and is true then. Where a setting `may_be_empty`, an empty variable sets it;
    elsewhere that is as good as no variable.
    """

    flag: str
    path: tuple[str, str]
    help: str
    placeholder: str
    repeatable: bool = False
    boolean: bool = False
    may_be_empty: bool = False

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
        flag="web.config.file",
        path=("web", "config_file"),
        help="the file with TLS, passwords and headers, as Prometheus's exporters take it",
        placeholder="FILE",
    ),
    Setting(
        flag="web.enable-lifecycle",
        path=("web", "enable_lifecycle"),
        help="let POST /-/reload reload the configuration",
        placeholder="true|false",
        boolean=True,
    ),
    Setting(
        flag="ingest.listen-address",
        path=("ingest", "listen_address"),
        help="take pushes on this address only; by default they are taken wherever is served",
        placeholder="ADDRESS",
    ),
    Setting(
        flag="ingest.require-auth",
        path=("ingest", "require_auth"),
        help="refuse to start where pushes from other machines would need no credentials",
        placeholder="true|false",
        boolean=True,
    ),
    Setting(
        flag="storage.path",
        path=("storage", "path"),
        help="the directory in which state outlives a restart; empty: in memory only",
        placeholder="DIR",
        may_be_empty=True,
    ),
    Setting(
        flag="storage.sync",
        path=("storage", "sync"),
        help="what a commit survives: normal (a killed process) or full (a loss of power too)",
        placeholder="normal|full",
    ),
    Setting(
        flag="shutdown.linger",
        path=("shutdown", "linger_secs"),
        help="go on serving after SIGTERM until one more scrape was answered, at most this long:"
        " 20s, 1m, 500ms or seconds, up to 600s",
        placeholder="DURATION",
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

_KNOWN = {CONFIG_FILE_VARIABLE, URL_VARIABLE, TOKEN_VARIABLE} | {
    setting.variable for setting in SETTINGS
}

# Kubernetes sets these in every pod beside a Service called "agent-exporter".
_SERVICE_LINK = re.compile(PREFIX + r"(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)")


def unknown_environment(environ: Mapping[str, str]) -> list[str]:
    """Return the names, sorted, that carry our prefix but set nothing: most likely misspelt."""
    return sorted(
        name
        for name in environ
        if name.startswith(PREFIX) and name not in _KNOWN and not _SERVICE_LINK.fullmatch(name)
    )
