"""Saving and restoring, case by case: what comes back, into what, and what is refused."""

from collections.abc import Iterable, Iterator

import msgspec
import pytest

from exporter.event.tokens import COUNT_MAX
from exporter.store.saved import INT_MAX
from exporter.store.state import Bounds
from exporter.store.telemetry import TelemetryStore
from tests.builders import (
    NOW,
    completion,
    failure,
    limit_hit,
    log,
    queue_depth,
    quota,
    request_ended,
    request_started,
    tokens,
    tool_call,
)
from tests.store.histories import ANSWERS, every_answer


def filled(**bounds: object) -> TelemetryStore:
    """Return a store with something in every part of it."""
    store = TelemetryStore(**Bounds(**bounds))  # type: ignore[typeddict-item]  # as tests need them
    store.apply([completion(model="a", session_id="s", at=NOW - 3000)], NOW)
    store.apply(
        [
            completion(model=f"m{n}", session_id=f"s{n}", tokens=tokens(n), at=NOW - 600 + 60 * n)
            for n in range(10)
        ],
        NOW,
    )
    store.apply(
        [
            *(failure(model=f"m{n}") for n in range(10)),
            limit_hit(),
            quota(limited=True, resets_at=NOW + 900),
            tool_call(success=False),
            log(context={"a": [1, None]}),
            queue_depth(depth=3),
            request_ended(request_id="lone"),
            *(request_started(request_id=f"r{n}", at=NOW - n, channel=f"c{n}") for n in range(9)),
            request_ended(request_id="r8"),
        ],
        NOW,
    )
    return store


def restored(parts: Iterable[tuple[str, bytes]], **bounds: object) -> TelemetryStore:
    """Return a store that was restored from such parts."""
    store = TelemetryStore(**Bounds(**bounds))  # type: ignore[typeddict-item]  # as tests need them
    store.restore(parts)
    return store


@pytest.mark.parametrize("name", ANSWERS)
def test_every_question_has_the_same_answer(name: str) -> None:
    """Of each kind there is something to answer with, and it comes back."""
    store = filled()
    answer = ANSWERS[name](store, NOW)
    assert answer not in (ANSWERS[name](TelemetryStore(), NOW), [], {}, 0)
    assert ANSWERS[name](restored(store.save()), NOW) == answer


def test_a_part_belongs_to_its_name_whatever_order_names_come_in() -> None:
    """Names may come in another order, and those that nobody knows are passed over."""
    store = filled()
    parts = sorted(store.save(), key=lambda part: part[0])
    again = restored([("of a later version", b"\xc1"), *parts])
    assert every_answer(again, NOW) == every_answer(store, NOW)


def test_nothing_comes_of_nothing() -> None:
    """A store to which nothing happened, or of which nothing was kept, comes back empty."""
    empty = every_answer(TelemetryStore(), NOW)
    assert every_answer(restored(TelemetryStore().save()), NOW) == empty
    assert every_answer(restored([]), NOW) == empty


def test_a_new_epoch_begins_at_0() -> None:
    """Without totals the counts of the process's life start anew, and all else comes back."""
    store, again = filled(), TelemetryStore()
    again.restore(store.save(), totals=False)
    snapshot = again.snapshot(now=NOW, uptime_secs=0.0)
    assert (snapshot.messages_processed, snapshot.errors) == (0, 0)
    assert (snapshot.model_calls.total, snapshot.model_calls.avg_latency_ms) == (0, None)
    for name in ANSWERS.keys() - {"snapshot"}:
        assert ANSWERS[name](again, NOW) == ANSWERS[name](store, NOW)


def test_the_numbers_of_events_go_on() -> None:
    """So a reader that was away during the restart misses nothing and sees nothing twice."""
    store = filled()
    (newest,), _ = store.events(limit=1)
    again = TelemetryStore()
    again.restore(store.save(), totals=False)
    again.apply([log()], NOW)
    assert [event.seq for event in again.events_after(newest.seq)] == [newest.seq + 1]


def test_losses_are_counted_by_each_process() -> None:
    """Evictions and late events begin at 0, also where restoring itself lets something go."""
    store = filled(models_max=5, sessions_max=5, requests_max=5)
    store.apply([completion(at=NOW - 9999)], NOW)
    assert store.evictions["model"]
    again = restored(store.save(), models_max=2, sessions_max=2, requests_max=2)
    assert (set(again.evictions.values()), again.late_events) == ({0}, 0)


def test_a_smaller_configuration_keeps_the_latest() -> None:
    """The least recently used models and sessions go, the oldest requests, calls and events."""
    store = filled()
    again = restored(
        store.save(), models_max=2, sessions_max=2, requests_max=2, calls_max=2, events_max=2
    )
    assert [one.model for one in again.model_performances(now=NOW)][-2:] == ["m", "m9"]
    assert [one.id for one in again.sessions(now=NOW, sort="recent")] == ["s9", "s8"]
    assert [one.id for one in again.in_flight(NOW)] == ["r1", "r0"]
    assert again.calls() == store.calls(2)
    assert again.events() == (store.events(limit=2)[0], None)


@pytest.mark.parametrize(
    ("window_secs", "slots"), [(3600, 60), (3600, 7), (7200, 120), (5000, 1000), (3600.5, 120)]
)
def test_other_slots_take_up_what_was_saved(window_secs: float, slots: int) -> None:
    """All of it is still there, late completions and the open slot included, and leaves in time."""
    store = filled()
    store.apply([completion(model="m1", session_id="s1", at=NOW - 540)], NOW)
    again = restored(store.save(), window_secs=window_secs, slots=slots)
    sums = [
        (one.model, one.successful_completions, one.failed_completions, one.tokens)
        for one in store.model_performances(now=NOW)
    ]
    assert [
        (one.model, one.successful_completions, one.failed_completions, one.tokens)
        for one in again.model_performances(now=NOW)
    ] == sums
    usage = [(one.id, one.totals) for one in store.sessions(now=NOW, sort="recent")]
    assert [(one.id, one.totals) for one in again.sessions(now=NOW, sort="recent")] == usage
    later = NOW + window_secs + window_secs / slots
    assert [one.model for one in again.model_performances(now=later)] == []
    assert again.sessions(now=later) == []


