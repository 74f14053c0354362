"""Examples of what is pushed, and what an exporter that had just begun answered to it.

The pushes are these; the answers to reads are recorded in `examples_answered`. A test asks the same
of an exporter, and gets the same.
"""

from typing import Any, Final

Example = dict[str, Any]

COMPLETION: Final[Example] = {
    "type": "completion",
    "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "agent": "claude-code",
    "session_id": "review-42",
    "request_id": "req-1",
    "model": "anthropic/claude-opus-5",
    "completed_at": "2026-03-01T09:29:58Z",
    "latency_ms": 1834,
    "tokens": {"input": 2135, "output": 411, "cache_read": 34324},
    "cost_usd": 0.0189,
}
COMPLETION_DETAIL: Final[Example] = {
    "type": "completion_detail",
    "agent": "claude-code",
    "model": "anthropic/claude-opus-5",
    "ttft_ms": 388,
    "finish_reason": "end_turn",
}
REQUEST_STARTED: Final[Example] = {
    "type": "request_started",
    "agent": "claude-code",
    "request_id": "req-2",
    "session_id": "review-42",
    "channel": "cli",
}
REQUEST_ENDED: Final[Example] = {
    "type": "request_ended",
    "agent": "claude-code",
    "request_id": "req-1",
    "channel": "cli",
    "duration_ms": 5210,
}
TOOL_CALL: Final[Example] = {
    "type": "tool_call",
    "agent": "claude-code",
    "tool": "Bash",
    "duration_ms": 245.5,
}
LOG: Final[Example] = {
    "type": "log",
    "agent": "claude-code",
    "level": "warn",
    "source": "scheduler",
    "message": "the queue is slow",
    "context": {"waited_secs": 12},
}
QUEUE_DEPTH: Final[Example] = {
    "type": "queue_depth",
    "agent": "claude-code",
    "queue": "inbox",
    "depth": 3,
}
QUOTA: Final[Example] = {
    "type": "quota",
    "agent": "claude-code",
    "provider": "anthropic",
    "window": "5h",
    "used_ratio": 0.42,
    "resets_at": 1772361000,
}
ACTIVITY: Final[Example] = {
    "type": "activity",
    "agent": "claude-code",
    "kind": "lines_added",
    "amount": 120,
}

EVENTS: Final[list[Example]] = [
    COMPLETION,
    COMPLETION_DETAIL,
    REQUEST_STARTED,
    REQUEST_ENDED,
    TOOL_CALL,
    LOG,
    QUEUE_DEPTH,
    QUOTA,
    ACTIVITY,
]
BATCH: Final[list[Example]] = [TOOL_CALL, QUEUE_DEPTH]

PUSHED: Final[Example] = {"accepted": 9, "duplicates": 0, "rejected": 0, "errors": []}
PARTLY_PUSHED: Final[Example] = {
    "accepted": 1,
    "duplicates": 0,
    "rejected": 1,
    "errors": [{"index": 1, "code": "out_of_range", "path": "$.depth"}],
}
IMPORTED: Final[Example] = {
    "imported": {"models": 1, "sessions": 1, "limits": 0},
    "duplicate": False,
}


def _resource(service: str) -> Example:
    return {"attributes": [_attribute("service.name", service)]}


def _attribute(key: str, value: str) -> Example:
    return {"key": key, "value": {"stringValue": value}}


LOGS: Final[Example] = {
    "resourceLogs": [
        {
            "resource": _resource("claude-code"),
            "scopeLogs": [
                {
                    "scope": {"name": "com.anthropic.claude_code.events"},
                    "logRecords": [
                        {
                            "timeUnixNano": "1772357398000000000",
                            "body": {"stringValue": "claude_code.api_request"},
                            "attributes": [
                                _attribute("event.name", "api_request"),
                                _attribute("model", "claude-opus-5"),
                                _attribute("duration_ms", "1834"),
                                _attribute("input_tokens", "2135"),
                                _attribute("output_tokens", "411"),
                                _attribute("cost_usd", "0.0189"),
                            ],
                        }
                    ],
                }
            ],
        }
    ]
}
TRACES: Final[Example] = {
    "resourceSpans": [
        {
            "resource": _resource("my-agent"),
            "scopeSpans": [
                {
                    "scope": {"name": "my-agent"},
                    "spans": [
                        {
                            "traceId": "5b8efff798038103d269b633813fc60c",
                            "spanId": "eee19b7ec3c1b174",
                            "name": "chat gpt-5",
                            "startTimeUnixNano": "1772357396000000000",
                            "endTimeUnixNano": "1772357398000000000",
                            "attributes": [
                                _attribute("gen_ai.operation.name", "chat"),
                                _attribute("gen_ai.provider.name", "openai"),
                                _attribute("gen_ai.request.model", "gpt-5"),
                            ],
                        }
                    ],
                }
            ],
        }
    ]
}
METRICS: Final[Example] = {
    "resourceMetrics": [
        {
            "resource": _resource("claude-code"),
            "scopeMetrics": [
                {
                    "scope": {"name": "com.anthropic.claude_code"},
                    "metrics": [
                        {
                            "name": "claude_code.lines_of_code.count",
                            "sum": {
                                "aggregationTemporality": 1,
                                "isMonotonic": True,
                                "dataPoints": [
                                    {
                                        "attributes": [_attribute("type", "added")],
                                        "startTimeUnixNano": "1772357340000000000",
                                        "timeUnixNano": "1772357400000000000",
                                        "asInt": "120",
                                    }
                                ],
                            },
                        }
                    ],
                }
            ],
        }
    ]
}
EXPORTS: Final[dict[str, Example]] = {"logs": LOGS, "traces": TRACES, "metrics": METRICS}

_MODEL: Final = 'agent="claude-code",model="anthropic/claude-opus-5"'
_SUCCESS: Final = f'{{{_MODEL},outcome="success",provider="anthropic"}}'

TEXT: Final = f"""\
# HELP agent_completions_total Model completions that ended, by outcome: success or error.
# TYPE agent_completions_total counter
agent_completions_total{_SUCCESS} 1.0
"""
OPENMETRICS: Final = f"""\
# HELP agent_completions Model completions that ended, by outcome: success or error.
# TYPE agent_completions counter
agent_completions_total{_SUCCESS} 1.0
agent_completions_created{_SUCCESS} 1.7723574e+09
"""
STREAM: Final = (
    "retry: 5000\n\nid: 1\nevent: event\n"
    'data: {"seq":1,"timestamp":"2026-03-01T09:30:00Z","level":"warn","source":"scheduler",'
    '"message":"the queue is slow","context":{"waited_secs":12}}\n\n'
)
