"""Which routes are served where, and what a start that fails leaves behind."""

import asyncio
from collections.abc import Sequence

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.config import Config, Ingest, Storage, Web
from exporter.event.types import Event
from exporter.pipeline.batch import Batch
from tests.clock import ManualClock
from tests.web import EVENTS, NOW, get, push, scrape


class TestSeparateIngest:
    """With an ingest address, pushes are taken there and nowhere else."""

    @pytest.fixture
    def config(self) -> Config:
        """Return two listeners for reads, one for pushes."""
        return Config(
            web=Web(listen_address=("127.0.0.1:0", "[::1]:0")),
            ingest=Ingest(listen_address="127.0.0.1:0"),
            storage=Storage(path=""),
        )

    async def test_each_listener_has_its_routes(self, exporter: Exporter) -> None:
        """A push on the reading port is no route of it, nor the other way round."""
        ingest, *readers = exporter.addresses
        assert len(readers) == 2
        event = {"type": "completion", "model": "m"}
        async with aiohttp.ClientSession() as client:
            async with client.post(f"http://{ingest}{EVENTS}", json=event) as response:
                assert response.status == 200
            async with client.get(f"http://{ingest}/metrics") as response:
                assert response.status == 404
            for address in exporter.addresses:
                async with client.get(f"http://{address}/health") as response:
                    assert response.status == 200
            for reader in readers:
                async with client.post(f"http://{reader}{EVENTS}", json=event) as response:
                    assert response.status == 405
                async with client.get(f"http://{reader}/metrics") as response:
                    assert "agent_completions_total" in await response.text()


async def test_an_address_in_use_stops_the_start(exporter: Exporter, config: Config) -> None:
    """The error names the address, and nothing is left listening or running."""
    taken = Config(
        web=Web(listen_address=("127.0.0.1:0", exporter.addresses[0])), storage=Storage(path="")
    )
    second = Exporter(taken, clock=ManualClock(NOW))
    with pytest.raises(OSError, match="address already in use") as raised:
        await second.start()
    assert exporter.addresses[0].split(":")[1] in str(raised.value)
    tasks = {task.get_name() for task in asyncio.all_tasks() if not task.done()}
    assert len([name for name in tasks if name == "writer"]) == 1


async def test_a_fault_in_writing_is_counted_and_costs_no_other_push(
    exporter: Exporter, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed is answered so; health tells of the fault; the next push is written."""

    def fail(events: list[Event], now: float) -> None:
        raise RuntimeError

    event = {"type": "completion", "model": "m"}
    with monkeypatch.context() as patched:
        patched.setattr(exporter._core.writer, "_apply", fail)  # noqa: SLF001 - the fault
        await push(client, event)
    await push(client, event)
    async with client.get("/-/ready") as response:
        assert response.status == 200
    health = await get(client, "/health")
    assert (health["status"], health["checks"]["writer"]) == ("degraded", "failing")
    samples = await scrape(client)
    assert samples["agent_exporter_writer_faults_total"] == 1
    labels = '{agent="unknown",model="m",outcome="success",provider="unknown"}'
    assert samples[f"agent_completions_total{labels}"] == 1


async def test_a_stop_lets_a_push_under_way_be_answered(
    exporter: Exporter, client: aiohttp.ClientSession
) -> None:
    """A push that was taken in is committed and answered, though the stop has begun."""
    committing, go_on = asyncio.Event(), asyncio.Event()

    async def commit(_batches: Sequence[Batch], _now: float) -> None:
        committing.set()
        await go_on.wait()

    exporter._core.writer._commit = commit  # noqa: SLF001 - a commit that takes its time
    pushing = asyncio.create_task(push(client, {"type": "completion", "model": "m"}))
    await committing.wait()
    stopping = asyncio.create_task(exporter.stop())
    await asyncio.sleep(0)
    go_on.set()
    assert (await pushing)["accepted"] == 1
    await stopping
