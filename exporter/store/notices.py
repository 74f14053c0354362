"""What the store itself notes in the event ring: failures, and limits that were reached."""

from typing import Any, Final

from exporter.event.types import (
    UNKNOWN,
    Completion,
    CompletionDetail,
    Event,
    Quota,
    RequestEnded,
    ToolCall,
)
from exporter.store.answers import instant
from exporter.store.rings import EventRing

_KNOWN: Final = (
    "agent",
    "session_id",
    "request_id",
    "provider",
    "error_type",
    "status_code",
    "window",
)


def tell_completion(ring: EventRing, event: Completion) -> None:
    """Tell of a failed completion."""
    message = event.error or "The completion failed."
    ring.add(event.at, "error", event.model, message, _context("completion", event))


def tell_tool_call(ring: EventRing, event: ToolCall) -> None:
    """Tell of a failed tool call."""
    message = event.error or "The tool call failed."
    ring.add(event.at, "error", event.tool, message, _context("tool_call", event))


def tell_request(ring: EventRing, event: RequestEnded) -> None:
    """Tell of a failed request."""
    message = event.error or "The request failed."
    ring.add(event.at, "error", event.channel or UNKNOWN, message, _context("request", event))


def tell_limit(
    ring: EventRing, event: Completion | CompletionDetail | Quota, reset_at: float
) -> None:
    """Tell that a limit was hit, and when it resets (Unix seconds) or is guessed to."""
    context = _context("limit", event)
    context["resets_at"] = instant(reset_at).isoformat()
    source = event.model or event.provider or UNKNOWN
    ring.add(event.at, "warn", source, "The provider's limit is reached.", context)


def _context(kind: str, event: Event) -> dict[str, Any]:
    """Return what is known of an event beside its message."""
    told = {name: getattr(event, name, None) for name in _KNOWN}
    known = {name: value for name, value in told.items() if value not in (None, "", UNKNOWN)}
    return {"kind": kind} | known
