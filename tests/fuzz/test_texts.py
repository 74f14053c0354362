"""Texts that are looked into: redaction, the classification of errors, and reset times."""

import math
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.error_type import ErrorType
from exporter.pipeline.classify import failure_of
from exporter.pipeline.limit_text import limit_kind
from exporter.pipeline.phrases import excerpt_of
from exporter.pipeline.reason_text import reason_in
from exporter.pipeline.redaction import CONTEXT_BYTES_MAX, redacted, redacted_context
from exporter.pipeline.reset_time import reset_time
from tests.event.strategies import json_values
from tests.fuzz.mutation import mutated
from tests.pipeline.made_up_secrets import secrets
from tests.pipeline.test_limit_text import OTHER_TEXTS, QUOTA_TEXTS, RATE_LIMIT_TEXTS
from tests.pipeline.test_reason_text import TEXTS
from tests.pipeline.test_redaction import HOSTILE_PIECES
from tests.pipeline.test_reset_time import INSTANTS, NOTHING, WAITS

AHEAD_SECS_MAX = 32 * 86_400
KNOWN = [
    *(text for text, _ in (*INSTANTS, *WAITS, *TEXTS)),
    *NOTHING,
    *OTHER_TEXTS,
    *QUOTA_TEXTS,
    *RATE_LIMIT_TEXTS,
]

pieces = st.sampled_from([*HOSTILE_PIECES, *KNOWN]) | st.text(max_size=4)
texts = st.one_of(
    st.text(max_size=200),
    st.lists(pieces, max_size=20).map("".join),
    mutated(st.sampled_from(KNOWN), pieces),
    st.builds(lambda piece, times: piece * times, pieces, st.integers(0, 3_000)),
)
hiding = mutated(secrets.map(lambda secret: secret.text), pieces)
contexts = st.recursive(
    json_values | hiding,
    lambda values: (
        st.lists(values, max_size=4)
        | st.dictionaries(hiding | st.sampled_from(["password", "prompt", "a"]), values, max_size=4)
    ),
    max_leaves=10,
)


@given(texts | hiding, st.integers(12, 5_000))
def test_any_text_is_redacted_once_and_for_all(text: str, length_max: int) -> None:
    """It comes out within its bound, and goes in again without a change."""
    once = redacted(text, length_max=length_max)
    assert len(once) <= length_max
    assert redacted(once, length_max=length_max) == once


@given(st.dictionaries(hiding | texts, contexts, max_size=4))
def test_any_context_is_redacted_once_and_for_all(context: dict[str, Any]) -> None:
    """It comes out as JSON within its bound, and goes in again without a change."""
    once = redacted_context(context)
    assert len(msgspec.json.encode(once)) <= CONTEXT_BYTES_MAX
    assert redacted_context(once) == once


@given(
    texts,
    st.none() | st.text(max_size=20) | texts,
    st.none() | st.integers(0, 999),
)
def test_any_failure_is_classified(error: str, given_type: str | None, status: int | None) -> None:
    """It gets one of the types, and a limit is told from no limit."""
    failure = failure_of(given=given_type, status_code=status, error=error)
    assert isinstance(failure.error_type, ErrorType)
    assert isinstance(failure.limited, bool)
    assert reason_in(error) in {None, *ErrorType}
    assert limit_kind(excerpt_of(error)) in {None, ErrorType.RATE_LIMIT, ErrorType.QUOTA}


@given(texts, st.floats(0, 253_402_300_799) | st.floats())
def test_any_text_names_a_reset_ahead_or_none(text: str, at: float) -> None:
    """An instant after the event's own and within a month, or nothing; from any instant at all."""
    instant = reset_time(text, at)
    if instant is not None:
        assert math.isfinite(instant)
        assert at < instant <= at + AHEAD_SECS_MAX
