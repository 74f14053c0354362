"""Facts about limits told in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.error_type import ErrorType
from exporter.pipeline.limit_text import limit_kind
from exporter.pipeline.phrases import excerpt_of

RATE_LIMIT_TEXTS = [
    "rate limit exceeded",
    "Rate Limit Exceeded - try again later",
    "too many requests",
    "capacity limit reached",
    "hourly limit reached",
    "Rate limit reached for gpt-4 in organization org-x on tokens per min (TPM): Limit 10000",
    "API Error: Request rejected (429) · This request would exceed your organization rate limit.",
    "This request would exceed your account's rate limit. Please try again later.",
    "Number of concurrent connections has exceeded your rate limit.",
    "Server is temporarily limiting requests (not your usage limit) · Rate limited",
    "exceeded retry limit, last status: 429 Too Many Requests",
    "Resource has been exhausted (e.g. check your allowance).",
    "ThrottlingException: Rate exceeded",
    "Too many tokens, please wait before trying again.",
    "{'type': 'tokens', 'code': 'rate_limit_exceeded'}",
    '"reason": "rateLimitExceeded"',
]

QUOTA_TEXTS = [
    "weekly session limit reached",
    "monthly limit",
    "quota exceeded",
    "Quota exceeded for this billing period",
    "spending limit",
    "billing limit",
    "Billing hard limit has been reached",
    "usage limit",
    "Claude AI usage limit reached",
    "Claude AI usage limit reached|1787520600",
    "subscription limit",
    "hit your limit",
    "You've hit your limit",
    "You\u2019ve hit your limit \u00b7 resets 11pm (America/Anchorage)",
    "You've hit your Sonnet limit · resets 3pm (UTC)",
    "You've hit your session limit · resets 8:30pm (Asia/Tokyo)",
    "You've hit your usage limit. Please try again at Apr 11th, 2026 2:32 PM.",
    "Weekly limit reached · resets 10am (Asia/Seoul)",
    "5-hour limit reached ∙ resets 3pm",
    "plan limit",
    "free tier limit",
    "usage cap",
    "daily limit",
    "You have reached your daily gemini-2.5-pro quota limit.",
    "You have exhausted your capacity on this model. Your quota will reset after 18h16m5s.",
    "out of quota",
    "You're out of extra usage · resets 3pm",
    "quota exhausted",
    "subscription quota",
    "insufficient balance",
    "insufficient_quota",
    '{"type":"usage_limit_reached"}',
    "You exceeded your current quota, please check your plan and billing details.",
    "Your credit balance is too low to access the API",
    "Error code: 429 - You exceeded your current quota",
    "Rate limit exceeded: the monthly limit of your plan",
]

STATUS_429_TEXTS = [
    "429",
    "Error 429: Too Many Requests",
    "Error 429",
    "API Error: 429",
    "RateLimitError: 429",
    "status: 429",
    "status=429",
    "status code is 429",
    "Request failed with status code 429",
    "status_code=429,",
    '{"statusCode":429}',
    '{\\"code\\": 429,',
    '"status":"429"',
    "(429)",
    "rejected [429] by the gateway",
    "HTTP 429",
    "HTTP/1.1 429",
    "last status: 429",
    "Error code: 429 - {'error'",
    "429 status code (no body)",
    '429 {"type":"error"}',
    "got 429",
    "upstream returned 429 from the pool",
    "failed with 429.",
]

OTHER_TEXTS = [
    "",
    "connection refused",
    "syntax error in response",
    "took 14290 ms",
    "issue #4291",
    "error code 1429",
    "error 4290",
    "issue #429",
    "error#429",
    "429 ms",
    "429ms",
    "status 429ms",
    "error: 429 tokens over",
    "got 429 rows",
    "with 429 apples",
    "429 tokens",
    "error 429/500",
    "file.py:429",
    "error 429:12",
    "1.429",
    "error 429.5",
    "line 429",
    "error at line 429",
    "req_429",
    '"id":429',
    "port 429",
    "https://429.example",
    "items[429]",
    "exit code 429",
    "opcode 429",
    "429%",
    "$429",
    "a corporate limit exceeded",
    "rate limit header missing",
    "You've reached your context limit",
    "hit your max turns limit",
    "not your usage limit",
    "unlimited plans",
    "an explanation limit",
    "insufficient permissions",
]


def kind_of(text: str) -> ErrorType | None:
    """Return which limit a whole text speaks of."""
    return limit_kind(excerpt_of(text))


@pytest.mark.parametrize("text", RATE_LIMIT_TEXTS + STATUS_429_TEXTS)
def test_a_limit_that_passes_by_itself_is_a_rate_limit(text: str) -> None:
    """A text about the pace of requests, or about a status 429, is a rate limit."""
    assert kind_of(text) is ErrorType.RATE_LIMIT


@pytest.mark.parametrize("text", QUOTA_TEXTS)
def test_an_allowance_used_up_is_a_quota(text: str) -> None:
    """A text about a plan, a budget or an allowance is a quota, beside a 429 too."""
    assert kind_of(text) is ErrorType.QUOTA


@pytest.mark.parametrize("text", OTHER_TEXTS)
def test_a_text_without_a_limit_has_no_kind(text: str) -> None:
    """Other failures, and a 429 that is a measure, a place or part of a name, are no limit."""
    assert kind_of(text) is None


@pytest.mark.parametrize("text", RATE_LIMIT_TEXTS + QUOTA_TEXTS)
def test_case_and_white_space_do_not_matter(text: str) -> None:
    """A limit is found in capitals, over line breaks, tabs and no-break spaces."""
    kind = kind_of(text)
    assert kind is not None
    assert kind_of(text.upper()) is kind
    assert kind_of(text.replace(" ", "\n \t\u00a0")) is kind


@given(st.sampled_from(OTHER_TEXTS), st.sampled_from(RATE_LIMIT_TEXTS + QUOTA_TEXTS))
def test_a_limit_is_found_behind_other_words(before: str, text: str) -> None:
    """What stands before a limit does not hide it."""
    assert kind_of(f"{before}\n{text}") is not None


@given(st.from_regex(r"[0-9]{0,5}429[0-9]{0,5}", fullmatch=True), st.sampled_from("# _.:$-"))
def test_digits_around_429_make_another_number(number: str, mark: str) -> None:
    """Behind `error code`, 429 is a status only if it is the whole number."""
    assert (kind_of(f"error code {number}") is not None) == (number == "429")
    assert kind_of(f"issue {mark}{number}") is None


@given(st.text())
def test_any_text_has_a_kind_or_none(text: str) -> None:
    """Whatever is pushed, the answer is a rate limit, a quota or neither."""
    assert kind_of(text) in {ErrorType.RATE_LIMIT, ErrorType.QUOTA, None}
