"""Records of one export into the events that they tell of.

A record that says nothing that counts is passed over: most of what agents export is of that kind.
One that should count and cannot is rejected, and no other with it.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from exporter.agents.agent import Agent
from exporter.agents.fields import Unfit
from exporter.agents.registry import Authors
from exporter.decode.settle import settle
from exporter.event.otel import LogRecord, Record, Span
from exporter.event.rejection import Code
from exporter.event.types import UNKNOWN, Event, type_name
from exporter.fault import whereabouts

log = logging.getLogger(__name__)


class Misread(NamedTuple):
    """A record that was rejected: why, what of it is wrong, and of what type its event is."""

    code: Code
    path: str
    event_type: str


class Translated(NamedTuple):
    """What an export comes to: its events, what was rejected, and how many records were used."""

    events: list[Event]
    misread: list[Misread]
    used: int


def translate(records: Sequence[Record], received_at: float) -> Translated:
    """Return the events of records that arrived at `received_at`, Unix seconds."""
    translated = Translated([], [], 0)
    authors = Authors()
    used = 0
    for record in records:
        try:
            events = _read(authors.of(record), record)
        except Unfit as unfit:
            translated.misread.append(Misread(unfit.code, f"$.{unfit.field}", UNKNOWN))
            continue
        except Exception as error:  # noqa: BLE001 - a fault of ours must cost no other record
            log.critical("a fault in reading telemetry", extra={"fields": whereabouts(error)})
            translated.misread.append(Misread(Code.INTERNAL_ERROR, "$", UNKNOWN))
            continue
        used += _take(events, received_at, translated)
    return translated._replace(used=used)


def _read(agent: Agent, record: Record) -> tuple[Event, ...]:
    """Return all events of a record; a reader may find only at the last that it cannot be read."""
    if isinstance(record, LogRecord):
        return tuple(agent.log(record))
    if isinstance(record, Span):
        return tuple(agent.span(record))
    return tuple(agent.point(record))


def _take(events: Iterable[Event], received_at: float, translated: Translated) -> bool:
    """Take in the events of a record that may stand; return whether there were any."""
    any_stands = False
    for event in events:
        problem = settle(event, received_at)
        if problem is not None and problem[0] is Code.TOO_NEW:
            # Nobody sends again what is refused so, and the clock would not be right then either.
            event.at = received_at
            problem = settle(event, received_at)
        if problem is None:
            translated.events.append(event)
            any_stands = True
        else:
            translated.misread.append(Misread(*problem, type_name(event.__class__)))
    return any_stands
