"""The lines of series: numbers of every size, labels around a bound, and what is kept of them."""

from collections.abc import Sequence

import pytest

from exporter.metrics import catalogue
from exporter.metrics.catalogue import Family
from exporter.metrics.exposition import Format
from exporter.metrics.lines import lines
from exporter.metrics.registry import Registry
from exporter.metrics.series import Histogram
from tests.metrics.builders import make_registry
from tests.metrics.oracle import NOW, by_prometheus_client, by_us

LABELS = ("a", "p", "m")
EDGES = (0, 1, 9_998, 9_999, 10_000, 10_001, 999_999, 1_000_000, 1_000_001, 12_345_678, 2**53 + 1)


def assert_equal_to_theirs(registry: Registry) -> None:
    """Compare both formats with prometheus_client's."""
    assert by_us(registry) == by_prometheus_client(registry, openmetrics=False)
    assert by_us(registry, Format.OPENMETRICS_1_0_0) == by_prometheus_client(
        registry, openmetrics=True
    )


@pytest.mark.parametrize("order", [EDGES, EDGES[::-1]], ids=["growing", "shrinking"])
@pytest.mark.parametrize("bucket", [0, 5, -1])
def test_counts_of_any_size_are_theirs(order: Sequence[int], bucket: int) -> None:
    """Where the text of a count is there before, made by digits or with an exponent: it is theirs.

    Each is written over the one before, so nothing of that may stay.
    """
    registry = make_registry()
    histogram = registry.histograms(catalogue.COMPLETION_DURATION).get(LABELS, NOW)
    for count in order:
        histogram.counts[bucket] = count
        histogram.sum = count / 7
        assert_equal_to_theirs(registry)


@pytest.mark.parametrize("value", [*EDGES, 0.5, 1e-5, 1234.5678, 1_234_567.8, 1e300, float("inf")])
def test_a_counter_that_changes_is_theirs(value: float) -> None:
    """Whatever stood on the line before is gone, whether it was longer or shorter."""
    registry = make_registry()
    counter = registry.counters(catalogue.UNPRICED_COMPLETIONS).get(LABELS, NOW)
    for written in (value, 7, value, 123_456.75, value):
        counter.value = written
        assert_equal_to_theirs(registry)


@pytest.mark.parametrize("value", [-1.5, -0.00001, -2_000_000.0, float("-inf"), float("nan"), 3])
def test_a_gauge_that_changes_is_theirs(value: float) -> None:
    """A gauge may also be negative, or no number at all."""
    registry = make_registry()
    gauge = registry.gauges(catalogue.QUEUE_DEPTH).get(("a", "q"), NOW)
    for written in (value, 7.0, value):
        gauge.value = written
        assert_equal_to_theirs(registry)


@pytest.mark.parametrize(
    ("labels", "line"),
    [
        ((), 'x_bucket{le="0.5"} 1.0'),
        (("a",), 'x_bucket{a="\\"%d,le=",le="0.5"} 1.0'),
        (("z",), 'x_bucket{le="0.5",z="\\"%d,le="} 1.0'),
        (("role", "le2", "a"), 'x_bucket{a="%s",le="0.5",le2="{0}",role="\\"%d,le="} 1.0'),
    ],
)
def test_a_bound_stands_among_labels_in_alphabetical_order(
    labels: tuple[str, ...], line: str
) -> None:
    """Wherever it stands, values that look like a bound or a placeholder stay what they are."""
    family = Family("x", "histogram", "Made up.", labels, buckets=(0.5, 2.0))
    histogram = Histogram(family, ('"%d,le=', "{0}", "%s")[: len(labels)], NOW)
    histogram.observe(0.25)
    (text,) = lines([histogram], family, openmetrics=False)
    assert text.split("\n")[0] == line


def test_what_has_not_changed_is_kept() -> None:
    """A series is written once for each state, an equal value of another object included."""
    registry = make_registry()
    counter = registry.counters(catalogue.UNPRICED_COMPLETIONS).get(LABELS, NOW)
    counter.value = 100_000
    histogram = registry.histograms(catalogue.COMPLETION_DURATION).get(LABELS, NOW)
    histogram.observe(1.0)
    before = by_us(registry, Format.OPENMETRICS_1_0_0)
    kept = (counter.line, counter.created_line, histogram.lines, histogram.created_line)
    counter.value = int("100000")
    histogram.counts = histogram.counts.copy()
    assert by_us(registry, Format.OPENMETRICS_1_0_0) == before
    now = (counter.line, counter.created_line, histogram.lines, histogram.created_line)
    assert all(one is other for one, other in zip(kept, now, strict=True))
