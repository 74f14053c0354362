"""Made-up events as a sender may write them: every one of them is right.

A strategy draws the JSON object as a dict, with any of the optional fields left out, null, or an
unknown one put in beside them.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

from hypothesis import strategies as st

from exporter.event.tokens import COUNT_MAX, PARTS
from exporter.event.types import ActivityKind

NOW = 1_800_000_000.0
"""The arrival of everything pushed in these tests: 2027-01-15T08:00:00Z."""

Wire = dict[str, Any]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.one_of(
    st.sampled_from(["a", "vendor/m", 'x"} 1\nevil 9', "ünï", "\x00", "n" * 300]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
)
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)
counts = st.integers(0, 5_000) | st.integers(0, COUNT_MAX)
milliseconds = st.integers(0, 100_000) | st.floats(0, 1e12)
amounts = st.integers(0, 5_000) | st.floats(0, COUNT_MAX)
flags = st.booleans()

_offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_datetimes = st.datetimes(
    datetime(1970, 1, 3),  # noqa: DTZ001 - hypothesis wants naive bounds
    datetime(2027, 1, 13),  # noqa: DTZ001 - as above
    timezones=_offsets | st.just(UTC),
)
instants = st.one_of(
    st.integers(0, int(NOW) + 600),
    st.floats(0, NOW + 600),
    _datetimes.map(datetime.isoformat),
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
    ),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(texts, children, max_size=4),
    max_leaves=8,
)


def _wire(
    event_type: str, required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]
) -> st.SearchStrategy[Wire]:
    common = {"id": ids, "agent": names, "session_id": ids, "request_id": ids, "trace_id": ids}
    nullable = {name: st.none() | values for name, values in (common | optional).items()}
    return st.fixed_dictionaries(
        {"type": st.just(event_type), **required},
        optional={
            name: values
            for name, values in (nullable | {"x-unknown": json_values}).items()
            if name not in required
        },
    )


tokens = st.fixed_dictionaries(
    {}, optional={name: st.none() | counts for name in (*PARTS, "total")} | {"x-unknown": texts}
)
by_type: dict[str, st.SearchStrategy[Wire]] = {
    "completion": _wire(
        "completion",
        {"model": names},
        provider=names,
        completed_at=instants,
        latency_ms=milliseconds,
        ttft_ms=milliseconds,
        success=flags,
        tokens=tokens,
        cost_usd=st.floats(0, 1e9),
        cost_source=st.sampled_from(["reported", "computed"]),
        finish_reason=texts,
        error=texts,
        error_type=texts,
        status_code=st.integers(0, 999),
        limited=flags,
        resets_at=instants,
        run_id=ids,
    ),
    "completion_detail": _wire(
        "completion_detail",
        {"model": names},
        provider=names,
        ttft_ms=milliseconds,
        finish_reason=texts,
        limited=flags,
        resets_at=instants,
        timestamp=instants,
    ),
    "request_started": _wire(
        "request_started", {"request_id": ids}, channel=names, started_at=instants
    ),
    "request_ended": _wire(
        "request_ended",
        {"request_id": ids},
        channel=names,
        success=flags,
        error=texts,
        ended_at=instants,
    ),
    "tool_call": _wire(
        "tool_call",
        {"tool": names},
        success=flags,
        duration_ms=milliseconds,
        error=texts,
        ended_at=instants,
    ),
    "log": _wire(
        "log",
        {"level": st.sampled_from(["info", "warn", "error"]), "source": names, "message": texts},
        context=st.dictionaries(texts, json_values, max_size=4),
        timestamp=instants,
    ),
    "queue_depth": _wire("queue_depth", {"queue": names, "depth": counts}, timestamp=instants),
    "quota": _wire(
        "quota",
        {"window": names},
        used_ratio=st.floats(0, 1e6),
        provider=names,
        model=names,
        limited=flags,
        resets_at=instants,
        timestamp=instants,
    ),
    "activity": _wire(
        "activity",
        {"kind": st.sampled_from(get_args(ActivityKind))},
        amount=amounts,
        cumulative=st.fixed_dictionaries(
            {"stream": ids, "total": amounts},
            optional={"since": st.none() | instants, "x-unknown": texts},
        ),
        tool=names,
        timestamp=instants,
    ),
}
wires: st.SearchStrategy[Wire] = st.one_of(*by_type.values())
