"""`agent-exporter serve`: builds the configuration, runs the exporter, and ends on a signal."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from exporter import __version__
from exporter.cli import logs
from exporter.cli.flags import (
    FAILURE,
    PROGRAM,
    USAGE_ERROR,
    Parser,
    add_settings,
    complain,
    settings,
)
from exporter.clock import Clock, SystemClock
from exporter.config import (
    CONFIG_FILE_VARIABLE,
    Config,
    ConfigError,
    ConfigFileError,
    load,
    read_file,
    unknown_environment,
)

INTERRUPTED = 130
"""The exit code when a second signal cuts the stop short, as a shell reports SIGINT."""

DESCRIPTION = """\
Take what agents push and serve what Prometheus scrapes, until SIGTERM or SIGINT.
A flag wins over its environment variable [in brackets], over the file, over the default."""

EXAMPLES = (
    "agent-exporter serve --config.file=exporter.yml",
    "agent-exporter serve --web.listen-address=127.0.0.1:24368 --web.listen-address=[::1]:24368",
    "agent-exporter serve --web.listen-address=:24368 --ingest.listen-address=127.0.0.1:24369",
    "AGENT_EXPORTER_LOG_FORMAT=json agent-exporter",
)

logger = logging.getLogger(__name__)


class Service(Protocol):
    """What is run: `start` binds and raises `OSError` where it cannot, having cleaned up."""

    @property
    def addresses(self) -> Sequence[str]:
        """The bound addresses, `host:port`, once started."""
        ...

    async def start(self) -> None:
        """Begin to serve."""
        ...

    async def stop(self) -> None:
        """Stop serving, having finished what was accepted."""
        ...


class ServiceFactory(Protocol):
    """Builds a service that has not started."""

    def __call__(self, config: Config, *, clock: Clock) -> Service:
        """Return the service."""
        ...


def exporter(config: Config, *, clock: Clock) -> Service:
    """Return the exporter itself."""
    # Here, because the web server takes longest to import and no other command needs it.
    from exporter.app import Exporter  # noqa: PLC0415 - as above

    return Exporter(config, clock=clock)


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
    file = options.config_file or environ.get(CONFIG_FILE_VARIABLE)
    try:
        config = load(
            yaml_text=read_file(Path(file)) if file else None,
            environ=environ,
            flags=settings(options),
        )
    except ConfigFileError as error:
        complain(f"{file}: {error}")
        return USAGE_ERROR
    except ConfigError as error:
        complain(str(error))
        return USAGE_ERROR
    logs.configure(config.log, sys.stderr)
    for name in unknown_environment(environ):
        logger.warning("unknown environment variable", extra={"fields": {"name": name}})
    return _run(service_factory, config)


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
        metavar="FILE",
        help=f"the YAML configuration file; default none [{CONFIG_FILE_VARIABLE}]",
    )
    add_settings(parser)


def _parser() -> Parser:
    parser = Parser("serve", DESCRIPTION, examples=EXAMPLES)
    add_flags(parser)
    return parser


def _run(service_factory: ServiceFactory, config: Config) -> int:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            return runner.run(_serve(service_factory, config))
        except KeyboardInterrupt:
            return INTERRUPTED


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - it does not install everywhere
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(service_factory: ServiceFactory, config: Config) -> int:
    loop = asyncio.get_running_loop()
    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled.set)
    service = service_factory(config, clock=SystemClock())
    try:
        await service.start()
    except OSError as error:
        complain(f"cannot start: {error.strerror or 'no reason given'}")
        return FAILURE
    for address in service.addresses:
        logger.info("serving", extra={"fields": {"address": address}})
    logger.warning("state is kept in memory only: counters start at 0 on restart")
    await signalled.wait()
    # From here a second signal has its default effect: it ends the process at once.
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
    logger.info("stopping")
    await service.stop()
    logger.info("stopped")
    return 0
