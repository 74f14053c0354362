"""`/api/v1/summary` over real sockets: what one store exports, another takes in, once."""

import asyncio
import gzip
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
import pytest

from exporter.event.rejection import Code, Refusal
from exporter.pipeline.batch import Receipt
from exporter.store.answers import instant
from exporter.store.summary import Imported
from exporter.store.telemetry import TelemetryStore
from exporter.store.transfer import decode_summary
from exporter.web.api_summary import ROUTE, SummaryExportRoute, SummaryImportRoute
from exporter.web.body import Bodies
from exporter.web.server import Routes, Server
from tests.builders import NOW, completion, limit_hit, tokens
from tests.clock import ManualClock

BODY_BYTES_MAX = 256 * 1024
JSON = {"Content-Type": "application/json"}


@dataclass
class Side:
    """A store with both routes; what it takes in goes through its journal's form."""

    store: TelemetryStore = field(default_factory=TelemetryStore)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    taken: set[str] = field(default_factory=set)

    async def write(self, imported: Imported) -> Receipt:
        """Take a summary in as a writer does that remembers ids."""
        if imported.export_id in self.taken:
            return Receipt(0, 1)
        self.taken.add(imported.export_id)
        journaled = msgspec.msgpack.encode(imported)
        read = msgspec.msgpack.decode(journaled, type=Imported)
        self.store.absorb(read, self.clock.now())
        return Receipt(1, 0)

    def server(self) -> Server:
        """Return a server of both routes."""
        ids = (f"export-{n}" for n in itertools.count())
        bodies = Bodies(bytes_max=BODY_BYTES_MAX, held_bytes_max=BODY_BYTES_MAX, timeout_secs=5)
        routes: list[Routes] = [
            SummaryExportRoute(store=self.store, clock=self.clock, make_id=ids.__next__),
            SummaryImportRoute(store=self.store, clock=self.clock, bodies=bodies, write=self.write),
        ]
        return Server(routes, body_bytes_max=BODY_BYTES_MAX)


@pytest.fixture
def side() -> Side:
    """Return a side with an empty store."""
    return Side()


@pytest.fixture
async def client(side: Side) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve the side, and return a client of it."""
    server = side.server()
    ((host, port),) = await server.start([("127.0.0.1", 0)])
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        yield session
    await server.stop()


def filled() -> TelemetryStore:
    """Return a store with something of everything that is exported."""
    store = TelemetryStore()
    events = [
        completion(session_id="s", latency_ms=n * 10.0, cost_usd=0.25, tokens=tokens(n, 2, 3, 4, 5))
        for n in range(1, 60)
    ]
    store.apply([*events, limit_hit(model="n", resets_at=NOW + 500)], NOW)
    return store


def exported(store: TelemetryStore, export_id: str = "x") -> bytes:
    """Return what a store exports."""
    return b"".join(store.summary(now=NOW, export_id=export_id))


async def put(
    client: aiohttp.ClientSession, body: bytes, **headers: str
) -> tuple[int, dict[str, Any]]:
    """Put a summary; return status and answer."""
    async with client.put(ROUTE, data=body, headers=JSON | headers) as response:
        return response.status, await response.json(content_type=None)


async def test_an_export_is_taken_in_elsewhere(side: Side, client: aiohttp.ClientSession) -> None:
    """The same answers stand there afterwards, and the reply says how much that was."""
    other = filled()
    status, reply = await put(client, exported(other))
    assert (status, reply) == (
        200,
        {"imported": {"models": 2, "sessions": 1, "limits": 1}, "duplicate": False},
    )
    assert side.store.model_performances(now=NOW) == other.model_performances(now=NOW)
    assert side.store.sessions(now=NOW) == other.sessions(now=NOW)


async def test_few_export_at_a_time(side: Side, client: aiohttp.ClientSession) -> None:
    """Of a crowd two get theirs, the rest are told to come again; afterwards all may."""
    side.store.apply([completion(session_id="s", model=f"m{n}") for n in range(200)], NOW)

    async def export() -> tuple[int, str | None]:
        async with client.get(ROUTE) as response:
            await response.read()
            return response.status, response.headers.get("Retry-After")

    answers = await asyncio.gather(*(export() for _ in range(50)))
    assert set(answers) == {(200, None), (429, "1")}
    assert [await export() for _ in range(3)] == [(200, None)] * 3


async def test_an_export_counts_once(side: Side, client: aiohttp.ClientSession) -> None:
    """The second time it is a duplicate, and nothing changes; another export is none."""
    body = exported(filled())
    for duplicate in (False, True):
        _, reply = await put(client, body)
        assert reply["duplicate"] is duplicate
    assert side.store.model_performance("m", now=NOW).successful_completions == 59
    _, reply = await put(client, exported(filled(), "y"))
    assert reply["duplicate"] is False
    assert side.store.model_performance("m", now=NOW).successful_completions == 118


async def test_the_export_is_the_documented_object(
    side: Side, client: aiohttp.ClientSession
) -> None:
    """It has the members of the orchestrator's summary, an id of its own, and the state."""
    side.store.apply([completion(session_id="s")], NOW)
    ids = []
    for _ in range(2):
        async with client.get(ROUTE) as response:
            assert response.status == 200
            assert response.headers["Cache-Control"] == "no-store"
            summary = await response.json()
        ids.append(summary["export_id"])
    assert len(set(ids)) == 2
    assert list(summary) == [
        *("id", "export_id", "model_performances", "window_secs", "exported_at", "state")
    ]
    assert (summary["id"], summary["window_secs"]) == ("telemetry_summary", 3600)
    assert summary["exported_at"] == instant(NOW).isoformat().replace("+00:00", "Z")
    assert summary["model_performances"][0]["successful_completions"] == 1
    state = summary["state"]
    assert list(state) == ["slot_secs", "session_slot_secs", "models", "sessions", "limits"]
    assert state["models"][0]["slots"][0]["starts_at"] == NOW - 15


