"""The lines of Codex: of `codex exec --json`, or of a session file (rollout), told by its payload.

The lines of `codex exec` have no times, and name neither model nor cost. A turn's usage is that of
its thread so far (`exporter.agents.running_total`), and one completion stands for all the calls of
a turn. What took how long is told by when the lines came: from a recording, where they all come at
once, nothing is.

A turn that fails says so twice, by an `error` and then `turn.failed`; an `error` alone may be an
attempt that was made again. So a failure counts with its turn, or where the stream ends in it.

Threads can be taken up again, and a line's only number is that within its run. So an id holds what
the line tells beside it: of two runs of one thread nearly always something else.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from exporter.agents.begun import Begun, elapsed_ms
from exporter.agents.codex.names import ERROR_LENGTH_MAX, NAME, PROVIDER
from exporter.agents.codex.rollout import Rollout
from exporter.agents.codex.usage import disjoint, told_counts
from exporter.agents.fields import SESSION_LENGTH_MAX, Fields, parts, text
from exporter.agents.identity import identified
from exporter.agents.running_total import Counts, added
from exporter.event.types import (
    NAME_LENGTH_MAX,
    UNKNOWN,
    Completion,
    Event,
    RequestEnded,
    ToolCall,
)

CHANNEL: Final = "cli"


class CodexStream:
    """Reads one run, or one session file. `model` is what it calls, unless a line says so."""

    def __init__(self, model: str | None = None) -> None:
        self._model = model or UNKNOWN
        self._rollout = Rollout(model)
        self._thread: str | None = None
        self._began_at: float | None = None
        self._turn = 0
        self._turn_began_at: float | None = None
        self._error: str | None = None
        self._used: Counts = {}
        self._items = Begun()
        self._readers: dict[str, Callable[[Fields, float], Iterable[Event]]] = {
            "thread.started": self._thread_started,
            "turn.started": self._turn_started,
            "turn.completed": self._turn_completed,
            "turn.failed": self._turn_failed,
            "item.started": self._item_started,
            "item.completed": self._item_completed,
            "error": self._failing,
        }

    def read(self, line: dict[str, Any], now: float) -> Iterable[Event]:
        """Return the events that a line tells of, which was written at `now`, Unix seconds.

        Raises `Unfit`.
        """
        if "payload" in line:
            return self._rollout.read(line, now)
        if self._began_at is None:
            self._began_at = now
        read = self._readers.get(text(line, "type") or "")
        return read(line, now) if read else ()

    def end(self, now: float) -> Iterable[Event]:
        """Return the failure that the stream ended in, if it did."""
        return self._failed(self._error, now) if self._error else ()

    def _thread_started(self, line: Fields, _now: float) -> Iterable[Event]:
        self._thread = text(line, "thread_id", length_max=SESSION_LENGTH_MAX)
        return ()

    def _turn_started(self, _line: Fields, now: float) -> Iterable[Event]:
        self._turn += 1
        self._turn_began_at = now
        self._error = None
        return ()

    def _failing(self, line: Fields, _now: float) -> Iterable[Event]:
        self._error = text(line, "message", length_max=ERROR_LENGTH_MAX)
        return ()

    def _turn_completed(self, line: Fields, now: float) -> Iterable[Event]:
        total = told_counts(parts(line, "usage"))
        used = added(total, self._used)
        self._used = total
        self._error = None
        event = self._completion(now, success=True)
        event.tokens = disjoint(used) if used else None
        ended = self._ended(now, success=True, told=total)
        return (identified(event, "call", *self._of_turn(total)), ended)

    def _turn_failed(self, line: Fields, now: float) -> Iterable[Event]:
        told = text(parts(line, "error"), "message", length_max=ERROR_LENGTH_MAX)
        return self._failed(told or self._error, now)

    def _failed(self, error: str | None, now: float) -> Iterable[Event]:
        self._error = None
        event = self._completion(now, success=False)
        event.error = error
        ended = self._ended(now, success=False, told=error)
        return (identified(event, "call", *self._of_turn(error)), ended)

    def _completion(self, now: float, *, success: bool) -> Completion:
        return Completion(
            agent=NAME,
            session_id=self._thread,
            model=self._model,
            provider=PROVIDER,
            success=success,
            at=now,
        )

    def _ended(self, now: float, *, success: bool, told: object) -> Event:
        began_at, self._turn_began_at = self._turn_began_at, None
        duration_ms = None if began_at is None else elapsed_ms(began_at, now)
        event = RequestEnded(
            agent=NAME,
            session_id=self._thread,
            request_id=f"{self._thread or self._began_at}:{self._turn}"[-SESSION_LENGTH_MAX:],
            channel=CHANNEL,
            success=success,
            duration_ms=duration_ms or None,
            at=now,
        )
        return identified(event, "request", *self._of_turn(told))

    def _item_started(self, line: Fields, now: float) -> Iterable[Event]:
        item = parts(line, "item")
        self._items.begin(text(item, "id") or "", "", now)
        return ()

    def _item_completed(self, line: Fields, now: float) -> Iterable[Event]:
        item = parts(line, "item")
        _, duration_ms = self._items.end(text(item, "id") or "", now)
        name = _TOOLS.get(text(item, "type") or "")
        if name is None:
            return ()
        event = ToolCall(
            agent=NAME,
            session_id=self._thread,
            tool=name(item)[:NAME_LENGTH_MAX],
            success=_succeeded(item),
            duration_ms=duration_ms or None,
            at=now,
        )
        return (identified(event, "tool", *self._of_turn(item)),)

    def _of_turn(self, told: object) -> tuple[object, ...]:
        """Return what tells this turn from others, of whatever run of its thread."""
        return (self._thread or self._began_at, self._turn, told)


def _mcp_tool(item: Fields) -> str:
    server, tool = text(item, "server"), text(item, "tool")
    return ".".join(part for part in (server, tool) if part) or "mcp"


_TOOLS: Final[dict[str, Callable[[Fields], str]]] = {
    "command_execution": lambda _: "shell",
    "file_change": lambda _: "file_change",
    "web_search": lambda _: "web_search",
    "mcp_tool_call": _mcp_tool,
    "collab_tool_call": lambda item: text(item, "tool") or "collab",
}
"""The items that are tools, and what each is called."""


def _succeeded(item: Fields) -> bool:
    status = text(item, "status")
    return status in (None, "completed") and not _exit_code(item)


def _exit_code(item: Fields) -> bool:
    code = item.get("exit_code")
    return isinstance(code, int) and code != 0
