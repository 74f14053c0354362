"""Limits: what sets one, what lifts it, and which models it is about."""

import pytest

from exporter.event.types import Event
from exporter.store.answers import instant
from exporter.store.models import PASSED_MAX
from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, completion, failure, limit_hit, quota, told_context

TTL = 3600
MONTH = 32 * 86_400

HELD_5H = quota(model="m", window="5h", limited=True, resets_at=NOW + 60)
HELD_7D = quota(model="m", window="7d", limited=True, resets_at=NOW + 9000)

CASES: dict[str, tuple[list[Event], float, float | None]] = {
    # the events, when it is asked after NOW, and the reset after NOW
    "a limit hit with a reset": ([limit_hit(resets_at=NOW + 60)], 0, 60),
    "a reset is over when it comes": ([limit_hit(resets_at=NOW + 60)], 60, None),
    "a reset is guessed where none is told": ([limit_hit()], 0, TTL),
    "a guess is over in time": ([limit_hit()], TTL, None),
    "a reset before the signal is guessed": ([limit_hit(resets_at=NOW - 60)], 0, TTL),
    "a late signal whose reset has passed": (
        [limit_hit(at=NOW - 100, resets_at=NOW - 50)],
        0,
        None,
    ),
    "a late signal whose guess has passed": ([limit_hit(at=NOW - TTL)], 0, None),
    "a failure that is no limit": ([failure()], 0, None),
    "a later signal replaces": (
        [limit_hit(at=NOW - 9, resets_at=NOW + 99), limit_hit(resets_at=NOW + 60)],
        0,
        60,
    ),
    "an earlier signal told later does not": (
        [limit_hit(resets_at=NOW + 60), limit_hit(at=NOW - 9, resets_at=NOW + 99)],
        0,
        60,
    ),
    "a guess does not shorten a known reset": (
        [limit_hit(resets_at=NOW + 9000), limit_hit()],
        0,
        9000,
    ),
    "a known reset shortens a guess": ([limit_hit(), limit_hit(resets_at=NOW + 60)], 0, 60),
    "a success that began later disproves a guess": (
        [limit_hit(at=NOW - 1), completion(latency_ms=500.0)],
        0,
        None,
    ),
    "a success that began before does not": (
        [limit_hit(at=NOW - 1), completion(latency_ms=1500.0)],
        0,
        TTL - 1,
    ),
    "a success does not disprove a known reset": (
        [limit_hit(at=NOW - 1, resets_at=NOW + 60), completion(latency_ms=1.0)],
        0,
        60,
    ),
    "a success dated ahead is of now": (
        [limit_hit(resets_at=NOW + 60), completion(at=NOW + 61)],
        0,
        60,
    ),
    "a call dated ahead began no later than now": (
        [limit_hit(at=NOW), completion(at=NOW + 61, latency_ms=1.0)],
        0,
        TTL,
    ),
    "a reset a month ahead is believed": ([limit_hit(resets_at=NOW + MONTH)], 0, MONTH),
    "a reset beyond a month is guessed": ([limit_hit(resets_at=NOW + MONTH + 1)], 0, TTL),
    "a quota's reset beyond a month is guessed": (
        [quota(limited=True, resets_at=NOW + 10 * MONTH)],
        0,
        TTL,
    ),
    "a success of another model does not": (
        [limit_hit(at=NOW - 1), completion(model="n", latency_ms=1.0)],
        0,
        TTL - 1,
    ),
    "a quota reading sets": ([quota(model="m", limited=True, resets_at=NOW + 60)], 0, 60),
    "a quota reading lifts": ([HELD_5H, quota(model="m", limited=False)], 0, None),
    "an older quota reading does not": (
        [HELD_5H, quota(model="m", limited=False, at=NOW - 1)],
        0,
        60,
    ),
    "a reading that says nothing does not": ([HELD_5H, quota(model="m")], 0, 60),
    "an older reading after a lift does not": (
        [
            quota(model="m", limited=True, at=NOW - 9),
            quota(model="m", limited=False),
            quota(model="m", limited=True, at=NOW - 5),
        ],
        0,
        None,
    ),
    "a reading of one window leaves another's limit": (
        [HELD_7D, quota(model="m", limited=False)],
        0,
        9000,
    ),
    "a reading of one window leaves a longer limit": ([HELD_7D, HELD_5H], 0, 9000),
    "a reading of one window extends a shorter limit": ([HELD_5H, HELD_7D], 0, 9000),
    "a limit of one window outlasts another's": ([HELD_7D, HELD_5H], 60, 9000),
    "a reading lifts its own window": (
        [HELD_7D, HELD_5H, quota(model="m", window="7d", limited=False)],
        0,
        60,
    ),
    "a reading leaves what calls ran into": (
        [limit_hit(resets_at=NOW + 60), quota(model="m", limited=False)],
        0,
        60,
    ),
    "a call leaves what a reading said": ([HELD_7D, limit_hit(resets_at=NOW + 60)], 0, 9000),
    "a success disproves guesses alone": (
        [limit_hit(at=NOW - 1), HELD_5H, completion(latency_ms=1.0)],
        0,
        60,
    ),
    "a provider's limit is its models'": ([quota(limited=True, resets_at=NOW + 60)], 0, 60),
    "the later of the two resets counts": (
        [limit_hit(resets_at=NOW + 30), quota(limited=True, resets_at=NOW + 60)],
        0,
        60,
    ),
    "a success disproves a guess about the provider": (
        [quota(limited=True, at=NOW - 1), completion(latency_ms=1.0)],
        0,
        None,
    ),
    "another provider's limit": ([quota(provider="q", limited=True)], 0, None),
}


