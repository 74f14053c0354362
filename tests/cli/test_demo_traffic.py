"""The traffic of the demo, in simulated time."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.cli.demo_cast import AGENTS, CHANNELS
from exporter.cli.demo_traffic import Traffic
from exporter.cli.demo_world import DAY_SECS
from exporter.client.plain import encoded
from exporter.decode.native import decode_json
from exporter.event.error_type import ErrorType
from exporter.event.finish_reason import FinishReason
from exporter.event.types import (
    EVENT_CLASSES,
    Activity,
    ActivityKind,
    Completion,
    CompletionDetail,
    Event,
    Level,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
)
from exporter.pipeline.enrichment import enrich

BEGAN_AT = 1_800_000_000.0


class Told(NamedTuple):
    """Something that was told, and when."""

    at: float
    event: dict[str, Any]


def _traffic(seed: int, rate: float, began_at: float = BEGAN_AT) -> Traffic:
    random = Random(seed)  # noqa: S311 - it is to be the same again
    return Traffic(random, rate=rate, began_at=began_at)


def _told(traffic: Traffic, secs: float) -> Iterator[Told]:
    """Yield what is told in so many seconds."""
    passed = 0.0
    for delay, event in traffic.events():
        assert delay >= 0
        passed += delay
        if passed > secs:
            return
        yield Told(BEGAN_AT + passed, event)


def _taken(told: Told) -> Event:
    """Return an event as the exporter takes it: sent by the client, decoded and filled in."""
    body = encoded(told.event, {"agent": "demo"})
    decoded = decode_json(body, received_at=told.at, events_max=1)
    assert (decoded.rejections, decoded.unknown_fields) == ([], 0), told.event
    enrich(decoded.events)
    return decoded.events[0]


@cache
def _day() -> list[Event]:
    return [_taken(told) for told in _told(_traffic(1, 20.0), DAY_SECS)]


def _of(kind: type[Event]) -> list[Any]:
    return [event for event in _day() if isinstance(event, kind)]


def test_a_seed_makes_the_same_events() -> None:
    """The same seed makes the same events at the same times; another makes others."""
    first, second, other = (list(_told(_traffic(seed, 9.0), 200)) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_two_runs_have_no_id_in_common() -> None:
    """What is sent twice with one seed is of other sessions and requests the second time."""

    def ids(began_at: float) -> set[str]:
        told = _told(_traffic(1, 9.0, began_at), 60)
        names = ("session_id", "request_id")
        return {event[name] for _, event in told for name in names if name in event}

    assert not ids(BEGAN_AT) & ids(BEGAN_AT + 0.01)


@pytest.mark.parametrize(("rate", "days"), [(0.5, 8), (5.0, 2), (60.0, 1)])
def test_the_rate_is_met(rate: float, days: int) -> None:
    """Over a day, and from the first minutes on, about as much is told as was asked for."""
    told = [at - BEGAN_AT for at, _ in _told(_traffic(5, rate), days * DAY_SECS)]
    assert len(told) / (days * DAY_SECS) == pytest.approx(rate, rel=0.03)
    begun = sum(at < DAY_SECS / 8 for at in told) / (DAY_SECS / 8)
    assert begun == pytest.approx(rate, rel=0.3)


def test_there_are_days_and_nights() -> None:
    """More is told around noon than around midnight, but by machines."""
    told = list(_told(_traffic(1, 20.0), DAY_SECS))

    def starts(begin: float) -> Counter[str]:
        begin = BEGAN_AT + begin * DAY_SECS
        return Counter(
            event["channel"]
            for at, event in told
            if event["type"] == "request_started" and begin <= at < begin + DAY_SECS / 4
        )

    noon, midnight = starts(1 / 8), starts(5 / 8)
    assert noon.total() > 1.2 * midnight.total()
    assert midnight["ci"] > noon["ci"]


def test_every_type_of_event_is_told() -> None:
    """Every type that an exporter takes is among what a day brings."""
    assert {type(event) for event in _day()} == set(EVENT_CLASSES)


def test_everybody_plays() -> None:
    """Every agent, model, tool, channel and queue of the cast is heard of."""
    assert {event.agent for event in _of(Completion)} == {agent.name for agent in AGENTS}
    models = {model.name for agent in AGENTS for model in (*agent.models, agent.helper) if model}
    assert {event.model for event in _of(Completion)} == models
    assert {event.channel for event in _of(RequestStarted)} == set(CHANNELS)
    queues = {queue for agent in AGENTS for queue in agent.queues}
    assert {event.queue for event in _of(QueueDepth)} == queues
    assert {event.level for event in _of(Log)} == set(get_args(Level))
    assert {event.kind for event in _of(Activity)} == set(get_args(ActivityKind))


def test_calls_fail_in_every_way() -> None:
    """A day brings every type of error, but fewer failures than successes by far."""
    failures = [event for event in _of(Completion) if not event.success]
    assert {event.error_type for event in failures} == set(ErrorType)
    assert 0.02 < len(failures) / len(_of(Completion)) < 0.15


def test_models_stop_for_every_reason() -> None:
    """Why models stop is told in words that the exporter knows."""
    told = [*_of(Completion), *_of(CompletionDetail)]
    assert {event.finish_reason for event in told} - {None} == set(FinishReason)


def test_completions_look_like_those_of_agents() -> None:
    """Most of what goes in is cached; the first token precedes the last; some costs are told."""
    done = [event for event in _of(Completion) if event.success]
    read = sum(event.tokens.cache_read or 0 for event in done)
    assert read > 0.8 * sum(event.tokens.prompt or 0 for event in done)
    assert all(event.ttft_ms < event.latency_ms for event in done if event.ttft_ms is not None)
    mismatched = sum(event.tokens.mismatched for event in done)
    assert 0 < mismatched < len(done) / 100
    priced = {event.agent for event in done if event.cost_usd}
    unpriced = {event.agent for event in done if event.cost_usd is None}
    assert priced == {"claude-code", "opencode", "support-bot"}
    assert unpriced == {"codex", "gemini-cli"}
    assert any(event.cost_usd == 0 for event in done)


def test_a_limit_is_hit_and_lifted() -> None:
    """A model is refused until an instant that is told, and answers again after it."""
    limited_until: dict[str, float] = {}
    lifted = set()
    for event in _of(Completion):
        if event.error_type == ErrorType.RATE_LIMIT:
            assert event.limited
            assert event.at < event.resets_at + 1
            limited_until[event.model] = event.resets_at
        elif event.success and event.at - event.latency_ms / 1000 > limited_until.get(
            event.model, event.at
        ):
            lifted.add(event.model)
    assert lifted


def test_a_quota_rises_is_used_up_and_renewed() -> None:
    """The share of a window rises up to all of it, and begins anew where it was to."""
    readings = [q for q in _of(Quota) if (q.agent, q.window) == ("claude-code", "5h")]
    renewals = 0
    for before, after in pairwise(readings):
        if after.resets_at == before.resets_at:
            assert after.used_ratio >= before.used_ratio
        else:
            assert before.resets_at <= after.at
            assert after.used_ratio < 0.2
            renewals += 1
    assert renewals >= 4
    limited = [quota.limited for quota in _of(Quota) if quota.limited is not None]
    assert True in limited
    assert False in limited[limited.index(True) :]


def test_providers_are_overloaded_for_a_while() -> None:
    """Every few minutes a provider refuses much of what it is asked, and logs tell of it."""
    said = [event.message for event in _of(Log) if event.source == "status-page"]
    assert 3 <= len(said) / 2 <= DAY_SECS / 120
    slots: dict[tuple[str, int], list[bool]] = {}
    for event in _of(Completion):
        slot = (event.provider, int(event.at // 20))
        slots.setdefault(slot, []).append(event.error_type == ErrorType.OVERLOADED)
    bad = [outcomes for outcomes in slots.values() if sum(outcomes) > len(outcomes) / 3]
    assert max(map(len, bad)) > 20
    assert len(bad) < len(slots) / 8


def test_queues_breathe() -> None:
    """The depth of a queue goes up and down, and is empty at times or deep."""
    depths = [event.depth for event in _of(QueueDepth) if event.queue == "tickets"]
    assert max(depths) > 15
    assert min(depths) < 5


def test_requests_begin_before_the_first_event() -> None:
    """At first requests are joined that are in flight, so that something is to be seen at once."""
    told = list(_told(_traffic(1, 20.0), 5))
    starts = [event["started_at"] for _, event in told if event["type"] == "request_started"]
    assert BEGAN_AT - 90 < min(starts) < BEGAN_AT - 30
    assert any(event["type"] == "completion" for _, event in told)


@given(
    seed=st.integers(0, 2**32),
    rate=st.floats(0.01, 200.0),
    secs=st.floats(0.0, 120.0),
    skipped=st.floats(-3600.0, 3600.0),
)
def test_whatever_is_told_can_be_taken(seed: int, rate: float, secs: float, skipped: float) -> None:
    """Every event is one that the exporter takes whole, also where the time jumped in between."""
    traffic = _traffic(seed, min(rate, 3000 / (secs + 1)))
    jumped = 0.0
    for index, (at, event) in enumerate(_told(traffic, secs)):
        _taken(Told(at + jumped, event))
        if index == 5:
            traffic.skip(skipped)
            jumped = skipped
    for event in traffic.interrupted():
        _taken(Told(BEGAN_AT + secs + jumped, event))


@given(seed=st.integers(0, 2**32), secs=st.floats(0.0, 240.0))
def test_each_request_begins_and_ends_once(seed: int, secs: float) -> None:
    """A request ends once, after it began; what is in flight in the end is interrupted."""
    traffic = _traffic(seed, 10.0)
    in_flight: dict[str, str] = {}
    for _, event in _told(traffic, secs):
        if event["type"] == "request_started":
            assert event["request_id"] not in in_flight
            in_flight[event["request_id"]] = event["channel"]
        elif event["type"] == "request_ended":
            assert in_flight.pop(event["request_id"]) == event["channel"]
        elif "request_id" in event:
            assert event["request_id"] in in_flight
    ends = list(traffic.interrupted())
    assert {end["request_id"]: end["channel"] for end in ends} == in_flight
    assert not list(traffic.interrupted())


def test_requests_fail_where_their_calls_do() -> None:
    """Most requests succeed; one that fails says why."""
    ends = _of(RequestEnded)
    failed = [end for end in ends if not end.success]
    assert 0 < len(failed) < len(ends) / 4
    assert all(end.error for end in failed)
