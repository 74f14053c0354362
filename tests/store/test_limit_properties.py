"""Limits against an oracle that never mixes those who hold them."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.event.types import Completion, Event, Quota
from exporter.store.telemetry import TelemetryStore
from tests.builders import NOW, completion, limit_hit, quota

WINDOWS = ("5h", "7d")

ages = st.sampled_from([0.0, 1.0, 30.0, 4000.0, -60.0])
resets = st.none() | st.sampled_from([-9.0, 20.0, 60.0, 9000.0, 1e9])
hits = st.builds(limit_hit, resets_at=resets)
readings = st.builds(
    quota,
    window=st.sampled_from(WINDOWS),
    model=st.sampled_from(["m", None]),
    limited=st.sampled_from([True, False, None]),
    resets_at=resets,
)
successes = st.builds(completion, latency_ms=st.sampled_from([1.0, 20_000.0]))
histories = st.lists(
    st.tuples(st.sampled_from([0.0, 5.0, 50.0]), ages, hits | readings | successes), max_size=20
)


def dated(event: Event, at: float) -> Event:
    """Return an event that happened at `at`, its reset as far from then as it was from 0."""
    if isinstance(event, Completion | Quota) and event.resets_at is not None:
        return replace(event, at=at, resets_at=at + event.resets_at)
    return replace(event, at=at)


def concerns(event: Event, window: str | None, model: str | None) -> bool:
    """Return whether a holder's own store takes an event in: successes go to everybody's."""
    if isinstance(event, Quota):
        return (event.window, event.model) == (window, model)
    return isinstance(event, Completion) and (bool(event.success) or window is None)


@given(histories)
def test_a_pair_is_limited_as_long_as_any_holder_limits_it(
    history: list[tuple[float, float, Event]],
) -> None:
    """Its reset is the latest of those that stores with one holder each would tell."""
    together = TelemetryStore()
    holders = [(None, None), *((window, model) for window in WINDOWS for model in ("m", None))]
    alone = {holder: TelemetryStore() for holder in holders}
    now = NOW
    for secs, age_secs, undated in history:
        now += secs
        event = dated(undated, now - age_secs)
        together.apply([event], now)
        for holder, store in alone.items():
            if concerns(event, *holder):
                store.apply([event], now)
        answers = [store.model_performance("m", now=now, provider="p") for store in alone.values()]
        resets_at = [answer.subscription_limit_expires_at for answer in answers]
        expected = max((at for at in resets_at if at is not None), default=None)
        answer = together.model_performance("m", now=now, provider="p")
        assert answer.subscription_limit_expires_at == expected
