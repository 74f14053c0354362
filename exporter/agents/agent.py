"""What there is to know of a coding agent: how it is recognised, and how it is read.

A reader of records returns the events that a record tells of, none for what says nothing that is
counted here, and raises `Unfit` where a record that should count holds what cannot. Readers keep
nothing between records. A reader of a stream does: it is made anew for each.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from exporter.event.otel import LogRecord, Point, Span
from exporter.event.types import Event

R_contra = TypeVar("R_contra", contravariant=True)


class Reader(Protocol[R_contra]):
    """Reads records of one kind."""

    def __call__(self, record: R_contra, /) -> Iterable[Event]:
        """Return the events that a record tells of. Raises `exporter.agents.fields.Unfit`."""
        ...


class StreamReader(Protocol):
    """Reads the JSON lines that one run of an agent writes, from the first to the last."""

    def read(self, line: dict[str, Any], now: float) -> Iterable[Event]:
        """Return the events that a line tells of, which was written at `now`, Unix seconds.

        A line that names its own instant is of that. Raises `exporter.agents.fields.Unfit`; the
        next line can be read all the same.
        """
        ...

    def end(self, now: float) -> Iterable[Event]:
        """Return what is left to be told once the stream has ended, at `now`, Unix seconds."""
        ...


def nothing(_record: object, /) -> Iterable[Event]:
    """Read a record that says nothing that counts."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A coding agent.

    `name` is its label value. It is recognised by its `services`, which is what `service.name`
    says, or else by what the names of its scopes (`scopes`) or of its records (`events`) begin
    with. `stream` makes a reader for a run with a model, where that is known beforehand.
    """

    name: str
    services: frozenset[str]
    scopes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    log: Reader[LogRecord] = nothing
    span: Reader[Span] = nothing
    point: Reader[Point] = nothing
    stream: Callable[[str | None], StreamReader] | None = None
