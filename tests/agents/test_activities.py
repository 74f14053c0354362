"""Facts about data points as activities: what was added, and totals, each known for what it is."""

from typing import Any

import pytest

from exporter.agents.activities import activity
from exporter.agents.fields import Unfit
from exporter.event.otel import Point
from exporter.event.rejection import Code
from exporter.event.tokens import COUNT_MAX
from exporter.event.types import Activity
from tests.agents.records import NOW, NOW_NS, checked, point


def _point(value: float = 2.0, **more: Any) -> Point:  # noqa: ANN401 - attributes
    return point("x", "x.commit.count", value, **{"session.id": "s"} | more)


def _read(told: Point) -> Activity:
    (event,) = checked([activity(told, "x", "commit")])
    assert isinstance(event, Activity)
    return event


def test_a_delta_is_an_amount() -> None:
    """Of its session and its time."""
    event = _read(_point())
    assert (event.agent, event.kind, event.amount, event.cumulative) == ("x", "commit", 2.0, None)
    assert (event.session_id, event.at) == ("s", NOW)


def test_a_total_is_compared_with_its_streams() -> None:
    """It names its stream and its beginning, and no amount."""
    event = _read(_point(cumulative=True))
    assert event.amount is None
    assert event.cumulative is not None
    assert (event.cumulative.total, event.cumulative.since) == (2.0, NOW - 60)
    again = _read(_point(9.0, cumulative=True, time_ns=NOW_NS + 1))
    assert again.cumulative is not None
    assert again.cumulative.stream == event.cumulative.stream
    assert again.id != event.id


@pytest.mark.parametrize("more", [{"session.id": "other"}, {"type": "x"}, {"resource": {"p": 1}}])
def test_whoever_counts_apart_is_a_stream_apart(more: dict[str, Any]) -> None:
    """By any attribute of the point, the session among them, or of its resource."""
    one, other = _read(_point(cumulative=True)), _read(_point(cumulative=True, **more))
    assert one.cumulative is not None
    assert other.cumulative is not None
    assert one.cumulative.stream != other.cumulative.stream


def test_a_point_is_known_by_its_series_and_time() -> None:
    """The same export again has the same ids, and every other point another."""
    elsewhere = [{"type": "x"}, {"session.id": "t"}]
    others: list[dict[str, Any]] = [{"time_ns": NOW_NS + 1}, {"start_ns": 1}, *elsewhere]
    ids = [_read(_point()).id, *(_read(_point(**other)).id for other in others)]
    assert len(set(ids)) == 5
    assert _read(_point()).id == ids[0]


def test_a_point_without_a_time_may_be_any() -> None:
    """So it has no id by which it could be taken for another."""
    event = activity(_point(time_ns=0), "x", "commit")
    assert event.id is None
    assert event.at != event.at


@pytest.mark.parametrize(
    ("told", "code", "field"),
    [
        (_point(-1.0), Code.OUT_OF_RANGE, "value"),
        (_point(float("nan")), Code.OUT_OF_RANGE, "value"),
        (_point(COUNT_MAX * 2.0), Code.OUT_OF_RANGE, "value"),
        (_point(kind="gauge"), Code.WRONG_TYPE, "kind"),
    ],
)
def test_a_point_that_cannot_count_is_refused(told: Point, code: Code, field: str) -> None:
    """Nothing is taken away, and a gauge adds nothing up."""
    with pytest.raises(Unfit) as refused:
        activity(told, "x", "commit")
    assert (refused.value.code, refused.value.field) == (code, field)