async def test_a_large_summary_may_come_packed(side: Side, client: aiohttp.ClientSession) -> None:
    """Gzip is understood, and a body of many slots is taken in like a small one."""
    store = TelemetryStore()
    for n in range(100):
        at = NOW - 3000 + n * 30
        store.apply([completion(at=at, session_id=f"s{n}"), completion(model="n", at=at)], at)
    body = exported(store)
    assert len(body) > 64 * 1024
    for packed, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
        side.taken.clear()
        assert (await put(client, packed, **headers))[0] == 200
    assert side.store.model_performance("m", now=NOW).successful_completions == 200


def changed(path: str, value: object) -> bytes:
    """Return an export with something else at a path such as `state.models.0.provider`."""
    summary = msgspec.json.decode(exported(filled()))
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    holder = summary
    for part in parents:
        holder = holder[part]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return msgspec.json.encode(summary)


SLOT = "state.models.0.slots.0"


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        (b"", "malformed", "$"),
        (b"{", "malformed", "$"),
        (b'{"id": "\xff"}', "malformed", "$"),
        (b"[]", "wrong_type", "$"),
        (b'{"id": "telemetry_summary"}', "missing_field", "$.model_performances"),
        (changed("id", "sk-secret"), "invalid_value", "$.id"),
        (changed("export_id", "sk-secret\n"), "invalid_value", "$.export_id"),
        (changed("export_id", "s" * 129), "invalid_value", "$.export_id"),
        (changed("exported_at", NOW + 601), "too_new", "$.exported_at"),
        (changed("exported_at", -1.5), "out_of_range", "$.exported_at"),
        (changed("exported_at", "sk-secret"), "invalid_time", "$.exported_at"),
        (changed("state", "sk-secret"), "wrong_type", "$.state"),
        (changed("state.models", {}), "wrong_type", "$.state.models"),
        (changed("state.slot_secs", -1), "out_of_range", "$.state.slot_secs"),
        (changed("state.slot_secs", 0), "out_of_range", "$.state.slot_secs"),
        (changed("state.session_slot_secs", 9e-4), "out_of_range", "$.state.session_slot_secs"),
        (changed("state.models.0.model", ""), "invalid_value", "$.state.models[0].model"),
        (changed("state.models.0.model", "m" * 129), "too_long", "$.state.models[0].model"),
        (changed(f"{SLOT}.messages", -1), "out_of_range", "$.state.models[0].slots[0].messages"),
        (changed(f"{SLOT}.input", 2**53 + 1), "out_of_range", "$.state.models[0].slots[0].input"),
        (changed(f"{SLOT}.output", 1.5), "wrong_type", "$.state.models[0].slots[0].output"),
        (changed(f"{SLOT}.output", value=True), "wrong_type", "$.state.models[0].slots[0].output"),
        (changed(f"{SLOT}.ttfts", None), "missing_field", "$.state.models[0].slots[0].ttfts"),
        (changed(f"{SLOT}.ttft_us", 1), "out_of_range", "$.state.models[0].slots[0].ttft_us"),
        (
            changed(f"{SLOT}.latencies", {"200": 1}),
            "out_of_range",
            "$.state.models[0].slots[0].latency_us",
        ),
        (
            changed(f"{SLOT}.latency_us", 15_000_000),
            "out_of_range",
            "$.state.models[0].slots[0].paced_us",
        ),
        (
            changed(f"{SLOT}.latency_us", 20_000_000),
            "out_of_range",
            "$.state.models[0].slots[0].latency_us",
        ),
        (changed(f"{SLOT}.latencies", {"239": 1}), "out_of_range", "$"),
        (
            changed(f"{SLOT}.latencies", {"1": 0}),
            "out_of_range",
            "$.state.models[0].slots[0].latencies[...]",
        ),
        (changed(f"{SLOT}.latencies", {"sk-secret": 1}), "wrong_type", "$"),
        (
            changed(f"{SLOT}.latencies", {"1": 60}),
            "out_of_range",
            "$.state.models[0].slots[0].latencies",
        ),
        (
            changed(f"{SLOT}.starts_at", NOW + 601),
            "too_new",
            "$.state.models[0].slots[0].starts_at",
        ),
        (changed(f"{SLOT}.last_at", NOW + 601), "too_new", "$.state.models[0].slots[0].last_at"),
        (changed("state.sessions.0.id", "s" * 257), "too_long", "$.state.sessions[0].id"),
        (
            changed("state.sessions.0.last_event_at", NOW + 601),
            "too_new",
            "$.state.sessions[0].last_event_at",
        ),
        (
            changed("state.sessions.0.slots.0.by_model.m.unpriced", 60),
            "out_of_range",
            "$.state.sessions[0].slots[0].by_model[...].unpriced",
        ),
        (
            changed("state.limits.0.signalled_at", NOW + 601),
            "too_new",
            "$.state.limits[0].signalled_at",
        ),
        (
            changed("state.limits.0.reset_at", NOW + 33 * 86_400),
            "out_of_range",
            "$.state.limits[0].reset_at",
        ),
    ],
)
async def test_what_is_no_summary_is_refused(
    side: Side, client: aiohttp.ClientSession, body: bytes, code: str, path: str
) -> None:
    """With a code and the path, without a word of what was sent, and nothing is taken in."""
    status, problem = await put(client, body)
    assert (status, problem["code"], problem["path"]) == (400, code, path)
    assert "sk-secret" not in str(problem)
    assert side.store.model_performances(now=NOW) == []


