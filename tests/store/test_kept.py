"""What is kept for the next who asks: it never shows, and there is never more than there may be."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.pipeline.turns import finish
from exporter.store.aggregate import Completions, SessionUsage, Spending
from exporter.store.booking import book
from exporter.store.bounds import Bounds
from exporter.store.kept import Kept
from exporter.store.open_slot import OpenSlot
from exporter.store.telemetry import TelemetryStore
from exporter.store.together import sum_of_open
from exporter.store.transfer import decode_summary
from tests.builders import NOW, completion, tokens
from tests.store.filled import restored
from tests.store.histories import (
    ANSWERS,
    BOUNDS,
    Step,
    completions,
    events,
    histories,
    steps_ahead,
    steps_back,
)

LIVE, IMPORT = "live", "import"
ROOMY = Bounds(window_secs=60.0, slots=24)


def asked(store: TelemetryStore, now: float) -> dict[str, Any]:
    """Return all answers of which something is kept, some asked for in more ways than one."""
    answers = {name: ANSWERS[name](store, now) for name in ("models", "cost", "session", "glance")}
    answers["stale"] = store.model_performances(now=now, max_staleness_secs=5)
    for points_max, limit in ((24, 9), (12, 2)):
        course = store.board.timeline(now=now, limit=limit, points_max=points_max)
        answers[f"timeline {points_max}"] = finish(course)
    return answers


def with_order(answers: dict[str, Any]) -> list[list[str]]:
    """Return the models of every session told, in their order, which equality passes over."""
    told = (*answers["cost"], answers["session"])
    return [list(usage.by_model) for usage in told]


def decoded(store: TelemetryStore) -> list[tuple[str, object]]:
    """Return what is saved, but for the order of a histogram's buckets: that goes by who asked."""
    return [(name, msgspec.msgpack.decode(part, strict=False)) for name, part in store.save()]


def take_in(store: TelemetryStore, other: TelemetryStore, now: float) -> None:
    """Have a store take in what another exports."""
    body = b"".join(other.summary(now=now, export_id="x"))
    store.absorb(decode_summary(body, now=now, window_secs=60.0), now)


@pytest.mark.parametrize("bounds", [BOUNDS, ROOMY], ids=["little room", "room"])
@settings(max_examples=150, deadline=None)
@given(
    history=histories(steps_ahead | steps_back, completions | events, LIVE, LIVE, LIVE, IMPORT),
    other=st.lists(completions, max_size=3),
)
def test_what_was_asked_before_does_not_show(
    bounds: Bounds, history: list[Step], other: list[Any]
) -> None:
    """Every answer, however often it is asked for, is that of a store asked for the first time.

    Late events, clocks that step, evictions and imports included.
    """
    store, exporting, now = TelemetryStore(**bounds), TelemetryStore(**ROOMY), NOW
    exporting.apply(other, NOW)
    for step in history:
        now += step.secs
        store.apply(step.events(now), now)
        if step.what == IMPORT:
            take_in(store, exporting, now)
        again = [asked(store, now) for _ in range(2)]
        fresh = asked(restored(store.save(), **bounds), now)
        assert again == [fresh, fresh]
        assert list(map(with_order, again)) == [with_order(fresh)] * 2


@settings(max_examples=100, deadline=None)
@given(histories(steps_ahead, completions, LIVE))
def test_asking_moves_nothing_that_is_saved(history: list[Step]) -> None:
    """A store that is asked all the time comes to the same memory as one that is not."""
    busy, quiet, now = TelemetryStore(**ROOMY), TelemetryStore(**ROOMY), NOW
    for step in history:
        now += step.secs
        for event in step.events(now):
            busy.apply([event], now)
            asked(busy, now)
            quiet.apply([event], now)
    for store in (busy, quiet):
        asked(store, now)
    assert decoded(busy) == decoded(quiet)


@given(st.lists(st.lists(completions, max_size=4), max_size=5))
def test_open_slots_add_up_at_once_as_one_by_one(told: list[list[Any]]) -> None:
    """Every field, the histogram included."""
    slots, total = [OpenSlot() for _ in told], Completions()
    for slot, events_of_slot in zip(slots, told, strict=True):
        for number, event in enumerate(events_of_slot):
            book(event, NOW, slot, SessionUsage(Spending()))
            if number == 1:
                slot.bin()
    at_once = sum_of_open(slots)
    for slot in slots:
        slot.add_to(total)
    for name in (*Completions.__slots__, "messages", "input", "cost_nano", "unpriced", "output"):
        assert getattr(at_once, name) == getattr(total, name), name


