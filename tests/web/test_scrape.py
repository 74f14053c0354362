"""`GET /metrics`: every format, gzip, and a crowd of scrapers."""

import asyncio
import gzip
import shutil
import socket
import subprocess

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.app import Exporter
from exporter.metrics.exposition import Format
from exporter.web.answer import SLICE_BYTES
from exporter.web.scrape import packed
from tests.prometheus import requires_prometheus
from tests.web import get, push
from tests.web.test_push import EVERY_TYPE

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize("form", list(Format))
async def test_every_format_is_served_plain_and_packed(
    client: aiohttp.ClientSession, form: Format, encoding: str
) -> None:
    """The content type is the one asked for, and the body unpacks to it."""
    await push(client, *EVERY_TYPE)
    headers = {"Accept": form.value, "Accept-Encoding": encoding}
    async with client.get("/metrics", headers=headers) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith(form.value)
        assert response.headers.get("Content-Encoding", "identity") == encoding
        assert response.headers["Vary"] == "Accept, Accept-Encoding"
        text = await response.text()
    assert 'agent_queue_depth{agent="unknown",queue="q"} 1.0\n' in text
    assert text.endswith("# EOF\n") is (form is Format.OPENMETRICS_1_0_0)


async def test_the_strict_parser_takes_a_busy_exposition(client: aiohttp.ClientSession) -> None:
    """prometheus_client's OpenMetrics parser accepts all of it, the process included."""
    await push(client, *EVERY_TYPE)
    async with client.get("/metrics", headers={"Accept": OPENMETRICS}) as response:
        text = await response.text()
    names = {
        family.name
        for family in text_string_to_metric_families(text)  # type: ignore[no-untyped-call] # theirs
    }
    assert {"agent_completions", "agent_requests_in_flight", "process_cpu_seconds"} <= names


@requires_prometheus
async def test_promtool_finds_nothing_to_say_about_a_busy_exposition(
    client: aiohttp.ClientSession,
) -> None:
    """`promtool check metrics` accepts it, names, units and help texts included."""
    await push(client, *EVERY_TYPE, {"type": "completion", "model": "x", "error": "boom"})
    async with client.get("/metrics") as response:
        body = await response.read()
    promtool = shutil.which("promtool")
    assert promtool is not None
    done = subprocess.run(  # noqa: ASYNC221 - nothing else goes on
        [promtool, "check", "metrics"], input=body, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


async def test_a_scrape_sees_every_push_acknowledged_before_it(
    client: aiohttp.ClientSession,
) -> None:
    """Also while other scrapes are under way, which it may share only if they began later."""

    async def scrape_count() -> float:
        async with client.get("/metrics") as response:
            text = await response.text()
        line = next(line for line in text.splitlines() if line.startswith("agent_log_events"))
        return float(line.rpartition(" ")[2])

    event = {"type": "log", "level": "info", "source": "s", "message": "m"}
    await push(client, event)
    for count in range(2, 12):
        others = [asyncio.create_task(scrape_count()) for _ in range(5)]
        await asyncio.sleep(0)
        await push(client, event)
        assert await scrape_count() == count
        await asyncio.gather(*others)


async def test_scrapes_are_counted_and_timed(client: aiohttp.ClientSession) -> None:
    """The second scrape tells of the first."""
    for _ in range(2):
        async with client.get("/metrics") as response:
            text = await response.text()
    assert "agent_exporter_scrape_duration_seconds_count 1.0\n" in text


async def test_a_scraper_that_goes_away_disturbs_nobody(
    client: aiohttp.ClientSession, exporter: Exporter
) -> None:
    """Others who share its rendering get theirs."""
    host, port = exporter.addresses[0].split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    await writer.drain()
    writer.transport.abort()
    async with client.get("/metrics", headers={"Accept-Encoding": "gzip"}) as response:
        assert response.status == 200
        assert "agent_exporter_build_info" in await response.text()


def test_equal_texts_pack_to_equal_bytes() -> None:
    """What is packed is gzip, and no time is packed in with it."""
    assert gzip.decompress(packed([b"x" * 1000])) == b"x" * 1000
    assert packed([b"x"])[4:8] == bytes(4)


async def test_a_large_exposition_comes_whole(client: aiohttp.ClientSession) -> None:
    """More than one slice of it, plain and packed, with its length."""
    await push(client, *({"type": "completion", "model": f"m{n}"} for n in range(150)))
    texts = {}
    for encoding in ("identity", "gzip"):
        async with client.get("/metrics", headers={"Accept-Encoding": encoding}) as response:
            texts[encoding] = await response.text()
            assert response.content_length is not None
    assert len(texts["identity"]) > 2 * SLICE_BYTES
    for text in texts.values():
        assert text.count("agent_completions_total{") == 300
        assert text.endswith("\n")


async def test_a_reader_that_stops_reading_is_let_go(
    client: aiohttp.ClientSession, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection is cut once its time is up, and others are served."""
    monkeypatch.setattr("exporter.web.answer.SEND_SECS_MAX", 0.05)
    # More than the kernel's buffers take in.
    await push(
        client,
        *(
            {"type": "completion", "agent": f"a{a}", "model": f"m{m}", "latency_ms": 1}
            for a in range(10)
            for m in range(200)
        ),
    )
    host, port = exporter.addresses[0].split(":")
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        reader.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(reader, (host, int(port)))
        await loop.sock_sendall(reader, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            while (await get(client, "/health"))["connections"] > 1:
                pass
    async with client.get("/metrics") as response:
        assert response.status == 200