def crowded(*path: str | int, many: int) -> bytes:
    """Return an export in which the one item of an array stands there many times."""
    summary = msgspec.json.decode(exported(filled()))
    holder = summary
    for part in path:
        holder = holder[part]
    assert holder
    holder[:] = holder[:1] * many
    return msgspec.json.encode(summary)


@pytest.mark.parametrize(
    ("path", "many_max", "told"),
    [
        (("models",), 10_000, "$.state.models"),
        (("models", 0, "slots"), 10_000, "$.state.models[0].slots"),
        (("sessions",), 100_000, "$.state.sessions"),
        (("sessions", 0, "slots"), 10_000, "$.state.sessions[0].slots"),
        (("limits",), 10_000, "$.state.limits"),
    ],
)
def test_too_many_are_refused(path: tuple[str | int, ...], many_max: int, told: str) -> None:
    """Of anything that may come in numbers, and the last that is not too many is taken."""
    decode_summary(crowded("state", *path, many=many_max), now=NOW, window_secs=3600)
    with pytest.raises(Refusal) as refused:
        decode_summary(crowded("state", *path, many=many_max + 1), now=NOW, window_secs=3600)
    assert (refused.value.code, refused.value.path) == (Code.OUT_OF_RANGE, told)


async def test_depth_is_no_danger(client: aiohttp.ClientSession) -> None:
    """Arrays within arrays are too deep, wherever they are, and not a fault."""
    for head in (b"", b'{"id": "telemetry_summary", "model_performances": ', b'{"id": ', b'{"x": '):
        status, problem = await put(client, head + b"[" * 100_000)
        assert (status, problem["code"]) == (400, "too_deep")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        ({"Content-Type": "application/x-ndjson"}, 415, "unsupported_media_type"),
        ({"Content-Type": "application/json; charset=utf-16"}, 415, "unsupported_media_type"),
        ({"Content-Encoding": "br"}, 415, "unsupported_encoding"),
        ({"Content-Encoding": "gzip"}, 400, "malformed"),
    ],
)
async def test_only_json_is_read(
    client: aiohttp.ClientSession, headers: dict[str, str], status: int, code: str
) -> None:
    """Another type or encoding is refused."""
    answered, problem = await put(client, exported(filled()), **headers)
    assert (answered, problem["code"]) == (status, code)


async def test_size_is_bounded(client: aiohttp.ClientSession) -> None:
    """Packed or not, a body over the limit is too large."""
    body = b" " * (BODY_BYTES_MAX + 1)
    for sent, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
        status, problem = await put(client, sent, **headers)
        assert (status, problem["code"]) == (413, "too_large")
