"""Facts about why a completion failed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.event.error_type import ErrorType
from exporter.pipeline.classify import error_type_of, is_limit

E = ErrorType

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
    ("syntax error in response", E.OTHER),
    ("unabortable daemons", E.OTHER),
    ("", E.OTHER),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_known_name_says_why(name: str, expected: ErrorType) -> None:
    """Names of providers, libraries and agents are known, and a status code as a name too."""
    assert error_type_of(given=name, status_code=None, error=None) is expected


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_name_is_known_however_it_is_spelled(name: str, expected: ErrorType) -> None:
    """Case, blanks, underscores and hyphens do not matter."""
    assert error_type_of(given=name.upper(), status_code=None, error=None) is expected
    spelled = name.lower().replace("_", "- ")
    assert error_type_of(given=spelled, status_code=None, error=None) is expected


@pytest.mark.parametrize(("status_code", "expected"), STATUS_CODES)
def test_a_status_code_says_why(status_code: int, expected: ErrorType) -> None:
    """A status stands for one reason, alone as well as beside a name that nobody knows."""
    assert error_type_of(given=None, status_code=status_code, error=None) is expected
    assert error_type_of(given="_OTHER", status_code=status_code, error=None) is expected
    assert error_type_of(given="made_up", status_code=status_code, error=None) is expected


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_a_text_says_why(text: str, expected: ErrorType) -> None:
    """With nothing structured, or with a type that says nothing, the text decides."""
    assert error_type_of(given=None, status_code=None, error=text) is expected
    assert error_type_of(given="UnknownError", status_code=None, error=text) is expected
    assert error_type_of(given="other", status_code=0, error=text) is expected


def test_nothing_known_is_other() -> None:
    """With no type, no status and no text there is no reason to tell."""
    assert error_type_of(given=None, status_code=None, error=None) is E.OTHER
    assert error_type_of(given="", status_code=None, error="") is E.OTHER


@pytest.mark.parametrize("kind", [kind for kind in ErrorType if kind is not E.OTHER])
@pytest.mark.parametrize("text", [text for text, _ in TEXTS])
def test_a_word_of_our_own_set_stands(kind: ErrorType, text: str) -> None:
    """A sender that uses our words is believed over status and text."""
    assert error_type_of(given=kind, status_code=500, error=text) is kind
    assert error_type_of(given=kind, status_code=None, error=text) is kind


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
    assert error_type_of(given=given, status_code=status_code, error=error) is expected


@pytest.mark.parametrize(
    ("error_type", "status_code", "error", "expected"),
    [
        (E.RATE_LIMIT, None, None, True),
        (E.QUOTA, 402, None, True),
        (E.OTHER, 429, None, True),
        (E.CONTEXT_LENGTH, 429, None, True),
        (E.SERVER_ERROR, 500, "rate limit exceeded upstream", True),
        (E.OTHER, None, "weekly session limit reached", True),
        (E.OTHER, None, "connection refused", False),
        (E.OVERLOADED, 529, "Overloaded", False),
        (E.OTHER, None, None, False),
    ],
)
def test_a_limit_is_told_by_type_or_status_or_text(
    error_type: ErrorType,
    status_code: int | None,
    error: str | None,
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Structured evidence suffices; without it the text is asked."""
    assert is_limit(error_type=error_type, status_code=status_code, error=error) is expected


@given(
    st.none() | st.text() | st.sampled_from([name for name, _ in NAMES]),
    st.none() | st.integers(),
    st.none() | st.text() | st.sampled_from([text for text, _ in TEXTS]),
)
def test_anything_has_one_type(
    given: str | None, status_code: int | None, error: str | None
) -> None:
    """Whatever is pushed, the answer is one of the set, and a rate limit or quota is a limit."""
    kind = error_type_of(given=given, status_code=status_code, error=error)
    assert isinstance(kind, ErrorType)
    if kind in {E.RATE_LIMIT, E.QUOTA}:
        assert is_limit(error_type=kind, status_code=status_code, error=error)