def test_a_shorter_window_drops_what_is_older() -> None:
    """Models and sessions that are not in it any more are gone, and are told as not limited."""
    again = restored(filled().save(), window_secs=300, slots=10)
    counts = {one.model: one.successful_completions for one in again.model_performances(now=NOW)}
    assert counts == {"m": 0, **{f"m{n}": int(n > 5) for n in range(10)}}
    assert {one.id for one in again.sessions(now=NOW)} == {"s6", "s7", "s8", "s9"}


@pytest.mark.parametrize("back_secs", [300, 86_400])
def test_slots_keep_their_age_behind_a_clock_that_stepped_back(back_secs: float) -> None:
    """Also in slots of another length: an age is what the saved clock took it for."""
    store = TelemetryStore()
    store.apply([completion(at=NOW - 1800), completion()], NOW)
    now = NOW - back_secs
    store.apply([], now)
    again = restored(store.save(), window_secs=3600, slots=60)
    until_caught_up = NOW - now if back_secs < 3600 else 0
    for age_secs, left in ((0, 2), (1700, 2), (1900, 1), (3500, 1), (3700, 0)):
        at = now + until_caught_up + age_secs
        assert again.model_performance("m", now=at).successful_completions == left


def test_numbers_beyond_64_bits_are_cut() -> None:
    """So many tokens that no integer of the file holds them do not keep the store from saving."""
    store = TelemetryStore()
    event = completion(session_id="s", tokens=tokens(COUNT_MAX), cost_usd=1e9)
    store.apply([event] * 1100, NOW)
    again = restored(store.save())
    answer = again.model_performance("m", now=NOW)
    assert (answer.tokens.input, answer.successful_completions) == (INT_MAX, 1100)
    assert again.session_usage("s", now=NOW).totals.input_tokens == INT_MAX


def test_a_limit_is_lifted_after_a_restart_as_before() -> None:
    """A success finds the guess that it disproves."""
    store = TelemetryStore()
    store.apply([limit_hit(), limit_hit(model="known", resets_at=NOW + 900)], NOW)
    again = restored(store.save())
    again.apply([completion(at=NOW + 9), completion(model="known", at=NOW + 9)], NOW + 9)
    limited = [
        one.model for one in again.model_performances(now=NOW + 9) if one.subscription_limit_reached
    ]
    assert limited == ["known"]


def test_a_restored_request_ends() -> None:
    """Its end knows how long it took; an end that came before its start is still known."""
    store = TelemetryStore()
    store.apply([request_started(request_id="a"), request_ended(request_id="b")], NOW)
    again = restored(store.save())
    end = request_ended(request_id="a", at=NOW + 2)
    again.apply([end, request_started(request_id="b", at=NOW - 1)], NOW + 2)
    assert (end.duration_ms, again.in_flight(NOW + 2)) == (2000.0, [])


def damaged() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Yield damaged parts, with what is wrong with them."""
    parts = list(filled().save())
    (clock,) = (part for part in parts if part[0] == "clock")
    for name, part in parts:
        yield f"{name} cut short", [(name, part[:-1]), clock]
        yield f"{name} of another form", [(name, msgspec.msgpack.encode({"sk-secret": 1})), clock]
    for name in ("models", "sessions", "requests"):
        (once,) = (part for part in parts if part[0] == name)
        yield f"{name} twice", [once, once, clock]
    yield "no clock", [part for part in parts if part != clock]


@pytest.mark.parametrize("parts", [pytest.param(parts, id=name) for name, parts in damaged()])
def test_damaged_parts_are_refused(parts: list[tuple[str, bytes]]) -> None:
    """What does not decode, or not fit together, is an error that quotes nothing of it."""
    with pytest.raises(ValueError, match="saved") as raised:
        TelemetryStore().restore(parts)
    assert "sk-secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_large_tables_are_saved_in_many_parts() -> None:
    """No part holds more than a few hundred sessions or a thousand requests."""
    store = TelemetryStore()
    store.apply([completion(session_id=f"s{n}") for n in range(2_000)], NOW)
    store.apply([request_started(request_id=f"r{n}") for n in range(2_500)], NOW)
    sizes: dict[str, list[int]] = {}
    for name, part in store.save():
        form = msgspec.msgpack.decode(part)
        sizes.setdefault(name, []).append(len(form))
    assert sizes["requests"] == [1_000, 1_000, 500]
    assert len(sizes["sessions"]) > 4
    assert sum(sizes["sessions"]) == 2_000


def test_what_leaves_while_saving_is_told_in_its_order() -> None:
    """Models that passed after some of them were saved come back as those that passed, in order."""
    store = TelemetryStore(models_max=1_500)
    store.apply([completion(model=f"m{n}") for n in range(1_500)], NOW)
    parts = []
    for part in store.save():
        parts.append(part)
        rows = store.gauge_rows(NOW + 3700)
    assert [name for name, _ in parts].count("models") == 1
    assert restored(parts, models_max=1_500).gauge_rows(NOW + 3700) == rows


def test_saving_reads_only() -> None:
    """Saving twice gives the same."""
    store = filled()
    assert list(store.save()) == list(store.save())
