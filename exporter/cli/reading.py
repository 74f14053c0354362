"""What an agent wrote, read: bytes to events, and what could not be used counted."""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from exporter.agents.agent import StreamReader
from exporter.agents.fields import Unfit
from exporter.agents.lines import Line, Lines
from exporter.agents.registry import AGENTS
from exporter.cli.flags import Parser
from exporter.event.rejection import Code
from exporter.event.types import UNKNOWN, Event, type_name

Now = Callable[[dict[str, Any]], float]
"""Tells at what instant a line was written, Unix seconds."""

READERS = {name: agent.stream for name, agent in AGENTS.items() if agent.stream is not None}


def add_agent(parser: Parser) -> None:
    """Give the parser the flags that say who wrote the stream."""
    parser.add_argument(
        "--agent",
        metavar="AGENT",
        type=_agent,
        required=True,
        help=f"who writes it: {', '.join(READERS)}",
    )
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="the model, where the stream does not name it (codex, opencode)",
    )


def _agent(name: str) -> str:
    if name not in READERS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(READERS)}")
    return name


class Told(NamedTuple):
    """An event, and the number of the line that told of it."""

    number: int
    event: Event


class Reading:
    """Reads one stream of an agent.

    `events` counts what was told, by type, and `unfit` lines that should count and hold what
    cannot. `refuse` is called for each of those: with its number, why, and the field it is about.
    """

    def __init__(
        self,
        agent: str,
        model: str | None,
        refuse: Callable[[int, Code, str], object] = lambda *_: None,
    ) -> None:
        self._agent = agent
        self._reader: StreamReader = READERS[agent](model)
        self._refuse = refuse
        self._number = 0
        self.lines = Lines()
        self.events: Counter[str] = Counter()
        self.unfit = 0

    def feed(self, data: bytes, now: Now) -> Iterator[Told]:
        """Yield what the lines that end in `data` tell; to be gone through at once."""
        return self._told(self.lines.feed(data), now)

    def end(self, now: Now) -> Iterator[Told]:
        """Yield what is left to be told once the stream has ended."""
        yield from self._told(self.lines.end(), now)
        yield from self._events(lambda: self._reader.end(now({})))

    def _told(self, lines: Iterable[Line], now: Now) -> Iterator[Told]:
        for self._number, fields in lines:
            yield from self._events(partial(self._reader.read, fields, now(fields)))

    def _events(self, tell: Callable[[], Iterable[Event]]) -> Iterator[Told]:
        try:
            for event in tell():
                if event.agent == UNKNOWN:
                    event.agent = self._agent
                self.events[type_name(event.__class__)] += 1
                yield Told(self._number, event)
        except Unfit as unfit:
            self._pass_over(unfit.code, f"$.{unfit.field}")
        except Exception:  # noqa: BLE001 - one line that a reader fails at must not cost the others
            self._pass_over(Code.INTERNAL_ERROR, "$")

    def _pass_over(self, code: Code, path: str) -> None:
        self.unfit += 1
        self._refuse(self._number, code, path)
