"""Made-up events for property tests: names that need escaping, numbers of every size."""

from typing import get_args

from hypothesis import strategies as st

from exporter.event.error_type import ErrorType
from exporter.event.finish_reason import FinishReason
from exporter.event.tokens import COUNT_MAX, Tokens
from exporter.event.types import (
    Activity,
    ActivityKind,
    Completion,
    CompletionDetail,
    Event,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    ToolCall,
)
from tests.metrics.oracle import NOW

names = st.one_of(
    st.sampled_from(
        [
            "a",
            "b",
            'x"} 1\nevil 9',
            "back\\slash",
            "_other",
            "ünï",
            "a\tb\r\x00",
            "100%s %d %",
            "\u2028\x85",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
)
milliseconds = st.none() | st.floats(0, 1e12) | st.integers(0, 100_000).map(float)
counts = st.none() | st.integers(0, 5_000) | st.integers(0, COUNT_MAX)
tokens = st.builds(Tokens, counts, counts, counts, counts, counts, counts)
traces = st.none() | st.text("0123456789abcdef", min_size=1, max_size=128)
finishes = st.none() | st.sampled_from(list(FinishReason))

completions = st.builds(
    Completion,
    at=st.just(NOW),
    agent=names,
    provider=names,
    model=names,
    trace_id=traces,
    success=st.booleans(),
    error_type=st.sampled_from(list(ErrorType)),
    latency_ms=milliseconds,
    ttft_ms=milliseconds,
    tokens=st.none() | tokens,
    cost_usd=st.none() | st.floats(0, 1e9),
    cost_source=st.sampled_from([None, "reported", "computed"]),
    finish_reason=finishes,
)
events: st.SearchStrategy[Event] = st.one_of(
    completions,
    st.builds(
        CompletionDetail,
        at=st.just(NOW),
        agent=names,
        provider=names,
        model=names,
        ttft_ms=milliseconds,
        finish_reason=finishes,
    ),
    st.builds(
        Activity,
        at=st.just(NOW),
        agent=names,
        kind=st.sampled_from(get_args(ActivityKind)),
        amount=st.none() | st.floats(0, 1e9),
        tool=st.none() | names,
    ),
    st.builds(
        RequestEnded,
        at=st.just(NOW),
        agent=names,
        request_id=st.just("r"),
        channel=st.none() | names,
        success=st.booleans(),
        duration_ms=milliseconds,
    ),
    st.builds(
        ToolCall,
        at=st.just(NOW),
        agent=names,
        tool=names,
        success=st.booleans(),
        duration_ms=milliseconds,
    ),
    st.builds(
        Log,
        at=st.just(NOW),
        agent=names,
        source=names,
        level=st.sampled_from(["info", "warn", "error"]),
        message=st.just(""),
    ),
    st.builds(
        QueueDepth, at=st.just(NOW), agent=names, queue=names, depth=st.integers(0, COUNT_MAX)
    ),
    st.builds(
        Quota,
        at=st.just(NOW),
        agent=names,
        provider=names,
        window=names,
        used_ratio=st.none() | st.floats(0, 1e6),
        resets_at=st.none() | st.floats(0, 2.5e11) | st.integers(-1, 200).map(lambda s: NOW + s),
    ),
)
