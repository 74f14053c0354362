"""Tools over the window: what is added up, what is unknown, and how many are kept."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.event.types import ToolCall
from exporter.store.answers import ToolPerformance, instant
from exporter.store.bounds import TOOLS_MAX
from exporter.store.rolling import SLOT_ENTRIES
from exporter.store.telemetry import TelemetryStore
from exporter.store.tools import ToolTable
from exporter.store.window import SlotClock
from tests.builders import NOW, tool_call
from tests.store import oracle
from tests.store.filled import restored
from tests.store.oracle import Oracle, Recorded

ALL = 1_000


def told(store: TelemetryStore, now: float) -> list[tuple[str, str, int]]:
    """Return agent, tool and calls of each tool, in the order told."""
    return [(one.agent, one.tool, one.calls) for one in store.board.tools(now=now, limit=ALL)]


def test_a_tool_is_told_in_full() -> None:
    """Durations are of all calls that told one, failed ones included."""
    store = TelemetryStore()
    store.apply(
        [
            tool_call(duration_ms=100.0, at=NOW - 60),
            tool_call(duration_ms=300.0, success=False),
            tool_call(duration_ms=None),
            tool_call(duration_ms=None, success=None),
        ],
        NOW,
    )
    (tool,) = store.board.tools(now=NOW, limit=1)
    assert tool == ToolPerformance(
        agent="claude-code",
        tool="bash",
        calls=4,
        failures=1,
        success_rate=0.75,
        avg_duration_ms=200.0,
        p95_duration_ms=tool.p95_duration_ms,
        last_event_at=instant(NOW),
    )
    assert tool.p95_duration_ms == pytest.approx(300, rel=0.05)


def test_a_tool_that_told_no_duration_has_none() -> None:
    """It is unknown, and not 0; a call that took no time at all took 0."""
    store = TelemetryStore()
    store.apply([tool_call(duration_ms=None), tool_call(tool="t", duration_ms=0.0)], NOW)
    known = {
        t.tool: (t.avg_duration_ms, t.p95_duration_ms) for t in store.board.tools(now=NOW, limit=2)
    }
    assert known == {"bash": (None, None), "t": (0.0, 0.0)}


@pytest.mark.parametrize("duration_ms", [1e-9, 8.64e7, 1e12])
def test_a_duration_beyond_the_buckets_counts(duration_ms: float) -> None:
    """The mean is exact to the microsecond, the quantile as near as buckets reach."""
    store = TelemetryStore()
    store.apply([tool_call(duration_ms=duration_ms)], NOW)
    (tool,) = store.board.tools(now=NOW, limit=1)
    assert tool.avg_duration_ms == pytest.approx(duration_ms, abs=0.0005)
    assert tool.p95_duration_ms == pytest.approx(min(max(duration_ms, 0.1), 8.64e7), rel=0.05)


def test_the_most_called_come_first() -> None:
    """Equals are sorted by agent and name; the same tool of two agents is two."""
    store = TelemetryStore()
    calls = [("b", "y"), ("b", "y"), ("a", "y"), ("b", "x"), ("a", "x")]
    store.apply([tool_call(agent=agent, tool=tool) for agent, tool in calls], NOW)
    assert told(store, NOW) == [("b", "y", 2), ("a", "x", 1), ("a", "y", 1), ("b", "x", 1)]
    assert [one.tool for one in store.board.tools(now=NOW, limit=2)] == ["y", "x"]


def test_a_late_call_is_not_in_the_window() -> None:
    """It is counted as late, and makes no tool known to it."""
    store = TelemetryStore()
    store.apply([tool_call(at=NOW - 3700)], NOW)
    assert (told(store, NOW), store.late_events) == ([], 1)


def test_tools_are_bounded() -> None:
    """The tool used least recently leaves, and that is counted; one used again stays."""
    store = TelemetryStore()
    store.apply([tool_call(tool=f"t{n}") for n in range(TOOLS_MAX)], NOW)
    store.apply([tool_call(tool="t0"), tool_call(tool="one more")], NOW)
    tools = {tool for _, tool, _ in told(store, NOW)}
    assert (len(tools), tools & {"t0", "t1", "one more"}) == (TOOLS_MAX, {"t0", "one more"})
    assert store.evictions["tool"] == 1
    again = restored(store.save())
    again.apply([tool_call(tool="another")], NOW)
    assert tools - {tool for _, tool, _ in told(again, NOW)} == {"t2"}


def test_histograms_push_out_the_least_recently_used_tool() -> None:
    """Once the sealed slots of all tools pass the bound, a tool leaves, and that is counted."""
    clock = SlotClock(window_secs=100, slots=10)
    table = ToolTable(clock, tools_max=10, entries_max=3 * (SLOT_ENTRIES + 1))
    kept = []
    for number, tool in enumerate("aabbaa"):
        clock.advance(number * 10)
        table.slot(("x", tool), number, number).book(tool_call(), number * 10)
        kept.append((list(table.keys()), table.evictions))
    assert kept[-2:] == [([("x", "a"), ("x", "b")], 0), ([("x", "a")], 1)]


AGENTS, TOOLS = ("x", "y"), ("t", "u")
ages = st.sampled_from([0.0, 0.25, 9.5, 10.0, 20.0, 30.0, 50.0, -30.0, 55.0, 61.0, 300.0])
secs = st.sampled_from([0.0, 0.5, 4.0, 10.0, 10.0, 11.0, 20.0]) | st.sampled_from(
    [35.0, 59.0, 200.0, -1.0, -12.0, -45.0, -70.0, -5000.0]
)
calls = st.builds(
    tool_call,
    agent=st.sampled_from(AGENTS),
    tool=st.sampled_from(TOOLS),
    success=st.booleans(),
    duration_ms=st.none() | st.just(0.0) | st.floats(0.1, 8.64e7),
)


@dataclass(frozen=True)
class Step:
    """The clock moves, then some calls are pushed, then perhaps somebody reads or it restarts."""

    secs: float
    pushed: list[tuple[float, ToolCall]]
    what: str


steps = st.builds(
    Step,
    secs=secs,
    pushed=st.lists(st.tuples(ages, calls), max_size=4),
    what=st.sampled_from(["go on", "read", "restart"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, max_size=25))
def test_tools_equal_the_oracle(history: list[Step]) -> None:
    """Late, early and stepping clocks and restarts included, all is the sum of what is there."""
    store, now = oracle.store(), NOW
    plain: Oracle[ToolCall] = Oracle()
    for step in history:
        now += step.secs
        plain.advance(now)
        for age_secs, event in step.pushed:
            event.at = now - age_secs
            plain.apply(event, now)
        store.apply([event for _, event in step.pushed], now)
        if step.what == "read":
            check(store, plain, now)
        elif step.what == "restart":
            parts = list(store.save())
            store = oracle.store()
            store.restore(parts)
    check(store, plain, now)
    assert store.board.tools(now=now + 5000 + 2 * oracle.WINDOW_SECS, limit=ALL) == []


def check(store: TelemetryStore, plain: Oracle[ToolCall], now: float) -> None:
    """Compare every tool."""
    plain.advance(now)
    answers = store.board.tools(now=now, limit=ALL)
    assert answers == sorted(answers, key=lambda one: (-one.calls, one.agent, one.tool))
    keys = {(one.event.agent, one.event.tool) for one in plain.recorded}
    assert {(one.agent, one.tool) for one in answers} == keys
    for one in answers:
        check_tool(one, plain.where(agent=one.agent, tool=one.tool))


def check_tool(answer: ToolPerformance, recorded: list[Recorded[ToolCall]]) -> None:
    """Compare a tool with all calls of it; each slot is rounded to a microsecond."""
    failures = sum(one.event.success is False for one in recorded)
    assert (answer.calls, answer.failures) == (len(recorded), failures)
    assert answer.success_rate == (len(recorded) - failures) / len(recorded)
    assert answer.last_event_at == instant(max((one.slot, one.at) for one in recorded)[1])
    durations = [one.event.duration_ms for one in recorded if one.event.duration_ms is not None]
    if not durations:
        assert answer.avg_duration_ms is answer.p95_duration_ms is None
        return
    mean = sum(durations) / len(durations)
    assert answer.avg_duration_ms == pytest.approx(mean, rel=1e-9, abs=0.01)
    exact = oracle.exact_quantile(durations, 0.95)
    assert answer.p95_duration_ms == pytest.approx(exact, rel=0.05)
