"""What just happened, and how models and sessions are doing."""

from typing import Final, get_args

from docs.openapi import examples
from docs.openapi.operation import (
    Operation,
    Paths,
    header,
    in_path,
    operation,
    query,
    whole,
)
from docs.openapi.plain import COUNT, SECS, Schema, array, members, ref
from docs.openapi.read import TAG, read
from docs.openapi.responses import GUARDED, answer, shared
from exporter.event.tokens import COUNT_MAX
from exporter.event.types import Level
from exporter.store.ranking import Sort
from exporter.web import api_activity, api_models, api_sessions

_NAME: Final[Schema] = {"type": "string", "minLength": 1}
_LEVEL: Final = query(
    "level",
    "Only events of exactly this level.",
    {"type": "string", "enum": sorted(get_args(Level))},
)
_SOURCE: Final = query("source", "Only events of exactly this source.", {"type": "string"})
_STALENESS: Final = query(
    "max_staleness_secs",
    "How old the newest event of a model may be before it is `stale`; default: the window.",
    whole(0, api_models.STALENESS_SECS_MAX),
)


def paths() -> Paths:
    """Return the operations by path and method."""
    return {**_activity(), **_models(), **_sessions()}


def _activity() -> Paths:
    default = api_activity.LIMIT_DEFAULT
    return {
        **read(
            "/api/v1/events",
            "listEvents",
            "The newest events, the newest first",
            ref("EventPage"),
            _LEVEL,
            _SOURCE,
            query("limit", "How many.", whole(1, api_activity.EVENTS_LIMIT_MAX, default)),
            query("before", "Only events numbered below this.", whole(1, COUNT_MAX)),
            description="Failed completions, tool calls and requests, and limits, are events too.",
        ),
        **read(
            "/api/v1/calls",
            "listCalls",
            "The newest completions, the newest first",
            members(calls=array("Call")),
            query("limit", "How many.", whole(1, api_activity.CALLS_LIMIT_MAX, default)),
        ),
        **read(
            "/api/v1/requests",
            "listRequests",
            "Requests in flight, the oldest first",
            members(requests=array("InFlight")),
            query("limit", "How many; all without it.", whole(1, api_activity.REQUESTS_LIMIT_MAX)),
        ),
        **read("/api/v1/snapshot", "getSnapshot", "Counts since the store began", ref("Snapshot")),
        "/api/v1/stream": {"get": _stream()},
    }


_FRAME: Final[Schema] = {
    "description": "Each event of the stream.",
    "type": "object",
    "properties": {
        "event": {"enum": ["event", "gap", "restart"]},
        "id": {"type": "string", "pattern": "^[0-9]+$"},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "retry": {"type": "integer"},
    },
    "required": ["event", "data"],
}


def _stream() -> Operation:
    events = "As they happen, until the reader goes. `id` is the number of the event."
    return operation(
        "streamEvents",
        "Events as they happen",
        tag=TAG,
        description="[Server-sent events](https://html.spec.whatwg.org/multipage/"
        "server-sent-events.html): `event` with a `RingEvent`; `gap` with the `first` and the "
        "`last` number of events that left the ring unread; `restart` where the numbers begin "
        "anew. An idle stream has a comment every 15 seconds. There are at most 100 streams.",
        parameters=[
            _LEVEL,
            _SOURCE,
            query(
                "after",
                "Begin after this number; default: with what is yet to come.",
                whole(0, COUNT_MAX),
            ),
            header(
                "Last-Event-ID",
                "Begin after this number, as a browser that comes back asks; before `after`.",
                {"type": "string", "pattern": "^[0-9]{0,16}$"},
            ),
        ],
        responses={
            "200": answer(
                events,
                {"text/event-stream": {"schema": _FRAME, "example": examples.STREAM}},
                "Cache-Control",
            ),
            "400": shared("InvalidParameter"),
            **GUARDED,
        },
    )


def _models() -> Paths:
    return {
        **read(
            "/api/v1/models",
            "listModels",
            "Every model of the window, and every one limited now",
            members(window_secs=SECS, models=array("ModelPerformance")),
            _STALENESS,
        ),
        **read(
            "/api/v1/models/{model}",
            "getModel",
            "One model",
            ref("ModelPerformance"),
            in_path("model", "Its name; slashes may stand as they are.", _NAME),
            query("provider", "Whose; default: all of them, added up.", {"type": "string"}),
            _STALENESS,
            description="One that is not known is empty, not an error.",
        ),
    }


def _sessions() -> Paths:
    return {
        **read(
            "/api/v1/sessions",
            "listSessions",
            "Usage by session over the window",
            members(total=COUNT, sessions=array("UsageSnapshot")),
            query(
                "sort",
                "Which come first.",
                {"type": "string", "enum": sorted(get_args(Sort)), "default": "recent"},
            ),
            query(
                "limit",
                "How many.",
                whole(1, api_sessions.LIMIT_MAX, api_sessions.LIMIT_DEFAULT),
            ),
        ),
        **read(
            "/api/v1/sessions/{session}",
            "getSession",
            "Usage of one session, by model and in total",
            ref("UsageSnapshot"),
            in_path("session", "Its id; slashes may stand as they are.", _NAME),
            description="One that is not known has used nothing.",
        ),
    }
