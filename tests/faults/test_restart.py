"""A restart: everything that could be read before can be read after it."""

import itertools
import re
import signal
import sqlite3
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.faults.disk import Disk
from tests.faults.serving import OPENMETRICS, Event, Served, Site, completion

MODELS = ("anthropic/opus", "openai/gpt", "mini")

MOVING = {"uptime", "duration_ms", "exported_at", "window_start", "window_end"}
"""What is told as of now, whoever tells it."""

COUNTED = ("requests_in_flight", "sessions_active", "models", "models_limited", "queue_depth")

OURS = re.compile(r"(# \w+ )?(agent_exporter|process|python)_")


def mix() -> list[Event]:
    """Return events of every type, good and bad, that leave something in every table."""
    events: list[Event] = []
    for number, model in enumerate(itertools.islice(itertools.cycle(MODELS), 60)):
        common = {
            "agent": f"agent-{number % 2}",
            "session_id": f"s{number % 7}",
            "id": f"e{number}",
        }
        tokens = {"input": 10 * number, "output": number, "cache_read": 7, "reasoning": 3}
        spoken = {"latency_ms": 100.5 + number, "ttft_ms": 12.25, "trace_id": f"trace-{number}"}
        priced = {"cost_usd": number / 700} if number % 3 else {}
        failed = {"error": "overloaded, try later"} if number % 11 == 5 else {}
        events.append(
            completion(model=model, **common, **spoken, **priced, **failed) | {"tokens": tokens}
        )
    events.append(
        completion(model="openai/gpt", error="You've hit your usage limit", status_code=429)
    )
    for number in range(5):
        request = {"request_id": f"r{number}", "channel": "cli", "agent": "agent-0"}
        events.append({"type": "request_started", **request})
        if number % 2:
            events.append({"type": "request_ended", **request, "success": number != 3})
    for tool, error in (("shell", None), ("edit", "no such file"), ("shell", None)):
        events.append({"type": "tool_call", "tool": tool, "duration_ms": 12.5, "error": error})
    for number, level in enumerate(("info", "warn", "error")):
        context = {"n": number, "deep": {"list": [1, 2.5, None]}}
        log = {"type": "log", "level": level, "source": "src", "message": f"m{number}"}
        events.append({**log, "context": context})
    told = {"type": "completion_detail", "model": MODELS[0], "ttft_ms": 7.125}
    events.append({**told, "finish_reason": "end_turn", "limited": True, "id": "d1"})
    for total in (3, 4.5):
        cumulative = {"stream": "a run", "total": total}
        events.append({"type": "activity", "kind": "active_cli", "cumulative": cumulative})
    events.append({"type": "activity", "kind": "edit_rejected", "tool": "Edit", "id": "a1"})
    events.append({"type": "queue_depth", "queue": "q", "depth": 7})
    events.append({"type": "quota", "window": "5h", "used_ratio": 0.75, "provider": "anthropic"})
    return events


