"""Which routes are served where, and what a start that fails leaves behind."""

import asyncio
from collections.abc import Sequence

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.config import Config, Ingest, Web
from exporter.event.types import Event
from exporter.pipeline.batch import Batch
from tests.clock import ManualClock
from tests.web import EVENTS, NOW, push


class TestSeparateIngest:
    """With an ingest address, pushes are taken there and nowhere else."""

    @pytest.fixture
    def config(self) -> Config:
        """Return two listeners for reads, one for pushes."""
        return Config(
            web=Web(listen_address=("127.0.0.1:0", "[::1]:0")),
            ingest=Ingest(listen_address="127.0.0.1:0"),
        )

    async def test_each_listener_has_its_routes(self, exporter: Exporter) -> None:
        """A push on the reading port is no route of it, and the other way round."""
        ingest, *readers = exporter.addresses
        assert len(readers) == 2
        event = {"type": "completion", "model": "m"}
        async with aiohttp.ClientSession() as client:
            async with client.post(f"http://{ingest}{EVENTS}", json=event) as response:
                assert response.status == 200
            async with client.get(f"http://{ingest}/metrics") as response:
                assert response.status == 404
            for reader in readers:
                async with client.post(f"http://{reader}{EVENTS}", json=event) as response:
                    assert response.status == 405
                async with client.get(f"http://{reader}/metrics") as response:
                    assert "agent_completions_total" in await response.text()


async def test_an_address_in_use_stops_the_start(exporter: Exporter, config: Config) -> None:
    """The error names the address, and nothing is left listening or running."""
    taken = Config(web=Web(listen_address=("127.0.0.1:0", exporter.addresses[0])))
    second = Exporter(taken, clock=ManualClock(NOW))
    with pytest.raises(OSError, match="address already in use") as raised:
        await second.start()
    assert exporter.addresses[0].split(":")[1] in str(raised.value)
    tasks = {task.get_name() for task in asyncio.all_tasks() if not task.done()}
    assert len([name for name in tasks if name == "writer"]) == 1


async def test_a_writer_that_fails_refuses_pushes_and_says_so(
    exporter: Exporter, client: aiohttp.ClientSession
) -> None:
    """A fault of ours in applying an event: 503, not ready, degraded; still alive."""

    def fail(events: list[Event], now: float) -> None:
        raise RuntimeError

    exporter._writer._apply = fail  # type: ignore[assignment]  # noqa: SLF001 - the fault
    event = {"type": "completion", "model": "m"}
    async with client.post(EVENTS, json=event) as response:
        assert response.status == 503
        assert "Retry-After" in response.headers
    async with client.post(EVENTS, json=event) as response:
        assert response.status == 503
    async with client.get("/-/ready") as response:
        assert response.status == 503
    async with client.get("/health") as response:
        assert response.status == 200
        assert (await response.json())["checks"] == {"writer": "stopped"}


async def test_a_stop_lets_a_push_under_way_be_answered(
    exporter: Exporter, client: aiohttp.ClientSession
) -> None:
    """A push that was taken in is committed and answered, though the stop has begun."""
    committing, go_on = asyncio.Event(), asyncio.Event()

    async def commit(_batches: Sequence[Batch]) -> None:
        committing.set()
        await go_on.wait()

    exporter._writer._commit = commit  # noqa: SLF001 - a commit that takes its time
    pushing = asyncio.create_task(push(client, {"type": "completion", "model": "m"}))
    await committing.wait()
    stopping = asyncio.create_task(exporter.stop())
    await asyncio.sleep(0)
    go_on.set()
    assert (await pushing)["accepted"] == 1
    await stopping
