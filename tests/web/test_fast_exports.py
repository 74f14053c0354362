"""Exports of OpenTelemetry that come whole: answered on the spot, as they would be otherwise."""

import asyncio
import json

import pytest
from google.rpc.status_pb2 import Status

from exporter.app import Exporter
from exporter.config import Config, Ingest, Storage, Web
from exporter.event.rejection import Code, Refusal
from exporter.web.fast_path import PushFastPath
from exporter.web.otlp import RECORDS_AT_ONCE, OTLPRoutes
from exporter.web.reception import Reception
from tests.hostile.raw import GZIP, Wire, ask, request
from tests.hostile.serving import until
from tests.web.fast_path import Held, address, connection, held, inside, ways
from tests.web.test_fast_path import undated
from tests.web.test_otlp import JSON, PROTOBUF, api_request, as_json, logs, spans, total

__all__ = ["address", "connection", "held", "ways"]

WAY = b"WAY"
"""In place of what tells the requests of one way from those of the other."""

GOOD = api_request(request_id="req_WAY_1")
BAD = api_request(request_id="req_WAY_2", input_tokens=-1)
MANY = [api_request(request_id=f"req_WAY_{number:04}") for number in range(RECORDS_AT_ONCE + 1)]
BAD_SPAN = spans(
    {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": -1,
    }
)


def in_json(*records: dict[str, str | int | float]) -> bytes:
    """Return an export of log records."""
    first, *others = [as_json(record) for record in records]
    for other in others:
        first["resourceLogs"] += other["resourceLogs"]
    return json.dumps(first).encode()


EXPORTS: dict[str, tuple[str, str, bytes]] = {
    "logs": ("/v1/logs", PROTOBUF, logs(GOOD).SerializeToString()),
    "logs in JSON": ("/v1/logs", JSON, in_json(GOOD)),
    "a span": ("/v1/traces", PROTOBUF, spans({}).SerializeToString()),
    "a point": ("/v1/metrics", PROTOBUF, total(3, 0, session="WAY").SerializeToString()),
    "nothing": ("/v1/logs", PROTOBUF, b""),
    "nothing in JSON": ("/v1/traces", JSON, b"{}"),
    "some of it": ("/v1/logs", PROTOBUF, logs(GOOD, BAD).SerializeToString()),
    "some of it in JSON": ("/v1/logs", JSON, in_json(GOOD, BAD)),
    "none of it": ("/v1/traces", PROTOBUF, BAD_SPAN.SerializeToString()),
    "malformed": ("/v1/logs", PROTOBUF, b"\xff\xff"),
    "malformed in JSON": ("/v1/metrics", JSON, b"{"),
    "many": ("/v1/logs", PROTOBUF, logs(*MANY).SerializeToString()),
    "too many": ("/v1/logs", PROTOBUF, logs(*MANY, GOOD).SerializeToString()),
}


class TestAlike:
    """What is answered and counted is the same either way, in every byte but the date."""

    @pytest.fixture
    def config(self) -> Config:
        """Return room for many records, but not for too many."""
        return Config(
            web=Web(listen_address=("127.0.0.1:0",)),
            ingest=Ingest(events_per_batch_max=len(MANY)),
            storage=Storage(path=""),
        )

    @pytest.mark.parametrize("name", EXPORTS)
    async def test_both_ways_are_answered_alike(
        self, connection: Wire, exporter: Exporter, ways: list[str], name: str
    ) -> None:
        """Twice each, so that requests repeat; the same headers in the same order."""
        route, media_type, body = EXPORTS[name]
        core, front = inside(exporter)
        tally, answered = core.tally, front.reception.answered
        told = []
        for number, parameter in enumerate(("", "; charset=utf-8")):
            tally.events.clear()
            tally.rejections.clear()
            tally.records.clear()
            answered.clear()
            data = request(
                f"POST {route}",
                f"Content-Type: {media_type}{parameter}",
                body=body.replace(WAY, b"%03d" % number),
            )
            answers = []
            for _ in range(2):
                await connection.send(data)
                answers.append(undated(await connection.answer()))
            counts = [dict(tally.events), dict(tally.rejections), dict(tally.records)]
            told.append((answers, counts, dict(answered)))
        assert ways == ["fast", "fast", "slow", "slow"]
        assert told[0] == told[1]


@pytest.mark.parametrize(
    ("route", "header", "size_bytes"),
    [
        ("/v1/logs", GZIP, 0),
        ("/v1/logs", "Connection: close", 0),
        ("/v1/logs?x=y", "Accept: */*", 0),
        ("/v1/logs", "Accept: */*", 128 * 1024),
        ("/v1/traces", "Accept: */*", 32 * 1024),
        ("/v1/metrics", "Accept: */*", 32 * 1024),
    ],
)
async def test_what_takes_long_or_more_than_a_glance_goes_the_long_way(
    address: str, ways: list[str], route: str, header: str, size_bytes: int
) -> None:
    """Packed, about to close, with a query, or large enough to be read in a thread."""
    data = request(f"POST {route}", f"Content-Type: {JSON}", header, body=b"{}".ljust(size_bytes))
    await ask(address, data)
    assert ways == ["slow"]


def many() -> bytes:
    """Return an export that has more in it than is read on the event loop."""
    export = logs(*MANY).SerializeToString()
    return request("POST /v1/logs", f"Content-Type: {PROTOBUF}", body=export)


