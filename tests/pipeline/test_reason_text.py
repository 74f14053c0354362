"""Facts about why a failure failed, told in words alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.error_type import ErrorType
from exporter.pipeline.reason_text import reason_in

E = ErrorType

TEXTS = [
    ("You've hit your usage limit", E.QUOTA),
    ("last status: 429 Too Many Requests", E.RATE_LIMIT),
    ("Request timed out.", E.TIMEOUT),
    ("connection timed out", E.TIMEOUT),
    ("Connection error.", E.CONNECTION),
    ("connection refused", E.CONNECTION),
    ("Unable to connect to API (ECONNREFUSED)", E.CONNECTION),
    ("read: connection reset by peer", E.CONNECTION),
    ("I couldn\u2019t connect", E.CONNECTION),
    ("getaddrinfo ENOTFOUND api.example.com", E.CONNECTION),
    ("TypeError: fetch failed", E.CONNECTION),
    ('{"type":"overloaded_error","message":"Overloaded"}', E.OVERLOADED),
    ("No capacity available for model gemini-3-flash", E.OVERLOADED),
    ("503 Service Unavailable", E.OVERLOADED),
    ("prompt is too long: 210000 tokens > 200000 maximum", E.CONTEXT_LENGTH),
    ("This model's maximum context length is 8192 tokens", E.CONTEXT_LENGTH),
    ("The input token count (1200000) exceeds the maximum number", E.CONTEXT_LENGTH),
    ("Input is too long for requested model", E.CONTEXT_LENGTH),
    ("Output blocked by content filtering policy", E.REFUSAL),
    ("which appears to violate our Usage Policy", E.REFUSAL),
    ("Request was aborted.", E.CANCELLED),
    ("The operation was canceled", E.CANCELLED),
    ("Interrupted by user", E.CANCELLED),
    ("401 Unauthorized", E.AUTH),
    ("invalid x-api-key", E.AUTH),
    ("Incorrect API key provided", E.AUTH),
    ("OAuth token has expired", E.AUTH),
    ("Internal server error", E.SERVER_ERROR),
    ("syntax error in response", None),
    ("unabortable daemons", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "reason"), TEXTS)
def test_a_text_says_why(text: str, reason: ErrorType | None) -> None:
    """What providers, libraries and agents write is known, in small letters and in capitals."""
    assert reason_in(text) is reason
    assert reason_in(text.upper()) is reason


def test_no_text_says_nothing() -> None:
    """Without a text there is no reason in it."""
    assert reason_in(None) is None


@given(st.none() | st.text())
def test_any_text_has_a_reason_or_none(text: str | None) -> None:
    """Whatever is pushed, the answer is one of the set other than `other`, or none."""
    assert reason_in(text) in set(E) - {E.OTHER} | {None}
