"""Who is who: the ids by which one thing told twice is known, whichever channel told it.

A call that a log record and a stream both tell of gets the same id from both, so that whichever
comes second counts as a duplicate. The id says what kind of thing it is of, since one call may have
a completion and, told elsewhere, a detail of it.
"""

import hashlib
from typing import Final, Literal

import msgspec

from exporter.event.types import Event

Kind = Literal["call", "detail", "tool", "request", "log", "point", "quota"]

_LENGTH_MAX: Final = 128

_encode = msgspec.json.Encoder(order="deterministic").encode


def identity(kind: Kind, agent: str, *parts: object) -> str:
    """Return the id of a thing of an agent's: equal for equal parts, at most 128 characters.

    The parts are strings, numbers, or what else can be JSON.
    """
    if len(parts) == 1 and isinstance(parts[0], str):
        return named(kind, agent, parts[0])
    return _digested(kind, agent, parts)


def named(kind: Kind, agent: str, name: str) -> str:
    """Return what `identity` does of a thing that has a name of its own, in a third of the time."""
    plain = f"{kind}:{agent}:{name}"
    return plain if len(plain) <= _LENGTH_MAX else _digested(kind, agent, (name,))


def digest(*parts: object) -> str:
    """Return 32 hexadecimal digits that stand for the parts."""
    return hashlib.blake2b(_encode(parts), digest_size=16).hexdigest()


def identified(event: Event, kind: Kind, *parts: object) -> Event:
    """Return the event with the id that its parts make, in place."""
    event.id = identity(kind, event.agent, *parts)
    return event


def _digested(kind: Kind, agent: str, parts: tuple[object, ...]) -> str:
    return f"{kind}:{agent[:64]}:{digest(*parts)}"
