"""Reloading by request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

from exporter.config import ConfigFileError
from exporter.web.lifecycle import LifecycleRoutes
from exporter.web.server import Server


@asynccontextmanager
async def _client(
    reload: Callable[[], Awaitable[None]] | None,
) -> AsyncIterator[aiohttp.ClientSession]:
    server = Server([LifecycleRoutes(reload=reload)], body_bytes_max=1024)
    [(host, port)] = await server.start([("127.0.0.1", 0)])
    async with aiohttp.ClientSession(f"http://{host}:{port}") as client:
        yield client
    await server.stop()


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_request_reloads(method: str) -> None:
    """POST and PUT reload, once each, and are answered when it is done."""
    calls = []

    async def reload() -> None:
        calls.append("reload")

    async with _client(reload) as client, client.request(method, "/-/reload") as response:
        assert response.status == 200
    assert calls == ["reload"]


async def test_a_wrong_configuration_is_told_and_the_old_one_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The answer is 500 with the line that a start would have ended with; so is the log."""

    async def reload() -> None:
        raise ConfigFileError("expected int >= 1", path="store.slots", line=3)

    async with _client(reload) as client, client.post("/-/reload") as response:
        assert response.status == 500
        assert response.content_type == "application/problem+json"
        assert await response.json(content_type=None) == {
            "title": "configuration not reloaded",
            "status": 500,
            "code": "config_invalid",
            "detail": "line 3: store.slots: expected int >= 1",
        }
    assert [record.message for record in caplog.records] == ["configuration not reloaded"]


async def test_where_it_is_not_enabled_it_is_forbidden() -> None:
    """The answer says why, so that nobody looks for a wrong address."""
    async with _client(None) as client, client.post("/-/reload") as response:
        assert response.status == 403
        problem = await response.json(content_type=None)
    assert (problem["code"], problem["detail"]) == ("forbidden", "Lifecycle API is not enabled.")


async def test_a_look_reloads_nothing() -> None:
    """GET is not allowed: whatever follows links must not reload."""
    async with _client(None) as client, client.get("/-/reload") as response:
        assert response.status == 405
