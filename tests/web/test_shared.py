"""Answers that are made once for a crowd, over real sockets and without."""

import asyncio
import gzip
import json

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.event.rejection import Code, Refusal
from exporter.web.shared import Shared
from tests.web import get, push

CROWD = 60


async def test_a_crowd_costs_two_makings() -> None:
    """The one that had begun, and one for all who came since; none began before it was asked."""
    shared: Shared[str] = Shared()
    begun = 0
    go_on = asyncio.Event()

    async def make() -> bytes:
        nonlocal begun
        begun += 1
        number = begun
        await go_on.wait()
        return str(number).encode()

    first = asyncio.create_task(shared.answer("a", make))
    while not begun:  # noqa: ASYNC110 - the count has no event
        await asyncio.sleep(0)
    others = [asyncio.create_task(shared.answer("a", make)) for _ in range(CROWD)]
    another = asyncio.create_task(shared.answer("b", make))
    await asyncio.sleep(0)
    others.pop().cancel()
    go_on.set()
    assert await first == b"1"
    assert set(await asyncio.gather(*others)) == {b"2"}
    assert await another == b"3"


async def test_others_get_a_turn_between_two_makings() -> None:
    """Makings that never wait themselves, of different things, do not hold the loop in a row."""
    shared: Shared[int] = Shared(waiting_max=CROWD)
    made: list[None] = []

    async def make() -> bytes:
        made.append(None)
        return b""

    seen: list[int] = []
    tasks = [asyncio.create_task(shared.answer(n, make)) for n in range(CROWD)]
    while len(made) < CROWD:
        seen.append(len(made))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert set(seen) == set(range(CROWD))


async def test_so_many_different_answers_wait_and_no_more() -> None:
    """One more is told to come again; the same as one that waits is not one more."""
    shared: Shared[int] = Shared(waiting_max=2)
    go_on = asyncio.Event()

    async def make() -> bytes:
        await go_on.wait()
        return b""

    tasks = [asyncio.create_task(shared.answer(0, make))]
    await asyncio.sleep(0.01)  # It is being made, and waits no more.
    tasks += [asyncio.create_task(shared.answer(n, make)) for n in (1, 2, 2, 1)]
    await asyncio.sleep(0)
    with pytest.raises(Refusal) as refused:
        await shared.answer(3, make)
    assert refused.value.code is Code.RATE_LIMITED
    go_on.set()
    await asyncio.gather(*tasks)


async def test_large_answers_are_packed_for_who_takes_that(exporter: Exporter) -> None:
    """Small ones never; whoever keeps answers is told what they depend on."""
    url = f"http://{exporter.addresses[0]}"
    async with aiohttp.ClientSession(url, auto_decompress=False) as client:
        for count, packed in ((1, False), (40, True)):
            calls = [{"type": "completion", "model": f"model-{n}"} for n in range(count)]
            async with client.post("/api/v1/events", json=calls) as pushed:
                assert pushed.status == 200
            bodies = []
            for accepted in ("gzip", "identity"):
                headers = {"Accept-Encoding": accepted}
                async with client.get("/api/v1/models", headers=headers) as response:
                    body = await response.read()
                    assert response.headers["Vary"] == "Accept-Encoding"
                    is_packed = response.headers.get("Content-Encoding") == "gzip"
                    assert is_packed is (packed and accepted == "gzip")
                    bodies.append(gzip.decompress(body) if is_packed else body)
            assert bodies[0] == bodies[1]
            assert len(json.loads(bodies[0])["models"]) == count


@pytest.mark.parametrize(
    ("path", "of", "method"),
    [
        ("/api/v1/models", "exporter.store.telemetry.TelemetryStore", "model_performances"),
        ("/api/v1/sessions", "exporter.store.telemetry.TelemetryStore", "sessions"),
        ("/api/v1/cardinality", "exporter.metrics.registry.Registry", "cardinality"),
    ],
)
async def test_a_crowd_of_readers_shares_few_answers(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch, path: str, of: str, method: str
) -> None:
    """All get one, whole and after what was acknowledged; far fewer are made."""
    made = 0
    module, _, name = of.rpartition(".")
    kind = getattr(__import__(module, fromlist=[name]), name)
    tell = getattr(kind, method)

    def counted(*args: object, **kwargs: object) -> object:
        nonlocal made
        made += 1
        return tell(*args, **kwargs)

    monkeypatch.setattr(kind, method, counted)
    connector = aiohttp.TCPConnector(limit=CROWD)
    async with aiohttp.ClientSession(
        f"http://{exporter.addresses[0]}", connector=connector
    ) as client:
        await push(client, {"type": "completion", "model": "m", "session_id": "s"})
        await asyncio.gather(*(get(client, "/health") for _ in range(CROWD)))
        answers = await asyncio.gather(*(get(client, path) for _ in range(CROWD)))
    assert all(answer == answers[0] for answer in answers)
    assert made < CROWD / 2
