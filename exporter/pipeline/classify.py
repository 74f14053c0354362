"""Why a completion failed, from whatever the source told: a type, a status code, a text.

The type comes first, then the status, then the text, because a structured answer is surer than
words. Two facts about the providers bend that order:

- Some types say next to nothing: Anthropic's `invalid_request_error` covers a prompt that is too
  long as well as an empty balance, and opencode's `APIError` covers everything. Such a broad type
  counts only where neither status nor text knows better.
- A status may stand for more than one reason: 429 for a rate or a quota, 403 for a key without
  rights or without credit, 400 for almost anything. `_NARROWED_BY_TEXT` lists which reasons the
  text may put in its place, and no others, because the text of a rejected request may quote what
  was rejected.

A type that is a word of our own set comes from a sender that knows it, and stands as it is, but
for the 429 that is a quota. Where the reason is known from type or status, the text is not asked
whether it was a limit: a refusal may well speak of one.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from exporter.event.error_type import ErrorType
from exporter.pipeline.phrases import EXCERPT_LENGTH_MAX
from exporter.pipeline.reason_text import reason_in

# What providers, their libraries and agents call a failure; written as they write it, less the
# `Error` or `Exception` at the end. Case and punctuation do not matter.
_NAMES: Final = {
    ErrorType.RATE_LIMIT: """
        rate_limit rate_limited rate_limit_exceeded rate_limit_reached too_many_requests
        resource_exhausted throttling throttled throttled_request request_limit_exceeded
        rate_exceeded concurrency_limit_exceeded retryable_quota tokens requests""",
    ErrorType.QUOTA: """
        quota quota_exceeded insufficient_quota insufficient_balance insufficient_credits
        insufficient_funds payment_required billing billing_hard_limit_reached billing_not_active
        usage_limit usage_limit_reached usage_limit_exceeded usage_not_included credits
        daily_limit weekly_limit monthly_limit subscription_limit free_usage_limit
        service_quota_exceeded budget_exceeded terminal_quota""",
    ErrorType.AUTH: """
        auth authentication authentication_failed invalid_authentication provider_auth permission
        permission_denied access_denied unauthorized unauthenticated forbidden invalid_api_key
        missing_api_key load_api_key invalid_token expired_token token_expired invalid_grant
        unrecognized_client no_credentials missing_authentication_token oauth_org_not_allowed
        fatal_authentication""",
    ErrorType.TIMEOUT: """
        timeout timed_out api_timeout api_connection_timeout request_timeout gateway_timeout
        deadline_exceeded connect_timeout connection_timeout read_timeout write_timeout
        pool_timeout socket_timeout server_timeout model_timeout ETIMEDOUT ESOCKETTIMEDOUT
        UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT""",
    ErrorType.CONNECTION: """
        connection api_connection connection_refused connection_reset connection_aborted
        connection_closed connection_failed endpoint_connection client_connector
        client_connection server_disconnected remote_disconnected remote_protocol connect read
        write network transport socket dns name_resolution unknown_host broken_pipe ssl proxy
        incomplete_read chunked_encoding fetch_failed ECONNREFUSED ECONNRESET ECONNABORTED
        ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH EPIPE UND_ERR_SOCKET""",
    ErrorType.OVERLOADED: """
        overloaded engine_overloaded model_overloaded server_overloaded server_is_overloaded
        slow_down unavailable service_unavailable temporarily_unavailable server_busy
        over_capacity model_not_ready""",
    ErrorType.CONTEXT_LENGTH: """
        context_length context_length_exceeded context_window_exceeded context_limit_exceeded
        model_context_window_exceeded context_overflow prompt_too_long input_too_long
        token_limit_exceeded message_output_length request_too_large request_entity_too_large
        payload_too_large content_too_large""",
    ErrorType.REFUSAL: """
        refusal content_filter content_filtered content_policy content_policy_violation
        content_blocked safety image_safety blocklist prohibited_content recitation spii
        moderation guardrail guardrail_intervened responsible_ai_policy_violation
        invalid_prompt""",
    ErrorType.BAD_REQUEST: """
        bad_request invalid_request invalid_argument invalid_parameter invalid_value
        missing_required_parameter unknown_parameter unsupported_params unsupported_value
        failed_precondition out_of_range not_found model_not_found no_such_model
        resource_not_found unprocessable_entity unimplemented method_not_allowed conflict
        validation client""",
    ErrorType.SERVER_ERROR: """
        server internal internal_server internal_failure bad_gateway api api_status api_call
        AI_API_call api_response_validation model model_stream data_loss""",
    ErrorType.CANCELLED: """
        cancelled canceled abort aborted api_user_abort user_abort message_aborted turn_aborted
        request_aborted request_cancelled operation_aborted interrupted keyboard_interrupt
        client_closed_request fatal_cancellation""",
}  # fmt: skip

_STATUS_CODES: Final = {
    401: ErrorType.AUTH,
    402: ErrorType.QUOTA,
    403: ErrorType.AUTH,
    408: ErrorType.TIMEOUT,
    413: ErrorType.CONTEXT_LENGTH,  # The remedy is the same: send less.
    429: ErrorType.RATE_LIMIT,
    499: ErrorType.CANCELLED,
    503: ErrorType.OVERLOADED,
    504: ErrorType.TIMEOUT,
    529: ErrorType.OVERLOADED,
}
_STATUS_CLASSES: Final = {4: ErrorType.BAD_REQUEST, 5: ErrorType.SERVER_ERROR}

_BROAD: Final = frozenset((ErrorType.BAD_REQUEST, ErrorType.SERVER_ERROR))
_QUOTA: Final = frozenset((ErrorType.QUOTA,))
_NARROWED_BY_TEXT: Final = {
    ErrorType.RATE_LIMIT: _QUOTA,
    ErrorType.BAD_REQUEST: frozenset(
        (ErrorType.QUOTA, ErrorType.AUTH, ErrorType.CONTEXT_LENGTH, ErrorType.REFUSAL)
    ),
}
_LIMITS: Final = frozenset((ErrorType.RATE_LIMIT, ErrorType.QUOTA))
_FORBIDDEN: Final = 403
_TOO_MANY_REQUESTS: Final = 429
_NAME_LENGTH_MAX: Final = 256
_REMEMBERED_MAX: Final = 1_024
_PUNCTUATION: Final = re.compile(r"[^a-z0-9]+")


def _key(name: str) -> str:
    """Return what is left of a name without case, punctuation and `Error` at its end."""
    return _PUNCTUATION.sub("", name.lower()).removesuffix("exception").removesuffix("error")


# `OTHER` is no statement: whatever else is known says more.
_STATED: Final = {str(kind): kind for kind in ErrorType if kind is not ErrorType.OTHER}
_NAMED: Final = {_key(name): kind for kind, names in _NAMES.items() for name in names.split()}


class Failure(NamedTuple):
    """Why a completion failed, and whether it met a provider's limit."""

    error_type: ErrorType
    limited: bool


