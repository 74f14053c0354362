"""`agent-exporter serve`: builds the configuration, runs the exporter, and ends on a signal."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from exporter import __version__
from exporter.cli import logs
from exporter.cli.flags import (
    PROGRAM,
    USAGE_ERROR,
    Once,
    Parser,
    add_settings,
    complain,
    settings,
)
from exporter.cli.lifetime import Load, Service, ServiceFactory, live
from exporter.clock import Clock
from exporter.config import (
    CONFIG_FILE_VARIABLE,
    Config,
    ConfigError,
    ConfigFileError,
    load,
    read_file,
    unknown_environment,
)
from exporter.web.file_limit import raise_file_limit

INTERRUPTED = 130
"""The exit code when a second signal cuts the stop short, as a shell reports SIGINT."""

SWITCH_INTERVAL_SECS = 0.0005
"""Ten times Python's own haste: a thread that has written to the journal has to wait this long
for a busy event loop to let it tell so, and every reply waits for that."""

DESCRIPTION = """\
Take what agents push and serve what Prometheus scrapes, until SIGTERM or SIGINT.
SIGHUP reads the configuration anew.
A flag wins over its environment variable [in brackets], over the file, over the default."""

EXAMPLES = (
    "agent-exporter serve --config.file=exporter.yml",
    "agent-exporter serve --web.listen-address=127.0.0.1:24368 --web.listen-address=[::1]:24368",
    "agent-exporter serve --web.listen-address=:24368 --ingest.listen-address=127.0.0.1:24369",
    "AGENT_EXPORTER_LOG_FORMAT=json agent-exporter",
)

logger = logging.getLogger(__name__)


def exporter(config: Config, *, clock: Clock, load: Load) -> Service:
    """Return the exporter itself."""
    # Here, because the web server takes longest to import and no other command needs it.
    from exporter.app import Exporter  # noqa: PLC0415 - as above

    return Exporter(config, clock=clock, load=load)


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    service_factory: ServiceFactory = exporter,
) -> int:
    """Serve until SIGTERM or SIGINT.

    Returns 0 after a signal, 1 where it could not start, 2 for a wrong configuration.
    """
    options = _parser().parse(arguments)
    flags = settings(options)
    try:
        path = _config_path(options, environ)
        config = _load(path, environ, flags)
    except ConfigError as error:
        complain(str(error))
        return USAGE_ERROR
    logs.configure(config.log, sys.stderr)
    for name in unknown_environment(environ):
        logger.warning("unknown environment variable", extra={"fields": {"name": name}})

    def reload() -> Config:
        anew = _load(path, environ, flags)
        # Before anything else may go wrong with it: then one wants to see more.
        logs.configure(anew.log, sys.stderr)
        return anew

    sys.setswitchinterval(SWITCH_INTERVAL_SECS)
    raise_file_limit()
    return _run(service_factory, config, reload)


def _config_path(options: argparse.Namespace, environ: Mapping[str, str]) -> Path | None:
    file: str | None = getattr(options, "config_file", None)
    if file == "":
        # A variable of a script that came out empty must not mean the defaults.
        raise ConfigError("--config.file: expected a path")
    file = file or environ.get(CONFIG_FILE_VARIABLE)
    return Path(file) if file else None


def _load(
    path: Path | None, environ: Mapping[str, str], flags: Mapping[str, str | list[str]]
) -> Config:
    """Return what file, environment and flags say now; raises `ConfigError`, naming the file."""
    try:
        return load(
            yaml_text=read_file(path) if path else None,
            environ=environ,
            flags=flags,
            directory=path.parent if path else Path(),
        )
    except ConfigFileError as error:
        raise ConfigError(f"{path}: {error}") from None


def add_flags(parser: Parser) -> None:
    """Give the parser every flag that serving knows."""
    parser.add_argument(
        "--version",
        action="version",
        version=f"{PROGRAM} {__version__}",
        help="show the version and exit",
    )
    parser.add_argument(
        "--config.file",
        dest="config_file",
        action=Once,
        default=argparse.SUPPRESS,
        metavar="FILE",
        help=f"the YAML configuration file; default none [{CONFIG_FILE_VARIABLE}]",
    )
    add_settings(parser)


def _parser() -> Parser:
    parser = Parser("serve", DESCRIPTION, examples=EXAMPLES)
    add_flags(parser)
    return parser


def _run(service_factory: ServiceFactory, config: Config, load_anew: Load) -> int:
    about = {"version": __version__, "storage": config.storage.path or "memory"}
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            return runner.run(live(service_factory, config, load_anew, about=about))
        except KeyboardInterrupt:
            return INTERRUPTED


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - it does not install everywhere
    except ImportError:
        return None
    return uvloop.new_event_loop
