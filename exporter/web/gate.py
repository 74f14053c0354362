"""The gate: nothing is answered from memory before all of it is back."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from exporter.event.rejection import Code, Refusal

PATHS_OPEN = frozenset({"/", "/health", "/-/healthy", "/-/ready"})
PREFIX_OPEN = "/static/"
"""What the live page is made of: it says itself that memory is not back."""

RETRY_AFTER_SECS = 2


def gate(is_open: Callable[[], bool]) -> Middleware:
    """Return the middleware that raises `Refusal` (`not_accepting`) while the gate is shut.

    Half of memory would be told as counters that step back.
    """

    @web.middleware
    async def wait_outside(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_open() and not _is_open(request.path):
            raise Refusal(
                Code.NOT_ACCEPTING,
                "the journal is not replayed yet",
                retry_after_secs=RETRY_AFTER_SECS,
            )
        return await handler(request)

    return wait_outside


def _is_open(path: str) -> bool:
    return path in PATHS_OPEN or path.startswith(PREFIX_OPEN)
