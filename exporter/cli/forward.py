"""From a file or a pipe to the exporter, line by line: what `push` and `replay` share."""

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import Final

from exporter.cli.account import Account, progress
from exporter.cli.batches import Line, batches
from exporter.cli.delivery import Delivery, NotDeliveredError
from exporter.cli.flags import FAILURE, Parser, complain
from exporter.cli.source import KILLED, STANDARD_INPUT, Source, opened
from exporter.cli.target import Target

DEFAULT_TIMEOUT_SECS: Final = 30.0
TIMEOUT_SECS_MAX: Final = 3600.0

LinesOf = Callable[[bytes], Iterable[Line]]
"""Turns pieces of a source into lines to push; an empty piece is the end."""


def add_forwarding(parser: Parser, *, required: bool) -> None:
    """Give the parser the file to read, and how long to try."""
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs=None if required else "?",
        default=None if required else STANDARD_INPUT,
        help="what to read; - is standard input" + ("" if required else ", and the default"),
    )
    parser.add_argument(
        "--timeout",
        metavar="SECS",
        type=_timeout_secs,
        default=DEFAULT_TIMEOUT_SECS,
        help="seconds to try to deliver a batch before giving up; default %(default)g",
    )


def forward(
    options: argparse.Namespace,
    target: Target,
    account: Account,
    lines_of: Callable[[Source], LinesOf],
) -> int:
    """Push all of a source, and tell what was not taken; returns the exit code.

    It is 0 where every event was taken, 1 where one was not or something failed, and what a shell
    makes of a signal where one cut it short; what was read until then was pushed.
    """
    delivery = Delivery(target.address, timeout_secs=options.timeout)
    code = 0
    try:
        with opened(options.file) as source, progress(account, sys.stderr) as show:
            for batch in batches(source, lines_of(source)):
                account.settle(batch, delivery.deliver(batch))
                show()
            if source.stopped_by is not None:
                code = KILLED + source.stopped_by
    except OSError as error:
        complain(f"cannot read {_shown(options.file)}: {error.strerror or 'no reason given'}")
        code = FAILURE
    except NotDeliveredError as error:
        complain(f"gave up{account.whereabouts}: {error}")
        code = FAILURE
    finally:
        delivery.close()
    for complaint in account.complaints():
        complain(complaint)
    return code or (FAILURE if account.rejected else 0)


def _shown(name: str) -> str:
    return "standard input" if name == STANDARD_INPUT else name


def _timeout_secs(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= TIMEOUT_SECS_MAX:
        raise argparse.ArgumentTypeError(f"expected seconds, above 0 and <= {TIMEOUT_SECS_MAX:g}")
    return seconds
