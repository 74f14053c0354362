"""Which agents were heard: how much, when last, in which order, and how many are kept."""

from exporter.store.answers import HeardAgent, instant
from exporter.store.bounds import AGENTS_MAX
from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, completion, log, queue_depth, request_ended, request_started
from tests.store.filled import restored


def heard(store: TelemetryStore) -> list[tuple[str, int]]:
    """Return the agents and how many events each told, in the order told."""
    return [(one.agent, one.events) for one in store.board.agents()]


def test_events_of_every_kind_count() -> None:
    """Whenever they happened; the one heard last comes first."""
    store = TelemetryStore()
    store.apply([completion(agent="a", at=NOW - 99_999)], NOW)
    store.apply([log(agent="b"), completion(agent="c", at=NOW - 5), log(agent="b")], NOW + 1)
    store.apply([queue_depth(agent="a", at=NOW)], NOW + 2)
    assert store.board.agents() == [
        HeardAgent("a", 2, instant(NOW), instant(NOW + 2)),
        HeardAgent("c", 1, instant(NOW - 5), instant(NOW + 1)),
        HeardAgent("b", 2, instant(NOW), instant(NOW + 1)),
    ]


def test_nothing_pushed_is_nobody_heard() -> None:
    """Nor does an empty batch tell of anybody."""
    store = TelemetryStore()
    store.apply([], NOW)
    assert store.board.agents() == []


def test_an_event_dated_ahead_is_of_its_arrival() -> None:
    """And one that comes late leaves the newest instant as it is."""
    store = TelemetryStore()
    store.apply([completion(agent="a", at=NOW + 500)], NOW)
    store.apply([completion(agent="a", at=NOW - 500)], NOW + 1)
    assert store.board.agents() == [HeardAgent("a", 2, instant(NOW), instant(NOW + 1))]


def test_a_clock_that_stepped_back_is_believed() -> None:
    """What was told while it was ahead is not the newest for ever."""
    store = TelemetryStore()
    ahead = NOW + 7 * 3600
    store.apply([completion(agent="a", at=ahead)], ahead)
    store.apply([completion(agent="a", at=NOW - 1)], NOW)
    assert store.board.agents() == [HeardAgent("a", 2, instant(NOW - 1), instant(NOW))]


def test_an_end_is_of_the_agent_that_started() -> None:
    """Where it does not say itself whose it is."""
    store = TelemetryStore()
    store.apply([request_started(agent="a")], NOW)
    store.apply([request_ended()], NOW)
    assert heard(store) == [("a", 2)]


def test_agents_are_bounded() -> None:
    """The one heard longest ago is forgotten, and that is counted; also after a restart."""
    store = TelemetryStore()
    store.apply([log(agent=f"a{n}") for n in range(AGENTS_MAX)], NOW)
    store.apply([log(agent="a0")], NOW)
    again = restored(store.save())
    for one in (store, again):
        one.apply([log(agent="new")], NOW)
        names = dict(heard(one))
        assert (len(names), names["a0"], "a1" in names) == (AGENTS_MAX, 2, False)
        assert one.evictions["agent"] == 1
