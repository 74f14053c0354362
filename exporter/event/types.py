"""Events: the facts that agents push, as a union tagged by `type`.

One set of Structs serves the wire and every stage behind it, so a pushed object is decoded
straight into what the stages read. What that costs in plainness:

- `Instant` is a float, Unix seconds, to a type checker and to every stage. On the wire it may
  be an RFC 3339 string too, so the run-time type admits `datetime`; decoding settles it
  (`exporter.decode.settle`) before anybody else sees the event.
- Some fields may be left out by the sender and are filled in by the pipeline's enrichment:
  `provider`, `success`, `error_type`, `finish_reason` in our words, a computed cost, the `amount`
  of what was told by its total, and `limited` with `resets_at`. Each says so.
- The store completes a `RequestEnded` from its start (`duration_ms`, `channel`, and `agent` and
  `session_id` where the end does not name them), as it is applied.

The Structs are mutable for those three reasons only.
"""

import math
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct, field

from exporter.event.tokens import COUNT_MAX, Tokens

NAME_LENGTH_MAX = 128
"""Characters of a name that becomes a label value; decoding cuts what is longer."""

MILLISECONDS_MAX = 1e12
USD_MAX = 1e9
RATIO_MAX = 1e6

ARRIVAL: float = math.nan
"""The instant of an event that names none: decoding puts the time of arrival in its place."""

UNKNOWN = "unknown"

OTHER = "_other"
"""The name that stands for all that found no room."""

if TYPE_CHECKING:
    Instant = float
else:
    Instant = Annotated[datetime, Meta(tz=True)] | float | None

Name = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH_MAX)]
Id = Annotated[str, Meta(min_length=1, max_length=128)]
SessionId = Annotated[str, Meta(min_length=1, max_length=256)]
Milliseconds = Annotated[float, Meta(ge=0, le=MILLISECONDS_MAX)]
Usd = Annotated[float, Meta(ge=0, le=USD_MAX)]
StatusCode = Annotated[int, Meta(ge=0, le=999)]
Level = Literal["info", "warn", "error"]
CostSource = Literal["reported", "computed"]
ActivityKind = Literal[
    "session",
    "lines_added",
    "lines_removed",
    "commit",
    "pull_request",
    "active_cli",
    "active_user",
    "edit_accepted",
    "edit_rejected",
    "user_wait",
]


