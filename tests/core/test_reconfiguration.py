"""What decides on series changes, and no counter steps back, whatever comes after."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from exporter.config import Config
from exporter.core import basis
from exporter.event.rejection import Refusal
from exporter.metrics import catalogue
from tests.core.builders import NOW, Json, config, crashed, exposed, push, running


def tool(name: str) -> Json:
    """Return a tool call."""
    return {"type": "tool_call", "tool": name}


async def test_a_larger_budget_and_then_a_crash_count_every_event_where_it_was_counted(
    tmp_path: Path,
) -> None:
    """The replay begins at the change."""
    wider = config(tmp_path / "b", tool=100)
    async with running(config(tmp_path / "a", tool=2)) as core:
        await push(core, *map(tool, "abcd"))
        await core.reconfigure(wider)
        await push(core, *map(tool, "cde"))
        before = exposed(core)
        crashed(tmp_path / "a", tmp_path / "b")
    calls = 'agent_tool_calls_total{agent="unknown",outcome="success",tool="%s"}'
    assert [before[calls % name] for name in ("a", "_other", "c", "e")] == [1, 2, 1, 1]
    async with running(wider) as core:
        assert core.journal.epoch.cause == "new"
        assert exposed(core) == before


async def test_a_crash_and_another_configuration_begin_at_zero(tmp_path: Path) -> None:
    """Never at a part of what was seen before: the rest of the state is there all the same."""
    async with running(config(tmp_path / "a")) as core:
        await push(core, {"type": "completion", "model": "m", "session_id": "s"})
        crashed(tmp_path / "a", tmp_path / "b")
    async with running(config(tmp_path / "b", tool=7)) as core:
        assert core.journal.epoch.cause == "reconfigured"
        assert not any("completions" in name for name in exposed(core))
        assert core.store.session_usage("s", now=NOW).totals.message_count == 1
        await push(core, {"type": "completion", "model": "m"})
        before = exposed(core)
        crashed(tmp_path / "b", tmp_path / "c")
    async with running(config(tmp_path / "c", tool=7)) as core:
        assert exposed(core) == before


async def test_a_stop_and_another_configuration_go_on(tmp_path: Path) -> None:
    """A snapshot at the stop leaves nothing to be counted elsewhere."""
    async with running(config(tmp_path)) as core:
        await push(core, tool("a"))
        before = exposed(core)
    async with running(config(tmp_path, tool=7)) as core:
        assert core.journal.epoch.cause == "new"
        assert exposed(core) == before


async def test_what_is_read_at_scrapes_has_the_new_budget_too(tmp_path: Path) -> None:
    """Sessions of agents that folded are told apart again."""
    async with running(config(tmp_path, agent=1)) as core:
        rows = [((agent,), 1.0) for agent in ("a", "b", "c")]
        core.registry.pull(catalogue.SESSIONS_ACTIVE, lambda _: rows)
        assert sum("sessions" in name for name in exposed(core)) == 2
        await core.reconfigure(config(tmp_path, agent=5))
        assert sum("sessions" in name for name in exposed(core)) == 3


async def test_a_change_that_the_journal_cannot_keep_is_not_made(tmp_path: Path) -> None:
    """All of it or nothing."""

    def failpoint(name: str) -> None:
        if broken and name == "in_snapshot":
            raise OSError

    broken = False
    async with running(config(tmp_path, tool=1), failpoint=failpoint) as core:
        broken = True
        with pytest.raises(Refusal):
            await core.reconfigure(config(tmp_path, tool=5))
        broken = False
        await push(core, tool("a"), tool("b"))
        assert any('tool="_other"' in name for name in exposed(core))


async def test_nothing_is_written_while_series_are_decided_on_anew(tmp_path: Path) -> None:
    """A push waits for the change, and is counted by it."""
    async with running(config(tmp_path, tool=1)) as core:
        await push(core, tool("a"))
        await asyncio.gather(core.reconfigure(config(tmp_path, tool=5)), push(core, tool("b")))
        assert any('tool="b"' in name for name in exposed(core))


@pytest.mark.parametrize("section", ["metrics", "store"])
def test_only_what_decides_on_series_changes_the_basis(section: str, tmp_path: Path) -> None:
    """Or every other reload would take a snapshot, and every other restart begin an epoch."""
    one = config(tmp_path)
    changes: dict[str, Config] = {
        "metrics": msgspec.structs.replace(
            one, metrics=msgspec.structs.replace(one.metrics, gauge_ttl_secs=7)
        ),
        "store": msgspec.structs.replace(
            one, store=msgspec.structs.replace(one.store, requests_max=7)
        ),
    }
    unchanged = msgspec.structs.replace(
        one, storage=msgspec.structs.replace(one.storage, snapshot_secs=7)
    )
    assert basis(unchanged) == basis(one)
    assert basis(changes[section]) != basis(one)
