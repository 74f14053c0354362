"""`agent-exporter replay`: pushes what a recorded stream of an agent tells, at its own times."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from exporter.agents.fields import instant, parts
from exporter.agents.lines import Lines
from exporter.cli.account import Account
from exporter.cli.batches import Line
from exporter.cli.flags import Parser
from exporter.cli.forward import add_forwarding, forward
from exporter.cli.reading import Reading, Told, add_agent
from exporter.cli.source import Source
from exporter.cli.target import add_target, find_target

DESCRIPTION = """\
Push what a recorded stream tells: the output of an agent that writes JSON lines, or a rollout file
of Codex. Events are dated as the lines are; where they have no dates, as the file. Lines that are
no JSON objects are passed over. What is replayed again counts once: events have ids.

Prints how many lines were read, and what became of the events."""

EXAMPLES = (
    "agent-exporter replay --agent=claude-code run.jsonl",
    "agent-exporter replay --agent=codex ~/.codex/sessions/2026/04/01/rollout-1.jsonl",
    "agent-exporter replay --agent=opencode --model=anthropic/claude-opus-5 run.jsonl",
    "zcat run.jsonl.gz | agent-exporter replay --agent=gemini-cli -",
)

_encode: Final = msgspec.json.Encoder().encode


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Replay a file; returns 0 where every event was taken, else 1, or 128 and a signal."""
    parser = Parser("replay", DESCRIPTION, examples=EXAMPLES)
    add_agent(parser)
    add_target(parser)
    add_forwarding(parser, required=True)
    options = parser.parse(arguments)
    target = find_target(parser, options, environ)
    account = Account()
    reading = Reading(options.agent, options.model, account.reject)
    code = forward(options, target, account, lambda source: Replay(source, reading).lines)
    for line in _summary(reading, account):
        print(line)
    return code


class Replay:
    """Turns what was recorded into events to push.

    A line that names no instant is of the last that was named before it, or else of the first that
    is named soon after; where none is, of when the file was last written to, or else of now.
    """

    def __init__(self, source: Source, reading: Reading) -> None:
        self._source = source
        self._reading = reading
        self._begun = False
        self._seen: float | None = None

    def lines(self, piece: bytes) -> Iterator[Line]:
        """Yield the events that a piece tells of; an empty one is the end."""
        if not self._begun:
            self._begun = True
            self._seen = _first_instant(piece) or self._written_at()
        return map(_line, self._told(piece))

    def _told(self, piece: bytes) -> Iterable[Told]:
        if piece:
            return self._reading.feed(piece, self._now)
        # Who was stopped does not know how it ends.
        return () if self._source.stopped_by is not None else self._reading.end(self._now)

    def _now(self, fields: dict[str, Any]) -> float:
        self._seen = _instant(fields) or self._seen
        return self._seen or time.time()

    def _written_at(self) -> float | None:
        written_at = self._source.modified_at
        # What is of the future would be refused.
        return None if written_at is None else min(written_at, time.time())


def _first_instant(piece: bytes) -> float | None:
    return next(filter(None, (_instant(line.fields) for line in Lines().feed(piece))), None)


def _instant(fields: dict[str, Any]) -> float | None:
    return instant(fields, "timestamp") or instant(parts(fields, "message"), "timestamp")


def _line(told: Told) -> Line:
    return Line(told.number, _encode(told.event))


def _summary(reading: Reading, account: Account) -> Iterator[str]:
    lines, events = reading.lines, reading.events
    yield f"lines: {lines.read} read, {lines.skipped} skipped"
    told = ", ".join(f"{name} {events[name]}" for name in sorted(events))
    yield f"events: {events.total()}" + (f" ({told})" if told else "")
    yield account.totals
    if account.duplicates > account.resent:
        yield "duplicates were told before, and count once"
