"""Tests of the web stage, each against a whole exporter over real sockets."""

from typing import Any

import aiohttp

NOW = 1_795_219_200.0
"""2026-11-21 00:00:00 UTC."""

EVENTS = "/api/v1/events"


async def push(
    client: aiohttp.ClientSession, *events: dict[str, Any], key: str | None = None
) -> dict[str, Any]:
    """Push events as a JSON array and return the reply, which must be 200."""
    headers = {"Idempotency-Key": key} if key else {}
    async with client.post(EVENTS, json=list(events), headers=headers) as response:
        assert response.status == 200, await response.text()
        reply: dict[str, Any] = await response.json()
        return reply


async def get(client: aiohttp.ClientSession, path: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the JSON of a path, which must answer 200."""
    async with client.get(path) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def scrape(client: aiohttp.ClientSession) -> dict[str, float]:
    """Return every sample of `/metrics`, by its text."""
    async with client.get("/metrics") as response:
        assert response.status == 200
        lines = (await response.text()).splitlines()
    parts = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in parts}
