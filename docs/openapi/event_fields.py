"""What each field of an event means, for those who write one."""

from collections.abc import Mapping
from typing import Final

from exporter.event.error_type import ErrorType
from exporter.event.finish_reason import FinishReason

_INSTANT = "When it happened; absent means the time of arrival, at most ten minutes ahead."
_WINDOW_MODEL = "Default: the part of `model` before `/`, else `unknown`."
_SUCCESS = "Default: true unless there is an `error`."
_RESETS = "When the limit ends, where that is known."

COMMON: Final[Mapping[str, str]] = {
    "id": "Makes the event safe to push again. One namespace for all agents and types: use "
    "something unique, as a UUID.",
    "agent": "Which program did the work: `claude-code`, `codex`, ... or any name.",
    "session_id": "Which session it was part of; never a label.",
    "request_id": "Which request it was part of; never a label.",
    "trace_id": "Becomes the exemplar of a completion's duration.",
}

OF_TYPE: Final[Mapping[str, Mapping[str, str]]] = {
    "Completion": {
        "model": "Which model was called.",
        "provider": f"Who serves it. {_WINDOW_MODEL}",
        "completed_at": _INSTANT,
        "latency_ms": "Wall time of the call.",
        "ttft_ms": "Time to the first token.",
        "success": "Default: true unless `error`, `error_type` or a `status_code` from 400 on "
        "speaks of a failure.",
        "tokens": "What it used.",
        "cost_usd": "Absent is unknown, or computed where prices are configured; 0 is free.",
        "cost_source": "Whether the cost was reported, which is the default, or computed.",
        "finish_reason": "Why the model stopped, in the provider's own words; counted as one of "
        f"{', '.join(FinishReason)}.",
        "error": "Why it failed, in words.",
        "error_type": "Why it failed; the provider's own words will do. Counted as one of "
        f"{', '.join(ErrorType)}.",
        "status_code": "The status of the provider's HTTP answer.",
        "limited": "The failure was the provider's limit; default: told from status, type and "
        "text.",
        "resets_at": _RESETS,
        "run_id": "A run that tells of its calls together: of those in one push none counts if "
        "one has been counted before.",
    },
    "CompletionDetail": {
        "model": "Which model was called.",
        "provider": f"Who serves it. {_WINDOW_MODEL}",
        "ttft_ms": "Time to the first token.",
        "finish_reason": "Why the model stopped, in the provider's own words.",
        "limited": "The call met the provider's limit.",
        "resets_at": _RESETS,
        "timestamp": _INSTANT,
    },
    "RequestStarted": {
        "request_id": "Pairs it with its end.",
        "channel": "Where it came from: `cli`, `ws`, ...",
        "started_at": _INSTANT,
    },
    "RequestEnded": {
        "request_id": "Pairs it with its start.",
        "channel": "Default: that of its start.",
        "success": _SUCCESS,
        "error": "Why it failed, in words.",
        "duration_ms": "Default: the time since its start.",
        "ended_at": _INSTANT,
    },
    "ToolCall": {
        "tool": "Which tool was run.",
        "success": _SUCCESS,
        "duration_ms": "Wall time.",
        "error": "Why it failed, in words.",
        "ended_at": _INSTANT,
    },
    "Log": {
        "level": "How bad it is.",
        "source": "What it is from; a label.",
        "message": "Shown to whoever watches, so no prompts or answers.",
        "context": "Shown with the message; at most 32 levels deep, and left out past 8 KiB.",
        "timestamp": _INSTANT,
    },
    "QueueDepth": {
        "queue": "Which queue it is.",
        "depth": "How many items wait in it.",
        "timestamp": _INSTANT,
    },
    "Quota": {
        "window": "Of which allowance: `5h`, `7d`, ...",
        "used_ratio": "1 is all of it; absent is unknown.",
        "provider": f"Whose allowance. {_WINDOW_MODEL}",
        "model": "Of which model, where it is not all of the provider's.",
        "limited": "Calls are refused now (true) or no longer (false).",
        "resets_at": "When the allowance is renewed.",
        "timestamp": _INSTANT,
    },
    "Activity": {
        "kind": "What was done. `active_cli`, `active_user` and `user_wait` are in seconds.",
        "amount": "How much; default 1, or told by `cumulative`.",
        "cumulative": "In place of `amount`, the total that the sender keeps.",
        "tool": "Which tool made the edit.",
        "timestamp": _INSTANT,
    },
}

TOKENS: Final[Mapping[str, str]] = {
    "input": "Without what was read from or written to a cache.",
    "output": "Without reasoning.",
    "reasoning": "Thought, not answered.",
    "cache_read": "Read from a cache.",
    "cache_write": "Written to a cache.",
    "total": "Checked against the sum of the parts, which stands.",
}
