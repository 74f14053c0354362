"""What whoever watches reads: the glance, the course of the window, tools, readings and agents."""

from typing import Any

import aiohttp
import pytest

from exporter import __version__
from exporter.config import Config, Ingest, Storage, Store, Web
from tests.clock import ManualClock
from tests.web import NOW, get, push

COMPLETION: dict[str, Any] = {
    "type": "completion",
    "agent": "a",
    "session_id": "s",
    "model": "p/m",
    "latency_ms": 1_000,
    "tokens": {"input": 10, "output": 40, "reasoning": 10},
    "cost_usd": 0.5,
}
FAILURE: dict[str, Any] = {
    "type": "completion",
    "agent": "b",
    "model": "q/n",
    "error": "overloaded",
}
ROUTES = ("overview", "timeline", "tools", "quotas", "queues", "agents", "exporter")


async def test_the_overview_is_told_in_full(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """Every member of it, and no other."""
    await push(
        client,
        COMPLETION,
        FAILURE,
        {**FAILURE, "status_code": 429, "resets_at": NOW + 900},
        {"type": "request_started", "request_id": "r"},
        {"type": "queue_depth", "queue": "q", "depth": 3},
    )
    clock.advance(15)
    overview = await get(client, "/api/v1/overview")
    assert overview["recent"].pop("p95_latency_ms") == pytest.approx(1_000, rel=0.05)
    assert overview == {
        "now": "2026-11-21T00:00:15Z",
        "started_at": "2026-11-21T00:00:00Z",
        "uptime": 15.0,
        "version": __version__,
        "window_secs": 3600,
        "recent_secs": 300,
        "recent": {
            "completions_per_minute": pytest.approx(3 * 60 / 30),
            "tokens_per_minute": pytest.approx(60 * 60 / 30),
            "error_ratio": pytest.approx(2 / 3),
            "cost_usd_per_hour": pytest.approx(0.5 * 3600 / 30),
            "covered_secs": 30.0,
        },
        "requests_in_flight": 1,
        "sessions_active": 1,
        "models_limited": 1,
        "models": 2,
        "queue_depth": 3,
    }


async def test_the_last_minutes_pass(client: aiohttp.ClientSession, clock: ManualClock) -> None:
    """Nothing more need be pushed for the rates to fall to 0, and the rest to be unknown."""
    await push(client, COMPLETION)
    clock.advance(331)
    recent = (await get(client, "/api/v1/overview"))["recent"]
    assert recent == {
        "completions_per_minute": 0.0,
        "tokens_per_minute": 0.0,
        "error_ratio": None,
        "p95_latency_ms": None,
        "cost_usd_per_hour": None,
        "covered_secs": 301.0,
    }
    assert (await get(client, "/api/v1/overview"))["models"] == 1


async def test_the_timeline_is_told_in_full(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """The total, and the busiest models, in as many points as are asked for."""
    await push(client, COMPLETION, {**COMPLETION, "cost_usd": None}, FAILURE)
    clock.advance(1_300)
    await push(client, COMPLETION)
    timeline = await get(client, "/api/v1/timeline?points=3")
    model, failed = timeline["models"]
    near = pytest.approx(1_000, rel=0.05)
    arrays = {
        "completions": [0, 2, 1],
        "failures": [0, 0, 0],
        "tokens": [0, 120, 60],
        "cost_usd": [None, 0.5, 0.5],
        "p95_latency_ms": [None, near, near],
    }
    assert model == {"provider": "p", "model": "p/m", **arrays}
    assert (failed["model"], failed["completions"]) == ("q/n", [0, 1, 0])
    total = {**arrays, "completions": [0, 3, 1], "failures": [0, 1, 0]}
    assert timeline == {
        "window_secs": 3600,
        "step_secs": 1200,
        "ends_at": "2026-11-21T00:40:00Z",
        "points": 3,
        "total": total,
        "models": [model, failed],
    }
    busiest = await get(client, "/api/v1/timeline?points=3&limit=1")
    assert busiest == {**timeline, "models": [model]}
    assert (await get(client, "/api/v1/timeline"))["points"] == 60


async def test_tools_are_told_in_full(client: aiohttp.ClientSession) -> None:
    """The most called first, as many as are asked for."""
    call = {"type": "tool_call", "agent": "a", "tool": "shell", "duration_ms": 20}
    await push(client, call, {**call, "success": False}, {**call, "tool": "edit"})
    answer = await get(client, "/api/v1/tools")
    assert [tool["tool"] for tool in answer["tools"]] == ["shell", "edit"]
    assert await get(client, "/api/v1/tools?limit=1") == {
        "window_secs": 3600,
        "total": 2,
        "tools": [
            {
                "agent": "a",
                "tool": "shell",
                "calls": 2,
                "failures": 1,
                "success_rate": 0.5,
                "avg_duration_ms": 20.0,
                "p95_duration_ms": pytest.approx(20, rel=0.05),
                "last_event_at": "2026-11-21T00:00:00Z",
            }
        ],
    }


async def test_readings_are_told_until_they_are_too_old(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """Quotas and queues, as they were read last."""
    quota = {"type": "quota", "agent": "a", "provider": "p", "window": "5h", "used_ratio": 0.75}
    depth = {"type": "queue_depth", "agent": "a", "queue": "q", "depth": 3}
    await push(client, {**quota, "resets_at": NOW + 9_000, "limited": True}, depth)
    assert await get(client, "/api/v1/quotas") == {
        "quotas": [
            {
                "agent": "a",
                "provider": "p",
                "model": None,
                "window": "5h",
                "used_ratio": 0.75,
                "limited": True,
                "resets_at": "2026-11-21T02:30:00Z",
                "read_at": "2026-11-21T00:00:00Z",
            }
        ]
    }
    assert await get(client, "/api/v1/queues") == {
        "queues": [{"agent": "a", "queue": "q", "depth": 3, "read_at": "2026-11-21T00:00:00Z"}]
    }
    clock.advance(900)
    assert await get(client, "/api/v1/quotas") == {"quotas": []}
    assert await get(client, "/api/v1/queues") == {"queues": []}


async def test_agents_are_told_by_who_was_heard_last(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """With how much they told, what is newest of it, and when it arrived."""
    await push(client, COMPLETION, {**COMPLETION, "completed_at": NOW - 60})
    clock.advance(5)
    await push(client, {**FAILURE, "completed_at": NOW - 30})
    assert await get(client, "/api/v1/agents") == {
        "agents": [
            {
                "agent": "b",
                "events": 1,
                "last_event_at": "2026-11-20T23:59:30Z",
                "last_heard_at": "2026-11-21T00:00:05Z",
            },
            {
                "agent": "a",
                "events": 2,
                "last_event_at": "2026-11-21T00:00:00Z",
                "last_heard_at": "2026-11-21T00:00:00Z",
            },
        ]
    }


async def test_what_is_empty_says_so(client: aiohttp.ClientSession) -> None:
    """Lists are empty, counts 0, and what cannot be known is null."""
    for name in ("quotas", "queues", "agents"):
        assert await get(client, f"/api/v1/{name}") == {name: []}
    assert await get(client, "/api/v1/tools") == {"window_secs": 3600, "total": 0, "tools": []}
    timeline = await get(client, "/api/v1/timeline?points=2")
    assert timeline["models"] == []
    assert timeline["total"] == {
        "completions": [0, 0],
        "failures": [0, 0],
        "tokens": [0, 0],
        "cost_usd": [None, None],
        "p95_latency_ms": [None, None],
    }
    assert (await get(client, "/api/v1/overview"))["recent"]["error_ratio"] is None


@pytest.mark.parametrize(
    ("question", "parameter"),
    [
        ("timeline?limit=0", "limit"),
        ("timeline?limit=51", "limit"),
        ("timeline?points=0", "points"),
        ("timeline?points=501", "points"),
        ("timeline?points=1.5", "points"),
        ("tools?limit=0", "limit"),
        ("tools?limit=501", "limit"),
        ("tools?limit=many", "limit"),
    ],
)
async def test_a_parameter_that_cannot_be_is_refused(
    client: aiohttp.ClientSession, question: str, parameter: str
) -> None:
    """With its name as the path of the problem."""
    async with client.get(f"/api/v1/{question}") as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"
        problem = await response.json(content_type=None)
    assert (problem["code"], problem["path"]) == ("invalid_parameter", parameter)


@pytest.mark.parametrize("route", ROUTES)
async def test_what_moves_is_never_cached(client: aiohttp.ClientSession, route: str) -> None:
    """It is JSON about now; nothing but reading is allowed, and HEAD is reading."""
    async with client.get(f"/api/v1/{route}") as response:
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
    async with client.head(f"/api/v1/{route}") as response:
        assert response.status == 200
    async with client.post(f"/api/v1/{route}") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD")


class TestFewSlots:
    """A window of fewer slots than a timeline has points by default."""

    @pytest.fixture
    def config(self) -> Config:
        """Return a configuration of four slots of 30 seconds."""
        return Config(
            web=Web(listen_address=("127.0.0.1:0",)),
            ingest=Ingest(),
            storage=Storage(path=""),
            store=Store(window_secs=120, slots=4),
        )

    async def test_a_timeline_has_no_more_points_than_slots(
        self, client: aiohttp.ClientSession
    ) -> None:
        """One each, however many are asked for."""
        for query in ("", "?points=5", "?points=500"):
            timeline = await get(client, f"/api/v1/timeline{query}")
            assert (timeline["points"], timeline["step_secs"]) == (4, 30)
        overview = await get(client, "/api/v1/overview")
        assert (overview["window_secs"], overview["recent_secs"]) == (120, 120)
