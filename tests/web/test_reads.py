"""The read paths: shapes, filters, limits, and what an unknown thing answers."""

from typing import Any

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.config import Config, LabelValues, Metrics, Storage, Web
from tests.clock import ManualClock
from tests.web import NOW, get, push, scrape

LOG = {"type": "log", "source": "s", "message": "m"}


async def refused(client: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    """Return the problem document of a question that is answered 400."""
    async with client.get(path) as response:
        assert response.status == 400
        problem: dict[str, Any] = await response.json(content_type=None)
        return problem


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/api/v1/events?limit=0", "limit"),
        ("/api/v1/events?limit=501", "limit"),
        ("/api/v1/events?limit=-1", "limit"),
        ("/api/v1/events?limit=1e2", "limit"),
        ("/api/v1/events?limit=", "limit"),
        ("/api/v1/events?limit=%C2%B2", "limit"),
        ("/api/v1/events?limit=99999999999999999999999", "limit"),
        ("/api/v1/events?before=0", "before"),
        ("/api/v1/events?level=debug", "level"),
        ("/api/v1/events?level=ERROR", "level"),
        ("/api/v1/calls?limit=201", "limit"),
        ("/api/v1/requests?limit=0", "limit"),
        ("/api/v1/requests?limit=10001", "limit"),
        ("/api/v1/sessions?sort=name", "sort"),
        ("/api/v1/sessions?limit=1001", "limit"),
        ("/api/v1/models?max_staleness_secs=x", "max_staleness_secs"),
        ("/api/v1/models/m?max_staleness_secs=-1", "max_staleness_secs"),
    ],
)
async def test_a_parameter_that_cannot_be_is_refused(
    client: aiohttp.ClientSession, path: str, parameter: str
) -> None:
    """With its name as the path of the problem."""
    problem = await refused(client, path)
    assert (problem["code"], problem["path"]) == ("invalid_parameter", parameter)


async def test_events_come_newest_first_in_pages(client: aiohttp.ClientSession) -> None:
    """Filtered by exact level and source; `next` leads to the following page, then is null."""
    levels = ("info", "warn", "error")
    await push(client, *({**LOG, "level": levels[n % 3], "source": f"s{n % 2}"} for n in range(9)))
    page = await get(client, "/api/v1/events?limit=4")
    assert [event["seq"] for event in page["events"]] == [9, 8, 7, 6]
    assert page["next"] == 6
    page = await get(client, "/api/v1/events?limit=5&before=6")
    assert [event["seq"] for event in page["events"]] == [5, 4, 3, 2, 1]
    assert page["next"] is None
    warned = (await get(client, "/api/v1/events?level=warn&source=s1"))["events"]
    assert [event["seq"] for event in warned] == [8, 2]
    assert warned[0] == {
        "seq": 8,
        "timestamp": "2026-11-21T00:00:00Z",
        "level": "warn",
        "source": "s1",
        "message": "m",
        "context": None,
    }


async def test_calls_come_newest_first(client: aiohttp.ClientSession) -> None:
    """As many as asked for, each with what it used."""
    await push(client, *({"type": "completion", "model": f"m{n}"} for n in range(3)))
    calls = (await get(client, "/api/v1/calls?limit=2"))["calls"]
    assert [call["model"] for call in calls] == ["m2", "m1"]
    assert calls[0]["success"] is True


