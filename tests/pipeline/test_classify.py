"""Facts about why a completion failed."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.error_type import ErrorType
from exporter.pipeline.classify import Failure, failure_of
from exporter.pipeline.reason_text import reason_in

E = ErrorType

TEXTS = [
    "You've hit your usage limit",
    "last status: 429 Too Many Requests",
    "connection timed out",
    "connection refused",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "Request was aborted.",
    "401 Unauthorized",
    "syntax error in response",
    "",
]

NAMES = [
    ("rate_limit_error", E.RATE_LIMIT),
    ("RateLimitError", E.RATE_LIMIT),
    ("RESOURCE_EXHAUSTED", E.RATE_LIMIT),
    ("ThrottlingException", E.RATE_LIMIT),
    ("rate_limit_exceeded", E.RATE_LIMIT),
    ("TooManyRequestsException", E.RATE_LIMIT),
    ("RetryableQuotaError", E.RATE_LIMIT),
    ("insufficient_quota", E.QUOTA),
    ("billing_error", E.QUOTA),
    ("usage_limit_reached", E.QUOTA),
    ("CreditsError", E.QUOTA),
    ("BudgetExceededError", E.QUOTA),
    ("TerminalQuotaError", E.QUOTA),
    ("ServiceQuotaExceededException", E.QUOTA),
    ("authentication_error", E.AUTH),
    ("authentication_failed", E.AUTH),
    ("AuthenticationError", E.AUTH),
    ("permission_error", E.AUTH),
    ("PermissionDeniedError", E.AUTH),
    ("invalid_api_key", E.AUTH),
    ("UNAUTHENTICATED", E.AUTH),
    ("AccessDeniedException", E.AUTH),
    ("ProviderAuthError", E.AUTH),
    ("timeout", E.TIMEOUT),
    ("Timeout", E.TIMEOUT),
    ("TimeoutError", E.TIMEOUT),
    ("APITimeoutError", E.TIMEOUT),
    ("APIConnectionTimeoutError", E.TIMEOUT),
    ("DEADLINE_EXCEEDED", E.TIMEOUT),
    ("ModelTimeoutException", E.TIMEOUT),
    ("ETIMEDOUT", E.TIMEOUT),
    ("java.net.SocketTimeoutException", E.TIMEOUT),
    ("APIConnectionError", E.CONNECTION),
    ("ECONNREFUSED", E.CONNECTION),
    ("ConnectionResetError", E.CONNECTION),
    ("httpx.ConnectError", E.CONNECTION),
    ("overloaded_error", E.OVERLOADED),
    ("UNAVAILABLE", E.OVERLOADED),
    ("ServiceUnavailableError", E.OVERLOADED),
    ("ModelNotReadyException", E.OVERLOADED),
    ("context_length_exceeded", E.CONTEXT_LENGTH),
    ("ContextWindowExceededError", E.CONTEXT_LENGTH),
    ("litellm.exceptions.ContextWindowExceededError", E.CONTEXT_LENGTH),
    ("ContextOverflowError", E.CONTEXT_LENGTH),
    ("MessageOutputLengthError", E.CONTEXT_LENGTH),
    ("request_too_large", E.CONTEXT_LENGTH),
    ("content_filter", E.REFUSAL),
    ("ContentPolicyViolationError", E.REFUSAL),
    ("refusal", E.REFUSAL),
    ("SAFETY", E.REFUSAL),
    ("guardrail_intervened", E.REFUSAL),
    ("invalid_request_error", E.BAD_REQUEST),
    ("BadRequestError", E.BAD_REQUEST),
    ("INVALID_ARGUMENT", E.BAD_REQUEST),
    ("not_found_error", E.BAD_REQUEST),
    ("ValidationException", E.BAD_REQUEST),
    ("com.amazonaws.bedrock#ValidationException", E.BAD_REQUEST),
    ("api_error", E.SERVER_ERROR),
    ("InternalServerError", E.SERVER_ERROR),
    ("INTERNAL", E.SERVER_ERROR),
    ("MessageAbortedError", E.CANCELLED),
    ("cancelled", E.CANCELLED),
    ("CANCELED", E.CANCELLED),
    ("asyncio.CancelledError", E.CANCELLED),
    ("AbortError", E.CANCELLED),
    ("APIUserAbortError", E.CANCELLED),
    ("429", E.RATE_LIMIT),
    ("503", E.OVERLOADED),
    ("500", E.SERVER_ERROR),
]

STATUS_CODES = [
    (400, E.BAD_REQUEST),
    (401, E.AUTH),
    (402, E.QUOTA),
    (403, E.AUTH),
    (404, E.BAD_REQUEST),
    (408, E.TIMEOUT),
    (413, E.CONTEXT_LENGTH),
    (422, E.BAD_REQUEST),
    (429, E.RATE_LIMIT),
    (499, E.CANCELLED),
    (500, E.SERVER_ERROR),
    (502, E.SERVER_ERROR),
    (503, E.OVERLOADED),
    (504, E.TIMEOUT),
    (529, E.OVERLOADED),
    (599, E.SERVER_ERROR),
    (0, E.OTHER),
    (200, E.OTHER),
    (302, E.OTHER),
    (999, E.OTHER),
]


def reason(
    *, given: str | None = None, status_code: int | None = None, error: str | None = None
) -> ErrorType:
    """Return why a failure of which this is known failed."""
    return failure_of(given=given, status_code=status_code, error=error).error_type


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_known_name_says_why(name: str, expected: ErrorType) -> None:
    """Names of providers, libraries and agents are known, and a status code as a name too."""
    assert reason(given=name) is expected


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_name_is_known_however_it_is_spelled(name: str, expected: ErrorType) -> None:
    """Case, blanks, underscores and hyphens do not matter."""
    assert reason(given=name.upper()) is expected
    spelled = name.lower().replace("_", "- ")
    assert reason(given=spelled) is expected


@pytest.mark.parametrize(("status_code", "expected"), STATUS_CODES)
def test_a_status_code_says_why(status_code: int, expected: ErrorType) -> None:
    """A status stands for one reason, alone as well as beside a name that nobody knows."""
    assert reason(status_code=status_code) is expected
    assert reason(given="_OTHER", status_code=status_code) is expected
    assert reason(given="made_up", status_code=status_code) is expected


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_says_why(text: str) -> None:
    """With nothing structured, or with a type that says nothing, the text decides."""
    expected = reason_in(text) or E.OTHER
    assert reason(error=text) is expected
    assert reason(given="UnknownError", error=text) is expected
    assert reason(given="other", status_code=0, error=text) is expected


def test_nothing_known_is_other() -> None:
    """With no type, no status and no text there is no reason to tell."""
    assert reason() is E.OTHER
    assert reason(given="", error="") is E.OTHER


@pytest.mark.parametrize("kind", [kind for kind in ErrorType if kind is not E.OTHER])
@pytest.mark.parametrize("text", TEXTS)
def test_a_word_of_our_own_set_stands(kind: ErrorType, text: str) -> None:
    """A sender that uses our words is believed over status and text."""
    assert reason(given=kind, status_code=500, error=text) is kind
    assert reason(given=kind, error=text) is kind


@pytest.mark.parametrize(
    ("given", "status_code", "error", "expected"),
    [
        # A definite name is believed over the status, and the status over the text.
        ("overloaded_error", 500, "timed out", E.OVERLOADED),
        ("context_length_exceeded", 429, None, E.CONTEXT_LENGTH),
        (None, 500, "rate limit exceeded upstream", E.SERVER_ERROR),
        (None, 503, "connection reset", E.OVERLOADED),
        (None, 400, "the field timeout is unknown", E.BAD_REQUEST),
        # A broad name is not.
        ("APIError", 429, "Rate limit exceeded", E.RATE_LIMIT),
        ("APIError", None, "socket hang up", E.CONNECTION),
        ("APIError", 403, "only from within", E.AUTH),
        ("api_error", None, "?", E.SERVER_ERROR),
        ("invalid_request_error", 401, "Incorrect API key provided", E.AUTH),
        ("invalid_request_error", None, "prompt is too long", E.CONTEXT_LENGTH),
        ("invalid_request_error", 400, "prompt is too long", E.CONTEXT_LENGTH),
        # The text narrows a status that stands for several reasons.
        (None, 429, "You've hit your usage limit", E.QUOTA),
        (None, 429, "You exceeded your current quota", E.QUOTA),
        ("insufficient_quota", 429, None, E.QUOTA),
        ("RateLimitError", None, "insufficient_quota", E.QUOTA),
        ("rate_limit", 429, "weekly limit reached", E.QUOTA),
        ("rate_limit", 429, "too many requests", E.RATE_LIMIT),
        ("RESOURCE_EXHAUSTED", 429, "prompt is too long", E.RATE_LIMIT),
        (None, 403, "insufficient balance", E.QUOTA),
        (None, 400, "Your credit balance is too low to access the API", E.QUOTA),
        (None, 400, "API key not valid. Please pass a valid API key.", E.AUTH),
        (None, 400, "violates our usage policies", E.REFUSAL),
    ],
)
def test_evidence_is_weighed(
    given: str | None, status_code: int | None, error: str | None, expected: ErrorType
) -> None:
    """The surest evidence wins, and the broad gives way to the definite."""
    assert reason(given=given, status_code=status_code, error=error) is expected


@pytest.mark.parametrize(
    ("given", "status_code", "error", "failure"),
    [
        # By type, by status, by text.
        ("rate_limit", None, None, Failure(E.RATE_LIMIT, limited=True)),
        ("usage_limit_reached", 402, None, Failure(E.QUOTA, limited=True)),
        (None, 429, None, Failure(E.RATE_LIMIT, limited=True)),
        ("429", None, None, Failure(E.RATE_LIMIT, limited=True)),
        ("context_length", 429, None, Failure(E.CONTEXT_LENGTH, limited=True)),
        (None, None, "weekly session limit reached", Failure(E.QUOTA, limited=True)),
        ("APIError", None, "rate limit exceeded", Failure(E.RATE_LIMIT, limited=True)),
        (None, 403, "insufficient balance", Failure(E.QUOTA, limited=True)),
        (None, None, "connection refused", Failure(E.CONNECTION, limited=False)),
        (None, 529, "Overloaded", Failure(E.OVERLOADED, limited=False)),
        (None, None, None, Failure(E.OTHER, limited=False)),
        # A text that may not say why may not say that it was a limit.
        ("refusal", None, "I cannot discuss your weekly limit", Failure(E.REFUSAL, limited=False)),
        ("timeout", None, "last attempt got rate limited", Failure(E.TIMEOUT, limited=False)),
        (None, 504, "last attempt got rate limited", Failure(E.TIMEOUT, limited=False)),
        (
            "context_length",
            400,
            "what is my monthly limit?",
            Failure(E.CONTEXT_LENGTH, limited=False),
        ),
        (None, 500, "rate limit exceeded upstream", Failure(E.SERVER_ERROR, limited=False)),
        ("authentication_error", 401, "see plan limits at", Failure(E.AUTH, limited=False)),
        ("permission_error", 403, "see plan limits at", Failure(E.AUTH, limited=False)),
        (None, 401, "see plan limits at", Failure(E.AUTH, limited=False)),
        ("api_error", 401, "usage limit", Failure(E.AUTH, limited=False)),
    ],
)
def test_a_limit_is_told_by_what_tells_the_reason(
    given: str | None, status_code: int | None, error: str | None, failure: Failure
) -> None:
    """Where type or status say that it was something else, no word of a limit makes it one."""
    assert failure_of(given=given, status_code=status_code, error=error) == failure


@pytest.mark.parametrize("noise", ["x", "exceeded ", "context "])
def test_only_the_start_of_type_and_text_counts(noise: str) -> None:
    """Behind 256 characters of a type, and 4,096 of a text, nothing is seen."""
    assert reason(given="RateLimitError" + " " * 242 + noise) is E.RATE_LIMIT
    assert reason(given="RateLimitError" + " " * 241 + noise) is E.OTHER
    assert reason(error=(noise * 4_096)[:4_096] + " usage limit") is E.OTHER
    assert reason(error="usage limit " + noise * 4_096) is E.QUOTA


def test_what_is_remembered_is_bounded() -> None:
    """Thousands of failures, each with a long text of its own, leave a few megabytes behind."""
    tracemalloc.start()
    for number in range(4_000):
        failure_of(given=f"{number}" + "x" * 10_000, status_code=None, error=f"{number:10000}")
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 8_000_000


@given(
    st.none() | st.text() | st.sampled_from([name for name, _ in NAMES]),
    st.none() | st.integers(),
    st.none() | st.text() | st.sampled_from(TEXTS),
)
def test_anything_has_one_reason(
    given: str | None, status_code: int | None, error: str | None
) -> None:
    """Whatever is pushed, the reason is one of the set, and the same when it is pushed again."""
    failure = failure_of(given=given, status_code=status_code, error=error)
    assert failure.error_type in set(E)
    assert failure.limited == (failure.error_type in {E.RATE_LIMIT, E.QUOTA} or status_code == 429)
    assert failure_of(given=given, status_code=status_code, error=error) == failure
