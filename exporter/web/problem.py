"""Errors on the wire: RFC 9457 problem documents, and the one table from code to status.

Only our own words go out: no header, no field name and no value of the request is repeated.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from exporter.event.rejection import Code, Refusal, Rejection
from exporter.fault import whereabouts

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"

STATUS: Mapping[Code, int] = {
    Code.TOO_LARGE: 413,
    Code.TOO_MANY_EVENTS: 413,
    Code.UNSUPPORTED_ENCODING: 415,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.TIMEOUT: 408,
    Code.QUEUE_FULL: 429,
    Code.JOURNAL_FAILING: 503,
    Code.NOT_ACCEPTING: 503,
    Code.INTERNAL_ERROR: 500,
    Code.UNAUTHORIZED: 401,
    Code.FORBIDDEN: 403,
    Code.RATE_LIMITED: 429,
}
"""Codes that are not here are the sender's mistake: 400."""


class Problem(msgspec.Struct, omit_defaults=True):
    """A problem document. The members from `accepted` on are those of a push's reply."""

    title: str
    status: int
    code: str
    detail: str | None = None
    path: str | None = None
    accepted: int | None = None
    duplicates: int | None = None
    rejected: int | None = None
    errors: list[Rejection] | None = None
    errors_truncated: bool | None = None


def problem(document: Problem, *, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return the answer that carries a problem document."""
    return web.Response(
        body=msgspec.json.encode(document),
        status=document.status,
        content_type=PROBLEM_JSON,
        headers=headers,
    )


def refused(refusal: Refusal) -> web.Response:
    """Return the answer to what was refused."""
    headers = dict(refusal.headers)
    if refusal.retry_after_secs is not None:
        headers["Retry-After"] = str(refusal.retry_after_secs)
    return problem(
        Problem(
            title=refusal.code.value.replace("_", " "),
            status=STATUS.get(refusal.code, 400),
            code=refusal.code.value,
            detail=refusal.detail,
            path=refusal.path,
        ),
        headers=headers,
    )


Refused = Callable[[web.Request, Refusal], web.Response]
"""Returns the answer to a request that was refused."""

REFUSED_BY_PATH: web.AppKey[dict[str, Refused]] = web.AppKey("refused_by_path", dict)
"""In an application, how refusals are told on paths whose clients do not read problem documents."""

_HTTP_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    417: "expectation_failed",
}


def http_problem(error: web.HTTPException) -> web.Response:
    """Return the answer to an error that aiohttp raised."""
    code = _HTTP_CODES.get(error.status, "bad_request")
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    return problem(Problem(title=error.reason, status=error.status, code=code), headers=headers)


def problems(refusals: Counter[Code]) -> Middleware:
    """Return the middleware that turns what is raised into a problem document.

    It counts in `refusals` what it was not a push's own route to count.
    """

    @web.middleware
    async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            refusals[refusal.code] += 1
            tell = request.app[REFUSED_BY_PATH].get(request.path)
            return refused(refusal) if tell is None else tell(request, refusal)
        except web.HTTPException as error:
            return http_problem(error)
        except ConnectionError:
            raise  # Whoever asked went away while being answered: there is nobody to tell.
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            return fault(error)

    return told


def fault(error: Exception) -> web.Response:
    """Log a fault of ours, without its text, and return the answer to who asked."""
    log.error("a request could not be answered", extra={"fields": whereabouts(error)})
    return problem(Problem("internal server error", 500, "internal_error"))
