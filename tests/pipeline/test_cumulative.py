"""Totals become what was added, once, whatever comes late, again, or after a restart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.types import Activity, Cumulative
from exporter.pipeline.batch import Batch
from exporter.pipeline.cumulative import Total, Totals
from exporter.pipeline.dedupe import Dedupe
from exporter.pipeline.remembrance import restore, save
from exporter.pipeline.turns import finish
from tests.builders import NOW
from tests.clock import ManualClock


def told(stream: str, total: float, at: float = NOW, since: float = NOW - 100) -> Activity:
    """Return lines that were added, told by their total."""
    return Activity(kind="lines_added", cumulative=Cumulative(stream, total, since), at=at)


def amounts(totals: Totals, *events: Activity) -> list[float | None]:
    """Return what each event adds, all of them committed in one group."""
    totals.fill_in(events, {})
    for event in events:
        totals.remember(event)
    return [event.amount for event in events]


@pytest.mark.parametrize(
    ("events", "added"),
    [
        ([told("s", 5)], [5]),
        ([told("s", 5), told("s", 7, NOW + 1)], [5, 2]),
        ([told("s", 5), told("s", 5, NOW + 1)], [5, 0]),
        ([told("s", 5), told("t", 7)], [5, 7]),
        ([told("s", 7, NOW + 1), told("s", 5, NOW)], [7, 0]),
        ([told("s", 7), told("s", 3, NOW + 9, since=NOW + 8)], [7, 3]),
        ([told("s", 7), told("s", 3, NOW + 9)], [7, 3]),
        ([told("s", 3, NOW, since=NOW - 1), told("s", 9, NOW + 1, since=NOW - 99)], [3, 0]),
    ],
    ids=[
        "the first counts whole",
        "then what was added",
        "nothing was",
        "two streams",
        "overtaken",
        "begun anew",
        "begun anew without saying so",
        "of the run before",
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_what_a_total_adds(events: list[Activity], added: list[float], *, together: bool) -> None:
    """The same in one group as in several."""
    events = [Activity(kind=e.kind, cumulative=e.cumulative, at=e.at) for e in events]
    totals = Totals()
    if together:
        assert amounts(totals, *events) == added
    else:
        assert [amounts(totals, event)[0] for event in events] == added


def test_what_was_not_committed_is_not_remembered() -> None:
    """A total whose commit failed counts whole when it is told again."""
    totals = Totals()
    totals.fill_in([told("s", 5)], {})
    assert amounts(totals, told("s", 6)) == [6]


def test_a_stream_that_may_have_been_forgotten_goes_on_from_where_it_is() -> None:
    """Nothing of it counts twice; one that began since counts whole."""
    totals = Totals(streams_max=1)
    amounts(totals, told("s", 5), told("t", 1, NOW + 50))
    assert totals.evicted == 1
    assert amounts(totals, told("s", 9, NOW + 60)) == [0]
    assert amounts(totals, told("s", 11, NOW + 61)) == [2]
    assert amounts(totals, told("u", 4, NOW + 70, since=NOW + 65)) == [4]


def test_a_key_in_the_name_of_a_stream_is_not_kept() -> None:
    """And yet its totals are compared."""
    key = "sk-proj-" + "a1B2" * 12
    dedupe = Dedupe(keys_max=10, ids_max=10, ttl_secs=60)
    for total, added in ((5, 5), (7, 2)):
        batch = Batch("native", [told(key, total, NOW + total)], NOW)
        finish(dedupe.reduce([batch], NOW))
        finish(dedupe.remember([batch], NOW))
        (event,) = batch.events
        assert isinstance(event, Activity)
        assert event.amount == added
    assert all(key not in stream for stream, _ in dedupe.totals.all())


runs = st.lists(
    st.tuples(st.sampled_from("st"), st.booleans(), st.integers(0, 9), st.booleans()), max_size=30
)


@given(runs)
def test_what_is_added_sums_up_to_what_was_done(steps: list[tuple[str, bool, int, bool]]) -> None:
    """Over new runs, exports that are lost, and restarts from a snapshot."""
    clock = ManualClock(NOW)
    dedupe = Dedupe(keys_max=10, ids_max=10, ttl_secs=60)
    done = dict.fromkeys("st", 0)
    since = dict.fromkeys("st", NOW - 1)
    exported = dict.fromkeys("st", 0)
    for number, (stream, anew, work, lost) in enumerate(steps):
        at = NOW + number
        if anew:
            # What a run did after its last export that arrived is nobody's to know.
            done[stream], since[stream] = 0, at
            exported[stream] = 0
        done[stream] += work
        if lost:
            continue
        batch = Batch("otlp_metrics", [told(stream, done[stream], at, since[stream])], at)
        finish(dedupe.reduce([batch], at))
        finish(dedupe.remember([batch], at))
        (event,) = batch.events
        assert isinstance(event, Activity)
        assert event.amount == done[stream] - exported[stream]
        exported[stream] = done[stream]
        parts = list(save(dedupe, clock))
        dedupe = Dedupe(keys_max=10, ids_max=10, ttl_secs=60)
        restore(dedupe, parts, clock)


def test_a_snapshot_keeps_what_may_have_been_forgotten() -> None:
    """Else a restart would count a forgotten stream twice."""
    clock = ManualClock(NOW)
    dedupe = Dedupe(keys_max=1, ids_max=1, ttl_secs=60)
    dedupe.totals.put("s", Total(NOW - 9, 5.0, NOW))
    dedupe.totals.forgotten_at = NOW - 3
    again = Dedupe(keys_max=1, ids_max=1, ttl_secs=60)
    restore(again, list(save(dedupe, clock)), clock)
    assert list(again.totals.all()) == [("s", Total(NOW - 9, 5.0, NOW))]
    assert again.totals.forgotten_at == NOW - 3
