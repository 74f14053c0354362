"""The summary: the windows, sessions and limits of one store, as another takes them in.

What comes is somebody else's word, so every number and name is bounded, by the types or by what
`exporter.store.credence` checks. Slots are told by the instants they begin at, since each store
numbers its own; a slot goes where its middle lies. Times are Unix seconds, costs billionths of a
dollar.

What is decoded here is read from the journal too, as what was checked when it came. So a type may
only ever become wider: what is narrower than its type belongs to the checks. There may be a million
of the small forms in one body; none can be part of a cycle, so the collector need not walk them.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from exporter.event.tokens import COUNT_MAX
from exporter.event.types import NAME_LENGTH_MAX, Instant, Name, SessionId
from exporter.store.latency import LAST

ID: Literal["telemetry_summary"] = "telemetry_summary"

SECS_MAX: Final = 7 * 86_400

SESSIONS_PER_PIECE: Final = 10
"""Sessions that are taken in at once: about as much work as a model."""

Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]
NonEmpty = Annotated[str, Meta(min_length=1)]
Positive = Annotated[int, Meta(ge=1, le=COUNT_MAX)]
Text = Annotated[str, Meta(max_length=NAME_LENGTH_MAX)]
Second = Annotated[float, Meta(ge=0)]
Secs = Annotated[float, Meta(ge=0, le=SECS_MAX)]
ExportId = Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{1,128}\Z")]
Bucket = Annotated[int, Meta(ge=0, le=LAST)]


class UsageState(Struct, gc=False):
    """What some completions used: `messages` of them, `unpriced` without a known cost."""

    messages: Count
    input: Count
    output: Count
    reasoning: Count
    cache_read: Count
    cache_write: Count
    cost_nano: Count
    unpriced: Count


class SlotState(UsageState, kw_only=True, gc=False):
    """A slot of a model: usage, and how the completions went.

    `latencies` counts those of successes by bucket, `latency_us` adds them up; `unbinned` is how
    many of them are in the sum and in no bucket. `paced_tokens` were generated in `paced_us`.
    """

    starts_at: Second
    successes: Count
    latencies: dict[Bucket, Positive]
    latency_us: Count
    ttft_us: Count
    ttfts: Count
    paced_tokens: Count
    paced_us: Count
    unbinned: Count = 0
    last_at: Second


class ModelState(Struct, gc=False):
    """The window of a model."""

    provider: Name
    model: Name
    slots: list[SlotState]


class SessionSlot(Struct, gc=False):
    """What a session used in a slot, by model."""

    starts_at: Second
    by_model: dict[Name, UsageState]


class SessionState(Struct, gc=False):
    """A session: who worked in it, when it was last heard of, and what it used."""

    id: SessionId
    agent: Name
    last_event_at: Second
    slots: list[SessionSlot]


class LimitState(Struct, gc=False):
    """What one holder said of a pair; `reset_at` is null once it was lifted."""

    provider: Name
    model: Text
    holder: Text
    signalled_at: Second
    reset_at: Second | None
    known: bool


class State(Struct):
    """All of it. The slots of models and of sessions have lengths of their own."""

    slot_secs: Secs
    session_slot_secs: Secs
    models: list[ModelState]
    sessions: list[SessionState]
    limits: list[LimitState]


class StateOutline(Struct):
    """A state whose models and sessions are still encoded."""

    slot_secs: Secs
    session_slot_secs: Secs
    models: list[Raw]
    sessions: list[Raw]
    limits: list[LimitState]

    def whole(self) -> State:
        """Return the state, having decoded each of them by itself."""
        return State(
            self.slot_secs,
            self.session_slot_secs,
            [_decode_model(model) for model in self.models],
            [_decode_session(session) for session in self.sessions],
            self.limits,
        )


class Head(Struct, kw_only=True):
    """What a summary says beside its state."""

    id: Literal["telemetry_summary"]
    export_id: ExportId | None = None
    model_performances: Raw
    window_secs: Second
    exported_at: Instant


class Summary(Head, kw_only=True):
    """A summary as it is exported. `model_performances` are for readers: the state says it all."""

    state: State | None = None


class Outline(Head, kw_only=True):
    """A summary of which the most is still encoded."""

    state: StateOutline | None = None


_decode_whole: Final = msgspec.json.Decoder(Summary).decode
_decode_outline: Final = msgspec.json.Decoder(Outline).decode
_decode_model: Final = msgspec.json.Decoder(ModelState).decode
_decode_session: Final = msgspec.json.Decoder(SessionState).decode


def decode(body: bytes) -> tuple[Head, State | None]:
    """Return a summary and its state. Raises what `msgspec` raises where the body is none.

    Models and sessions are decoded one by one: while a call of the decoder lasts, no other thread
    has the interpreter, which is 100 ms where all of 20 MiB is one call, and 20 for its outline.
    What is amiss is left to the one call, since that knows the whole path.
    """
    try:
        outline = _decode_outline(body)
        return outline, None if outline.state is None else outline.state.whole()
    except (msgspec.DecodeError, UnicodeDecodeError):
        summary = _decode_whole(body)
        return summary, summary.state


class Imported(Struct):
    """What is taken in of a summary, checked. `export_id` tells it from every other."""

    export_id: str
    state: State

    def pieces(self) -> Iterator["Imported"]:
        """Yield all of it in pieces, to be taken in one after the other."""
        state = self.state
        for model in state.models:
            yield self._piece(models=[model])
        for start in range(0, len(state.sessions), SESSIONS_PER_PIECE):
            yield self._piece(sessions=state.sessions[start : start + SESSIONS_PER_PIECE])
        yield self._piece(limits=state.limits)

    def _piece(
        self,
        models: Sequence[ModelState] = (),
        sessions: Sequence[SessionState] = (),
        limits: Sequence[LimitState] = (),
    ) -> "Imported":
        lengths = (self.state.slot_secs, self.state.session_slot_secs)
        state = State(*lengths, list(models), list(sessions), list(limits))
        return Imported(self.export_id, state)

    def limited(self, now: float) -> int:
        """Return how many of the limits are in force at `now`."""
        resets = (limit.reset_at for limit in self.state.limits)
        return sum(reset_at is not None and reset_at > now for reset_at in resets)


def since(state: State, at: float) -> State:
    """Return what of a state ends after `at`: slots, and the models and sessions that have any."""
    models = [
        ModelState(model.provider, model.model, slots)
        for model in state.models
        if (slots := [slot for slot in model.slots if slot.starts_at + state.slot_secs > at])
    ]
    sessions = [
        SessionState(
            session.id,
            session.agent,
            session.last_event_at,
            [slot for slot in session.slots if slot.starts_at + state.session_slot_secs > at],
        )
        for session in state.sessions
        if session.last_event_at > at
    ]
    return State(state.slot_secs, state.session_slot_secs, models, sessions, state.limits)
