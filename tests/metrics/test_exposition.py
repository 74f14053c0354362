"""The exposition equals prometheus_client's, is valid, and comes in pieces."""

import hypothesis
import pytest
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.event.types import Completion, Event
from exporter.metrics import exposition
from exporter.metrics.exposition import Format, render
from exporter.metrics.process import ProcessMetrics
from tests.metrics.builders import make_recorder, make_registry
from tests.metrics.oracle import NOW, NoProcess, by_prometheus_client, by_us
from tests.metrics.strategies import events


@hypothesis.given(batches=st.lists(st.lists(events, max_size=12), max_size=4))
def test_every_format_equals_prometheus_client(batches: list[list[Event]]) -> None:
    """After any events, rendered anew or from kept text, each format is theirs line for line."""
    registry, recorder = make_recorder(model=5, tool=3, label_sets_max=6)
    for batch in batches:
        recorder.apply(batch, NOW)
        assert by_us(registry) == by_prometheus_client(registry, openmetrics=False)
        assert by_us(registry, Format.TEXT_1_0_0) == by_us(registry)
        assert by_us(registry, Format.OPENMETRICS_1_0_0) == by_prometheus_client(
            registry, openmetrics=True
        )


@hypothesis.given(batch=st.lists(events, max_size=12))
def test_the_strict_parser_takes_any_exposition(batch: list[Event]) -> None:
    """prometheus_client's strict OpenMetrics parser accepts it, and finds our families in it."""
    registry, recorder = make_recorder()
    recorder.apply(batch, NOW)
    families = list(
        text_string_to_metric_families(by_us(registry, Format.OPENMETRICS_1_0_0))  # type: ignore[no-untyped-call] # theirs
    )
    filled = [table.family.name for table in registry.tables() if len(table)]
    assert [family.name for family in families] == filled


def test_a_hostile_label_value_comes_back_as_it_was() -> None:
    """A value made to look like a sample is one label of one sample to the strict parser."""
    registry, recorder = make_recorder()
    hostile = 'x"} 1\nevil 9'
    recorder.apply([Completion(model=hostile, provider="p", success=True, at=NOW)], NOW)
    text = by_us(registry, Format.OPENMETRICS_1_0_0)
    samples = [
        sample
        for family in text_string_to_metric_families(text)  # type: ignore[no-untyped-call] # theirs
        for sample in family.samples
    ]
    assert {sample.labels.get("model") for sample in samples} == {hostile}
    assert not [sample for sample in samples if sample.name.startswith("evil")]


@pytest.mark.parametrize("form", list(Format))
def test_a_large_family_comes_in_pieces(form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    """No piece holds more lines than allowed, and its header comes once."""
    monkeypatch.setattr(exposition, "LINES_PER_PIECE", 10)
    registry, recorder = make_recorder()
    recorder.apply(
        [Completion(model=f"m{n}", provider="p", success=True, at=NOW) for n in range(30)], NOW
    )
    pieces = list(render(registry, NoProcess(), form, NOW))
    openmetrics = form is Format.OPENMETRICS_1_0_0
    lines_a_series = 2 if openmetrics else 1
    assert max(piece.count("\n") for piece in pieces) <= lines_a_series * 10 + 3
    assert "".join(pieces).count("# TYPE agent_completions") == 1
    assert "".join(pieces) == by_prometheus_client(registry, openmetrics=openmetrics)


@pytest.mark.parametrize("form", list(Format))
def test_the_process_is_told_in_every_format(form: Format) -> None:
    """Memory and the Python version are there, and OpenMetrics ends once."""
    text = "".join(render(make_registry(), ProcessMetrics(), form, NOW))
    assert "process_resident_memory_bytes " in text
    assert "python_info{" in text
    assert text.count("# EOF") == (1 if form is Format.OPENMETRICS_1_0_0 else 0)
    if form is Format.OPENMETRICS_1_0_0:
        assert text.endswith("# EOF\n")
        assert list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call] # theirs


def test_a_family_without_series_is_absent() -> None:
    """What is unknown is absent: no header announces it."""
    assert by_us(make_registry()) == ""
    assert by_us(make_registry(), Format.OPENMETRICS_1_0_0) == "# EOF\n"


def traced(trace_id: str) -> Completion:
    """Return a completion that belongs to a trace."""
    return Completion(
        model="m", provider="p", success=True, latency_ms=1.0, trace_id=trace_id, at=NOW
    )


def test_an_exemplar_that_is_too_long_is_left_out() -> None:
    """An observation whose trace id does not fit in an exemplar still counts."""
    registry, recorder = make_recorder()
    recorder.apply([traced("f" * 121)], NOW)
    text = by_us(registry, Format.OPENMETRICS_1_0_0)
    assert " # {" not in text
    assert "agent_completion_duration_seconds_count" in text
    recorder.apply([traced("f" * 120)], NOW)
    assert ' # {trace_id="ffff' in by_us(registry, Format.OPENMETRICS_1_0_0)
    assert "trace_id" not in by_us(registry)
