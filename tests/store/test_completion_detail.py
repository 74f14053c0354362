"""What is told of a call beside its completion: its first token, and a limit it met."""

import pytest

from exporter.event.types import CompletionDetail
from exporter.store.telemetry import TelemetryStore
from exporter.store.transfer import decode_summary
from tests.builders import NOW, completion

SLOT_SECS = 30.0


def detail(**fields: object) -> CompletionDetail:
    """Return a detail of a call to model `m` at provider `p`."""
    return CompletionDetail(**{"model": "m", "provider": "p", "at": NOW, **fields})  # type: ignore[arg-type] # a table


@pytest.mark.parametrize("secs_later", [0.0, SLOT_SECS, 10 * SLOT_SECS])
def test_a_first_token_is_told_of_the_model_and_counts_no_completion(secs_later: float) -> None:
    """Whether it is told in the same slot or long after."""
    store = TelemetryStore()
    store.apply([completion(latency_ms=900.0)], NOW)
    later = NOW + secs_later
    store.apply([detail(ttft_ms=250.0, at=later)], later)
    told = store.model_performance("m", now=later)
    assert (told.successful_completions, told.failed_completions) == (1, 0)
    assert (told.avg_ttft_ms, told.avg_latency_ms) == (250.0, 900.0)
    assert told.last_event_at is not None
    assert told.last_event_at.timestamp() == later


def test_a_detail_alone_makes_a_model_known() -> None:
    """With no completion, its rates are unknown."""
    store = TelemetryStore()
    store.apply([detail(ttft_ms=250.0)], NOW)
    (told,) = store.model_performances(now=NOW)
    assert (told.avg_ttft_ms, told.success_rate, told.successful_completions) == (250.0, None, 0)


def test_a_limit_met_on_the_way_holds_until_a_call_succeeds() -> None:
    """It is one of refused calls, and no error is counted."""
    store = TelemetryStore()
    store.apply([detail(limited=True)], NOW)
    assert store.model_performance("m", now=NOW).subscription_limit_reached
    assert store.snapshot(now=NOW, uptime_secs=0).errors == 0
    store.apply([completion(at=NOW + 5, latency_ms=1000.0)], NOW + 5)
    assert not store.model_performance("m", now=NOW + 5).subscription_limit_reached


def test_a_summary_with_details_can_be_taken_in() -> None:
    """A slot may know more first tokens than completions."""
    store = TelemetryStore()
    store.apply([detail(ttft_ms=250.0)], NOW)
    export = b"".join(store.summary(now=NOW, export_id="x"))
    other = TelemetryStore()
    imported = decode_summary(export, now=NOW, window_secs=other.window_secs)
    for piece in imported.pieces():
        other.absorb(piece, NOW)
    assert other.model_performances(now=NOW) == store.model_performances(now=NOW)
