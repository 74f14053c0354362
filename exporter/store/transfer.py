"""What one store knows, given to another: the summary written out, and one taken in.

Writing is done in pieces, so that the event loop may do other work between two of them. Each model
and each session is told as of one instant; where events come in meanwhile, not all as of the same.
"""

import hashlib
from collections.abc import Iterator, Sequence
from operator import attrgetter, itemgetter

import msgspec
from msgspec.structs import replace

from exporter.event.rejection import Code, Refusal
from exporter.event.tokens import COUNT_MAX
from exporter.store.aggregate import Completions
from exporter.store.answers import ModelPerformance, instant
from exporter.store.credence import AHEAD_SECS_MAX, check
from exporter.store.limit import RESET_AHEAD_SECS_MAX, Limit
from exporter.store.orchestrator_summary import decode_performances, seconds, state_of
from exporter.store.parts import in_parts
from exporter.store.session import Session
from exporter.store.state import State
from exporter.store.summary import (
    ID,
    Imported,
    LimitState,
    ModelState,
    SessionSlot,
    SessionState,
    SlotState,
    UsageState,
    decode,
    since,
)

_TIMED = ("successes", "latency_us", "ttft_us", "ttfts", "paced_tokens", "paced_us", "unbinned")
_timed_of = attrgetter(*_TIMED)
_usage_of = attrgetter(*UsageState.__struct_fields__)


def decode_summary(body: bytes, *, now: float, window_secs: float) -> Imported:
    """Return what a summary that arrives at `now` holds of the `window_secs` before it.

    The form of the orchestrator's TelemetryStore is taken too; as it has no id, the digest of the
    body stands for one. Raises what `msgspec` raises where the body is no summary, and `Refusal`
    where one is dated more than ten minutes ahead (`too_new`) or says what cannot be
    (`out_of_range`).
    """
    summary, state = decode(body)
    exported_at = seconds(summary.exported_at)
    if exported_at is None:
        exported_at = now
    if exported_at < 0:
        raise Refusal(Code.OUT_OF_RANGE, "dated before all time", path="$.exported_at")
    if exported_at > now + AHEAD_SECS_MAX:
        raise Refusal(Code.TOO_NEW, "dated ahead of this clock", path="$.exported_at")
    if state is None:
        state = state_of(decode_performances(body), exported_at=exported_at, now=now)
    else:
        check(state, now)
    export_id = summary.export_id or hashlib.sha256(body).hexdigest()
    return Imported(export_id, since(state, now - window_secs))


def write(
    state: State, performances: Sequence[ModelPerformance], *, export_id: str, now: float
) -> Iterator[bytes]:
    """Yield the JSON of a summary, exported at `now` (Unix seconds), in pieces."""
    head = {
        "id": ID,
        "export_id": export_id,
        "model_performances": performances,
        "window_secs": state.window_secs,
        "exported_at": instant(now),
    }
    clock, sessions = state.clock, state.session_table
    yield msgspec.json.encode(head)[:-1]
    yield b',"state":{"slot_secs":' + msgspec.json.encode(clock.slot_secs)
    yield b',"session_slot_secs":' + msgspec.json.encode(clock.slot_secs * sessions.stride)
    yield b',"models":['
    models = in_parts(_models(state, now), lambda model: 4 * len(model.slots))
    yield from _listed(models)
    yield b'],"sessions":['
    told = in_parts((_session(state, *named, now) for named in sessions.each()), _weight)
    yield from _listed(told)
    yield b'],"limits":['
    yield from _listed(_limits(state, now))
    yield b"]}}"


