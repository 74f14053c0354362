"""What a start makes of what it finds, when not all of it is as it should be."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from exporter.core import Core
from exporter.durability import TICK_SECS
from exporter.event.grouping import EVENTS_MIN
from exporter.fault import StartError
from exporter.store.telemetry import TelemetryStore
from tests.clock import ManualClock
from tests.core.builders import NOW, config, crashed, exposed, push, running
from tests.journal.builders import set_aside
from tests.store.histories import every_answer

COMPLETION = {"type": "completion", "model": "m"}


async def test_a_fault_that_comes_back_in_the_replay_costs_its_own_batch_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted, told by health, and the start goes on."""
    async with running(config(tmp_path / "a")) as core:
        await push(core, COMPLETION)
        await push(core, {"type": "tool_call", "tool": "t"})
        before = exposed(core)
        crashed(tmp_path / "a", tmp_path / "b")

    def fail(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr("exporter.store.state.State._tool_call", fail)
    async with running(config(tmp_path / "b")) as core:
        assert core.ready
        assert core.checks()["writer"] == "failing"
        assert exposed(core) == before


async def test_pushes_taken_together_come_back_as_they_were(tmp_path: Path) -> None:
    """After each of them a crash changes no sample and no answer, with a snapshot or without."""
    calls = [
        {
            **COMPLETION,
            "model": "mn"[number % 2],
            "session_id": "s",
            "latency_ms": number / 7,
            "cost_usd": number / 1000,
            "tokens": {"input": number, "total": 9} if number % 3 else None,
        }
        for number in range(30)
    ]
    async with running(config(tmp_path / "live")) as core:
        for number in (EVENTS_MIN - 1, EVENTS_MIN, 20, 30):
            await push(core, *calls[:number])
            before, answers = exposed(core), every_answer(core.store, NOW)
            path = crashed(tmp_path / "live", tmp_path / str(number))
            async with running(config(path)) as again:
                assert exposed(again) == before
                assert every_answer(again.store, NOW) == answers
            if number == EVENTS_MIN:
                await core.durability.snapshot()


async def test_losses_of_the_process_before_are_not_counted_again(tmp_path: Path) -> None:
    """Their counters say that they began with this process."""
    async with running(config(tmp_path / "a", model=1)) as core:
        await push(
            core, COMPLETION, {**COMPLETION, "model": "n"}, {**COMPLETION, "completed_at": 1}
        )
        assert core.registry.budgets.overflows == {"model": 1}
        exposed(core)
        crashed(tmp_path / "a", tmp_path / "b")
    async with running(config(tmp_path / "b", model=1)) as core:
        assert core.registry.budgets.overflows == {}
        assert core.store.late_events == 0


async def test_a_snapshot_of_another_version_that_cannot_be_read_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new epoch begins, and the start succeeds."""
    async with running(config(tmp_path)) as core:
        await push(core, COMPLETION)

    def restore(_store: TelemetryStore, parts: Iterable[tuple[str, bytes]]) -> None:
        if any(True for _ in parts):
            raise KeyError

    monkeypatch.setattr(TelemetryStore, "restore", restore)
    monkeypatch.setattr("exporter.core.__version__", "another")
    async with running(config(tmp_path)) as core:
        assert core.ready
        assert core.journal.epoch.cause == "corrupt"
    assert len(set_aside(tmp_path)) == 1


async def test_memory_that_stays_half_full_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs it is told that only a new start can help."""
    monkeypatch.setattr("exporter.durability.TICK_SECS", TICK_SECS / 100)
    async with running(config(tmp_path / "a")) as core:
        await push(core, COMPLETION)
        crashed(tmp_path / "a", tmp_path / "b")
    core = Core(config(tmp_path / "b"), clock=ManualClock(NOW))

    async def broken(*_: object) -> None:
        raise StartError

    monkeypatch.setattr(core.journal, "_next_of", broken)
    watching = asyncio.create_task(core.durability.run())
    await asyncio.wait_for(core.durability.gave_up.wait(), timeout=10)
    watching.cancel()
    assert not core.ready
    await core.journal.close()
