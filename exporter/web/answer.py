"""Answers that are JSON."""

import msgspec
from aiohttp import web


def json(answer: object) -> web.Response:
    """Return an answer as JSON, never to be cached: it is about now."""
    return web.Response(
        body=msgspec.json.encode(answer),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