async def test_requests_in_flight_are_told_with_their_age(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """A request is there from its start to its end, and its duration becomes a metric."""
    start = {"type": "request_started", "request_id": "r", "channel": "ws", "session_id": "s"}
    await push(client, start)
    clock.advance(2.5)
    assert await get(client, "/api/v1/requests") == {
        "requests": [
            {
                "id": "r",
                "session_id": "s",
                "channel": "ws",
                "agent": "unknown",
                "started_at": "2026-11-21T00:00:00Z",
                "duration_ms": 2_500.0,
            }
        ]
    }
    samples = await scrape(client)
    assert samples['agent_requests_in_flight{agent="unknown",channel="ws"}'] == 1
    await push(client, {"type": "request_ended", "request_id": "r", "success": True})
    assert await get(client, "/api/v1/requests") == {"requests": []}
    samples = await scrape(client)
    assert samples['agent_requests_in_flight{agent="unknown",channel="ws"}'] == 0
    assert samples['agent_request_duration_seconds_sum{agent="unknown",channel="ws"}'] == 2.5


async def test_the_oldest_requests_come_first(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """All of them, or as many as are asked for."""
    for name in "abc":
        await push(client, {"type": "request_started", "request_id": name})
        clock.advance(1)
    for query, names in (("", "abc"), ("?limit=2", "ab"), ("?limit=10000", "abc")):
        requests = (await get(client, f"/api/v1/requests{query}"))["requests"]
        assert [request["id"] for request in requests] == list(names)


async def test_the_snapshot_counts_since_the_start(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """Messages are ended requests; errors are failures of every kind."""
    clock.advance(10)
    await push(
        client,
        {"type": "request_ended", "request_id": "r", "success": False, "channel": "ws"},
        {"type": "request_started", "request_id": "q"},
        {"type": "completion", "model": "m", "latency_ms": 100},
        {"type": "completion", "model": "m", "latency_ms": 900, "error": "boom"},
        {"type": "tool_call", "tool": "t", "success": False},
        {**LOG, "level": "error"},
        {"type": "queue_depth", "queue": "a", "depth": 2},
        {"type": "queue_depth", "queue": "b", "depth": 3},
    )
    snapshot = await get(client, "/api/v1/snapshot")
    recent = snapshot["model_calls"].pop("recent")
    assert snapshot == {
        "messages_processed": 1,
        "errors": 4,
        "active_requests": 1,
        "uptime": 10.0,
        "queue_depth": 5,
        "model_calls": {"total": 2, "avg_latency_ms": 100.0, "error_rate": 0.5},
    }
    assert [call["success"] for call in recent] == [False, True]


async def test_a_model_is_told_in_full(client: aiohttp.ClientSession) -> None:
    """Every field of the contract, and no other."""
    await push(
        client,
        {
            "type": "completion",
            "model": "p/m",
            "latency_ms": 1_000,
            "ttft_ms": 200,
            "tokens": {"input": 10, "output": 40, "reasoning": 10},
            "cost_usd": 0.5,
        },
    )
    model = await get(client, "/api/v1/models/p/m")
    for name in ("p50_latency_ms", "p95_latency_ms", "p99_latency_ms"):
        assert model.pop(name) == pytest.approx(1_000, rel=0.05)
    assert model == {
        "model": "p/m",
        "provider": "p",
        "successful_completions": 1,
        "failed_completions": 0,
        "window_secs": 3600,
        "throughput": pytest.approx(1 / 3600),
        "avg_latency_ms": 1_000.0,
        "avg_ttft_ms": 200.0,
        "output_tokens_per_second": 50.0,
        "success_rate": 1.0,
        "tokens": {
            "input": 10,
            "output": 40,
            "reasoning": 10,
            "cache_read": 0,
            "cache_write": 0,
            "total": 60,
        },
        "cost_usd": 0.5,
        "last_event_at": "2026-11-21T00:00:00Z",
        "stale": False,
        "subscription_limit_reached": False,
        "subscription_limit_expires_at": None,
    }
    assert await get(client, "/api/v1/models") == {
        "window_secs": 3600,
        "models": [await get(client, "/api/v1/models/p/m")],
    }


async def test_an_unknown_model_is_empty(client: aiohttp.ClientSession) -> None:
    """It answers 200: counts are 0, rates and averages null."""
    model = await get(client, "/api/v1/models/nobody%2Fknows?provider=it")
    assert (model["model"], model["provider"]) == ("nobody/knows", "it")
    assert model["successful_completions"] == model["failed_completions"] == 0
    assert model["success_rate"] is model["avg_latency_ms"] is model["cost_usd"] is None
    assert model["stale"] is True


async def test_a_model_grows_stale_and_leaves_by_the_clock(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """Nothing more need be pushed for the window to move on."""
    await push(client, {"type": "completion", "model": "m"})
    clock.advance(100)
    assert (await get(client, "/api/v1/models/m?max_staleness_secs=99"))["stale"] is True
    assert (await get(client, "/api/v1/models/m?max_staleness_secs=100"))["stale"] is False
    clock.advance(3_600)
    assert (await get(client, "/api/v1/models"))["models"] == []
    assert (await get(client, "/api/v1/models/m"))["successful_completions"] == 0


async def test_sessions_are_sorted_and_told_by_model(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """By cost, by tokens or by what came last; totals add up."""

    def used(session: str, model: str, cost: float, tokens: int) -> dict[str, Any]:
        return {
            "type": "completion",
            "session_id": session,
            "model": model,
            "cost_usd": cost,
            "tokens": {"output": tokens},
        }

    await push(client, used("dear", "a", 5, 10), used("large", "a", 1, 900))
    clock.advance(1)
    await push(client, used("dear", "b", 5, 10))
    clock.advance(1)
    await push(client, used("last", "a", 0, 1))
    orders = {}
    for sort in ("cost", "tokens", "recent"):
        sessions = (await get(client, f"/api/v1/sessions?sort={sort}&limit=2"))["sessions"]
        orders[sort] = [session["id"] for session in sessions]
    assert orders == {
        "cost": ["dear", "large"],
        "tokens": ["large", "dear"],
        "recent": ["last", "dear"],
    }
    session = await get(client, "/api/v1/sessions/dear")
    assert session["by_model"].keys() == {"a", "b"}
    assert session["totals"] == {
        "input_tokens": 0,
        "output_tokens": 20,
        "reasoning_tokens": 0,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "total_tokens": 20,
        "cost_usd": 10.0,
        "message_count": 2,
    }
    assert session["window_end"] == "2026-11-21T00:00:02Z"
    assert session["window_start"] == "2026-11-20T23:00:02Z"
    unknown = await get(client, "/api/v1/sessions/nobody")
    assert (unknown["by_model"], unknown["totals"]["message_count"]) == ({}, 0)


async def test_cardinality_tells_what_folds(client: aiohttp.ClientSession) -> None:
    """Per family series and cap, per label values, budget and folds."""
    await push(client, *({"type": "queue_depth", "queue": f"q{n}", "depth": 1} for n in range(102)))
    answer = await get(client, "/api/v1/cardinality")
    assert answer["labels"]["queue"] == {"values": 100, "budget": 100, "folded": 2}
    family = next(use for use in answer["families"] if use["family"] == "agent_queue_depth")
    assert family == {
        "family": "agent_queue_depth",
        "series": 101,
        "cap": 2_000,
        "labels": {"agent": 1, "queue": 101},
    }
    assert answer["label_sets_folded"] == 0


async def test_health_needs_nothing_and_tells_everything(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """Uptime, sessions, connections, tools and channels, as the gateway's did."""
    await push(
        client,
        {"type": "tool_call", "tool": "Bash", "session_id": "s"},
        {"type": "request_started", "request_id": "r", "channel": "ws"},
    )
    clock.advance(5)
    health = await get(client, "/health")
    assert health.pop("version")
    assert health == {
        "status": "ok",
        "uptime": 5.0,
        "sessions": 1,
        "connections": 1,
        "tools": 1,
        "channels": ["ws"],
        "checks": {"writer": "ok", "journal": "ok", "access": "ok", "config": "ok"},
    }


@pytest.mark.parametrize(
    "path", ["/-/healthy", "/-/ready", "/health", "/metrics", "/api/v1/events"]
)
async def test_a_path_can_be_asked_for_its_head(client: aiohttp.ClientSession, path: str) -> None:
    """HEAD answers as GET does, without the body, and nothing names the server's versions."""
    async with client.head(path) as response:
        assert response.status == 200
        assert response.headers["Server"] == "agent-exporter"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("POST", "/metrics", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/events", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_a_problem(
    client: aiohttp.ClientSession, method: str, path: str, status: int, code: str
) -> None:
    """With its code, and the methods that are allowed."""
    async with client.request(method, path) as response:
        assert response.status == status
        assert response.content_type == "application/problem+json"
        assert (await response.json(content_type=None))["code"] == code
        assert ("Allow" in response.headers) is (status == 405)


async def test_a_late_event_counts_but_not_in_the_window(client: aiohttp.ClientSession) -> None:
    """Older than the window: in the counters, not in the model's, and counted as late."""
    await push(client, {"type": "completion", "model": "m", "completed_at": NOW - 3_700})
    samples = await scrape(client)
    success = 'agent_completions_total{agent="unknown",model="m",outcome="success",provider='
    assert samples[success + '"unknown"}'] == 1
    assert samples["agent_exporter_late_events_total"] == 1
    assert (await get(client, "/api/v1/models/m"))["successful_completions"] == 0


async def test_a_limit_is_a_gauge_until_it_ends(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """From the text that names its reset to that instant; then 0, and the reset is gone."""
    limit = {"type": "completion", "model": "p/m", "error": "You've hit your limit, resets in 90s"}
    await push(client, limit)
    labels = '{model="p/m",provider="p"}'
    samples = await scrape(client)
    assert samples[f"agent_rate_limited{labels}"] == 1
    assert samples[f"agent_rate_limit_reset_timestamp_seconds{labels}"] == NOW + 90
    clock.advance(90)
    samples = await scrape(client)
    assert samples[f"agent_rate_limited{labels}"] == 0
    assert f"agent_rate_limit_reset_timestamp_seconds{labels}" not in samples


async def test_a_fault_of_ours_is_answered_and_logged_without_its_text(
    client: aiohttp.ClientSession,
    exporter: Exporter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """500 as a problem document; the log names the kind of error and the place, no more."""

    def fail(_limit: int) -> None:
        raise RuntimeError("what was pushed")

    monkeypatch.setattr(exporter._core.store, "calls", fail)  # noqa: SLF001 - the fault
    async with client.get("/api/v1/calls") as response:
        assert response.status == 500
        assert (await response.json(content_type=None))["code"] == "internal_error"
    (record,) = [record for record in caplog.records if record.name == "exporter.web.problem"]
    assert record.__dict__["fields"]["error"] == "RuntimeError"
    assert record.__dict__["fields"]["at"].startswith("fail:")
    assert "what was pushed" not in caplog.text


class TestFoldedLimits:
    """Limits of models that found no room as label values."""

    @pytest.fixture
    def config(self) -> Config:
        """Return a configuration with room for one model."""
        return Config(
            web=Web(listen_address=("127.0.0.1:0",)),
            metrics=Metrics(label_values_max=LabelValues(model=1)),
            storage=Storage(path=""),
        )

    async def test_one_limited_model_limits_what_it_folded_into(
        self, client: aiohttp.ClientSession
    ) -> None:
        """`_other` is limited while any of them is, until the latest reset."""
        event = {"type": "completion", "provider": "p"}
        limit = {**event, "status_code": 429}
        await push(
            client,
            {**event, "model": "m0"},
            {**limit, "model": "m1", "resets_at": NOW + 50},
            {**limit, "model": "m2", "resets_at": NOW + 90},
            {**event, "model": "m3"},
        )
        samples = await scrape(client)
        labels = '{model="_other",provider="p"}'
        assert samples[f"agent_rate_limited{labels}"] == 1
        assert samples[f"agent_rate_limit_reset_timestamp_seconds{labels}"] == NOW + 90
