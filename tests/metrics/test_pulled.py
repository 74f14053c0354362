"""Pulled families say what their owner says now."""

import pytest

from exporter.metrics import catalogue
from exporter.metrics.budget import LabelBudgets
from exporter.metrics.series import Counter, Gauge, Histogram
from exporter.metrics.table import Table
from tests.metrics.builders import make_registry
from tests.metrics.oracle import NOW, by_us


def test_a_row_that_is_gone_is_gone_from_the_exposition() -> None:
    """Series follow the rows: new ones come, changed ones change, missing ones go."""
    rows = {("a", "x"): 1.0, ("b", "x"): 2.0}
    registry = make_registry()
    registry.pull(catalogue.REQUESTS_IN_FLIGHT, lambda _: rows.items())
    assert by_us(registry).endswith(
        'agent_requests_in_flight{agent="a",channel="x"} 1.0\n'
        'agent_requests_in_flight{agent="b",channel="x"} 2.0\n'
    )
    del rows["a", "x"]
    rows["b", "x"] = 3.0
    assert by_us(registry).endswith('gauge\nagent_requests_in_flight{agent="b",channel="x"} 3.0\n')


def test_rows_that_fold_together_are_merged() -> None:
    """Counts of `_other` add up, flags of `_other` are the highest; reading counts no overflow."""
    registry = make_registry(agent=1, model=0)
    registry.pull(
        catalogue.SESSIONS_ACTIVE, lambda _: [(("a",), 1.0), (("b",), 2.0), (("c",), 4.0)]
    )
    registry.pull(
        catalogue.RATE_LIMITED, lambda _: [(("p", "m"), 1.0), (("p", "n"), 0.0)], merge=max
    )
    text = by_us(registry)
    assert 'agent_sessions_active{agent="a"} 1.0\n' in text
    assert 'agent_rate_limited{model="_other",provider="p"} 1.0\n' in text
    assert 'agent_sessions_active{agent="_other"} 6.0\n' in text
    assert by_us(registry) == text
    assert registry.budgets.overflows == {}


def test_pulled_label_sets_keep_to_the_cap() -> None:
    """What the owner has more of than the family may have goes to `_other`."""
    registry = make_registry(label_sets_max=2)
    registry.pull(catalogue.REQUESTS_IN_FLIGHT, lambda _: [((f"a{n}", "c"), 1.0) for n in range(6)])
    registry.refresh(NOW)
    values = {
        series.labels: series.value
        for series in registry.gauges(catalogue.REQUESTS_IN_FLIGHT).all()
    }
    assert values == {("a0", "c"): 1.0, ("a1", "c"): 1.0, ("_other", "_other"): 4.0}


def test_an_empty_label_value_costs_no_budget() -> None:
    """A limit on a whole provider has no model; the empty value is never folded."""
    registry = make_registry(model=0)
    registry.pull(catalogue.RATE_LIMITED, lambda _: [(("p", ""), 1.0)], merge=max)
    assert by_us(registry).endswith('agent_rate_limited{model="",provider="p"} 1.0\n')


@pytest.mark.parametrize(
    ("family", "series_class"),
    [(catalogue.COMPLETIONS, Gauge), (catalogue.QUEUE_DEPTH, Histogram)],
)
def test_a_table_holds_the_series_of_its_type(
    family: catalogue.Family, series_class: type[Gauge] | type[Histogram]
) -> None:
    """A counter family does not come as gauges."""
    with pytest.raises(TypeError):
        Table(family, series_class, LabelBudgets({}), label_sets_max=1)  # type: ignore[type-var] # the mistake


def test_a_histogram_cannot_be_pulled() -> None:
    """There are no rows for one."""
    table = Table(catalogue.PUSH_DURATION, Histogram, LabelBudgets({}), label_sets_max=1)
    with pytest.raises(TypeError):
        table.refresh(lambda _: [((), 1.0)], max, NOW, since=NOW)


def test_the_series_of_every_family_are_told_as_they_are_exposed() -> None:
    """In the same scrape, itself included."""
    registry = make_registry()
    registry.pull(catalogue.LATE_EVENTS, lambda _: [((), 3.0)])
    registry.pull(catalogue.SERIES, lambda _: registry.series_by_family())
    text = by_us(registry)
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    told = {line.split('"')[1]: float(line.rpartition(" ")[2]) for line in samples[1:]}
    assert told.pop("agent_exporter_late_events") == 1
    assert told.pop("agent_exporter_series") == len(samples) - 1 == len(catalogue.CATALOGUE)
    assert set(told.values()) == {0.0}


def test_a_pulled_counter_says_when_it_began() -> None:
    """It began with the process, not with the scrape that first saw it."""
    registry = make_registry()
    registry.pull(catalogue.LATE_EVENTS, lambda _: [((), 3.0)])
    registry.refresh(NOW + 100)
    (series,) = registry.counters(catalogue.LATE_EVENTS).all()
    assert isinstance(series, Counter)
    assert series.created == NOW
