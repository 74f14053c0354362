"""What an exporter answered half an hour after it began, when `examples.EVENTS` had been pushed.

Of the cardinality, one family and one label. The timeline is in four points, of one model.
"""

from typing import Any, Final

from docs.openapi.examples_summary import MODEL, SUMMARY
from exporter import __version__

_CALL: Final[dict[str, Any]] = {
    "timestamp": "2026-03-01T09:29:58Z",
    "agent": "claude-code",
    "session_id": "review-42",
    "provider": "anthropic",
    "model": "anthropic/claude-opus-5",
    "success": True,
    "latency_ms": 1834.0,
    "ttft_ms": None,
    "input_tokens": 36459,
    "output_tokens": 411,
    "tokens_per_second": 224.10032715376227,
    "cost_usd": 0.0189,
    "error": None,
    "error_type": None,
}

_USAGE: Final[dict[str, Any]] = {
    "input_tokens": 2135,
    "output_tokens": 411,
    "reasoning_tokens": 0,
    "cache_read_tokens": 34324,
    "cache_write_tokens": 0,
    "total_tokens": 36870,
    "cost_usd": 0.0189,
    "message_count": 1,
}

_COURSE: Final[dict[str, Any]] = {
    "completions": [0, 0, 1, 0],
    "failures": [0, 0, 0, 0],
    "tokens": [0, 0, 36870, 0],
    "cost_usd": [None, None, 0.0189, None],
    "p95_latency_ms": [None, None, 1798.4022122222586, None],
}

HEALTH: Final[dict[str, Any]] = {
    "status": "ok",
    "uptime": 1800.0,
    "version": __version__,
    "sessions": 1,
    "connections": 1,
    "tools": 1,
    "channels": ["cli"],
    "checks": {"writer": "ok", "journal": "ok", "access": "ok", "config": "ok"},
}

ANSWERED: Final[dict[str, Any]] = {
    "/health": HEALTH,
    "/api/v1/events": {
        "events": [
            {
                "seq": 1,
                "timestamp": "2026-03-01T09:30:00Z",
                "level": "warn",
                "source": "scheduler",
                "message": "the queue is slow",
                "context": {"waited_secs": 12},
            }
        ],
        "next": None,
        "newest": 1,
    },
    "/api/v1/calls": {"calls": [_CALL]},
    "/api/v1/requests": {
        "requests": [
            {
                "id": "req-2",
                "session_id": "review-42",
                "channel": "cli",
                "agent": "claude-code",
                "started_at": "2026-03-01T09:30:00Z",
                "duration_ms": 0.0,
            }
        ]
    },
    "/api/v1/snapshot": {
        "messages_processed": 1,
        "errors": 0,
        "active_requests": 1,
        "uptime": 1800.0,
        "queue_depth": 3,
        "model_calls": {"total": 1, "avg_latency_ms": 1834.0, "error_rate": 0.0, "recent": [_CALL]},
    },
    "/api/v1/models": {"window_secs": 3600, "models": [MODEL]},
    "/api/v1/sessions": {
        "total": 1,
        "sessions": [
            {
                "id": "review-42",
                "window_start": "2026-03-01T08:30:00Z",
                "window_end": "2026-03-01T09:30:00Z",
                "by_model": {"anthropic/claude-opus-5": _USAGE},
                "totals": _USAGE,
            }
        ],
    },
    "/api/v1/overview": {
        "now": "2026-03-01T09:30:00Z",
        "started_at": "2026-03-01T09:00:00Z",
        "uptime": 1800.0,
        "version": __version__,
        "window_secs": 3600,
        "recent_secs": 300,
        "recent": {
            "completions_per_minute": 0.2,
            "tokens_per_minute": 7374.0,
            "error_ratio": 0.0,
            "p95_latency_ms": 1798.4022122222586,
            "cost_usd_per_hour": 0.2268,
            "covered_secs": 300.0,
        },
        "requests_in_flight": 1,
        "sessions_active": 1,
        "models_limited": 0,
        "models": 1,
        "queue_depth": 3,
    },
    "/api/v1/timeline": {
        "window_secs": 3600,
        "step_secs": 900.0,
        "ends_at": "2026-03-01T09:45:00Z",
        "points": 4,
        "total": _COURSE,
        "models": [{**_COURSE, "provider": "anthropic", "model": "anthropic/claude-opus-5"}],
    },
    "/api/v1/tools": {
        "window_secs": 3600,
        "total": 1,
        "tools": [
            {
                "agent": "claude-code",
                "tool": "Bash",
                "calls": 1,
                "failures": 0,
                "success_rate": 1.0,
                "avg_duration_ms": 245.5,
                "p95_duration_ms": 245.14643985883487,
                "last_event_at": "2026-03-01T09:30:00Z",
            }
        ],
    },
    "/api/v1/quotas": {
        "quotas": [
            {
                "agent": "claude-code",
                "provider": "anthropic",
                "model": None,
                "window": "5h",
                "used_ratio": 0.42,
                "limited": None,
                "resets_at": "2026-03-01T10:30:00Z",
                "read_at": "2026-03-01T09:30:00Z",
            }
        ]
    },
    "/api/v1/queues": {
        "queues": [
            {
                "agent": "claude-code",
                "queue": "inbox",
                "depth": 3,
                "read_at": "2026-03-01T09:30:00Z",
            }
        ]
    },
    "/api/v1/agents": {
        "agents": [
            {
                "agent": "claude-code",
                "events": 9,
                "last_event_at": "2026-03-01T09:30:00Z",
                "last_heard_at": "2026-03-01T09:30:00Z",
            }
        ]
    },
    "/api/v1/exporter": {
        "version": __version__,
        "started_at": "2026-03-01T09:00:00Z",
        "uptime": 1800.0,
        "ready": True,
        "checks": {"writer": "ok", "journal": "ok", "access": "ok", "config": "ok"},
        "warnings": [],
        "pushes": {
            "here": True,
            "addresses": ["127.0.0.1:24368"],
            "scheme": "http",
            "auth": "none",
        },
        "last_push_at": "2026-03-01T09:30:00Z",
        "last_scrape_at": None,
        "series": 354,
        "series_max": 270231,
        "events": {"accepted": 9, "duplicate": 0, "rejected": 0},
        "late_events": 0,
        "evictions": {
            "idempotency_key": 0,
            "event_id": 0,
            "total": 0,
            "model": 0,
            "session": 0,
            "request": 0,
            "request_expired": 0,
            "limit": 0,
            "queue": 0,
            "tool": 0,
            "quota": 0,
            "agent": 0,
        },
        "label_overflows": {
            "model": 0,
            "tool": 0,
            "source": 0,
            "agent": 0,
            "provider": 0,
            "channel": 0,
            "queue": 0,
            "window": 0,
            "label_set": 0,
        },
        "queue_events": 0,
        "journal": {"durable": False, "bytes": 0, "snapshot_at": None, "failures": 0},
        "epoch": {"cause": "memory", "started_at": "2026-03-01T09:00:00Z"},
    },
    "/api/v1/cardinality": {
        "series": 354,
        "families": [
            {
                "family": "agent_completion_errors",
                "series": 12,
                "cap": 24000,
                "labels": {"agent": 1, "provider": 1, "model": 1, "error_type": 12},
            }
        ],
        "labels": {"model": {"values": 1, "budget": 200, "folded": 0}},
        "label_sets_folded": 0,
    },
    "/api/v1/summary": SUMMARY,
}
"""By path."""
