"""The native body: one JSON object, a JSON array of them, or NDJSON.

A batch that is right throughout, which nearly all are, is decoded in one call into typed events.
Only when that call finds something amiss is the batch gone through event by event, so that the
good ones count and each bad one is named. That second look is also where leniency lives: fields
we do not know are counted and left out, and names too long for a label are cut.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from exporter.decode.diagnosis import diagnose
from exporter.decode.settle import settle
from exporter.event.rejection import Code, Refusal, Rejection
from exporter.event.tokens import Tokens
from exporter.event.types import EVENT_CLASSES, NAME_LENGTH_MAX, UNKNOWN, Event, type_name

_CLASSES = {type_name(event_class): event_class for event_class in EVENT_CLASSES}
_FIELDS = {
    name: frozenset(event_class.__struct_encode_fields__) | {"type"}
    for name, event_class in _CLASSES.items()
}
_TOKEN_FIELDS = frozenset(Tokens.__struct_encode_fields__)
_NAMES = frozenset({"agent", "channel", "model", "provider", "queue", "source", "tool", "window"})
_LEFT_OUT_IF_EMPTY = frozenset(
    {"id", "agent", "session_id", "request_id", "trace_id", "channel", "provider"}
)

_SYNTAX_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_event: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_events: msgspec.json.Decoder[list[Event]] = msgspec.json.Decoder(list[Event])
_raws: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])
_anything: msgspec.json.Decoder[Any] = msgspec.json.Decoder()

_FIRST_BYTE = re.compile(rb"[ \t\r\n]*(.?)", re.DOTALL)


class Decoded(NamedTuple):
    """What a body held: the events to take, and of the others why not and of what type."""

    events: list[Event]
    rejections: list[Rejection]
    rejected_types: list[str]
    unknown_fields: int


def decode_json(body: bytes, *, received_at: float, events_max: int) -> Decoded:
    """Decode one JSON object or an array of them.

    Raises `Refusal`: `malformed` or `too_deep` where the body is not JSON, `too_many_events`.
    """
    first = _FIRST_BYTE.match(body)
    single = first is not None and first.group(1) != b"["
    try:
        events = [_event.decode(body)] if single else _events.decode(body)
    except msgspec.ValidationError:
        return _second_look([body] if single else _split_array(body), received_at, events_max)
    except _SYNTAX_ERRORS as error:
        raise _not_json(error) from None
    _check_count(len(events), events_max)
    return _settled(events, received_at)


def decode_ndjson(body: bytes, *, received_at: float, events_max: int) -> Decoded:
    """Decode one JSON object a line; a line that is not JSON is that line's rejection alone.

    Blank lines are passed over and do not count in an index; an object that shares its line, or
    runs over several, is not taken. Raises `Refusal`: `too_many_events`.
    """
    lines = [line for line in body.split(b"\n") if line and not line.isspace()]
    _check_count(len(lines), events_max)
    try:
        events = _event.decode_lines(body)
    except _SYNTAX_ERRORS:
        return _second_look(lines, received_at, events_max, syntax_error=_line_not_json)
    if len(events) != len(lines):  # The call above reads on past a value, whatever the lines.
        return _second_look(lines, received_at, events_max, syntax_error=_line_not_json)
    return _settled(events, received_at)


def _settled(events: list[Event], received_at: float) -> Decoded:
    decoded = Decoded(events, [], [], 0)
    refused = []
    for index, event in enumerate(events):
        problem = settle(event, received_at)
        if problem is not None:
            refused.append(index)
            _reject(decoded, index, problem, type_name(event.__class__))
    for index in reversed(refused):
        del events[index]
    return decoded


def _split_array(body: bytes) -> list[msgspec.Raw]:
    try:
        return _raws.decode(body)
    except _SYNTAX_ERRORS as error:
        raise _not_json(error) from None


def _second_look(
    items: list[bytes] | list[msgspec.Raw],
    received_at: float,
    events_max: int,
    *,
    syntax_error: Callable[[Exception], tuple[Code, str]] | None = None,
) -> Decoded:
    """Go through a batch event by event.

    `syntax_error` says what an item that is no JSON comes to; without it, the body is refused.
    """
    _check_count(len(items), events_max)
    decoded = Decoded([], [], [], 0)
    unknown_fields = 0
    for index, item in enumerate(items):
        try:
            event, unknown = _lenient(item)
        except _Misfit as misfit:
            _reject(decoded, index, misfit.problem, misfit.event_type)
            continue
        except _SYNTAX_ERRORS as error:
            if syntax_error is None:
                raise _not_json(error) from None
            _reject(decoded, index, syntax_error(error), UNKNOWN)
            continue
        unknown_fields += unknown
        problem = settle(event, received_at)
        if problem is None:
            decoded.events.append(event)
        else:
            _reject(decoded, index, problem, type_name(event.__class__))
    return decoded._replace(unknown_fields=unknown_fields)


def _lenient(item: bytes | msgspec.Raw) -> tuple[Event, int]:
    """Decode one event, leaving out what is not known; return it and how many fields that was."""
    try:
        return _event.decode(item), 0
    except msgspec.ValidationError:
        fields = _anything.decode(item)
    if not isinstance(fields, dict):
        raise _Misfit((Code.NOT_AN_OBJECT, "$"))
    event_type = fields.get("type")
    if event_type is None:
        raise _Misfit((Code.MISSING_FIELD, "$.type"))
    if not isinstance(event_type, str) or event_type not in _CLASSES:
        raise _Misfit((Code.UNKNOWN_TYPE, "$.type"))
    unknown = _leave_out(fields, _FIELDS[event_type])
    if isinstance(fields.get("tokens"), dict):
        unknown += _leave_out(fields["tokens"], _TOKEN_FIELDS)
    _fit_names(fields)
    try:
        return msgspec.convert(fields, _CLASSES[event_type]), unknown
    except msgspec.ValidationError as error:
        raise _Misfit(diagnose(str(error)), event_type) from None


def _leave_out(fields: dict[str, Any], known: frozenset[str]) -> int:
    unknown = fields.keys() - known
    for name in unknown:
        del fields[name]
    return len(unknown)


def _fit_names(fields: dict[str, Any]) -> None:
    for name, value in list(fields.items()):
        if not value and name in _LEFT_OUT_IF_EMPTY and value in ("", None):
            del fields[name]
        elif name in _NAMES and isinstance(value, str) and len(value) > NAME_LENGTH_MAX:
            fields[name] = value[:NAME_LENGTH_MAX]


class _Misfit(Exception):  # noqa: N818 - it does not leave this module
    """One item that is JSON and no event of ours."""

    def __init__(self, problem: tuple[Code, str], event_type: str = UNKNOWN) -> None:
        super().__init__(problem)
        self.problem = problem
        self.event_type = event_type


def _reject(decoded: Decoded, index: int, problem: tuple[Code, str], event_type: str) -> None:
    code, path = problem
    decoded.rejections.append(Rejection(index, code, path))
    decoded.rejected_types.append(event_type)


def _check_count(count: int, events_max: int) -> None:
    if count > events_max:
        raise Refusal(Code.TOO_MANY_EVENTS, f"the batch holds more than {events_max} events")


def _line_not_json(error: Exception) -> tuple[Code, str]:
    return (Code.TOO_DEEP if isinstance(error, RecursionError) else Code.MALFORMED), "$"


def _not_json(error: Exception) -> Refusal:
    if isinstance(error, RecursionError):
        return Refusal(Code.TOO_DEEP, "the JSON is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Refusal(Code.MALFORMED, "the body is not UTF-8")
    return Refusal(Code.MALFORMED, "the body is not valid JSON")
