"""`agent-exporter push`: pushes NDJSON events, and tells what became of them."""

from collections.abc import Iterator, Mapping, Sequence

from exporter.agents.lines import BLANKS, Cutter
from exporter.cli.account import Account
from exporter.cli.batches import Line
from exporter.cli.flags import Parser
from exporter.cli.forward import LinesOf, add_forwarding, forward
from exporter.cli.source import Source
from exporter.cli.target import add_target, find_target

DESCRIPTION = """\
Push events, one JSON object a line, and tell what became of them. What comes through a pipe is
pushed within a second. A batch that found no answer is sent again, and counts once however often
it was sent. To push a file twice counts it twice, but for events that have an id.

Prints the totals and, on standard error, the first lines that were not taken: number, code, and
the path of the field."""

EXAMPLES = (
    "agent-exporter push events.ndjson",
    "tail -f events.ndjson | agent-exporter push",
    """echo '{"type": "tool_call", "tool": "bash", "duration_ms": 7}' | agent-exporter push""",
    "agent-exporter push --url=https://exporter:24368 --token-file=token events.ndjson",
)


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Push a file; returns 0 where every event was taken, else 1, or 128 and a signal's number."""
    parser = Parser("push", DESCRIPTION, examples=EXAMPLES)
    add_target(parser)
    add_forwarding(parser, required=False)
    options = parser.parse(arguments)
    account = Account()

    def lines_of(source: Source) -> LinesOf:
        return Numbered(source, account).lines

    code = forward(options, find_target(parser, options, environ), account, lines_of)
    print(account.totals)
    return code


class Numbered:
    """Cuts a source into lines, numbered from 1, and leaves the blank ones out."""

    def __init__(self, source: Source, account: Account) -> None:
        self._source = source
        self._account = account
        self._cutter = Cutter()
        self._number = 0

    def lines(self, piece: bytes) -> Iterator[Line]:
        """Yield the lines that end in a piece; an empty piece ends the last one."""
        for line in self._cutter.feed(piece) if piece else self._rest():
            self._number += 1
            if line is None:
                self._account.reject(self._number, "too_large")
            elif line.strip(BLANKS):
                yield Line(self._number, line)

    def _rest(self) -> list[bytes | None]:
        # Who was stopped in the middle of a line has not read what it says.
        return [] if self._source.stopped_by is not None else self._cutter.end()
