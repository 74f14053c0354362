"""The native body: one JSON object, a JSON array of them, or NDJSON.

A batch that is right throughout, which nearly all are, is decoded straight into typed events.
Only when that finds something amiss is the batch gone through again, event by event, so that the
good ones count and each bad one is named. That second look is also where leniency comes in.

The bounds on a batch hold before its items are made: an item may be as short as `1,`, and would
take up a hundred times that once decoded. A long batch whose contexts might hold too many values
is gone through event by event from the start, so that no more is made than may be held.
"""

import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from exporter.decode.count import holds_more_than
from exporter.decode.lenient import LenientDecoder, Misfit
from exporter.decode.settle import settle, settle_all
from exporter.decode.values import (
    COUNTED_BYTES_MIN,
    ContextBudget,
    holds_too_many_values,
    may_hold_large_contexts,
)
from exporter.event.rejection import Code, Refusal, Rejection
from exporter.event.types import UNKNOWN, Event, type_name

_SYNTAX_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

EVENT_BYTES_MIN: Final = len('{"type":"quota","window":"w"}')
"""The shortest event; decoding ends at the first item that is none."""

_event: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_events: msgspec.json.Decoder[list[Event]] = msgspec.json.Decoder(list[Event])
_raws: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])

_BLANKS = b" \t\r\n"
_FIRST_BYTE = re.compile(rb"[ \t\r\n]*(.?)", re.DOTALL)
_FILLED_LINE = re.compile(rb"[^ \t\r\n].*")


class Decoded(NamedTuple):
    """What a body held: the events to take, and of the others why not and of what type."""

    events: list[Event]
    rejections: list[Rejection]
    rejected_types: list[str]
    unknown_fields: int


def decode_json(body: bytes, *, received_at: float, events_max: int) -> Decoded:
    """Decode one JSON object or an array of them.

    Raises `Refusal`: `malformed` or `too_deep` where the body is not JSON, `too_many_events`,
    `too_large` where its contexts are.
    """
    first = _FIRST_BYTE.match(body)
    single = first is not None and first.group(1) != b"["
    if not may_hold_large_contexts(body):
        try:
            events = [_event.decode(body)] if single else _array(body, events_max)
            return _settled(events, received_at)
        except msgspec.ValidationError:
            pass
        except _SYNTAX_ERRORS as error:
            raise _not_json(error) from None
    items = [body] if single else _split_array(body, events_max)
    return _second_look(items, received_at, counted=len(body) >= COUNTED_BYTES_MIN)


def decode_ndjson(body: bytes, *, received_at: float, events_max: int) -> Decoded:
    """Decode one JSON object a line; a line that is not JSON is that line's rejection alone.

    Blank lines are passed over and do not count in an index; an object that shares its line, or
    runs over several, is not taken. Raises `Refusal`: `too_many_events`, `too_large` where the
    contexts are.
    """
    lines = _split_lines(body, events_max)
    if not may_hold_large_contexts(body):
        try:
            return _settled(list(map(_event.decode, lines)), received_at)
        except _SYNTAX_ERRORS:
            pass
    counted = len(body) >= COUNTED_BYTES_MIN
    return _second_look(lines, received_at, counted=counted, syntax_error=_line_not_json)


def _array(body: bytes, events_max: int) -> list[Event]:
    # To count takes 0.2 us an event, and a body that has no room for too many needs none.
    has_room = len(body) > events_max * EVENT_BYTES_MIN
    if has_room and holds_more_than(body, events_max, mark=b'"type"'):
        raise _too_many(events_max)
    events = _events.decode(body)
    if len(events) > events_max:  # The mark may be written with escapes.
        raise _too_many(events_max)
    return events


def _split_array(body: bytes, events_max: int) -> list[msgspec.Raw]:
    try:
        if holds_more_than(body, events_max, mark=b","):
            raise _too_many(events_max)
        return _raws.decode(body)
    except _SYNTAX_ERRORS as error:
        raise _not_json(error) from None


def _split_lines(body: bytes, events_max: int) -> list[bytes]:
    if body.count(b"\n") < events_max:
        return [line for line in body.split(b"\n") if line.lstrip(_BLANKS)]
    # There are blank lines among these, or too many: either way they are not to be held.
    lines = [line.group() for line in islice(_FILLED_LINE.finditer(body), events_max + 1)]
    if len(lines) > events_max:
        raise _too_many(events_max)
    return lines


def _settled(events: list[Event], received_at: float) -> Decoded:
    decoded = Decoded(events, [], [], 0)
    problems = settle_all(events, received_at)
    for index, problem in problems:
        _reject(decoded, index, problem, type_name(events[index].__class__))
    for index, _ in reversed(problems):
        del events[index]
    return decoded


def _second_look(
    items: Sequence[bytes | msgspec.Raw],
    received_at: float,
    *,
    counted: bool,
    syntax_error: Callable[[Exception], tuple[Code, str]] | None = None,
) -> Decoded:
    """Go through a batch event by event.

    `counted` says whether the bounds on values hold. `syntax_error` says what an item that is no
    JSON comes to; without it, the body is refused.
    """
    decoded = Decoded([], [], [], 0)
    unknown_fields = 0
    contexts = ContextBudget()
    decoder = LenientDecoder()
    for index, item in enumerate(items):
        if counted and holds_too_many_values(item):
            _reject(decoded, index, (Code.TOO_LARGE, "$"), UNKNOWN)
            continue
        try:
            event, unknown = decoder.decode(item)
        except Misfit as misfit:
            _reject(decoded, index, misfit.problem, misfit.event_type)
            continue
        except _SYNTAX_ERRORS as error:
            if syntax_error is None:
                raise _not_json(error) from None
            _reject(decoded, index, syntax_error(error), UNKNOWN)
            continue
        unknown_fields += unknown
        problem = settle(event, received_at)
        if problem is not None:
            _reject(decoded, index, problem, type_name(event.__class__))
            continue
        if counted:
            contexts.spend(event)
        decoded.events.append(event)
    return decoded._replace(unknown_fields=unknown_fields)


def _reject(decoded: Decoded, index: int, problem: tuple[Code, str], event_type: str) -> None:
    code, path = problem
    decoded.rejections.append(Rejection(index, code, path))
    decoded.rejected_types.append(event_type)


def _too_many(events_max: int) -> Refusal:
    return Refusal(Code.TOO_MANY_EVENTS, f"the batch holds more than {events_max} events")


def _line_not_json(error: Exception) -> tuple[Code, str]:
    return (Code.TOO_DEEP if isinstance(error, RecursionError) else Code.MALFORMED), "$"


def _not_json(error: Exception) -> Refusal:
    if isinstance(error, RecursionError):
        return Refusal(Code.TOO_DEEP, "the JSON is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Refusal(Code.MALFORMED, "the body is not UTF-8")
    return Refusal(Code.MALFORMED, "the body is not valid JSON")