def still(document: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a document without what moves with the time that it is read at."""
    if isinstance(document, dict):
        return {key: still(value) for key, value in document.items() if key not in MOVING}
    if isinstance(document, list):
        return [still(one) for one in document]
    return document


def by_step(timeline: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what happened in each step in which something did, by course and by its beginning."""
    ends_at, secs = datetime.fromisoformat(timeline["ends_at"]), timeline["step_secs"]
    starts = [ends_at - timedelta(seconds=secs * n) for n in range(timeline["points"], 0, -1)]
    courses = {"total": timeline["total"], **{one["model"]: one for one in timeline["models"]}}
    arrays = ("completions", "failures", "tokens", "cost_usd", "p95_latency_ms")
    points = {
        name: zip(starts, *(course[array] for array in arrays), strict=True)
        for name, course in courses.items()
    }
    return {name: [point for point in told if point[1]] for name, told in points.items()}


def everything(served: Served) -> dict[str, Any]:
    """Return all that can be read and does not move by itself."""
    found = {path: still(served.get(f"/api/v1/{path}")) for path in ("calls", "requests", "models")}
    found["snapshot"] = still(served.get("/api/v1/snapshot"))
    found["events"] = served.get("/api/v1/events?limit=500")
    found["sessions"] = still(served.get("/api/v1/sessions?limit=1000"))
    for model in MODELS:
        path = f"models/{model.replace('/', '%2F')}"
        found[path] = still(served.get(f"/api/v1/{path}"))
    for number in range(7):
        found[f"session {number}"] = still(served.get(f"/api/v1/sessions/s{number}"))
    for path in ("tools", "quotas", "queues", "agents"):
        found[path] = served.get(f"/api/v1/{path}")
    found["timeline"] = by_step(served.get("/api/v1/timeline"))
    overview = served.get("/api/v1/overview")
    found["overview"] = {key: overview[key] for key in COUNTED}
    summary = still(served.get("/api/v1/summary"))
    found["summary"] = {key: value for key, value in summary.items() if key != "export_id"}
    health = served.get("/health")
    found["health"] = {key: health[key] for key in ("status", "sessions", "tools", "channels")}
    found["metrics"] = agents_part(served)
    return found


def agents_part(served: Served) -> list[str]:
    """Return the lines of a scrape that are about agents: values, creation times and exemplars."""
    text = served.ask("GET", "/metrics", OPENMETRICS).body.decode()
    return sorted(line for line in text.splitlines() if not OURS.match(line))


def assert_same(after: dict[str, Any], before: dict[str, Any]) -> None:
    """Compare, one thing at a time, so that a difference can be read."""
    for name, value in before.items():
        assert after[name] == value, name
    assert set(after) == set(before)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_everything_comes_back(site: Site, number: signal.Signals) -> None:
    """Windows, rings, requests, limits, sessions, counters and their beginning, exemplars."""
    served = site.start()
    for event in mix():
        served.accept(event)
    before = everything(served)
    assert any("_created" in line for line in before["metrics"])
    assert any(" # {" in line for line in before["metrics"])
    epoch = served.epoch()
    served.process.send_signal(number)
    served.process.wait()
    again = site.start()
    assert_same(everything(again), before)
    assert again.epoch() == epoch
    assert again.accept(*(event for event in mix() if "id" in event))["accepted"] == 0
    assert_same(everything(again), before)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_life_goes_on_where_it_was(site: Site, number: signal.Signals) -> None:
    """The next event has the next number; a request that was in flight ends with its duration."""
    served = site.start()
    served.accept({"type": "request_started", "request_id": "r", "channel": "cli"})
    served.accept({"type": "log", "level": "info", "source": "s", "message": "before"})
    last = served.get("/api/v1/events")["events"][0]["seq"]
    served.process.send_signal(number)
    served.process.wait()
    again = site.start()
    again.accept({"type": "log", "level": "info", "source": "s", "message": "after"})
    newest = again.get("/api/v1/events")["events"][0]
    assert (newest["seq"], newest["message"]) == (last + 1, "after")
    again.accept({"type": "request_ended", "request_id": "r"})
    assert again.get("/api/v1/requests")["requests"] == []
    labels = '{agent="unknown",channel="cli"}'
    assert again.metrics()[f"agent_request_duration_seconds_count{labels}"] == 1
    assert again.metrics()[f"agent_requests_in_flight{labels}"] == 0


def test_a_snapshot_and_what_came_after_it_add_up(site: Site) -> None:
    """Killed between two snapshots, half comes from the one and half from the journal."""
    site.config.write_text("storage: {snapshot_secs: 1}\n")
    served = site.start()
    events = mix()
    served.accept(*events[: len(events) // 2])
    served.await_metric("agent_exporter_journal_snapshot_timestamp_seconds")
    served.accept(*events[len(events) // 2 :])
    before = everything(served)
    served.kill()
    assert_same(everything(site.start()), before)


def crash_the_machine(site: Site) -> None:
    """Make it look as if the machine had been started again since."""
    with sqlite3.connect(site.storage / "journal.db") as connection:
        connection.execute(
            "UPDATE facts SET value = json_set(value, '$.boot_id', 'before') WHERE name = 'Run'"
        )
    connection.close()


def test_after_a_crash_of_the_machine_counters_begin_at_0(site: Site) -> None:
    """With `normal` the last commits may be missing; windows, keys and rings come back as far."""
    served = site.start()
    served.accept(completion(), key="k")
    served.kill()
    crash_the_machine(site)
    again = site.start()
    assert again.epoch()[0] == "power_loss"
    assert again.completed() == 0
    assert again.ready
    assert again.get("/api/v1/models/p%2Fm")["successful_completions"] == 1
    assert again.accept(completion(), key="k")["duplicates"] == 1
    again.accept(completion())
    epoch = again.epoch()
    again.kill()
    third = site.start()
    assert (third.completed(), third.epoch()) == (1, epoch)


@pytest.mark.hostile(25)
def test_after_a_crash_of_the_machine_a_full_disk_is_waited_for(site: Site, disk: Disk) -> None:
    """What came back is there in the meantime, and once only."""
    served = site.start()
    served.accept(completion())
    served.kill()
    crash_the_machine(site)
    disk.fill()
    again = site.start()
    assert not again.ready
    assert again.push(completion()).status == 503
    disk.free()
    again.await_ready()
    assert again.epoch()[0] == "power_loss"
    assert again.get("/api/v1/models/p%2Fm")["successful_completions"] == 1
    again.accept(completion())
    again.kill()
    assert site.start().completed() == 1


def test_synced_in_full_a_crash_of_the_machine_is_as_any_other(site: Site) -> None:
    """Nothing can be missing, so the counters go on."""
    served = site.start("--storage.sync=full")
    served.accept(completion())
    served.kill()
    crash_the_machine(site)
    again = site.start("--storage.sync=full")
    assert (again.completed(), again.epoch()[0]) == (1, "new")