async def test_what_is_read_in_a_thread_counts_as_held(
    connection: Wire, exporter: Exporter, monkeypatch: pytest.MonkeyPatch, ways: list[str]
) -> None:
    """Where bodies hold too much already, another is told to come again; after it there is room."""
    reading, go_on = asyncio.Event(), asyncio.Event()
    decoded_in_thread = Reception._in_thread  # noqa: SLF001 - what is bound later

    async def held_back(*arguments: object) -> object:
        reading.set()
        await go_on.wait()
        return await decoded_in_thread(*arguments)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(Reception, "_in_thread", held_back)
    inside(exporter)[1]._bodies.held_bytes_max = len(many())  # noqa: SLF001 - what no answer tells is to be seen
    await connection.send(many())
    await reading.wait()
    refused = await ask(exporter.addresses[0], many())
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    go_on.set()
    assert (await connection.answer()).status == 200
    assert (await ask(exporter.addresses[0], many())).status == 200
    assert ways == ["fast", "slow", "fast"]


async def test_what_is_read_in_a_thread_as_we_stop_is_counted(
    connection: Wire, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not answered any more, as its client would find by any other way too."""
    reading = asyncio.Event()

    async def never(*_arguments: object) -> None:
        reading.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Reception, "_in_thread", never)
    front = inside(exporter)[1]
    await connection.send(many())
    await reading.wait()
    [task] = front._otlp._reading  # noqa: SLF001 - what is cancelled where the process ends
    task.cancel()
    await until(lambda: front.reception.answered["/v1/logs", "499"] == 1)
    assert not front._otlp._reading  # noqa: SLF001 - as above


async def test_a_fault_of_ours_is_answered_whenever_it_shows(
    address: str, monkeypatch: pytest.MonkeyPatch, exporter: Exporter
) -> None:
    """On the spot, in a thread, or once the export is committed: 500 without a word of it."""
    front = inside(exporter)[1]
    small = request("POST /v1/logs", f"Content-Type: {PROTOBUF}", body=b"")

    def fail(*_arguments: object) -> None:
        raise ValueError("secret")

    for name, data in (("_read_at_once", small), ("_offered", many()), ("_exported", small)):
        with monkeypatch.context() as broken:
            broken.setattr(OTLPRoutes, name, fail)
            answer = await ask(address, data)
        assert (answer.status, answer.code) == (500, "internal_error")
        assert b"secret" not in answer.body
    assert front.reception.answered["/v1/logs", "500"] == 3
    assert (await ask(address, small)).status == 200


@pytest.mark.parametrize("records", [[GOOD], MANY], ids=["few", "many"])
async def test_an_export_waits_for_its_commit(
    held: Held, connection: Wire, records: list[dict[str, str | int | float]]
) -> None:
    """It is answered once what it tells of is kept, and not before."""
    body = logs(*records).SerializeToString()
    await connection.send(request("POST /v1/logs", f"Content-Type: {PROTOBUF}", body=body))
    await held.until_waiting()
    answer = asyncio.create_task(connection.answer())
    await ask(held.exporter.addresses[0], request("GET /-/healthy"))
    assert not answer.done()
    held.go_on()
    assert (await answer).status == 200
    assert held.core.tally.events["otlp_logs", "completion", "accepted"] == len(records)


async def test_each_answer_is_in_the_encoding_of_its_request(connection: Wire) -> None:
    """Whatever was answered on the spot before it."""
    types = [JSON, PROTOBUF, JSON]
    answered = []
    for media_type in types:
        body = b"{}" if media_type == JSON else b""
        await connection.send(request("POST /v1/logs", f"Content-Type: {media_type}", body=body))
        answered.append((await connection.answer()).headers["content-type"])
    assert answered == types


@pytest.mark.parametrize(("route", "fast"), [("/v1/logs", 7), ("/v1/traces", 1)])
async def test_a_turn_is_as_long_as_the_largest_body_takes(
    address: str, ways: list[str], monkeypatch: pytest.MonkeyPatch, route: str, fast: int
) -> None:
    """Spans may take longer a byte than log records, and fewer bytes of them are read in one."""
    monkeypatch.setattr(PushFastPath, "_begin_turn", lambda _: None)
    for _ in range(fast + 1):
        await ask(
            address, request(f"POST {route}", f"Content-Type: {JSON}", body=b"{}".ljust(17_000))
        )
    assert ways == ["fast"] * fast + ["slow"]


@pytest.mark.parametrize("records", [[GOOD], MANY], ids=["few", "many"])
async def test_an_export_that_cannot_be_committed_may_be_sent_again(
    address: str,
    exporter: Exporter,
    monkeypatch: pytest.MonkeyPatch,
    records: list[dict[str, str | int | float]],
) -> None:
    """503 with a `Status`, as clients of OTLP expect it, and nothing of it counts."""
    core = inside(exporter)[0]

    async def refuse(*_arguments: object) -> None:
        raise Refusal(Code.JOURNAL_FAILING, "the disk is full", retry_after_secs=1)

    data = request(
        "POST /v1/logs", f"Content-Type: {PROTOBUF}", body=logs(*records).SerializeToString()
    )
    with monkeypatch.context() as full:
        full.setattr(core.writer, "_commit", refuse)
        answer = await ask(address, data)
    assert (answer.status, answer.headers["content-type"]) == (503, PROTOBUF)
    assert Status.FromString(answer.body).code == 14
    assert not core.tally.events
    assert (await ask(address, data)).status == 200
    assert core.tally.events["otlp_logs", "completion", "accepted"] == len(records)
