"""Events as JSON: whatever a program tells, the exporter can read the batch that it is in."""

import datetime as dt
import json
import logging
import math
import time
from enum import Enum, IntEnum
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.client import Telemetry
from exporter.client.plain import EVENT_BYTES_MAX, encoded
from exporter.decode.native import decode_json
from tests.client.scripted import Scripted, scripted

FLUSH_SECS = 60.0
GOOD = b'{"type":"tool_call","tool":"bash"}'
CUT_BYTES_MAX = 256 * 1024


class Opaque:
    """What no encoder knows, and nobody may look at."""

    def __str__(self) -> str:
        raise LookupError

    __bool__ = __len__ = __iter__ = __getitem__ = __str__


class Level(Enum):
    """Not JSON."""

    HIGH = "high"


class Size(IntEnum):
    """A number all the same."""

    LARGE = 3


class Changing(dict[str, Any]):
    """A mapping that cannot be gone through."""

    def items(self) -> Any:  # noqa: ANN401 - it is none
        """Raise what a change meanwhile does."""
        raise RuntimeError


CIRCULAR: list[Any] = []
CIRCULAR.append(CIRCULAR)


def nested(levels: int) -> dict[str, Any]:
    """Return an object in so many others."""
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"in": inner}
    return inner


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (1, 1),
        (Size.LARGE, 3),
        (-(1 << 63), -(1 << 63)),
        (1.5, 1.5),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (True, True),
        ([True, None, math.nan], [True, None, "nan"]),
        ("text", "text"),
        ("\ud800 lone", "? lone"),
        ("€ \x00 \U0001f600", "€ \x00 \U0001f600"),
        ((1, [2]), [1, [2]]),
        ({"a": {"b": None}}, {"a": {"b": None}}),
        ({1: "a", None: "b"}, {"1": "a", "null": "b"}),
        ({(1, 2): "a", b"x": math.nan}, {"tuple": "a", "bytes": "nan"}),
        ({1, 2}, "set"),
        (b"secret", "bytes"),
        (Opaque(), "Opaque"),
        (Level.HIGH, "Level"),
        (dt.datetime(2030, 1, 1, tzinfo=dt.UTC), 1893456000.0),
        ([dt.datetime(2030, 1, 1, tzinfo=dt.UTC), math.nan], [1893456000.0, "nan"]),
        (CIRCULAR, None),
        ("x" * 100_000, "x" * 4096),
        ([10**5000, 1], ["[cut]", 1]),
    ],
)
def test_a_value_becomes_plain(value: object, plain: object) -> None:
    """What JSON has stays; what it has not becomes the nearest, or the name of its type."""
    event = json.loads(encoded({"type": "log", "value": value}, {}))
    if value is not CIRCULAR:
        assert event == {"type": "log", "value": plain}
    assert event["type"] == "log"


def test_defaults_stand_for_what_is_left_out() -> None:
    """A field that is absent or none is as the defaults have it, or left out."""
    event = {"type": "log", "agent": None, "session_id": "s", "error": None}
    defaults = {"agent": "a", "session_id": "t"}
    assert json.loads(encoded(event, defaults)) == {"type": "log", "agent": "a", "session_id": "s"}


@pytest.mark.parametrize("levels", [14, 15, 31, 32, 500, 100_000])
def test_what_nests_deep_is_cut(levels: int) -> None:
    """An event that would nest too deep for the exporter is cut where it does."""
    event = {"type": "log", "level": "info", "source": "s", "message": "m"}
    deep = encoded({**event, "context": nested(levels)}, {})
    decoded = decode_json(deep, received_at=time.time(), events_max=1)
    assert not decoded.rejections
    assert len(decoded.events) == 1


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10_000_000,
        "\x00" * 10_000_000,
        "\U0001f600" * 1_000_000,
        ["x" * 5000] * 100,
        list(range(1_000_000)),
        {str(number): number for number in range(100_000)},
        [[[]] * 1000] * 1000,
    ],
)
def test_what_is_long_is_cut(value: object) -> None:
    """However long a value is, its event stays small."""
    assert len(encoded({"type": "log", "value": value}, {})) <= CUT_BYTES_MAX


def test_what_is_within_bounds_is_not_cut() -> None:
    """Text of many characters stays whole as long as its event is not too long."""
    text = "x" * (EVENT_BYTES_MAX - 100)
    assert json.loads(encoded({"type": "log", "message": text}, {}))["message"] == text


odd = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.sampled_from([Opaque(), Level.HIGH, Size.LARGE, CIRCULAR, 10**4000, {1}, nested(40)])
    | st.datetimes(timezones=st.none() | st.just(dt.UTC)),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.dictionaries(st.text(st.characters()) | st.integers() | st.binary(), inner)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters()), odd))
def test_no_event_costs_another_one(event: dict[str, Any]) -> None:
    """Any mapping is encoded so that the exporter reads its batch, and takes the good ones."""
    body = b"[" + encoded(event, {}) + b"," + GOOD + b"]"
    decoded = decode_json(body, received_at=time.time(), events_max=10)
    assert len(decoded.events) >= 1
    assert all(rejection.index == 0 for rejection in decoded.rejections)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["type", "model", "context", "\ud800"]), odd)
        | odd.map(lambda value: cast("dict[str, Any]", value)),
        max_size=5,
    )
)
def test_nothing_that_is_told_raises(events: list[dict[str, Any]]) -> None:
    """Whatever is told, nothing raises, and what was told well arrives."""
    with scripted() as server:
        with Telemetry(server.url) as telemetry:
            for event in events:
                telemetry.event(event)
                with telemetry.completion(cast("str", event)) as call:
                    call.usage(event)
                    call.cost(cast("float", event))
                    call.model(cast("str", event))
                    call.finish(cast("str", event))
                telemetry.log("info", "s", cast("str", event), event=event)
            assert telemetry.queue_depth("last", 1)
            assert telemetry.flush(FLUSH_SECS) == (telemetry.dropped == 0) or telemetry.dropped
        assert server.events[-1]["queue"] == "last"


def test_an_event_that_cannot_be_encoded_is_dropped_alone(
    server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    """What raises when it is gone through is dropped and counted, and its neighbours arrive."""
    with caplog.at_level(logging.WARNING), Telemetry(server.url) as telemetry:
        for message in ("first", Changing(x=math.nan), "last"):
            telemetry.log("info", "s", cast("str", message))
        telemetry.flush(FLUSH_SECS)
        assert telemetry.dropped == 1
    assert [event["message"] for event in server.events] == ["first", "last", "1 event was dropped"]


def test_large_events_go_out_in_several_pushes(server: Scripted) -> None:
    """A batch is no longer than a push may be without its values being counted."""
    with Telemetry(server.url) as telemetry:
        for _ in range(40):
            telemetry.log("info", "s", "x" * 60_000)
        assert telemetry.flush(FLUSH_SECS)
    assert len(server.events) == 40
    assert len({push.key for push in server.pushes}) == len(server.pushes) == 3
    assert max(len(push.body) for push in server.pushes) < 2**20
