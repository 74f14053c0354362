"""Events as every stage behind enrichment sees them: complete, with sensible values to change."""

from typing import Any

import msgspec
from msgspec.structs import replace

from exporter.event.tokens import Tokens
from exporter.event.types import (
    Completion,
    Log,
    QueueDepth,
    Quota,
    RequestEnded,
    RequestStarted,
    ToolCall,
)
from exporter.store.answers import RingEvent

NOW = 1_800_000_015.0
"""The instant that built events happen at: the middle of a default slot."""

_COMPLETION = Completion(
    model="m", provider="p", agent="claude-code", success=True, latency_ms=100.0, at=NOW
)
_FAILURE = Completion(
    model="m",
    provider="p",
    agent="claude-code",
    success=False,
    error="it broke",
    error_type="other",
    at=NOW,
)
_REQUEST_STARTED = RequestStarted(request_id="r", agent="claude-code", channel="cli", at=NOW)
_REQUEST_ENDED = RequestEnded(request_id="r", success=True, at=NOW)
_TOOL_CALL = ToolCall(tool="bash", agent="claude-code", success=True, duration_ms=10.0, at=NOW)
_LOG = Log(level="info", source="agent", message="hello", agent="claude-code", at=NOW)
_QUEUE_DEPTH = QueueDepth(queue="inbox", depth=1, agent="claude-code", at=NOW)
_QUOTA = Quota(window="5h", used_ratio=0.5, provider="p", agent="claude-code", at=NOW)


def completion(**fields: object) -> Completion:
    """Return a successful completion of model `m` at provider `p` that took 100 ms."""
    return replace(_COMPLETION, **fields)


def failure(**fields: object) -> Completion:
    """Return a failed completion of model `m` at provider `p`."""
    return replace(_FAILURE, **fields)


def limit_hit(**fields: object) -> Completion:
    """Return a completion that failed because the provider's limit was reached."""
    limit = replace(_FAILURE, error="usage limit reached", error_type="quota", limited=True)
    return replace(limit, **fields)


def tokens(*parts: int) -> Tokens:
    """Return tokens from up to five parts: input, output, reasoning, cache read and write."""
    return Tokens(*parts)


def request_started(**fields: object) -> RequestStarted:
    """Return the start of request `r` on channel `cli`."""
    return replace(_REQUEST_STARTED, **fields)


def request_ended(**fields: object) -> RequestEnded:
    """Return the end of request `r`, well done."""
    return replace(_REQUEST_ENDED, **fields)


def tool_call(**fields: object) -> ToolCall:
    """Return a successful call of the tool `bash`."""
    return replace(_TOOL_CALL, **fields)


def log(**fields: object) -> Log:
    """Return an info log event."""
    return replace(_LOG, **fields)


def queue_depth(**fields: object) -> QueueDepth:
    """Return a reading of 1 from the queue `inbox`."""
    return replace(_QUEUE_DEPTH, **fields)


def quota(**fields: object) -> Quota:
    """Return a quota reading of provider `p` that says nothing of a limit."""
    return replace(_QUOTA, **fields)


def told_context(told: RingEvent) -> dict[str, Any] | None:
    """Return the context of an event of the ring, decoded as a reader of the JSON has it."""
    if told.context is None:
        return None
    context: dict[str, Any] = msgspec.json.decode(told.context)
    return context
