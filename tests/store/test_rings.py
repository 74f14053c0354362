"""The rings: calls as they are shown, and the events with their pages."""

import msgspec
import pytest

from exporter.event.types import Event, Level
from exporter.store.answers import Call, instant
from exporter.store.rings import CONTEXT_BYTES_MAX, MESSAGE_LENGTH_MAX
from exporter.store.telemetry import TelemetryStore
from tests.builders import (
    NOW,
    completion,
    failure,
    log,
    quota,
    request_ended,
    request_started,
    tokens,
    told_context,
    tool_call,
)


def test_a_call_shows_what_went_in_and_out() -> None:
    """Cached tokens went in, reasoning came out, and the pace is over the latency."""
    store = TelemetryStore()
    used = tokens(100, 30, 20, 5, 7)
    store.apply([completion(tokens=used, latency_ms=2000.0, ttft_ms=50.0, session_id="s")], NOW)
    assert store.calls() == [
        Call(
            timestamp=instant(NOW),
            agent="claude-code",
            session_id="s",
            provider="p",
            model="m",
            success=True,
            latency_ms=2000.0,
            ttft_ms=50.0,
            input_tokens=112,
            output_tokens=50,
            tokens_per_second=25.0,
            cost_usd=None,
            error=None,
            error_type=None,
        )
    ]


@pytest.mark.parametrize("fields", [{}, {"tokens": tokens(1)}, {"latency_ms": 0.0}])
def test_a_call_without_a_pace_tells_none(fields: dict[str, object]) -> None:
    """Where latency or tokens are unknown, so is the pace."""
    store = TelemetryStore()
    store.apply([completion(**fields)], NOW)
    assert store.calls()[0].tokens_per_second is None


@pytest.mark.parametrize(
    ("event", "source", "message", "kind"),
    [
        (failure(), "m", "it broke", "completion"),
        (failure(error=None), "m", "The completion failed.", "completion"),
        (tool_call(success=False, error="no such file"), "bash", "no such file", "tool_call"),
        (tool_call(success=False), "bash", "The tool call failed.", "tool_call"),
        (request_ended(success=False, channel="web"), "web", "The request failed.", "request"),
        (request_ended(success=False, error="gone"), "unknown", "gone", "request"),
        (quota(limited=True), "p", "The provider's limit is reached.", "limit"),
    ],
)
def test_what_went_wrong_is_told(event: Event, source: str, message: str, kind: str) -> None:
    """A failure and a limit enter the event ring, under the name of what failed."""
    store = TelemetryStore()
    store.apply([event], NOW)
    (told,), _ = store.events()
    assert (told.source, told.message, told.timestamp) == (source, message, instant(NOW))
    assert told.level == ("warn" if kind == "limit" else "error")
    context = told_context(told)
    assert context is not None
    assert context["kind"] == kind


def test_only_what_is_known_is_told() -> None:
    """The context of a failure has no member for what the event does not say."""
    store = TelemetryStore()
    store.apply([failure(agent="unknown", error_type=None), failure(status_code=500)], NOW)
    (second, first), _ = store.events()
    assert told_context(first) == {"kind": "completion", "provider": "p"}
    assert told_context(second) == {
        "kind": "completion",
        "agent": "claude-code",
        "provider": "p",
        "error_type": "other",
        "status_code": 500,
    }


@pytest.mark.parametrize(
    "event",
    [
        completion(),
        tool_call(),
        tool_call(success=None),
        request_started(),
        request_ended(),
        request_ended(success=None),
        quota(limited=False),
    ],
)
def test_what_went_well_is_not_told(event: Event) -> None:
    """The event ring is for logs and for what went wrong."""
    store = TelemetryStore()
    store.apply([event], NOW)
    assert store.events() == ([], None)


@pytest.mark.parametrize(
    ("length", "told"),
    [(MESSAGE_LENGTH_MAX, "x" * 4096), (MESSAGE_LENGTH_MAX + 1, "x" * 4095 + "…")],
)
def test_a_long_message_is_cut(length: int, told: str) -> None:
    """Past the bound a message ends in an ellipsis."""
    store = TelemetryStore()
    store.apply([log(message="x" * length)], NOW)
    assert store.events()[0][0].message == told


@pytest.mark.parametrize(
    ("length", "kept"),
    [(CONTEXT_BYTES_MAX - len('{"a":""}'), True), (CONTEXT_BYTES_MAX, False)],
)
def test_a_large_context_is_left_out(length: int, kept: bool) -> None:  # noqa: FBT001 - a case
    """Past the bound a note stands in the place of the context."""
    context = {"a": "x" * length}
    store = TelemetryStore()
    store.apply([log(context=context)], NOW)
    assert told_context(store.events()[0][0]) == (
        context if kept else {"omitted": "context over 8192 bytes"}
    )


@pytest.mark.parametrize("context", [None, {}, {"a": [1, {"b": None}], "c": "ü"}])
def test_a_context_is_told_as_it_came(context: dict[str, object] | None) -> None:
    """In the JSON of the event it is the object that was pushed, or null."""
    store = TelemetryStore()
    store.apply([log(context=context)], NOW)
    told = msgspec.json.decode(msgspec.json.encode(store.events()[0][0]))
    assert told["context"] == context


def test_a_context_is_kept_apart_from_the_event() -> None:
    """What the ring holds of a context is its bytes, whatever becomes of the event afterwards."""
    store = TelemetryStore()
    context = {"a": 1}
    store.apply([log(context=context)], NOW)
    context["a"] = 2
    (told,), _ = store.events()
    assert isinstance(told.context, msgspec.Raw)
    assert told_context(told) == {"a": 1}


@pytest.mark.parametrize(
    ("level", "source", "seqs"),
    [
        (None, None, [6, 5, 4, 3, 2, 1]),
        ("warn", None, [5, 2]),
        (None, "b", [6, 4, 2]),
        ("info", "b", [4]),
        ("error", "c", []),
    ],
)
def test_events_are_filtered(level: Level | None, source: str | None, seqs: list[int]) -> None:
    """The exact level and the source pass, the newest first."""
    store = TelemetryStore()
    levels: list[Level] = ["info", "warn", "error", "info", "warn", "error"]
    store.apply([log(level=one, source="ab"[n % 2]) for n, one in enumerate(levels)], NOW)
    events, following = store.events(level=level, source=source)
    assert ([event.seq for event in events], following) == (seqs, None)


def test_pages_follow_each_other() -> None:
    """Asking on with `next` shows every matching event once, and ends."""
    store = TelemetryStore()
    store.apply([log(level="info" if n % 3 else "warn") for n in range(20)], NOW)
    seen: list[int] = []
    before: int | None = None
    while True:
        page, before = store.events(level="info", limit=4, before=before)
        seen += [event.seq for event in page]
        if before is None:
            break
        assert len(page) == 4
    assert seen == [n + 1 for n in reversed(range(20)) if n % 3]


@pytest.mark.parametrize(
    ("seq", "seqs"), [(0, [3, 4, 5]), (2, [3, 4, 5]), (4, [5]), (5, []), (9, [])]
)
def test_a_reader_catches_up(seq: int, seqs: list[int]) -> None:
    """What came after a number is told in order, and a gap shows what was missed."""
    store = TelemetryStore(events_max=3)
    store.apply([log() for _ in range(5)], NOW)
    assert [event.seq for event in store.events_after(seq)] == seqs
