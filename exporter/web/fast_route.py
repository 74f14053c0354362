"""A route on the fast path: what it takes there, and how a push is answered that is here whole."""

import asyncio
from collections.abc import Callable, Container, Mapping
from typing import Any, NamedTuple

from aiohttp import web

from exporter.event.rejection import Refusal
from exporter.web.problem import fault
from exporter.web.reception import CLIENT_GONE, Reception
from exporter.web.wire import Reply

Tell = Callable[[Reply], None]
"""Is told the answer to a push, once."""


class FastRoute(NamedTuple):
    """Takes pushes whose `Content-Type` is one of these, word for word, by their headers and body.

    A body is not packed, and no larger than `bytes_max`: so much is decoded on the event loop.
    """

    media_types: Container[str | None]
    bytes_max: int
    take: Callable[[Mapping[str, str], bytes, Tell], None]


class Offered(NamedTuple):
    """A push that was taken: what brings the outcome of it, if that is to come, and its answer.

    `reply` is called with the outcome, or with `None`.
    """

    outcome: asyncio.Future[Any] | None
    reply: Callable[[Any], Reply]


def answer_whole(
    reception: Reception,
    route: str,
    offer: Callable[[], Offered],
    refused: Callable[[Refusal], web.Response],
    tell: Tell,
) -> None:
    """Answer one push of a route by `tell`, at once or later, as `Reception.answer` would."""
    began = reception.begin()

    def end(answer: Reply) -> None:
        reception.end(route, answer.status, began)
        tell(answer)

    def failed(error: Exception) -> Reply:
        if not isinstance(error, Refusal):
            return fault(error)
        reception.tally.rejections[error.code] += 1
        return refused(error)

    def done(outcome: asyncio.Future[Any]) -> None:
        if outcome.cancelled():  # We stopped, and so does the connection.
            reception.end(route, CLIENT_GONE, began)
            return
        try:
            answer = offered.reply(outcome.result())
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            answer = failed(error)
        end(answer)

    try:
        offered = offer()
        answer = offered.reply(None) if offered.outcome is None else None
    except Exception as error:  # noqa: BLE001 - as above
        answer = failed(error)
    if answer is not None:
        end(answer)
    elif offered.outcome is not None:
        offered.outcome.add_done_callback(done)
