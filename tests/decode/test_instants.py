"""Facts about instants: how they may be written, and which are near enough to now."""

import json
from typing import Any

import pytest

from exporter.decode.native import Decoded
from exporter.decode.settle import INSTANT_MAX, SKEW_SECS_MAX
from exporter.event.rejection import Code, Rejection
from exporter.event.types import Completion
from tests.decode.bodies import ARRAY, CASES, LINES, OBJECT, Form
from tests.event.strategies import NOW

WIRE_NAMES = {
    "completion, least": "completed_at",
    "request_started, least": "started_at",
    "request_ended, least": "ended_at",
    "tool_call, least": "ended_at",
    "log, least": "timestamp",
    "queue_depth": "timestamp",
    "quota, least": "timestamp",
}
WRITTEN: list[tuple[Any, float]] = [
    (None, NOW),
    (0, 0.0),
    (-0.0, 0.0),
    (1_700_000_000, 1_700_000_000.0),
    (1_700_000_000.25, 1_700_000_000.25),
    (1.7e9, 1_700_000_000.0),
    (NOW + SKEW_SECS_MAX, NOW + 600),
    ("1970-01-01T00:00:00Z", 0.0),
    ("2027-01-15T07:59:59Z", NOW - 1),
    ("2027-01-15T07:59:59z", NOW - 1),
    ("2027-01-15t07:59:59Z", NOW - 1),
    ("2027-01-15 07:59:59Z", NOW - 1),
    ("2027-01-15T08:59:59+01:00", NOW - 1),
    ("2027-01-15T02:29:59-05:30", NOW - 1),
    ("2027-01-15T07:59:59-00:00", NOW - 1),
    ("2027-01-15T07:59:58.5Z", NOW - 1.5),
    ("2027-01-15T07:59:58.500000+00:00", NOW - 1.5),
    ("2027-01-15T07:59:58.500000000Z", NOW - 1.5),
    ("2027-01-15T08:10:00Z", NOW + 600),
]
MISFITS: list[tuple[Any, Code]] = [
    (NOW + SKEW_SECS_MAX + 0.001, Code.TOO_NEW),
    ("2027-01-15T08:10:00.001Z", Code.TOO_NEW),
    ("2027-01-15T08:10:01Z", Code.TOO_NEW),
    ("9999-12-31T23:59:59-14:00", Code.TOO_NEW),
    (NOW * 1000, Code.TOO_NEW),
    (int(NOW) * 1000, Code.TOO_NEW),
    (1e300, Code.TOO_NEW),
    (2**64, Code.TOO_NEW),
    (-1, Code.OUT_OF_RANGE),
    (-0.001, Code.OUT_OF_RANGE),
    ("1969-12-31T23:59:59Z", Code.OUT_OF_RANGE),
    ("0001-01-01T00:00:00+14:00", Code.OUT_OF_RANGE),
    ("2027-01-15T07:59:59", Code.INVALID_TIME),
    ("2027-01-15", Code.INVALID_TIME),
    ("2027-02-30T00:00:00Z", Code.INVALID_TIME),
    ("2027-01-15T07:59:60Z", Code.INVALID_TIME),
    ("20270115T075959Z", Code.INVALID_TIME),
    ("1800000000", Code.INVALID_TIME),
    ("yesterday", Code.INVALID_TIME),
    ("", Code.INVALID_TIME),
    (True, Code.WRONG_TYPE),
    ([], Code.WRONG_TYPE),
    ({"seconds": 0}, Code.WRONG_TYPE),
]
RESETS: list[tuple[Any, float | None]] = [
    (None, None),
    (0, 0.0),
    (NOW + 30 * 86_400, NOW + 30 * 86_400),
    ("2027-01-15T09:00:00+01:00", NOW),
    (INSTANT_MAX, INSTANT_MAX),
    ("9999-12-31T23:59:59Z", INSTANT_MAX),
]

forms = pytest.mark.parametrize("form", [OBJECT, ARRAY, LINES], ids=["object", "array", "lines"])


def _item(**fields: object) -> bytes:
    return json.dumps({"type": "completion", "model": "m"} | fields).encode()


@pytest.mark.parametrize(("written", "at"), WRITTEN)
@forms
def test_how_an_instant_may_be_written(written: object, at: float, form: Form) -> None:
    """RFC 3339 with any offset or Unix seconds; none is the arrival; 600 s ahead is still now."""
    expected = Decoded([Completion(model="m", at=at)], [], [], 0)
    assert form.read([_item(completed_at=written)]) == expected
    assert form.read([_item(completed_at=written, x=1)]) == expected._replace(unknown_fields=1)


@pytest.mark.parametrize(("written", "code"), MISFITS)
@forms
def test_an_instant_that_cannot_stand(written: object, code: Code, form: Form) -> None:
    """No zone, no date, before 1970, or too far ahead, as milliseconds are, rejects the event."""
    rejected = Decoded([], [Rejection(0, code, "$.completed_at")], ["completion"], 0)
    assert form.read([_item(completed_at=written)]) == rejected


@pytest.mark.parametrize(("case", "name"), WIRE_NAMES.items())
@pytest.mark.parametrize(("value", "code"), [(NOW + 601, Code.TOO_NEW), (-1, Code.OUT_OF_RANGE)])
@pytest.mark.parametrize("unknown", [{}, {"x": 1}], ids=["strict", "lenient"])
def test_each_event_names_its_own_instant(
    case: str, name: str, value: float, code: Code, unknown: dict[str, int]
) -> None:
    """The path of a bad instant is its name on the wire; the events around it count."""
    good, event = CASES[case].item, CASES[case].event
    wire = CASES[case].wire | {name: value} | unknown
    bad = json.dumps(wire).encode()
    assert ARRAY.read([good, bad, bad, good]) == Decoded(
        [event, event],
        [Rejection(1, code, f"$.{name}"), Rejection(2, code, f"$.{name}")],
        [wire["type"]] * 2,
        0 if not unknown else 2,
    )


@pytest.mark.parametrize(("written", "resets_at"), RESETS)
def test_a_reset_may_lie_ahead(written: object, resets_at: float | None) -> None:
    """A reset is any instant up to the end of the year 9999, and none is none."""
    (event,) = OBJECT.read([_item(resets_at=written)]).events
    assert event == Completion(model="m", at=NOW, resets_at=resets_at)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (-1, Code.OUT_OF_RANGE),
        (INSTANT_MAX + 1, Code.OUT_OF_RANGE),
        (1e300, Code.OUT_OF_RANGE),
        ("9999-12-31T23:59:59-14:00", Code.OUT_OF_RANGE),
        ("soon", Code.INVALID_TIME),
        ("2027-01-15T09:00:00", Code.INVALID_TIME),
        (True, Code.WRONG_TYPE),
    ],
)
def test_a_reset_that_cannot_stand(written: object, code: Code) -> None:
    """A reset before 1970, after the year 9999, or not an instant, rejects its event."""
    rejected = Decoded([], [Rejection(0, code, "$.resets_at")], ["completion"], 0)
    assert OBJECT.read([_item(resets_at=written)]) == rejected
