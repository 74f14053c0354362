"""Whatever is put: it is a summary that does no harm, or it is refused."""

from copy import deepcopy
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.event.rejection import Refusal
from exporter.event.tokens import COUNT_MAX
from exporter.store.summary import Imported
from exporter.store.telemetry import TelemetryStore
from exporter.store.transfer import decode_summary
from tests.builders import NOW, completion, failure, limit_hit, tokens
from tests.store.histories import every_answer

WINDOW_SECS = 3600.0


def _exported() -> dict[str, Any]:
    store = TelemetryStore()
    slots = [
        completion(session_id="s", latency_ms=n + 1.0, tokens=tokens(n, n), at=NOW - 100 * n)
        for n in range(5)
    ]
    store.apply([*slots, failure(), limit_hit(resets_at=NOW + 500)], NOW)
    summary: dict[str, Any] = msgspec.json.decode(b"".join(store.summary(now=NOW, export_id="x")))
    return summary


SUMMARY = _exported()

numbers = st.one_of(
    st.integers(-2, 8),
    st.sampled_from([COUNT_MAX, COUNT_MAX + 1, 2**63, 2**70, NOW, NOW - 3000, NOW + 599, 1e18]),
    st.floats(allow_nan=False, allow_infinity=False),
)
values: st.SearchStrategy[Any] = st.one_of(
    numbers,
    st.none(),
    st.booleans(),
    st.sampled_from(["", "x", "x" * 300, "a/b", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z"]),
    st.dictionaries(st.sampled_from(["0", "1", "238", "239", "m", "id"]), numbers, max_size=3),
    st.lists(numbers, max_size=2),
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Return an export, or what is left of it without state, with some of it changed."""
    summary = deepcopy(SUMMARY)
    if draw(st.booleans()):
        del summary["state"]
        del summary["export_id"]
    for _ in range(draw(st.integers(0, 3))):
        _change(draw, summary)
    return msgspec.json.encode(summary)


def _change(draw: st.DrawFn, holder: Any) -> None:  # noqa: ANN401 - any JSON
    """Change one value somewhere in an object or an array, or leave it out or repeat it."""
    while True:
        if not holder:
            return
        key = draw(
            st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder)))
        )
        if not isinstance(holder[key], dict | list) or draw(st.integers(0, 4)) == 0:
            break
        holder = holder[key]
    what = draw(st.sampled_from(["set", "set", "delete", "repeat"]))
    if what == "delete":
        del holder[key]
    elif what == "repeat" and isinstance(holder, list):
        holder.append(deepcopy(holder[key]))
    else:
        holder[key] = draw(values)


@settings(max_examples=500)
@given(bodies(), st.sampled_from([0.0, 1000.0, 5000.0]))
def test_what_is_taken_in_does_no_harm(body: bytes, late_secs: float) -> None:
    """It survives the journal, is absorbed at any time, leaves by the clock, and can be saved."""
    try:
        imported = decode_summary(body, now=NOW, window_secs=WINDOW_SECS)
    except (Refusal, msgspec.DecodeError):
        return
    read = msgspec.msgpack.decode(msgspec.msgpack.encode(imported), type=Imported)
    assert read == imported
    store, now = TelemetryStore(), NOW + late_secs
    store.absorb(read, now)
    for later_secs in (0.0, 1500.0, 3500.0, 10_000.0):
        msgspec.json.encode(every_answer(store, now + later_secs))
        store.apply([completion(session_id="s", at=now + later_secs)], now + later_secs)
    TelemetryStore().restore(store.save())


@given(st.binary(max_size=200))
def test_no_summary_is_an_error_of_another_kind(body: bytes) -> None:
    """Bytes are a summary, or what the decoder says of them."""
    try:
        decode_summary(body, now=NOW, window_secs=WINDOW_SECS)
    except (Refusal, msgspec.DecodeError, UnicodeDecodeError):
        return
