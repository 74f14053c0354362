"""`agent-exporter COMMAND`: finds the command, and exits with what it returns.

What a command needs is imported once it is known: that takes long enough for a SIGHUP, sent to
what was just started, to end it.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence

Command = Callable[[Sequence[str], Mapping[str, str]], int]

COMMANDS = ("serve", "check-config", "push", "replay", "tee", "healthcheck", "demo")

USAGE = """agent-exporter [serve] [FLAG...]
       agent-exporter COMMAND [FLAG...]"""

DESCRIPTION = """\
A Prometheus sidecar for AI agents: takes what they push, serves what Prometheus scrapes.

commands:
  serve              take pushes and serve metrics; the default
  check-config FILE  say whether a configuration file can be used
  push [FILE]        push events, a JSON object a line, from a file or standard input
  replay FILE        push what a recorded stream of an agent tells
  tee -- COMMAND     run an agent, pass its output through, and push what it tells
  healthcheck        ask a running exporter whether it is well; exits 0 or 1
  demo               push made-up traffic, to see the boards alive

agent-exporter COMMAND --help tells of one command. The flags below are those of serve: each wins
over its environment variable [in brackets], which wins over the file, which wins over the default.

exit codes: 0 done, 1 failed, 2 wrong usage or configuration"""

EXAMPLES = (
    "agent-exporter",
    "agent-exporter --config.file=exporter.yml --web.listen-address=:24368",
    "agent-exporter check-config exporter.yml",
    "agent-exporter push events.ndjson",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command that `argv` names, by default the process's arguments; always exits."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    first = arguments[0] if arguments else ""
    if first in ("-h", "--help"):
        _help()
        return 0
    if not first or first.startswith("-"):
        return _serve(arguments)
    if first == "serve":
        return _serve(arguments[1:])
    return _command(first)(arguments[1:], os.environ)


def _serve(arguments: Sequence[str]) -> int:
    # Until there is something to reload, a wish to reload must not end it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from exporter.cli import serve  # noqa: PLC0415 - as above

    return serve.run(arguments, os.environ)


def _command(name: str) -> Command:
    if name in COMMANDS:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            # Ctrl-C ends a command as it ends others, and not with a traceback.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        module = importlib.import_module(f"exporter.cli.{name.replace('-', '_')}")
        command: Command = module.run
        return command
    from exporter.cli import flags  # noqa: PLC0415 - as above

    def unknown(_arguments: Sequence[str], _environ: Mapping[str, str]) -> int:
        flags.complain(f"unknown command; expected one of {', '.join(COMMANDS)}")
        return flags.USAGE_ERROR

    return unknown


def _help() -> None:
    from exporter.cli import flags, serve  # noqa: PLC0415 - as above

    parser = flags.Parser("", DESCRIPTION, examples=EXAMPLES, usage=USAGE)
    serve.add_flags(parser)
    parser.print_help()