def test_late_slots_of_all_models_add_up_whoever_left() -> None:
    """What was added up of a model's late slots goes with the model."""
    store = TelemetryStore(models_max=2)
    for model in "abc":
        events = [completion(model=model, at=NOW - age_secs) for age_secs in (0, 30, 60)]
        store.apply(events, NOW)
        for _ in range(3):
            timeline = finish(store.board.timeline(now=NOW, limit=9, points_max=120))
            assert sum(timeline.total.completions) == 3 * len(timeline.models)
    assert store.evictions["model"] == 1


def test_late_slots_are_added_up_anew_when_slots_leave() -> None:
    """A late slot that stays does so alone: neither a sealed one stays nor a late one that left."""
    store = TelemetryStore()
    for age_secs in (3540, 2000, 0):
        store.apply([completion(at=NOW - age_secs)], NOW)
    store.apply([completion(at=NOW - 3500), completion(at=NOW - 600)], NOW)
    told = []
    for later_secs in (0.0, 70.0, 130.0):
        (one,) = store.model_performances(now=NOW + later_secs)
        told.append(one.successful_completions)
    assert told == [5, 4, 3]


def test_what_is_kept_grows_stale_and_leaves() -> None:
    """A model told again is stale once it is; a session asked for alone lets go of what left."""
    store = TelemetryStore()
    store.apply([completion(at=NOW - 3500, session_id="s"), completion(session_id="s")], NOW)
    for secs, stale in ((60, False), (5, True), (60, False)):
        (told,) = store.model_performances(now=NOW + 10, max_staleness_secs=secs)
        assert told.stale is stale
    counts = [
        store.session_usage("s", now=NOW + later_secs).totals.message_count
        for later_secs in (0, 600)
    ]
    assert counts == [2, 1]


def test_a_session_is_told_of_in_the_order_of_its_slots() -> None:
    """Models that came late stand behind those of the slot before them."""
    store = TelemetryStore()
    for model, age_secs in (("b", 600), ("c", 0), ("a", 1200), ("c", 0)):
        used = completion(
            model=model, session_id="s", tokens=tokens(1, 2, 3, 4, 5), at=NOW - age_secs
        )
        store.apply([used], NOW)
    told = store.session_usage("s", now=NOW)
    assert [(name, one.message_count) for name, one in told.by_model.items()] == [
        ("b", 1),
        ("c", 2),
        ("a", 1),
    ]
    assert told.totals.total_tokens == 60


puts = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 2), st.integers(0, 7)), max_size=40
)


@given(puts)
def test_kept_values_have_their_version_and_their_room(puts: list[tuple[str, int, int]]) -> None:
    """A value is there for its own version alone, and all of them weigh no more than they may."""
    kept: Kept[str, int] = Kept(weight_max=10)
    newest: dict[str, tuple[int, int, int]] = {}
    for number, (key, version, weight) in enumerate(puts):
        kept.put(key, version, number, weight)
        newest.pop(key, None)
        newest[key] = version, number, weight
        if weight <= kept.weight_max:
            assert kept.get(key, version) == number
        there = {key for key, (at, value, _) in newest.items() if kept.get(key, at) == value}
        assert kept.weight == sum(newest[key][2] for key in there) <= kept.weight_max
        assert all(kept.get(key, other) is None for key in "abcd" for other in (3, "0"))
        order = list(newest)
        assert there == set(order[len(order) - len(there) :])


def test_what_is_too_heavy_is_not_kept() -> None:
    """Nothing else goes for it but the value it replaces."""
    kept: Kept[str, str] = Kept(weight_max=2)
    kept.put("a", 1, "x")
    kept.put("b", 1, "y")
    kept.put("b", 2, "z", 3)
    assert [kept.get("a", 1), kept.get("b", 1), kept.get("b", 2)] == ["x", None, None]


def test_who_was_overtaken_leaves_what_is_kept_alone() -> None:
    """A course is told in turns: a slot may begin meanwhile, and another be told all of it."""
    store = TelemetryStore(window_secs=100.0, slots=10)
    began_at = NOW - NOW % 10
    for slot in range(10):
        at = began_at + 10 * slot
        store.apply([completion(model="x", at=at), completion(model="y", at=at)], at)
    now = began_at + 95
    overtaken = store.board.timeline(now=now, limit=5, points_max=500)
    next(overtaken)
    finish(store.board.timeline(now=now + 10, limit=6, points_max=500))
    for model in finish(overtaken).models:
        assert model.completions == [0] + [1] * 9  # The first slot has left meanwhile.
    later = finish(store.board.timeline(now=now + 11, limit=5, points_max=500))
    fresh = TelemetryStore(window_secs=100.0, slots=10)
    fresh.restore(store.save())
    assert later == finish(fresh.board.timeline(now=now + 11, limit=5, points_max=500))
