"""The media type of a request's body."""

from aiohttp import web


def media_type(request: web.Request) -> str | None:
    """Return the type in small letters, `None` where there is none or its text is not UTF-8."""
    if "Content-Type" not in request.headers:
        return None
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8"}:
        return None
    return request.content_type
