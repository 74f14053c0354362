"""Facts about data points."""

from typing import Any, Literal, NamedTuple

import pytest

from exporter.event.otel import Origin, Point
from tests.decode.otlp_bodies import METRICS, Json, attribute

DELTA, CUMULATIVE = "AGGREGATION_TEMPORALITY_DELTA", "AGGREGATION_TEMPORALITY_CUMULATIVE"
SUMMED = ("sum", "histogram", "exponentialHistogram")
TIMES: Json = {"startTimeUnixNano": "5", "timeUnixNano": "9"}


def metric(**data: Any) -> Json:  # noqa: ANN401 - any JSON
    """Return a metric with the data of a kind."""
    return {"name": "claude_code.commit.count", "unit": "{commit}", **data}


def of(kind: str, point: Json, temporality: str | None = DELTA, **more: bool) -> Json:
    """Return a metric of a kind with one point."""
    told = {"aggregationTemporality": temporality} if temporality and kind in SUMMED else {}
    return metric(**{kind: {"dataPoints": [point], **told, **more}})


def read_points(*metrics: Json) -> list[Point]:
    """Return the points of an export, which are the same in every form."""
    decoded = METRICS.read_alike(METRICS.export(*metrics))
    assert decoded.unfit == 0
    return decoded.records


def unfit(*metrics: Json) -> int:
    """Return how many points of an export are unfit, in every form."""
    return METRICS.read_alike(METRICS.export(*metrics)).unfit


class Case(NamedTuple):
    """A metric of one point, and what that comes to."""

    metric: Json
    kind: Literal["sum", "gauge", "histogram"]
    value: float
    observations: int = 0
    cumulative: bool = False
    monotonic: bool = False


TOTAL: Json = {"sum": 7.5, "count": "3"}
CASES = [
    Case(of("sum", {"asInt": "3"}, isMonotonic=True), "sum", 3.0, monotonic=True),
    Case(of("sum", {"asDouble": 0.5}, CUMULATIVE), "sum", 0.5, cumulative=True),
    Case(of("gauge", {"asDouble": -2.5}), "gauge", -2.5),
    Case(of("gauge", {"asInt": "0"}), "gauge", 0.0),
    Case(of("histogram", TOTAL), "histogram", 7.5, 3, monotonic=True),
    Case(
        of("exponentialHistogram", TOTAL, CUMULATIVE),
        "histogram",
        7.5,
        3,
        cumulative=True,
        monotonic=True,
    ),
    Case(of("summary", TOTAL), "histogram", 7.5, 3, cumulative=True, monotonic=True),
    Case(of("summary", {"count": "3"}), "histogram", 0.0, 3, cumulative=True, monotonic=True),
]


@pytest.mark.parametrize("case", CASES)
def test_a_point_is_of_its_metric(case: Case) -> None:
    """Each kind has its value, and says whether that is a total and may fall."""
    [data] = (data for data in case.metric.values() if isinstance(data, dict))
    told = TIMES | {"attributes": [attribute("a", "b")]}
    points = [data["dataPoints"][0] | told]
    kind = next(name for name in case.metric if case.metric[name] is data)
    [point] = read_points(case.metric | {kind: data | {"dataPoints": points}})
    assert point == Point(
        Origin({}),
        "claude_code.commit.count",
        "{commit}",
        case.kind,
        case.cumulative,
        case.monotonic,
        5,
        9,
        case.value,
        {"a": "b"},
        case.observations,
    )
    assert isinstance(point.value, float)


@pytest.mark.parametrize(
    "nothing",
    [
        of("gauge", {}),
        of("sum", {"asDouble": "NaN"}),
        of("sum", {"asDouble": "Infinity"}),
        of("sum", {"asDouble": "-Infinity"}),
        of("sum", {"asInt": "3", "flags": 1}),
        of("sum", {"asInt": "3", "flags": 3}),
        of("histogram", {"count": "3"}),
        of("histogram", {"count": "3", "sum": "NaN"}),
        of("summary", {"sum": "Infinity"}),
        metric(),
        metric(sum={}),
    ],
)
def test_what_says_nothing_is_left_out(nothing: Json) -> None:
    """A point without a value, with one that is not finite, or so flagged, is no unfit one."""
    [point] = read_points(nothing, of("gauge", {"asInt": "1", "flags": 2}))
    assert point.value == 1.0


@pytest.mark.parametrize("kind", ["sum", "histogram", "exponentialHistogram"])
@pytest.mark.parametrize("temporality", [None, "AGGREGATION_TEMPORALITY_UNSPECIFIED"])
def test_a_sum_whose_temporality_is_not_told_is_left_out(
    kind: str, temporality: str | None
) -> None:
    """It might be a total or an addition. It says nothing then, and is no fault of anybody's."""
    found = of(kind, {"asInt": "1"} if kind == "sum" else {"sum": 1.0}, temporality)
    assert len(read_points(found, of("gauge", {"asInt": "1"}))) == 1


@pytest.mark.parametrize("field", ["count", "timeUnixNano", "startTimeUnixNano"])
def test_a_number_past_63_bits_is_unfit(field: str) -> None:
    """No instant and no count is so large; protobuf has 64 bits for them."""
    largest, larger = (TOTAL | {field: str(number)} for number in (2**63 - 1, 2**63))
    assert unfit(of("histogram", largest), of("histogram", larger)) == 1


def test_every_point_counts() -> None:
    """Points come in order, of all metrics, and share what their metric says."""
    points = [{"asInt": str(number)} for number in range(3)]
    found = read_points(
        metric(gauge={"dataPoints": points}), metric(), of("sum", {"asDouble": 3.5}, CUMULATIVE)
    )
    assert [point.value for point in found] == [0.0, 1.0, 2.0, 3.5]


def test_long_names_of_metrics_are_cut() -> None:
    """A name, and a unit, has 256 characters."""
    data = {"gauge": {"dataPoints": [{"asInt": "1"}]}}
    [point] = read_points({"name": "n" * 257, "unit": "u" * 257, **data})
    assert (point.metric, point.unit) == ("n" * 256, "u" * 256)
