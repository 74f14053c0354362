"""The body of a push: read within its limits of size and time, and unpacked."""

import asyncio

from aiohttp import web

from exporter.decode.content import unpack
from exporter.event.rejection import Code, Refusal


async def read_body(request: web.Request, *, bytes_max: int, timeout_secs: float) -> bytes:
    """Return the decoded body of a request.

    Raises `Refusal`: `too_large` as soon as that is known, `timeout` where it does not arrive in
    time, and what `unpack` raises.
    """
    if (request.content_length or 0) > bytes_max:
        raise Refusal(Code.TOO_LARGE, f"the body is over {bytes_max} bytes")
    try:
        async with asyncio.timeout(timeout_secs):
            body = await request.read()
    except TimeoutError:
        raise Refusal(Code.TIMEOUT, "the body did not arrive in time") from None
    except web.HTTPRequestEntityTooLarge:
        raise Refusal(Code.TOO_LARGE, f"the body is over {bytes_max} bytes") from None
    encoding = ",".join(request.headers.getall("Content-Encoding", ()))
    return unpack(body, encoding or None, bytes_max=bytes_max)
