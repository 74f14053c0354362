"""Labels keep to their budgets, families to their caps, and every fold is counted."""

from exporter.event.types import OTHER, Completion, QueueDepth, Quota, ToolCall
from exporter.metrics.budget import LABEL_SET
from exporter.metrics.catalogue import COMPLETIONS, COST, QUEUE_DEPTH, TOOL_CALLS
from tests.metrics.builders import make_recorder
from tests.metrics.oracle import NOW, by_us


def completion(model: str) -> Completion:
    """Return a completion of a model."""
    return Completion(model=model, provider="p", success=True, cost_usd=0.5, at=NOW)


def test_a_model_past_the_budget_is_folded() -> None:
    """The third model of two goes to `_other`, and each of its events is counted as folded."""
    registry, recorder = make_recorder(model=2)
    recorder.apply([completion(model) for model in ("a", "b", "c", "d", "c", "a")], NOW)
    registry.refresh(NOW)
    models = {
        series.labels[2]: series.value
        for series in registry.counters(COMPLETIONS).all()
        if series.labels[3] == "success"
    }
    assert models == {"a": 2, "b": 1, OTHER: 3}
    assert registry.budgets.overflows == {"model": 3}


def test_a_million_names_make_no_more_series_than_the_cap() -> None:
    """Series stay within what the budget allows however many names come."""
    registry, recorder = make_recorder(model=10)
    recorder.apply([completion(f"m{n}") for n in range(5_000)], NOW)
    registry.refresh(NOW)
    assert len(registry.counters(COMPLETIONS)) == 2 * (10 + 1)
    assert registry.cardinality(NOW).labels["model"].values == 10
    assert registry.cardinality(NOW).labels["model"].folded == 5_000 - 10


def test_a_family_past_its_cap_folds_every_open_label() -> None:
    """Label sets past the cap go to one of `_other` alone; the closed label keeps its value."""
    registry, recorder = make_recorder(label_sets_max=2)
    recorder.apply(
        [ToolCall(tool=f"t{n}", agent=f"a{n}", success=True, at=NOW) for n in range(5)], NOW
    )
    table = registry.counters(TOOL_CALLS)
    assert {series.labels: series.value for series in table.all()} == {
        ("a0", "t0", "success"): 1,
        ("a0", "t0", "error"): 0,
        ("a1", "t1", "success"): 1,
        ("a1", "t1", "error"): 0,
        (OTHER, OTHER, "success"): 3,
        (OTHER, OTHER, "error"): 0,
    }
    assert registry.budgets.overflows[LABEL_SET] == 3
    assert registry.cardinality(NOW).label_sets_folded == 3


def test_a_closed_label_never_uses_up_a_budget() -> None:
    """The `source` of a cost is ours: it stays itself when the budget of `source` is 0."""
    registry, recorder = make_recorder(source=0)
    recorder.apply([completion("a")], NOW)
    registry.refresh(NOW)
    assert [series.labels[3] for series in registry.counters(COST).all()] == ["reported"]


def test_the_name_other_is_no_overflow() -> None:
    """An agent may say `_other` itself."""
    registry, recorder = make_recorder(model=0)
    recorder.apply([completion(OTHER)], NOW)
    assert registry.budgets.overflows == {}


def test_an_expired_gauge_makes_room_for_another_value() -> None:
    """A queue that is gone gives its place in the budget to the next one."""
    registry, recorder = make_recorder(queue=1, gauge_ttl_secs=10)
    recorder.apply([QueueDepth(queue="old", depth=1, at=NOW)], NOW)
    recorder.apply([QueueDepth(queue="new", depth=2, at=NOW + 5)], NOW + 5)
    assert 'queue="_other"} 2.0' in by_us(registry, now=NOW + 5)
    assert by_us(registry, now=NOW + 20) == ""
    recorder.apply([QueueDepth(queue="new", depth=3, at=NOW + 20)], NOW + 20)
    assert by_us(registry, now=NOW + 20).endswith('queue="new"} 3.0\n')


def test_a_gauge_that_is_read_again_stays() -> None:
    """It vanishes so long after its last reading, not after its first."""
    registry, recorder = make_recorder(gauge_ttl_secs=10)
    for seconds in (0, 9, 18):
        recorder.apply([QueueDepth(queue="q", depth=1, at=NOW + seconds)], NOW + seconds)
    registry.refresh(NOW + 27)
    assert len(registry.gauges(QUEUE_DEPTH)) == 1
    registry.refresh(NOW + 28)
    assert len(registry.gauges(QUEUE_DEPTH)) == 0


