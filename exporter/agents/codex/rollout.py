"""The lines of Codex's session files: `{"timestamp", "type", "payload"}`.

Each call is followed by a `token_count`, with what the session has used so far and what the call
did; the same is written again when nothing was called. The model stands on the `turn_context`
before it. Limits come with it, each known by the length of its window: the first one named is not
always the shorter. A reading may fall to 0 for a moment, which is no reading.
"""

from collections.abc import Iterable
from typing import Any, Final

from exporter.agents.codex.names import NAME, PROVIDER
from exporter.agents.codex.usage import disjoint, told_counts
from exporter.agents.fields import SESSION_LENGTH_MAX, Fields, count, instant, number, parts, text
from exporter.agents.identity import identified
from exporter.agents.running_total import Counts
from exporter.event.types import RATIO_MAX, UNKNOWN, Completion, Event, Quota

_MINUTES_PER_HOUR: Final = 60
_MINUTES_PER_DAY: Final = 24 * 60
_PERCENT: Final = 100
_DAYS_FROM: Final = 2
_RESET_SECS_MAX: Final = 1e9


def window_name(minutes: int) -> str:
    """Return what a window of so many minutes is called: `5h`, `7d`, `90m`; one day is `24h`."""
    if minutes % _MINUTES_PER_DAY == 0 and minutes >= _DAYS_FROM * _MINUTES_PER_DAY:
        return f"{minutes // _MINUTES_PER_DAY}d"
    if minutes % _MINUTES_PER_HOUR == 0:
        return f"{minutes // _MINUTES_PER_HOUR}h"
    return f"{minutes}m"


class Rollout:
    """Reads one session file. `model` is what it calls, until a line says so itself."""

    def __init__(self, model: str | None = None) -> None:
        self._model = model or UNKNOWN
        self._session_id: str | None = None
        self._total: Counts = {}
        self._quotas: dict[str, Quota] = {}
        self._lines = 0

    def read(self, line: dict[str, Any], now: float) -> Iterable[Event]:
        """Return the events that a line tells of, at its own time or else at `now`, Unix seconds.

        Raises `Unfit`.
        """
        self._lines += 1
        kind, payload = line.get("type"), parts(line, "payload")
        if kind == "session_meta":
            session_id = text(payload, "id", length_max=SESSION_LENGTH_MAX)
            self._session_id = session_id or self._session_id
        elif kind == "turn_context":
            self._model = text(payload, "model") or self._model
        elif kind == "event_msg" and payload.get("type") == "token_count":
            at = instant(line, "timestamp") or now
            return [*self._call(payload, at), *self._limits(payload, at)]
        return ()

    def _call(self, payload: Fields, at: float) -> Iterable[Event]:
        info = parts(payload, "info")
        total = told_counts(parts(info, "total_token_usage"))
        used = told_counts(parts(info, "last_token_usage"))
        if not used or total == self._total:
            return ()
        self._total = total
        event = Completion(
            agent=NAME,
            session_id=self._session_id,
            model=self._model,
            provider=PROVIDER,
            success=True,
            tokens=disjoint(used),
            at=at,
        )
        return (identified(event, "call", *self._of_session(at), total),)

    def _limits(self, payload: Fields, at: float) -> Iterable[Event]:
        limits = parts(payload, "rate_limits")
        for name in ("primary", "secondary"):
            quota = self._quota(parts(limits, name), at)
            if quota is not None and not self._is_placeholder(quota):
                self._quotas[quota.window] = quota
                yield identified(quota, "quota", self._session_id, self._lines, quota.window, at)

    def _quota(self, limit: Fields, at: float) -> Quota | None:
        minutes = count(limit, "window_minutes")
        used_percent = number(limit, "used_percent", most=RATIO_MAX)
        if not minutes or used_percent is None:
            return None
        resets_at = instant(limit, "resets_at")
        resets_in_secs = number(limit, "resets_in_seconds", most=_RESET_SECS_MAX)
        if resets_at is None and resets_in_secs is not None:
            resets_at = at + resets_in_secs
        return Quota(
            agent=NAME,
            session_id=self._session_id,
            window=window_name(minutes),
            used_ratio=used_percent / _PERCENT,
            provider=PROVIDER,
            limited=used_percent >= _PERCENT,
            resets_at=resets_at,
            at=at,
        )

    def _is_placeholder(self, quota: Quota) -> bool:
        """Return whether less is used than before, although the window has not begun anew."""
        last = self._quotas.get(quota.window)
        if last is None or last.used_ratio is None or quota.used_ratio is None:
            return False
        fell = quota.used_ratio < last.used_ratio
        return fell and last.resets_at is not None and quota.at < last.resets_at

    def _of_session(self, at: float) -> tuple[object, ...]:
        """Return what tells the session from others; where it has no id, the time must do."""
        return (self._session_id,) if self._session_id else (at,)
