"""A wall clock that jumps: nothing is lost, doubled or refused, before a restart and after it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.config import Config, Storage, Web
from tests.clock import ManualClock
from tests.faults.serving import completion
from tests.web import NOW, get, push, scrape

DAY_SECS = 86_400.0
JUMPS = [-DAY_SECS, DAY_SECS, -7 * DAY_SECS, 400 * DAY_SECS]

COMPLETED = 'agent_completions_total{agent="unknown",model="p/m",outcome="success",provider="p"}'


class JumpingClock(ManualClock):
    """A clock whose wall time is set, while the time that only grows does not notice."""

    def jump(self, secs: float) -> None:
        """Set the wall clock."""
        self._now += secs


@contextlib.asynccontextmanager
async def running(directory: Path, clock: ManualClock) -> AsyncIterator[aiohttp.ClientSession]:
    """Run an exporter and yield a client of it."""
    exporter = Exporter(
        Config(web=Web(listen_address=("127.0.0.1:0",)), storage=Storage(path=str(directory))),
        clock=clock,
    )
    await exporter.start()
    try:
        async with aiohttp.ClientSession(f"http://{exporter.addresses[0]}") as client:
            yield client
    finally:
        await exporter.stop()


async def every_read(client: aiohttp.ClientSession) -> None:
    """Read everything there is, which must be answered."""
    for path in ("events", "calls", "requests", "snapshot", "models", "models/p%2Fm"):
        await get(client, f"/api/v1/{path}")
    for path in ("sessions", "sessions/s", "summary", "cardinality"):
        await get(client, f"/api/v1/{path}")


@pytest.mark.hostile(28)
@pytest.mark.parametrize("jump_secs", JUMPS)
async def test_counters_ids_and_uptime_survive_a_jump(tmp_path: Path, jump_secs: float) -> None:
    """What was counted stays, what was seen is known, and what is pushed now is in the window."""
    clock = JumpingClock(NOW)
    async with running(tmp_path, clock) as client:
        started = {"type": "request_started", "request_id": "r"}
        await push(client, completion(id="e", session_id="s"), started, key="k")
        clock.advance(10)
        clock.jump(jump_secs)
        await every_read(client)
        assert (await push(client, completion(id="e")))["duplicates"] == 1
        assert (await push(client, completion(), started, key="k"))["duplicates"] == 2
        assert (await push(client, completion()))["accepted"] == 1
        await every_read(client)
        assert (await get(client, "/health"))["uptime"] == 10
        assert (await scrape(client))[COMPLETED] == 2
        model = await get(client, "/api/v1/models/p%2Fm")
        assert model["successful_completions"] >= 1


@pytest.mark.hostile(28)
@pytest.mark.parametrize("jump_secs", JUMPS)
async def test_the_window_is_as_good_as_ever_once_the_clock_stands(
    tmp_path: Path, jump_secs: float
) -> None:
    """After a jump events come in, are counted in the window, and leave it again."""
    clock = JumpingClock(NOW)
    async with running(tmp_path, clock) as client:
        await push(client, completion())
        clock.jump(jump_secs)
        for _ in range(3):
            await push(client, completion())
            clock.advance(60)
        model = await get(client, "/api/v1/models/p%2Fm")
        assert model["successful_completions"] in (3, 4)
        clock.advance(3_700)
        model = await get(client, "/api/v1/models/p%2Fm")
        assert model["successful_completions"] == 0
        await push(client, completion())
        model = await get(client, "/api/v1/models/p%2Fm")
        assert model["successful_completions"] == 1


@pytest.mark.hostile(28)
@pytest.mark.parametrize("jump_secs", JUMPS)
async def test_a_restart_on_another_day_finds_the_counters_and_the_keys(
    tmp_path: Path, jump_secs: float
) -> None:
    """A clock that was set while all was off; keys are forgotten only where they are old."""
    async with running(tmp_path, JumpingClock(NOW)) as client:
        await push(client, completion(id="e"), key="k")
        before = await scrape(client)
    async with running(tmp_path, JumpingClock(NOW + jump_secs)) as client:
        after = await scrape(client)
        assert after[COMPLETED] == before[COMPLETED] == 1
        await every_read(client)
        receipt = await push(client, completion(), key="k")
        assert receipt["duplicates"] == (1 if jump_secs < DAY_SECS else 0)
        await push(client, completion(session_id="s"))
        model = await get(client, "/api/v1/models/p%2Fm")
        assert model["successful_completions"] >= 1
