"""What a restart brings back of the series, whoever scraped in the meantime."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.types import Completion, Event, QueueDepth, ToolCall
from exporter.metrics import catalogue, saved
from exporter.metrics.exposition import Format, render
from exporter.metrics.process import ProcessMetrics
from exporter.metrics.recorder import Recorder
from exporter.metrics.registry import Registry
from tests.metrics.builders import make_recorder
from tests.metrics.oracle import NOW
from tests.metrics.strategies import events

PROCESS = ProcessMetrics()

# A group of events, the seconds since the one before, and whether somebody scrapes after it.
groups = st.lists(
    st.tuples(st.lists(events, max_size=6), st.sampled_from([0.0, 1.0, 40.0]), st.booleans()),
    max_size=8,
)
budgets = st.fixed_dictionaries(
    {name: st.integers(1, 3) for name in ("model", "agent", "queue", "source", "window")}
    | {"label_sets_max": st.integers(1, 4), "gauge_ttl_secs": st.just(60)}
)


def recorded_lines(registry: Registry, now: float) -> list[str]:
    """Return every sample of the agents' families as OpenMetrics has it, sorted."""
    text = "".join(render(registry, PROCESS, Format.OPENMETRICS_1_0_0, now))
    return sorted(
        line
        for line in text.splitlines()
        if line.startswith("agent_") and not line.startswith("agent_exporter_")
    )


def restored(parts: Sequence[tuple[str, bytes]], **settings: int) -> tuple[Registry, Recorder]:
    """Return a new registry that holds what was saved, and what records into it."""
    registry, recorder = make_recorder(**settings)
    saved.restore(registry, parts)
    return registry, recorder


def one_completion(model: str = "m", **fields: object) -> Completion:
    """Return a completion as the pipeline leaves it."""
    named = {"agent": "a", "provider": "p", "model": model, "at": NOW, "success": True}
    return Completion(**{**named, **fields})  # type: ignore[arg-type] # the caller's business


@given(groups, budgets, st.integers(0, 8))
def test_a_replay_that_nobody_scrapes_ends_where_the_scraped_run_ended(
    history: list[tuple[list[Event], float, bool]], settings: dict[str, int], saved_after: int
) -> None:
    """Series, values, beginnings and folds are the same, wherever the snapshot was taken."""
    registry, recorder = make_recorder(**settings)
    now = NOW
    parts: list[tuple[str, bytes]] = []
    replay = []
    for number, (group, passed, scraped) in enumerate(history):
        now += passed
        recorder.apply(group, now)
        replay.append((group, now))
        if number == saved_after:
            parts = list(saved.save(registry))
            replay.clear()
        if scraped:
            recorded_lines(registry, now)
    again, recorder_again = restored(parts, **settings)
    for group, at in replay:
        recorder_again.apply(group, at)
    assert recorded_lines(again, now) == recorded_lines(registry, now)


def test_sums_of_floats_do_not_depend_on_who_scraped_between() -> None:
    """A replay adds in the order of the commits, so that no counter comes back a hair smaller."""
    history = [one_completion(cost_usd=cost, latency_ms=cost) for cost in (0.1, 0.2, 0.3, 1e-9)]
    often, recorder = make_recorder()
    for event in history:
        recorder.apply([event], NOW)
        recorded_lines(often, NOW)
    once, recorder = make_recorder()
    recorder.apply(history[:1], NOW)
    recorded_lines(once, NOW)
    recorder.apply(history[1:], NOW)
    assert recorded_lines(once, NOW) == recorded_lines(often, NOW)


def test_a_gauge_that_expired_makes_room_whether_or_not_anybody_looked() -> None:
    """Where an event is counted does not depend on a scrape before it."""
    ends = []
    for scraped in (True, False):
        registry, recorder = make_recorder(queue=1, gauge_ttl_secs=60)
        recorder.apply([QueueDepth(agent="a", queue="old", depth=1, at=NOW)], NOW)
        if scraped:
            recorded_lines(registry, NOW + 60)
        recorder.apply([QueueDepth(agent="a", queue="new", depth=2, at=NOW + 61)], NOW + 61)
        ends.append(recorded_lines(registry, NOW + 62))
    assert ends == [['agent_queue_depth{agent="a",queue="new"} 2.0']] * 2


def test_what_is_only_read_at_scrapes_takes_no_room_from_what_is_counted() -> None:
    """Where an event is counted does not depend on a scrape before it."""
    registry, recorder = make_recorder(agent=1)
    registry.pull(catalogue.SESSIONS_ACTIVE, lambda _: [(("idle",), 1.0)])
    recorded_lines(registry, NOW)
    recorder.apply([ToolCall(agent="busy", tool="t", success=True, at=NOW)], NOW)
    lines = recorded_lines(registry, NOW)
    assert 'agent_tool_calls_total{agent="busy",outcome="success",tool="t"} 1.0' in lines


def test_sums_past_64_bits_come_back() -> None:
    """Token counts add up exactly, however large the sum."""
    registry, _ = make_recorder()
    counter = registry.counters(catalogue.TOKENS).get(("a", "p", "m", "input"), NOW)
    counter.value = 3 * 2**64
    again, _ = restored(list(saved.save(registry)))
    assert recorded_lines(again, NOW) == recorded_lines(registry, NOW)


def test_a_family_whose_labels_changed_begins_anew() -> None:
    """What does not fit the catalogue is passed over, and the rest comes back."""
    registry, recorder = make_recorder()
    recorder.apply([one_completion(), ToolCall(agent="a", tool="t", success=True, at=NOW)], NOW)
    parts = []
    for name, body in saved.save(registry):
        part = msgspec.msgpack.decode(body)
        if part["name"] == "agent_tool_calls":
            part["labels"] = ["agent", "tool", "host", "outcome"]
        parts.append((name, msgspec.msgpack.encode(part)))
    again, _ = restored(parts)
    families = {line.partition("{")[0] for line in recorded_lines(again, NOW)}
    assert "agent_completions_total" in families
    assert "agent_tool_calls_total" not in families


def test_a_part_that_cannot_be_read_is_told() -> None:
    """Damage is a ValueError, never half a state taken for the whole."""
    registry, _ = make_recorder()
    with pytest.raises(ValueError, match="truncated"):
        saved.restore(registry, [("metrics/agent_tokens/0", b"\x81\xa4name")])


def test_parts_of_others_are_passed_over() -> None:
    """A snapshot holds more than the metrics."""
    registry, _ = make_recorder()
    saved.restore(registry, [("store/models/0", b"whatever")])
    assert recorded_lines(registry, NOW) == []