def test_a_late_reading_changes_nothing_newer() -> None:
    """A gauge says what was read last, not what arrived last; one dated ahead is of now."""
    registry, recorder = make_recorder(gauge_ttl_secs=10)
    for depth, at, told in ((5, NOW, 5), (900, NOW - 3, 5), (6, NOW + 300, 6), (7, NOW, 7)):
        recorder.apply([QueueDepth(queue="q", depth=depth, at=at)], NOW)
        assert by_us(registry).endswith(f'queue="q"}} {told}.0\n')


def test_a_quota_is_told_until_it_is_renewed() -> None:
    """Then what was read of it says nothing more, however young it is; the next reading does."""
    registry, recorder = make_recorder()
    quota = Quota(agent="a", provider="p", window="5h", used_ratio=0.95, at=NOW)
    quota.resets_at = NOW + 40
    recorder.apply([quota], NOW)
    told = by_us(registry, now=NOW + 39)
    assert "agent_quota_used_ratio" in told
    assert "agent_quota_reset_timestamp_seconds" in told
    assert by_us(registry, now=NOW + 40) == ""
    recorder.apply([quota], NOW + 41)
    assert by_us(registry, now=NOW + 41) == ""
    quota.used_ratio, quota.at, quota.resets_at = 0.02, NOW + 42, NOW + 18_000
    recorder.apply([quota], NOW + 42)
    assert 'window="5h"} 0.02\n' in by_us(registry, now=NOW + 42)


def test_a_late_reading_is_as_good_as_one_of_a_quota_that_was_renewed() -> None:
    """Whether or not anybody looked at the renewed one before."""
    for looked in (True, False):
        registry, recorder = make_recorder()
        quota = Quota(agent="a", provider="p", window="5h", used_ratio=0.95, at=NOW)
        quota.resets_at = NOW + 40
        recorder.apply([quota], NOW)
        if looked:
            by_us(registry, now=NOW + 50)
        quota.used_ratio, quota.at, quota.resets_at = 0.1, NOW - 1, None
        recorder.apply([quota], NOW + 50)
        assert 'window="5h"} 0.1\n' in by_us(registry, now=NOW + 50)


def test_a_reading_older_than_its_time_is_no_reading() -> None:
    """It is gone before it is seen."""
    registry, recorder = make_recorder(gauge_ttl_secs=10)
    recorder.apply([QueueDepth(queue="q", depth=1, at=NOW - 10)], NOW)
    assert by_us(registry) == ""


def test_a_clock_that_steps_back_keeps_no_gauge_for_longer() -> None:
    """Its time runs from the step."""
    registry, recorder = make_recorder(gauge_ttl_secs=10)
    recorder.apply([QueueDepth(queue="q", depth=1, at=NOW)], NOW)
    registry.refresh(NOW - 1_000)
    assert by_us(registry, now=NOW - 990) == ""


def test_a_reading_from_a_clock_ahead_gives_way_once_the_clock_is_back() -> None:
    """Nobody looked in between, as in a replay: what is read now counts all the same."""
    registry, recorder = make_recorder(gauge_ttl_secs=10)
    recorder.apply([QueueDepth(queue="q", depth=5, at=NOW + 5_000)], NOW + 5_000)
    recorder.apply([QueueDepth(queue="q", depth=6, at=NOW)], NOW)
    assert by_us(registry).endswith('queue="q"} 6.0\n')


def test_cardinality_tells_series_caps_and_distinct_values() -> None:
    """A histogram counts a series for each bucket, for the sum and for the count."""
    registry, recorder = make_recorder(label_sets_max=7)
    recorder.apply([ToolCall(tool="t", success=True, duration_ms=1, at=NOW)], NOW)
    uses = {use.family: use for use in registry.cardinality(NOW).families}
    assert uses["agent_tool_duration_seconds"].series == 14 + 3
    assert uses["agent_tool_duration_seconds"].cap == 7 * (14 + 3)
    assert uses["agent_tool_calls"].cap == 7 * 2
    assert uses["agent_tool_calls"].labels == {"agent": 1, "tool": 1, "outcome": 2}
    assert uses["agent_exporter_build_info"].cap is None
    assert registry.cardinality(NOW).series == 14 + 3 + 2
    assert registry.cardinality(NOW).families[0].family == "agent_tool_duration_seconds"
