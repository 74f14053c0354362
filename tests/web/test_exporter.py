"""`/api/v1/exporter`: how the exporter itself is, from whoever owns each part of it."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exporter import __version__
from exporter.app import Exporter
from exporter.config import Config, Dedupe, LabelValues, Metrics, Storage, Web
from tests.clock import ManualClock
from tests.web import NOW, get, push, scrape

LOG = {"type": "log", "level": "info", "source": "s", "message": "m"}
CALL = {"type": "tool_call"}


async def told(client: aiohttp.ClientSession) -> dict[str, Any]:
    """Return the answer."""
    answer: dict[str, Any] = await get(client, "/api/v1/exporter")
    return answer


async def test_it_is_told_in_full(
    client: aiohttp.ClientSession, exporter: Exporter, clock: ManualClock
) -> None:
    """Before anything was pushed or scraped: every member, and no other."""
    clock.advance(2.5)
    answer = await told(client)
    series, series_max = answer.pop("series"), answer.pop("series_max")
    assert 0 < series < series_max
    whats = ("idempotency_key", "event_id", "total", "model", "session", "request")
    assert answer == {
        "version": __version__,
        "started_at": "2026-11-21T00:00:00Z",
        "uptime": 2.5,
        "ready": True,
        "checks": {"writer": "ok", "journal": "ok", "access": "ok", "config": "ok"},
        "warnings": [],
        "pushes": {
            "here": True,
            "addresses": exporter.addresses,
            "scheme": "http",
            "auth": "none",
        },
        "last_push_at": None,
        "last_scrape_at": None,
        "events": {"accepted": 0, "duplicate": 0, "rejected": 0},
        "late_events": 0,
        "evictions": dict.fromkeys(
            (*whats, "request_expired", "limit", "queue", "tool", "quota", "agent"), 0
        ),
        "label_overflows": dict.fromkeys(
            (*LabelValues.__struct_fields__, "label_set"),
            0,
        ),
        "queue_events": 0,
        "journal": {"durable": False, "bytes": 0, "snapshot_at": None, "failures": 0},
        "epoch": {"cause": "memory", "started_at": "2026-11-21T00:00:00Z"},
    }


async def test_pushes_and_scrapes_are_dated(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """When the last of each was answered; what was refused is no push."""
    await push(client, LOG)
    clock.advance(5)
    await scrape(client)
    clock.advance(5)
    async with client.post("/api/v1/events", json={"type": "nonsense"}) as response:
        assert response.status == 400
    answer = await told(client)
    assert (answer["last_push_at"], answer["last_scrape_at"]) == (
        "2026-11-21T00:00:00Z",
        "2026-11-21T00:00:05Z",
    )


async def test_events_are_counted_by_what_became_of_them(client: aiohttp.ClientSession) -> None:
    """Whatever they are and came by; what was too old for the window is late."""
    await push(client, {**LOG, "id": "1"}, {**LOG, "id": "1"}, {**LOG, "level": "fatal"})
    await push(client, {**LOG, "timestamp": NOW - 7_200})
    answer = await told(client)
    assert answer["events"] == {"accepted": 2, "duplicate": 1, "rejected": 1}
    assert answer["late_events"] == 1


async def test_series_are_those_of_the_exposition(client: aiohttp.ClientSession) -> None:
    """As many as `/api/v1/cardinality` tells of; no family may have more than its cap."""
    await push(client, *({"type": "tool_call", "tool": f"t{n}"} for n in range(20)))
    answer, cardinality = await told(client), await get(client, "/api/v1/cardinality")
    assert answer["series"] == cardinality["series"]
    caps = [use["series"] if use["cap"] is None else use["cap"] for use in cardinality["families"]]
    assert answer["series_max"] == sum(caps)


@pytest.mark.hostile(37)
async def test_pushes_from_anywhere_are_warned_of(clock: ManualClock) -> None:
    """Whoever looks reads what the log said at the start."""
    web = Web(listen_address=("0.0.0.0:0",))
    exporter = Exporter(Config(web=web, storage=Storage(path="")), clock=clock)
    await exporter.start()
    try:
        port = exporter.addresses[0].rpartition(":")[2]
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            warnings = (await told(client))["warnings"]
    finally:
        await exporter.stop()
    assert warnings == ["pushes are taken from other machines without credentials"]


class TestLittleRoom:
    """An exporter that has room for next to nothing."""

    @pytest.fixture
    def config(self) -> Config:
        """Return such a configuration."""
        return Config(
            web=Web(listen_address=("127.0.0.1:0",)),
            storage=Storage(path=""),
            dedupe=Dedupe(ids_max=1),
            metrics=Metrics(label_values_max=LabelValues(tool=1), gauge_ttl_secs=900),
        )

    async def test_what_found_no_room_is_told(self, client: aiohttp.ClientSession) -> None:
        """By what it was, as the metrics tell it."""
        await push(
            client,
            *(
                {"type": "tool_call", "agent": "a0", "tool": f"t{n}", "id": f"{n}"}
                for n in range(3)
            ),
            *({"type": "tool_call", "agent": f"a{n}", "tool": "t0"} for n in range(100)),
            *({"type": "tool_call", "agent": "a99", "tool": f"x{n}"} for n in range(500)),
            {**LOG, "agent": "one more"},
        )
        answer = await told(client)
        samples = await scrape(client)
        for what, count in answer["evictions"].items():
            assert samples[f'agent_exporter_evictions_total{{what="{what}"}}'] == count
        for label, count in answer["label_overflows"].items():
            assert samples[f'agent_exporter_label_overflows_total{{label="{label}"}}'] == count
        evictions = {what: count for what, count in answer["evictions"].items() if count}
        assert evictions == {"event_id": 2, "tool": 102, "agent": 1}
        assert answer["label_overflows"]["tool"] == 502


class TestDurable:
    """An exporter with a journal."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        """Return a configuration that keeps state in a directory."""
        return Config(web=Web(listen_address=("127.0.0.1:0",)), storage=Storage(path=str(tmp_path)))

    async def test_the_journal_is_told_of(
        self, client: aiohttp.ClientSession, exporter: Exporter, clock: ManualClock
    ) -> None:
        """How much a restart would replay, since which snapshot."""
        await push(client, LOG)
        journal = (await told(client))["journal"]
        assert journal.pop("bytes") > 0
        assert journal == {"durable": True, "snapshot_at": None, "failures": 0}
        clock.advance(60)
        await exporter._core.durability.snapshot()  # noqa: SLF001 - what a minute would do
        answer = await told(client)
        assert answer["journal"] == {
            "durable": True,
            "bytes": 0,
            "snapshot_at": "2026-11-21T00:01:00Z",
            "failures": 0,
        }
        assert answer["epoch"] == {"cause": "new", "started_at": "2026-11-21T00:00:00Z"}

    async def test_checks_are_those_of_health(
        self,
        client: aiohttp.ClientSession,
        exporter: Exporter,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A journal that fails is told in the same word, and that pushes are not taken."""
        monkeypatch.setattr(exporter._core.journal, "_failed", True)  # noqa: SLF001 - the fault
        answer, health = await told(client), await get(client, "/health")
        assert answer["checks"] == health["checks"]
        assert (answer["checks"]["journal"], answer["ready"]) == ("failing", False)
