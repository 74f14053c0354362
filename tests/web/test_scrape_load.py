"""Scraping at its worst: a crowd at once, and an exposition of 100,000 lines."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.metrics import exposition
from exporter.metrics.process import ProcessMetrics
from exporter.metrics.registry import Registry
from tests.web import push

CROWD = 10
LINES = 100_000
FULL = [
    {
        "type": "completion",
        "agent": f"agent-{agent}",
        "model": f"model-{model}",
        "latency_ms": 1,
        "ttft_ms": 1,
        "tokens": {"input": 1, "output": 1},
    }
    for agent in range(10)
    for model in range(180)
]

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Count the renderings that have begun, and those that came to the last family."""
    counts = SimpleNamespace(begun=0, ended=0)
    refresh, last = Registry.refresh, ProcessMetrics.render

    def begun(registry: Registry, now: float) -> None:
        counts.begun += 1
        refresh(registry, now)

    def ended(process: ProcessMetrics, *, openmetrics: bool) -> str:
        counts.ended += 1
        return last(process, openmetrics=openmetrics)

    monkeypatch.setattr(Registry, "refresh", begun)
    monkeypatch.setattr(ProcessMetrics, "render", ended)
    return counts


@pytest.fixture
async def crowd(exporter: Exporter) -> AsyncIterator[list[Connection]]:
    """Return connections that have each been served once."""
    host, port = exporter.addresses[0].split(":")
    connections = [await asyncio.open_connection(host, int(port)) for _ in range(CROWD)]
    for connection in connections:
        await _ask(connection, "/health")
    yield connections
    for _, writer in connections:
        writer.close()
        await writer.wait_closed()


async def test_ten_scrapes_at_once_render_once(
    crowd: list[Connection], client: aiohttp.ClientSession, renderings: SimpleNamespace
) -> None:
    """Ten that ask in the same moment get one and the same rendering."""
    await push(client, {"type": "completion", "model": "m"})
    texts = await asyncio.gather(*(_ask(connection, "/metrics") for connection in crowd))
    assert renderings.begun == 1
    assert set(texts) == {texts[0]}
    assert b'agent_completions_total{agent="unknown",model="m"' in texts[0]


async def test_a_push_is_answered_amid_a_rendering(
    client: aiohttp.ClientSession, renderings: SimpleNamespace
) -> None:
    """It is acknowledged before the last of 100,000 lines is rendered."""
    await push(client, *FULL)
    scrape = asyncio.create_task(_text(client))
    while not renderings.begun:  # noqa: ASYNC110 - the count has no event
        await asyncio.sleep(0)
    await push(client, {"type": "completion", "model": "late"})
    assert not renderings.ended
    assert (await scrape).count("\n") > LINES


async def test_no_piece_of_a_large_exposition_is_large(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two turns of the event loop at most so many lines are rendered."""
    await push(client, *FULL)
    lines: list[int] = []
    family = exposition._family  # noqa: SLF001 - where pieces are made

    def counted(*args: object, **kwargs: object) -> Iterator[str]:
        for piece in family(*args, **kwargs):  # type: ignore[arg-type] # as they came
            lines.append(piece.count("\n"))
            yield piece

    monkeypatch.setattr(exposition, "_family", counted)
    await _text(client)
    header = 3
    assert max(lines) <= exposition.LINES_PER_PIECE + header
    assert sum(lines) > LINES


async def _text(client: aiohttp.ClientSession) -> str:
    async with client.get("/metrics") as response:
        return await response.text()


async def _ask(connection: Connection, path: str) -> bytes:
    reader, writer = connection
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return await reader.readexactly(int(lengths[0].partition(b":")[2]))