def failure_of(*, given: str | None, status_code: int | None, error: str | None) -> Failure:
    """Return why a completion failed.

    `given` is the type the source named, in its own words; `status_code` the HTTP status; `error`
    the text. Any of them may be missing or unknown; nothing known is `OTHER`. Raises nothing.
    """
    name = given and given[:_NAME_LENGTH_MAX]
    return _failure(name, status_code, error and error[:EXCERPT_LENGTH_MAX])


# A failure seldom comes alone, and its text may take a hundred times as long to read as its event.
@lru_cache(maxsize=_REMEMBERED_MAX)
def _failure(given: str | None, status_code: int | None, error: str | None) -> Failure:
    reason = _reason(given, status_code, error)
    return Failure(reason, reason in _LIMITS or status_code == _TOO_MANY_REQUESTS)


def _reason(given: str | None, status_code: int | None, error: str | None) -> ErrorType:
    stated = _STATED.get(given) if given else None
    status = _status_in(given) if status_code is None else status_code
    answered = _answered(status)
    if stated is not None and answered is not ErrorType.RATE_LIMIT:
        return stated
    named = stated or _named(given)
    broad = named if stated is None and named in _BROAD else None
    reason = answered if broad or named is None else named
    if reason is None:
        return reason_in(error) or broad or ErrorType.OTHER
    forbidden = status == _FORBIDDEN and reason is not named
    narrower = _QUOTA if forbidden else _NARROWED_BY_TEXT.get(reason)
    if narrower and (said := reason_in(error)) in narrower:
        return said
    return reason


def _named(given: str | None) -> ErrorType | None:
    """Look a name up, whole and then without the modules before it."""
    if not given:
        return None
    last = re.split(r"[.:#/$]", given)[-1]
    return _NAMED.get(_key(given)) or _NAMED.get(_key(last))


def _status_in(given: str | None) -> int | None:
    """Return the status code that OpenTelemetry's `error.type` may be."""
    return int(given) if given and re.fullmatch(r"[1-5][0-9]{2}", given) else None


def _answered(status_code: int | None) -> ErrorType | None:
    if status_code is None:
        return None
    return _STATUS_CODES.get(status_code) or _STATUS_CLASSES.get(status_code // 100)