@pytest.mark.parametrize(("events", "after", "reset_after"), CASES.values(), ids=CASES.keys())
def test_when_a_model_is_limited(
    events: list[Event], after: float, reset_after: float | None
) -> None:
    """Model m of provider p is limited until its reset, or is not."""
    store = TelemetryStore(limit_ttl_secs=TTL)
    store.apply(events, NOW)
    answer = store.model_performance("m", now=NOW + after, provider="p")
    reset_at = instant(NOW + reset_after) if reset_after is not None else None
    assert answer.subscription_limit_expires_at == reset_at
    assert answer.subscription_limit_reached == (reset_after is not None)


def test_an_unknown_provider_has_no_limit_of_its_own() -> None:
    """A limit of nobody knows whom says nothing of the models whose provider is not known."""
    store = TelemetryStore()
    store.apply([quota(provider="unknown", limited=True), completion(provider="unknown")], NOW)
    assert not store.model_performance("m", now=NOW).subscription_limit_reached
    assert store.gauge_rows(NOW) == [
        ("unknown", "m", False, None),
        ("unknown", "", True, NOW + TTL),
    ]


def test_a_limit_at_one_provider_shows_in_the_merged_answer() -> None:
    """A model that one of its providers limits is told as limited."""
    store = TelemetryStore()
    store.apply([completion(provider="q"), limit_hit(resets_at=NOW + 60)], NOW)
    assert store.model_performance("m", now=NOW).subscription_limit_reached
    assert not store.model_performance("m", now=NOW, provider="q").subscription_limit_reached


def test_a_pair_that_was_limited_keeps_its_row() -> None:
    """There is a row for every pair that had data, and one for every pair ever limited."""
    store = TelemetryStore()
    store.apply([completion(model="n"), limit_hit(resets_at=NOW + 60)], NOW)
    assert sorted(store.gauge_rows(NOW)) == [("p", "m", True, NOW + 60), ("p", "n", False, None)]
    gone = [("p", "m", False, None), ("p", "n", False, None)]
    assert sorted(store.gauge_rows(NOW + 9000)) == gone
    store.apply([completion(model="n", at=NOW + 9000)], NOW + 9000)
    assert sorted(store.gauge_rows(NOW + 9000)) == gone


def test_rows_of_what_has_gone_are_bounded() -> None:
    """Of models without data, for want of room or of time, so many keep their rows, the latest."""
    store = TelemetryStore(models_max=5)
    store.apply([completion(model=f"m{n}") for n in range(PASSED_MAX + 10)], NOW)
    kept = {f"m{n}" for n in range(5, PASSED_MAX + 10)}
    assert {model for _, model, _, _ in store.gauge_rows(NOW)} == kept
    assert len(store.gauge_rows(NOW + 3600)) == PASSED_MAX


def test_a_limit_is_told_once() -> None:
    """The event ring has one warning for a limit, however often it is run into."""
    store = TelemetryStore()
    store.apply([limit_hit(resets_at=NOW + 60, session_id="s"), limit_hit(), limit_hit()], NOW)
    (warning,), _ = store.events(level="warn")
    assert (warning.source, warning.message) == ("m", "The provider's limit is reached.")
    assert told_context(warning) == {
        "kind": "limit",
        "agent": "claude-code",
        "session_id": "s",
        "provider": "p",
        "error_type": "quota",
        "resets_at": instant(NOW + 60).isoformat(),
    }
    errors, _ = store.events(level="error")
    assert len(errors) == 3


def test_windows_reported_together_are_told_once() -> None:
    """Readings of all windows, minute after minute, are one warning as long as one is used up."""
    store = TelemetryStore()
    for minute in range(10):
        now = NOW + minute * 60
        store.apply(
            [
                quota(window="5h", limited=minute == 5, at=now),
                quota(window="7d", limited=True, resets_at=NOW + 9000, at=now),
            ],
            now,
        )
    assert len(store.events(level="warn")[0]) == 1


def test_a_limit_is_told_again_once_it_was_over() -> None:
    """A limit that is reached after another has ended is worth a warning of its own."""
    store = TelemetryStore()
    for now in (NOW, NOW + 59, NOW + 60):
        store.apply([quota(limited=True, resets_at=now + 60 if now != NOW + 59 else None)], now)
    store.apply([quota(limited=False, at=NOW + 61)], NOW + 61)
    store.apply([quota(limited=True, at=NOW + 62)], NOW + 62)
    assert len(store.events(level="warn")[0]) == 2
