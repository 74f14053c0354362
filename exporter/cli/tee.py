"""`agent-exporter tee`: runs a command as if it were alone, and pushes what it says."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

from exporter.cli.child import Child, end_as
from exporter.cli.flags import FAILURE, Parser, complain
from exporter.cli.listening import Listener
from exporter.cli.passthrough import STANDARD_OUTPUT, Passthrough
from exporter.cli.reading import Reading, add_agent
from exporter.cli.target import Target, add_target, find_target
from exporter.client import Telemetry

NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127

STANDARD_ERROR: Final = 2

CLOSE_SECS_MAX: Final = 2.0
QUEUE_EVENTS_MAX: Final = 16_384

SWITCH_INTERVAL_SECS: Final = 0.0005
"""Reading a long line must not keep the output waiting for its turn."""

DESCRIPTION = """\
Run a command and push what it says on standard output, where it writes JSON lines. The command
does not notice: its output passes through untouched, its input and its standard error are ours, its
signals reach it, and tee ends as it does. Nothing is said by tee itself, and where the exporter is
down nothing changes but that events are lost."""

USAGE = "agent-exporter tee --agent AGENT [FLAG...] -- COMMAND [ARGUMENT...]"

EXAMPLES = (
    "agent-exporter tee --agent=claude-code -- claude -p --output-format stream-json --verbose hi",
    "agent-exporter tee --agent=codex --model=gpt-5-codex -- codex exec --json 'fix the test'",
    "agent-exporter tee --agent=opencode --model=openai/gpt-5 -- opencode run --format json hi",
)


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command; returns its exit code, or ends by the signal that ended it.

    Returns 127 where there is no such command, 126 where it cannot be run, 1 where its output could
    not be written on.
    """
    options, command, target = _understood(arguments, environ)
    _occupy_standard_descriptors()
    listener, telemetry = _listening(options, target)
    try:
        output = Passthrough()
        child = Child(command, environ, output)
    except FileNotFoundError:
        complain("tee: no such command")
        return NOT_FOUND
    except OSError as error:
        complain(f"tee: cannot run the command: {error.strerror or 'no reason given'}")
        return NOT_EXECUTABLE
    sys.setswitchinterval(SWITCH_INTERVAL_SECS)
    listener.start()
    if output.carry(listener.hear):
        output.leave()
    # Whoever reads our output need not wait for the exporter.
    _close_standard_output()
    status = child.wait()
    _finish(listener, telemetry)
    if options.verbose:
        complain(f"tee: {listener.summary}, {telemetry.dropped} dropped")
    if output.trouble:
        complain(f"tee: cannot write: {output.trouble}")
    # What the command would have failed at, we did in its place.
    return end_as(status) or (FAILURE if output.trouble else 0)


def _understood(
    arguments: Sequence[str], environ: Mapping[str, str]
) -> tuple[argparse.Namespace, Sequence[str], Target]:
    """Return the flags, the command, and where to push; exits with 2 where they make no sense."""
    parser = Parser("tee", DESCRIPTION, examples=EXAMPLES, usage=USAGE)
    add_agent(parser)
    parser.add_argument(
        "--session",
        metavar="ID",
        help="the session that this is of, where the stream does not name it",
    )
    add_target(parser)
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="say on standard error what was read and what went wrong",
    )
    ours, command = _parted(arguments)
    options = parser.parse(ours)
    if not command:
        parser.error("expected -- and a command after the flags")
    return options, command, find_target(parser, options, environ)


def _parted(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return what stands before the first `--`, and what behind it."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:end], arguments[end + 1 :]


def _occupy_standard_descriptors() -> None:
    """Keep 0, 1 and 2 from being given to something else where they are closed.

    The command finds them as closed as they were.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        pass
    os.close(descriptor)


def _listening(options: argparse.Namespace, target: Target) -> tuple[Listener, Telemetry]:
    if not options.verbose:
        logging.disable()
    telemetry = Telemetry(
        target.url,
        agent=options.agent,
        session_id=options.session,
        token=target.token,
        queue_events_max=QUEUE_EVENTS_MAX,
    )
    return Listener(Reading(options.agent, options.model), telemetry), telemetry


def _close_standard_output() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, STANDARD_OUTPUT)
    os.close(nowhere)


def _finish(listener: Listener, telemetry: Telemetry) -> None:
    until = time.monotonic() + CLOSE_SECS_MAX
    listener.finish(CLOSE_SECS_MAX / 2)
    telemetry.close(max(0.0, until - time.monotonic()))