class Common(
    Struct, kw_only=True, tag_field="type", forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """What any event may carry.

    `id` makes the event safe to push again; `agent` names the program that did the work.
    """

    id: Id | None = None
    agent: Name = UNKNOWN
    session_id: SessionId | None = None
    request_id: SessionId | None = None
    trace_id: Id | None = None


class Completion(Common, kw_only=True, tag="completion"):
    """One model call that ended.

    `latency_ms` is the wall time of the call, `ttft_ms` the time to its first token. A cost of
    `None` is unknown; 0 is free. Filled in where left out: `provider` (the part of `model` before
    `/`, else `unknown`), `success` (nothing speaks of a failure), `error_type` (one of
    `exporter.event.error_type`), `limited` and `resets_at` (the failure was the provider's limit,
    and when it ends, where that is known), `cost_usd` where there is a price for it.
    `finish_reason` comes in the provider's words and becomes one of `exporter.event.finish_reason`;
    `cost_source` says whether the cost was reported or computed. `run_id` names a run that could
    only tell of its calls together: of those in one push none counts if one has been counted
    before, for then somebody tells of each by itself.
    """

    model: Name
    provider: Annotated[str, Meta(max_length=NAME_LENGTH_MAX)] | None = None
    at: Instant = field(name="completed_at", default=ARRIVAL)
    latency_ms: Milliseconds | None = None
    ttft_ms: Milliseconds | None = None
    success: bool | None = None
    tokens: Tokens | None = None
    cost_usd: Usd | None = None
    cost_source: CostSource | None = None
    finish_reason: str | None = None
    error: str | None = None
    error_type: str | None = None
    status_code: StatusCode | None = None
    limited: bool | None = None
    resets_at: Instant | None = None
    run_id: SessionId | None = None


class CompletionDetail(Common, kw_only=True, tag="completion_detail"):
    """What is told of a model call beside its completion, which another channel counts or will.

    It counts no completion: `ttft_ms` is observed, `finish_reason` counted, and where the call met
    the provider's limit (`limited`, until `resets_at` where that is known), the limit is set.
    """

    model: Name
    provider: Annotated[str, Meta(max_length=NAME_LENGTH_MAX)] | None = None
    ttft_ms: Milliseconds | None = None
    finish_reason: str | None = None
    limited: bool | None = None
    resets_at: Instant | None = None
    at: Instant = field(name="timestamp", default=ARRIVAL)


class RequestStarted(Common, kw_only=True, tag="request_started"):
    """A user's request that an agent has begun to work on, under its `request_id`."""

    request_id: SessionId
    channel: Name = UNKNOWN
    at: Instant = field(name="started_at", default=ARRIVAL)


class RequestEnded(Common, kw_only=True, tag="request_ended"):
    """The end of a request. The store fills `duration_ms` and `channel` in from its start."""

    request_id: SessionId
    channel: Name | None = None
    success: bool | None = None
    error: str | None = None
    duration_ms: Milliseconds | None = None
    at: Instant = field(name="ended_at", default=ARRIVAL)


class ToolCall(Common, kw_only=True, tag="tool_call"):
    """One tool that an agent ran."""

    tool: Name
    success: bool | None = None
    duration_ms: Milliseconds | None = None
    error: str | None = None
    at: Instant = field(name="ended_at", default=ARRIVAL)


class Log(Common, kw_only=True, tag="log"):
    """Something worth telling whoever watches. `message` and `context` are shown, so no content."""

    level: Level
    source: Name
    message: str
    context: dict[str, Any] | None = None
    at: Instant = field(name="timestamp", default=ARRIVAL)


class QueueDepth(Common, kw_only=True, tag="queue_depth"):
    """How many items wait in a queue at this instant."""

    queue: Name
    depth: Annotated[int, Meta(ge=0, le=COUNT_MAX)]
    at: Instant = field(name="timestamp", default=ARRIVAL)


class Quota(Common, kw_only=True, tag="quota"):
    """How much of a provider's allowance is used: `used_ratio` 1 is all of it, `None` unknown.

    `limited` says whether calls are refused now, for `model` or, without one, for the provider.
    """

    window: Name
    used_ratio: Annotated[float, Meta(ge=0, le=RATIO_MAX)] | None = None
    provider: Annotated[str, Meta(max_length=NAME_LENGTH_MAX)] | None = None
    model: Name | None = None
    limited: bool | None = None
    resets_at: Instant | None = None
    at: Instant = field(name="timestamp", default=ARRIVAL)


class Cumulative(Struct, gc=False):
    """A total that its sender keeps: since the instant `since` it has come to `total`.

    `stream` names the one who keeps it, such as a process; totals of a stream are compared.
    """

    stream: Id
    total: Annotated[float, Meta(ge=0, le=COUNT_MAX)]
    since: Instant = ARRIVAL


class Activity(Common, kw_only=True, tag="activity"):
    """Work of an agent beside its calls: lines of code, commits, time spent.

    `amount` counts in what `kind` is of: `active_cli`, `active_user` and `user_wait` in seconds.
    It is 1 where it is left out, but where a total is told instead (`cumulative`): then it is
    filled in with what was added since the last. `tool` is the one that made the edit of a
    decision.
    """

    kind: ActivityKind
    amount: Annotated[float, Meta(ge=0, le=COUNT_MAX)] | None = None
    cumulative: Cumulative | None = None
    tool: Name | None = None
    at: Instant = field(name="timestamp", default=ARRIVAL)


Event = (
    Completion
    | CompletionDetail
    | RequestStarted
    | RequestEnded
    | ToolCall
    | Log
    | QueueDepth
    | Quota
    | Activity
)

EVENT_CLASSES: tuple[type[Event], ...] = (
    Completion,
    CompletionDetail,
    RequestStarted,
    RequestEnded,
    ToolCall,
    Log,
    QueueDepth,
    Quota,
    Activity,
)


def type_name(event_class: type[Event]) -> str:
    """Return the `type` that an event of this class carries on the wire."""
    tag = event_class.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError("an event class is tagged with a string")
    return tag
