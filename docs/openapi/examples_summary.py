"""The summary that was exported then, and the model it is about."""

from typing import Any, Final

MODEL: Final[dict[str, Any]] = {
    "model": "anthropic/claude-opus-5",
    "provider": "anthropic",
    "successful_completions": 1,
    "failed_completions": 0,
    "window_secs": 3600,
    "throughput": 0.0002777777777777778,
    "avg_latency_ms": 1834.0,
    "p50_latency_ms": 1798.4022122222586,
    "p95_latency_ms": 1798.4022122222586,
    "p99_latency_ms": 1798.4022122222586,
    "avg_ttft_ms": 388.0,
    "output_tokens_per_second": 224.10032715376227,
    "success_rate": 1.0,
    "tokens": {
        "input": 2135,
        "output": 411,
        "reasoning": 0,
        "cache_read": 34324,
        "cache_write": 0,
        "total": 36870,
    },
    "cost_usd": 0.0189,
    "last_event_at": "2026-03-01T09:30:00Z",
    "stale": False,
    "subscription_limit_reached": False,
    "subscription_limit_expires_at": None,
}

SUMMARY: Final[dict[str, Any]] = {
    "id": "telemetry_summary",
    "export_id": "0b9e3a52-3f6e-4a51-8c8e-2f1d3c9a7b10",
    "model_performances": [MODEL],
    "window_secs": 3600,
    "exported_at": "2026-03-01T09:30:00Z",
    "state": {
        "slot_secs": 30.0,
        "session_slot_secs": 300.0,
        "models": [
            {
                "provider": "anthropic",
                "model": "anthropic/claude-opus-5",
                "slots": [
                    {
                        "messages": 1,
                        "input": 2135,
                        "output": 411,
                        "reasoning": 0,
                        "cache_read": 34324,
                        "cache_write": 0,
                        "cost_nano": 18900000,
                        "unpriced": 0,
                        "starts_at": 1772357370.0,
                        "successes": 1,
                        "latencies": {"114": 1},
                        "latency_us": 1834000,
                        "ttft_us": 0,
                        "ttfts": 0,
                        "paced_tokens": 411,
                        "paced_us": 1834000,
                        "unbinned": 0,
                        "last_at": 1772357398.0,
                    },
                    {
                        "messages": 0,
                        "input": 0,
                        "output": 0,
                        "reasoning": 0,
                        "cache_read": 0,
                        "cache_write": 0,
                        "cost_nano": 0,
                        "unpriced": 0,
                        "starts_at": 1772357400.0,
                        "successes": 0,
                        "latencies": {},
                        "latency_us": 0,
                        "ttft_us": 388000,
                        "ttfts": 1,
                        "paced_tokens": 0,
                        "paced_us": 0,
                        "unbinned": 0,
                        "last_at": 1772357400.0,
                    },
                ],
            }
        ],
        "sessions": [
            {
                "id": "review-42",
                "agent": "claude-code",
                "last_event_at": 1772357400.0,
                "slots": [
                    {
                        "starts_at": 1772357100.0,
                        "by_model": {
                            "anthropic/claude-opus-5": {
                                "messages": 1,
                                "input": 2135,
                                "output": 411,
                                "reasoning": 0,
                                "cache_read": 34324,
                                "cache_write": 0,
                                "cost_nano": 18900000,
                                "unpriced": 0,
                            }
                        },
                    }
                ],
            }
        ],
        "limits": [],
    },
}
