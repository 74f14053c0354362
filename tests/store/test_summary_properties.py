"""Two stores, of which one takes the other's export in, against one that was told everything."""

from dataclasses import dataclass

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.event.tokens import Tokens
from exporter.event.types import Completion, Event, Quota
from exporter.store.summary import Imported
from exporter.store.telemetry import TelemetryStore
from exporter.store.transfer import decode_summary
from tests.builders import NOW, completion, tool_call
from tests.store.histories import ages, dated, limit_signals, steps_ahead

SIDES = ("p", "q")
"""Both sides use provider `r`; each is limited by a provider of its own, whose calls it alone sees.

A success lifts a limit that was guessed, so who sees the one has to see the other.
"""

WINDOW_SECS = 60.0

_counts = st.none() | st.integers(0, 10_000)
_milliseconds = st.none() | st.integers(0, 2_000_000).map(lambda eighths: eighths / 8)
"""Whole microseconds: each side rounds its slots to them by itself."""

_completions = st.builds(
    completion,
    agent=st.just("x"),
    session_id=st.sampled_from(["s", "t", None]),
    model=st.sampled_from(["a", "b"]),
    provider=st.sampled_from(["own", "r"]),
    success=st.booleans(),
    latency_ms=_milliseconds,
    ttft_ms=_milliseconds,
    cost_usd=st.none() | st.floats(0, 10),
    tokens=st.none() | st.builds(Tokens, _counts, _counts, _counts, _counts, _counts),
)
_others = st.builds(tool_call, agent=st.just("x"), session_id=st.sampled_from(["s", "u"]))


@dataclass(frozen=True)
class Told:
    """Time moves, and one side is told something."""

    secs: float
    side: str
    age_secs: float
    event: Event

    def dated(self, now: float) -> Event:
        """Return the event as of `now`, with the side's own provider in its place."""
        event = dated(self.event, now - self.age_secs)
        if isinstance(event, Quota | Completion) and event.provider != "r":
            event = replace(event, provider=self.side)
        if not isinstance(event, Completion) or event.limited:
            return replace(event, agent="x")
        return event


_tellings = st.builds(
    Told,
    secs=steps_ahead,
    side=st.sampled_from(SIDES),
    age_secs=ages,
    event=_completions | limit_signals.map(lambda event: replace(event, provider="own")) | _others,
)


def make_store() -> TelemetryStore:
    """Return an empty store with a short window.

    Its sessions have slots as short as its models. Where theirs are longer, one that passed in a
    store may have usage from before the window that it would still have told elsewhere.
    """
    return TelemetryStore(window_secs=WINDOW_SECS, slots=12, limit_ttl_secs=40)


def through_the_wire(store: TelemetryStore, now: float) -> Imported:
    """Return a store's export, decoded, and once more as the journal reads it."""
    body = b"".join(store.summary(now=now, export_id="x"))
    imported = decode_summary(body, now=now, window_secs=WINDOW_SECS)
    return msgspec.msgpack.decode(msgspec.msgpack.encode(imported), type=Imported)


def answers(store: TelemetryStore, now: float) -> list[object]:
    """Return all that is known of models, sessions and limits that are there."""
    return [
        store.model_performances(now=now),
        store.sessions(now=now, sort="cost"),
        store.sessions(now=now, sort="recent"),
        {agent: count for agent, count in store.sessions_active(now).items() if count},
        [
            store.model_performance(model, provider=provider, now=now)
            for model in ("a", "b", "m", "none")
            for provider in (*SIDES, "r")
        ],
    ]


@settings(max_examples=300)
@given(st.lists(_tellings, max_size=25), st.lists(_tellings, max_size=5))
def test_a_store_that_takes_an_export_in_knows_what_both_were_told(
    before: list[Told], after: list[Told]
) -> None:
    """Counts, sums, histograms, sessions and limits: at once, and whatever comes afterwards."""
    stores = {side: make_store() for side in SIDES}
    both, now = make_store(), NOW
    for told in before:
        now += told.secs
        for store in (stores[told.side], both):
            store.apply([told.dated(now)], now)
    exporting, importing = (stores[side] for side in SIDES)
    for piece in through_the_wire(exporting, now).pieces():
        importing.absorb(piece, now)
    assert answers(importing, now) == answers(both, now)
    for told in after:
        now += told.secs
        for store in (importing, both):
            store.apply([told.dated(now)], now)
        assert answers(importing, now) == answers(both, now)


@given(st.lists(_tellings, max_size=25))
def test_an_export_into_an_empty_store_exports_the_same(history: list[Told]) -> None:
    """The state is all there is to it: what was taken in is given on as it came."""
    store, now = make_store(), NOW
    for told in history:
        now += told.secs
        store.apply([told.dated(now)], now)
    again = make_store()
    again.absorb(through_the_wire(store, now), now)
    assert through_the_wire(again, now) == through_the_wire(store, now)
