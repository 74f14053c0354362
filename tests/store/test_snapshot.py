"""Saving and restoring, case by case: what comes back, into what, and what is refused."""

from collections.abc import Iterator

import msgspec
import pytest

from exporter.event.tokens import COUNT_MAX
from exporter.store.parts import INT_MAX
from exporter.store.telemetry import TelemetryStore
from tests.builders import (
    NOW,
    completion,
    limit_hit,
    log,
    request_ended,
    request_started,
    tokens,
)
from tests.store.filled import filled, restored
from tests.store.histories import ANSWERS, every_answer


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


def test_a_snapshot_of_an_older_version_comes_back() -> None:
    """What it does not tell of is empty, and what all models did is added up from each."""
    store = filled()
    newer = {"tool_windows", "quotas", "heard"}
    again = restored([part for part in store.save() if part[0] not in newer])
    for name in ANSWERS.keys() - {"tool_calls", "quotas", "agents"}:
        assert ANSWERS[name](again, NOW) == ANSWERS[name](store, NOW)
    board = again.board
    assert (board.tools(now=NOW, limit=9), board.quotas(NOW), board.agents()) == ([], [], [])


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


def test_who_was_used_when_comes_back() -> None:
    """The model and the session used least recently leave first, whatever came first."""
    store = TelemetryStore()
    store.apply([completion(model=name, session_id=name) for name in ("a", "b", "a")], NOW)
    again = restored(store.save(), models_max=2, sessions_max=2)
    again.apply([completion(model="c", session_id="c")], NOW)
    assert {one.model for one in again.model_performances(now=NOW)} == {"a", "c"}
    assert {one.id for one in again.sessions(now=NOW)} == {"a", "c"}


def test_a_session_of_many_models_comes_back() -> None:
    """Those that had a place of their own have it again, and the others theirs together."""
    store = TelemetryStore()
    store.apply([completion(model=f"m{n}", session_id="s") for n in range(150)], NOW)
    usage = restored(store.save()).session_usage("s", now=NOW)
    assert usage == store.session_usage("s", now=NOW)
    assert usage.by_model["_other"].message_count == 50


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


def test_an_id_may_be_used_again_after_a_restart() -> None:
    """An end that has met its late start is good for no other one, then as before."""
    store = TelemetryStore()
    store.apply([request_ended(), request_started()], NOW)
    again = restored(store.save())
    again.apply([request_started(at=NOW + 1)], NOW + 1)
    assert len(again.in_flight(NOW + 1)) == 1


def damaged() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Yield damaged parts, with what is wrong with them."""
    parts = list(filled().save())
    (clock,) = (part for part in parts if part[0] == "clock")
    for name, part in parts:
        yield f"{name} cut short", [(name, part[:-1]), clock]
        yield f"{name} of another form", [(name, msgspec.msgpack.encode({"sk-secret": 1})), clock]
    for name in ("models", "sessions", "requests", "tool_windows"):
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
