"""`Telemetry`: what a program tells the exporter through."""

import os
import time
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from exporter.client import null
from exporter.client.calls import CompletionCall, RequestCall, ToolCall

if TYPE_CHECKING:
    from exporter.client.sender import Sender

URL_VARIABLE: Final = "AGENT_EXPORTER_URL"
TOKEN_VARIABLE: Final = "AGENT_EXPORTER_TOKEN"  # noqa: S105 - the name of one

ABANDONED_SECS: Final = 60.0
"""How long what is left of a client that nobody has any more is tried."""

_INSTANTS: Final = {
    "completion": "completed_at",
    "request_started": "started_at",
    "request_ended": "ended_at",
    "tool_call": "ended_at",
}


class Telemetry:
    """A client of one exporter, for any number of threads. It never raises and never waits.

    - `url`: default the variable AGENT_EXPORTER_URL. Without one nothing is sent; `enabled` tells.
      One that cannot be right is warned about once, through `logging`, and is as good as none.
    - `agent`, `session_id`: of every event that does not name its own.
    - `token`: what pushes must carry, where that is asked for; default AGENT_EXPORTER_TOKEN.
    - `queue_events_max`: events that may wait; past it the newest is dropped and counted.
    - `batch_events_max`, `flush_secs`: events are sent by so many, or after so long.
    - `error_texts`: tell the text of exceptions too. It may hold anything, also what was asked.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        agent: str = "unknown",
        session_id: str | None = None,
        token: str | None = None,
        queue_events_max: int = 2048,
        batch_events_max: int = 256,
        flush_secs: float = 1.0,
        error_texts: bool = False,
    ) -> None:
        self._error_texts = error_texts
        self._sender: Sender | None = None
        url = url or os.environ.get(URL_VARIABLE)
        if not url:
            return
        # Imported here, for a program that sends nothing needs none of it, and on this thread, for
        # a process that forks while another thread imports could never import that module again.
        from exporter.client.opening import opened  # noqa: PLC0415 - as above

        self._sender = opened(
            url,
            token or os.environ.get(TOKEN_VARIABLE),
            queue_events_max=queue_events_max,
            batch_events_max=batch_events_max,
            flush_secs=flush_secs,
            defaults={"agent": agent} | ({"session_id": session_id} if session_id else {}),
        )
        if self._sender is not None:
            weakref.finalize(self, self._sender.stop, ABANDONED_SECS).atexit = False

    @property
    def enabled(self) -> bool:
        """Whether events are sent anywhere."""
        return self._sender is not None

    @property
    def dropped(self) -> int:
        """How many events were dropped so far, for whatever reason."""
        return 0 if self._sender is None else self._sender.drops.total

    def event(self, event: Mapping[str, Any]) -> bool:
        """Tell an event as the API of the exporter has it; returns whether it had room.

        `type` is required. Where it names no instant, it is of now.
        """
        if self._sender is None:
            return False
        try:
            copy = dict(event)
            instant = _INSTANTS.get(copy["type"], "timestamp")
            if copy.get(instant) is None:
                copy[instant] = time.time()
        except Exception:  # noqa: BLE001 - an object of the program's may do anything
            return self._sender.invalid()
        return self._sender.outbox.put(copy)

    def completion(
        self,
        model: str,
        *,
        provider: str | None = None,
        agent: str | None = None,
        session_id: str | None = None,
        request_id: str | None = None,
        trace_id: str | None = None,
    ) -> CompletionCall:
        """Return a model call, to be used as a context manager or a decorator."""
        if self._sender is None:
            return null.COMPLETION
        fields = {
            "type": "completion",
            "model": model,
            "provider": provider,
            "agent": agent,
            "session_id": session_id,
            "request_id": request_id,
            "trace_id": trace_id,
        }
        return CompletionCall(self._put, fields, error_texts=self._error_texts)

    def request(
        self,
        channel: str = "unknown",
        *,
        request_id: str | None = None,
        agent: str | None = None,
        session_id: str | None = None,
    ) -> RequestCall:
        """Return a user's request from beginning to end, to be used as a block or a decorator."""
        fields = {
            "type": "request_ended",
            "channel": channel,
            "request_id": request_id,
            "agent": agent,
            "session_id": session_id,
        }
        if self._sender is None:
            return null.NullRequestCall(null.nowhere, fields, error_texts=False)
        return RequestCall(self._put, fields, error_texts=self._error_texts)

    def tool(
        self,
        tool: str,
        *,
        agent: str | None = None,
        session_id: str | None = None,
        request_id: str | None = None,
    ) -> ToolCall:
        """Return the run of a tool, to be used as a context manager or a decorator."""
        if self._sender is None:
            return null.TOOL
        fields = {
            "type": "tool_call",
            "tool": tool,
            "agent": agent,
            "session_id": session_id,
            "request_id": request_id,
        }
        return ToolCall(self._put, fields, error_texts=self._error_texts)

    def log(self, level: str, source: str, message: str, /, **context: object) -> bool:
        """Tell something to whoever watches; `level` is info, warn or error. No content."""
        if self._sender is None:
            return False
        return self._sender.outbox.put(
            {
                "type": "log",
                "level": level,
                "source": source,
                "message": message,
                "context": context or None,
                "timestamp": time.time(),
            }
        )

    def queue_depth(self, queue: str, depth: int) -> bool:
        """Tell how many items wait in a queue."""
        if self._sender is None:
            return False
        return self._sender.outbox.put(
            {"type": "queue_depth", "queue": queue, "depth": depth, "timestamp": time.time()}
        )

    def quota(
        self,
        window: str,
        used_ratio: float | None,
        *,
        provider: str | None = None,
        model: str | None = None,
        limited: bool | None = None,
        resets_at: object = None,
    ) -> bool:
        """Tell how much of an allowance is used: 1 is all of it, `None` unknown.

        `resets_at` is Unix seconds, an RFC 3339 string or a `datetime`.
        """
        if self._sender is None:
            return False
        return self._sender.outbox.put(
            {
                "type": "quota",
                "window": window,
                "used_ratio": used_ratio,
                "provider": provider,
                "model": model,
                "limited": limited,
                "resets_at": resets_at,
                "timestamp": time.time(),
            }
        )

    def flush(self, timeout_secs: float = 2.0) -> bool:
        """Send what waits now; returns whether the exporter took it within so many seconds."""
        if self._sender is None:
            return True
        try:
            return self._sender.flush(timeout_secs)
        except Exception:  # noqa: BLE001 - as for a time that is none
            return False

    def close(self, timeout_secs: float = 2.0) -> bool:
        """Send what waits, and take no more; returns whether all was taken in time."""
        if self._sender is None:
            return True
        try:
            return self._sender.close(timeout_secs)
        except Exception:  # noqa: BLE001 - as above
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_class: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _put(self, event: dict[str, Any]) -> bool:
        """Queue the event of a block, which keeps the client alive by this."""
        return self._sender is not None and self._sender.outbox.put(event)
