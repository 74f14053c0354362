"""What Claude Code's stream tells of the limits of a plan: a `rate_limit_event`, a retry after 429.

A plan has several windows at once. The event speaks of one (`rateLimitType`), and newer versions
list how far each is used beside it (`unifiedWindows`). A window that is used up refuses nothing as
long as further usage is paid for (overage).
"""

import re
from typing import Any, Final

from exporter.agents.claude_code.names import NAME, PROVIDER
from exporter.agents.fields import Fields, flag, instant, number, parts, text
from exporter.event.types import NAME_LENGTH_MAX, RATIO_MAX, Quota

_REFUSING: Final = ("rejected", "exceeded")
_ALLOWING: Final = ("allowed", "allowed_warning")
_WINDOWS: Final = {"five_hour": "5h", "seven_day": "7d"}
_WINDOW: Final = re.compile(r"(five_hour|seven_day)(?:_(.+))?")


def window_name(name: str) -> str:
    """Return what a window is called here: `7d_opus` for `seven_day_opus`."""
    match = _WINDOW.fullmatch(name)
    if match is None:
        return name
    length, of = match.groups()
    return f"{_WINDOWS[length]}_{of}" if of else _WINDOWS[length]


def quotas(line: Fields, *, model: str | None, at: float) -> list[Quota]:
    """Return a reading of each window that an event tells of. Raises `Unfit`.

    `model` is the one that the run calls: the limit of a window that is for some models only is one
    of it, where it is of those.
    """
    info = parts(line, "rate_limit_info")
    spoken_of = text(info, "rateLimitType")
    windows: dict[str, Any] = dict(parts(info, "unifiedWindows"))
    if spoken_of and not isinstance(windows.get(spoken_of), dict):
        windows[spoken_of] = info
    refused = _refused(info)
    return [
        _quota(name, entry, model=model, at=at, limited=refused if name == spoken_of else None)
        for name, entry in windows.items()
        if name and isinstance(entry, dict)
    ]


def _quota(
    name: str, entry: Fields, *, model: str | None, at: float, limited: bool | None
) -> Quota:
    used_ratio = number(entry, "utilization", most=RATIO_MAX)
    if limited is None and used_ratio is not None and used_ratio < 1:
        limited = False
    family = _family(name)
    if family and not (model and family in model):
        model, limited = None, None  # Whom it limits cannot be told.
    return Quota(
        agent=NAME,
        window=window_name(name)[:NAME_LENGTH_MAX],
        used_ratio=used_ratio,
        provider=PROVIDER,
        model=model if family else None,
        limited=limited,
        resets_at=instant(entry, "resetsAt"),
        at=at,
    )


def _family(name: str) -> str | None:
    """Return the models that a window is for, if it is not for all."""
    match = _WINDOW.fullmatch(name)
    return match.group(2) if match else None


def _refused(info: Fields) -> bool | None:
    """Return whether calls are refused now; `None` where that is not told."""
    status = text(info, "status")
    if status in _REFUSING:
        return not (flag(info, "isUsingOverage") or text(info, "overageStatus") in _ALLOWING)
    return False if status in _ALLOWING else None
