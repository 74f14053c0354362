"""Query parameters, each checked against what it may be."""

from typing import TypeVar

from aiohttp import web

from exporter.event.rejection import Code, Refusal

T = TypeVar("T")
D = TypeVar("D")


def integer(request: web.Request, name: str, *, default: int, minimum: int, maximum: int) -> int:
    """Return a whole number from the query. Raises `Refusal` (`invalid_parameter`)."""
    text = request.query.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= len(str(maximum)):
        value = int(text)
        if minimum <= value <= maximum:
            return value
    raise Refusal(
        Code.INVALID_PARAMETER, f"{name} must be a number from {minimum} to {maximum}", path=name
    )


def choice(request: web.Request, name: str, allowed: tuple[T, ...], default: D) -> T | D:
    """Return one of the allowed words from the query. Raises `Refusal` (`invalid_parameter`)."""
    text = request.query.get(name)
    if text is None:
        return default
    for word in allowed:
        if word == text:
            return word
    raise Refusal(
        Code.INVALID_PARAMETER, f"{name} must be one of {', '.join(map(str, allowed))}", path=name
    )