def absorb(state: State, imported: Imported, now: float) -> None:
    """Add what another store knew to what is known here, as of `now` (Unix seconds).

    What has left our window by now stays out, and what is dated ahead counts as of now. Nothing but
    windows, sessions and limits changes.
    """
    state.advance(now)
    clock, theirs = state.clock, imported.state
    half_secs = theirs.slot_secs / 2
    for model in theirs.models:
        for slot in sorted(model.slots, key=lambda slot: slot.starts_at):
            index = min(clock.slot(slot.starts_at + half_secs), clock.head)
            if index > clock.floor:
                state.used += 1
                key = (model.provider, model.model)
                dated = slot if slot.last_at <= now else replace(slot, last_at=now)
                state.model_table.slot(key, index, state.used).absorb(dated)
    half_secs = theirs.session_slot_secs / 2
    sessions = state.session_table
    for session in theirs.sessions:
        heard_in = min(clock.slot(session.last_event_at), clock.head)
        if heard_in > clock.floor:
            state.used += 1
            slots = [(sessions.slot(s.starts_at + half_secs), s.by_model) for s in session.slots]
            heard = session
            if session.last_event_at > now:
                heard = replace(session, last_event_at=now)
            sessions.absorb(heard, slots, slot=heard_in, used=state.used)
    for form in theirs.limits:
        signalled_at = min(form.signalled_at, now)
        limit = Limit(signalled_at=signalled_at, reset_at=form.reset_at, known=form.known)
        state.limit_table.merge(form.provider, form.model, form.holder, limit, now)


def _listed(parts: Iterator[Sequence[msgspec.Struct]]) -> Iterator[bytes]:
    """Yield the items of one JSON array, without its brackets."""
    comma = b""
    for part in parts:
        yield comma + msgspec.json.encode(part)[1:-1]
        comma = b","


def _models(state: State, now: float) -> Iterator[ModelState]:
    """Yield every model; one that leaves meanwhile is passed over."""
    for key in list(state.model_table.keys()):
        slots = sorted(state.model_table.by_slot(key).items(), key=itemgetter(0))
        if slots:
            starts = [(state.clock.starts_at(index), sums) for index, sums in slots]
            yield ModelState(*key, [_slot(starts_at, sums, now) for starts_at, sums in starts])


def _slot(starts_at: float, sums: Completions, now: float) -> SlotState:
    usage, timed = _usage_of(sums), _timed_of(sums)
    slot = SlotState(
        *_bounded(usage),
        **dict(zip(_TIMED, _bounded(timed), strict=True)),
        latencies=sums.latencies,
        starts_at=_dated(starts_at, now),
        last_at=_dated(sums.last_at, now),
    )
    return slot if _fits(timed) else _consistent(slot)


def _consistent(slot: SlotState) -> SlotState:
    """Return a slot with a histogram that adds up to no more than what its sums were cut to."""
    timed = sum(slot.latencies.values()) + slot.unbinned
    room = min(timed, slot.successes)
    scaled = {index: count * room // timed for index, count in slot.latencies.items()}
    slot.latencies = {index: count for index, count in scaled.items() if count}
    slot.unbinned = slot.unbinned * room // timed if timed else 0
    return slot


def _session(state: State, session_id: str, session: Session, now: float) -> SessionState:
    stride = state.session_table.stride
    slots = [
        SessionSlot(
            _dated(state.clock.starts_at(index * stride), now),
            {model: UsageState(*_bounded(_usage_of(usage))) for model, usage in by_model.items()},
        )
        for index, by_model in sorted(session.slots.items())
    ]
    return SessionState(session_id, session.agent, _dated(session.last_event_at, now), slots)


def _weight(session: SessionState) -> int:
    return 2 + sum(len(slot.by_model) for slot in session.slots)


def _bounded(sums: tuple[int, ...]) -> Sequence[int]:
    """Return sums as readers can hold them; what is beyond that is cut, whatever was pushed."""
    return sums if _fits(sums) else [min(one, COUNT_MAX) for one in sums]


def _fits(sums: tuple[int, ...]) -> bool:
    return max(sums) <= COUNT_MAX


def _limits(state: State, now: float) -> Iterator[list[LimitState]]:
    for part in state.limit_table.save():
        limits = []
        for saved in part:
            signalled_at, reset_at = _dated(saved.signalled_at, now), saved.reset_at
            if reset_at is not None:
                reset_at = min(reset_at, signalled_at + RESET_AHEAD_SECS_MAX)
            where = (saved.provider, saved.model, saved.holder)
            limits.append(LimitState(*where, signalled_at, reset_at, saved.known))
        yield limits


def _dated(at: float, now: float) -> float:
    """Return an instant that no reader takes to be ahead: the clock may have stepped back."""
    return min(max(at, 0.0), now)
