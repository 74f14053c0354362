"""`POST /api/v1/events`: what is taken, what is refused, and what is said about it."""

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from exporter.app import Exporter
from exporter.config import Config, Ingest, Storage, Web
from tests.clock import ManualClock
from tests.web import EVENTS, get, push, scrape

JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
COMPLETION: dict[str, Any] = {"type": "completion", "model": "m"}
EVERY_TYPE: list[dict[str, Any]] = [
    {**COMPLETION, "success": True},
    {"type": "request_started", "request_id": "r"},
    {"type": "request_ended", "request_id": "r", "success": True},
    {"type": "tool_call", "tool": "Bash", "success": True},
    {"type": "log", "level": "info", "source": "s", "message": "m"},
    {"type": "queue_depth", "queue": "q", "depth": 1},
    {"type": "quota", "window": "5h", "used_ratio": 0.5},
]


@pytest.mark.parametrize("packed", [False, True], ids=["identity", "gzip"])
@pytest.mark.parametrize("form", ["object", "array", "ndjson"])
@pytest.mark.parametrize("event", EVERY_TYPE, ids=lambda event: event["type"])
async def test_every_type_in_every_form_is_taken(
    client: aiohttp.ClientSession, event: dict[str, Any], form: str, *, packed: bool
) -> None:
    """One of each type as an object, in an array and as a line, plain and gzipped."""
    body = json.dumps([event] if form == "array" else event).encode()
    headers = dict(NDJSON if form == "ndjson" else JSON)
    if packed:
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    async with client.post(EVENTS, data=body, headers=headers) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        assert await response.json() == {
            "accepted": 1,
            "duplicates": 0,
            "rejected": 0,
            "errors": [],
        }
    samples = await scrape(client)
    accepted = (
        'agent_exporter_events_total{result="accepted",source="native",type="%s"}' % event["type"]
    )
    assert samples[accepted] == 1


async def test_one_bad_line_loses_nothing_else(client: aiohttp.ClientSession) -> None:
    """Ninety-nine good lines count, and the bad one is named by index, code and path."""
    lines = [json.dumps({**COMPLETION, "success": True})] * 100
    lines[7] = json.dumps({**COMPLETION, "tokens": {"input": -1}})
    async with client.post(EVENTS, data="\n".join(lines), headers=NDJSON) as response:
        assert response.status == 200
        assert await response.json() == {
            "accepted": 99,
            "duplicates": 0,
            "rejected": 1,
            "errors": [{"index": 7, "code": "out_of_range", "path": "$.tokens.input"}],
        }
    samples = await scrape(client)
    assert samples['agent_exporter_rejections_total{code="out_of_range"}'] == 1
    rejected = 'agent_exporter_events_total{result="rejected",source="native",type="completion"}'
    assert samples[rejected] == 1


async def test_a_batch_of_which_nothing_is_taken_is_a_problem(
    client: aiohttp.ClientSession,
) -> None:
    """It is answered 400, as a problem document with the members of a reply."""
    async with client.post(EVENTS, json=[{"type": "log"}, {}]) as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"
        assert await response.json(content_type=None) == {
            "title": "no event was accepted",
            "status": 400,
            "code": "missing_field",
            "path": "$.level",
            "accepted": 0,
            "duplicates": 0,
            "rejected": 2,
            "errors": [
                {"index": 0, "code": "missing_field", "path": "$.level"},
                {"index": 1, "code": "missing_field", "path": "$.type"},
            ],
        }


@pytest.mark.parametrize("headers", [JSON, NDJSON])
async def test_an_empty_batch_is_no_error(
    client: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    """Nothing to take is nothing amiss."""
    body = b"[]" if headers is JSON else b"\n"
    async with client.post(EVENTS, data=body, headers=headers) as response:
        assert response.status == 200
        assert (await response.json())["accepted"] == 0


async def test_a_long_list_of_errors_is_cut_and_says_so(client: aiohttp.ClientSession) -> None:
    """A thousand errors are listed; the number of them is told in full."""
    async with client.post(EVENTS, json=[COMPLETION, *[{}] * 1_001]) as response:
        reply = await response.json()
    assert (reply["rejected"], len(reply["errors"])) == (1_001, 1_000)
    assert reply["errors_truncated"] is True
    async with client.post(EVENTS, json=[{}] * 1_001) as response:
        assert response.status == 400
        assert (await response.json(content_type=None))["errors_truncated"] is True


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        (JSON, b"", 400, "malformed"),
        (JSON, b"{", 400, "malformed"),
        (JSON, b'{"type":"completion","model":"\xff"}', 400, "malformed"),
        (JSON, b'[{"type":"completion","model":"m","latency_ms":NaN}]', 400, "malformed"),
        (JSON, b"{}" * 600, 413, "too_large"),
        (JSON, b"[{},{},{},{}]", 413, "too_many_events"),
        (NDJSON, b"{}\n" * 4, 413, "too_many_events"),
        (
            {**JSON, "Content-Encoding": "gzip"},
            gzip.compress(b"[]", mtime=0)[:-1],
            400,
            "truncated",
        ),
        (
            {**JSON, "Content-Encoding": "gzip"},
            gzip.compress(b"[]", mtime=0) + b"x",
            400,
            "malformed",
        ),
        ({**JSON, "Content-Encoding": "gzip"}, b"[]", 400, "malformed"),
        (
            {**JSON, "Content-Encoding": "gzip"},
            gzip.compress(b" " * 9_000, mtime=0),
            413,
            "too_large",
        ),
        ({**JSON, "Content-Encoding": "wat"}, b"[]", 415, "unsupported_encoding"),
        ({**JSON, "Content-Encoding": "gzip, gzip"}, b"[]", 415, "unsupported_encoding"),
        ({"Content-Type": "text/plain"}, b"[]", 415, "unsupported_media_type"),
        (
            {"Content-Type": "application/json; charset=utf-16"},
            "[]".encode("utf-16"),
            415,
            "unsupported_media_type",
        ),
        (
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"[]",
            415,
            "unsupported_media_type",
        ),
        ({**JSON, "Idempotency-Key": "a b"}, b"[]", 400, "invalid_key"),
        ({**JSON, "Idempotency-Key": "k" * 256}, b"[]", 400, "invalid_key"),
        ({**JSON, "Idempotency-Key": "\u00e9"}, b"[]", 400, "invalid_key"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
class TestRefused:
    """Pushes that are refused whole."""

    @pytest.fixture
    def config(self) -> Config:
        """Return small limits: a kilobyte, three events."""
        return Config(
            web=Web(listen_address=("127.0.0.1:0",)),
            ingest=Ingest(body_bytes_max=1_024, events_per_batch_max=3),
            storage=Storage(path=""),
        )

    async def test_a_push_is_refused_with_its_reason(
        self,
        client: aiohttp.ClientSession,
        headers: dict[str, str],
        body: bytes,
        status: int,
        code: str,
    ) -> None:
        """The status, the code and a sentence; nothing counted but the refusal itself."""
        async with client.post(EVENTS, data=body, headers=headers) as response:
            assert response.status == status
            assert response.content_type == "application/problem+json"
            problem = await response.json(content_type=None)
        assert problem["code"] == code
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        samples = await scrape(client)
        assert samples['agent_exporter_rejections_total{code="%s"}' % code] == 1
        answered = 'agent_exporter_push_requests_total{code="%d",route="/api/v1/events"}'
        assert samples[answered % status] == 1
        events = [name for name in samples if name.startswith("agent_exporter_events_total")]
        assert {samples[name] for name in events} == {0}


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
async def test_a_body_may_be_called_utf_8(client: aiohttp.ClientSession, charset: str) -> None:
    """It is taken as it is without the word."""
    headers = {"Content-Type": f"application/json; charset={charset}"}
    async with client.post(EVENTS, data=b"[]", headers=headers) as response:
        assert response.status == 200


async def test_json_nested_without_end_is_refused(client: aiohttp.ClientSession) -> None:
    """A hundred thousand brackets are one refusal, whatever the stack."""
    async with client.post(EVENTS, data=b"[" * 100_000, headers=JSON) as response:
        assert response.status == 400
        assert (await response.json(content_type=None))["code"] == "too_deep"


async def test_a_body_without_a_type_is_refused(exporter: Exporter) -> None:
    """A Content-Type must be given: a form in a browser's page could leave it out."""
    reply = await raw(
        exporter, b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n[]"
    )
    assert reply.startswith(b"HTTP/1.1 415 ")


async def test_a_length_over_the_limit_is_refused_before_the_body_comes(
    exporter: Exporter,
) -> None:
    """Only headers are sent, and the answer is there."""
    head = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    reply = await raw(exporter, head + b"Content-Length: 99999999\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 413 ")
    assert b"Continue" not in reply


async def test_a_body_without_a_length_is_refused_once_it_is_too_long(
    client: aiohttp.ClientSession,
) -> None:
    """Chunks are counted as they come."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 2**20

    async with client.post(EVENTS, data=chunks(), headers=JSON) as response:
        assert response.status == 413
        assert (await response.json(content_type=None))["code"] == "too_large"


async def test_a_body_that_is_too_long_is_not_invited(exporter: Exporter) -> None:
    """`Expect: 100-continue` with a length over the limit gets 413, never `100 Continue`."""
    head = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    expect = b"Expect: 100-continue\r\n"
    reply = await raw(exporter, head + expect + b"Content-Length: 99999999\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 413 ")
    assert b"Continue" not in reply


async def test_a_body_that_fits_is_invited(exporter: Exporter) -> None:
    """`Expect: 100-continue` within the limit gets `100 Continue`, and then the answer."""
    head = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    expect = b"Expect: 100-continue\r\nConnection: close\r\n"
    reply = await raw(exporter, head + expect + b"Content-Length: 2\r\n\r\n[]")
    assert reply.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


async def test_a_body_that_does_not_come_is_given_up(exporter: Exporter) -> None:
    """A sender that stops in the middle is answered 408."""
    head = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    reply = await raw(exporter, head + b"Content-Length: 10\r\n\r\n[")
    assert reply.startswith(b"HTTP/1.1 408 ")


async def raw(exporter: Exporter, request: bytes) -> bytes:
    """Send bytes as they are and return all that comes back until an answer is complete."""
    host, port = exporter.addresses[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    await writer.drain()
    reply = b""
    async with asyncio.timeout(10):
        while not reply.partition(b"\r\n\r\n")[2].rstrip().endswith((b"}", b"]")):
            chunk = await reader.read(65_536)
            if not chunk:
                break
            reply += chunk
    writer.close()
    await writer.wait_closed()
    return reply


async def test_a_batch_pushed_again_counts_once(client: aiohttp.ClientSession) -> None:
    """The same key brings duplicates, in turn and at once, whatever the second body says."""
    event = {**COMPLETION, "success": True}
    assert (await push(client, event, event, key="k"))["accepted"] == 2
    again = await push(client, event, event, key="k")
    assert (again["accepted"], again["duplicates"]) == (0, 2)
    replies = await asyncio.gather(*(push(client, event, key="at-once") for _ in range(5)))
    assert sorted(reply["accepted"] for reply in replies) == [0, 0, 0, 0, 1]
    samples = await scrape(client)
    success = 'agent_completions_total{agent="unknown",model="m",outcome="success",provider='
    assert samples[success + '"unknown"}'] == 3
    duplicate = 'agent_exporter_events_total{result="duplicate",source="native",type="completion"}'
    assert samples[duplicate] == 6


async def test_an_event_pushed_again_counts_once(client: aiohttp.ClientSession) -> None:
    """The first of an id wins; a key is remembered for a day, an id too."""
    first = {**COMPLETION, "id": "e1", "success": True, "cost_usd": 1}
    assert (await push(client, first))["accepted"] == 1
    assert (await push(client, {**first, "cost_usd": 5}))["duplicates"] == 1
    model = await get(client, "/api/v1/models/m")
    assert model["cost_usd"] == 1


async def test_a_duplicate_beside_a_bad_event_is_no_problem(
    client: aiohttp.ClientSession,
) -> None:
    """What was counted before is as good as accepted: the answer is 200."""
    event = {**COMPLETION, "id": "e"}
    await push(client, event)
    reply = await push(client, event, {"type": "log"})
    assert (reply["accepted"], reply["duplicates"], reply["rejected"]) == (0, 1, 1)


async def test_a_key_is_forgotten_after_its_time(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """After a day the same key is a new batch."""
    await push(client, COMPLETION, key="k")
    clock.advance(86_399)
    assert (await push(client, COMPLETION, key="k"))["accepted"] == 0
    clock.advance(1)
    assert (await push(client, COMPLETION, key="k"))["accepted"] == 1


async def test_the_completion_of_the_ancestor_is_taken_as_it_is(
    client: aiohttp.ClientSession,
) -> None:
    """The orchestrator's CompletionEvent, serialised, with a type: every field arrives."""
    ancestor = {
        "type": "completion",
        "model": "zai-coding-plan/glm-5.1",
        "session_id": "ses_1",
        "completed_at": "2026-11-20T23:59:00.123Z",
        "latency_ms": 1_500,
        "success": False,
        "tokens": {
            "total": 1_000,
            "input": 800,
            "output": 200,
            "reasoning": 0,
            "cache_read": 0,
            "cache_write": 0,
        },
        "cost_usd": 0.01,
        "error": "weekly session limit reached",
    }
    assert await push(client, ancestor) == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": 0,
        "errors": [],
    }
    model = await get(client, "/api/v1/models/zai-coding-plan/glm-5.1")
    assert model["provider"] == "zai-coding-plan"
    assert model["failed_completions"] == 1
    assert model["tokens"]["total"] == 1_000
    assert model["subscription_limit_reached"] is True
    assert model["last_event_at"] == "2026-11-20T23:59:00.123000Z"


async def test_unknown_fields_are_ignored_and_counted(client: aiohttp.ClientSession) -> None:
    """At the top and in the tokens."""
    event = {**COMPLETION, "hostname": "x", "tokens": {"input": 1, "audio": 2}}
    assert (await push(client, event))["accepted"] == 1
    assert (await scrape(client))["agent_exporter_unknown_fields_total"] == 2


async def test_a_full_queue_says_later(client: aiohttp.ClientSession, exporter: Exporter) -> None:
    """Once the exporter is stopping, a push on an open connection is told to come again."""
    async with client.get("/-/ready") as response:
        assert response.status == 200
    exporter._core.intake.close()  # noqa: SLF001 - the state of a stop under way
    async with client.post(EVENTS, json=COMPLETION) as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == "5"
        assert (await response.json(content_type=None))["code"] == "not_accepting"
    async with client.get("/-/ready") as response:
        assert response.status == 503
    assert (await get(client, "/health"))["status"] == "degraded"


async def test_a_million_bytes_of_nothing_are_one_refusal(client: aiohttp.ClientSession) -> None:
    """350,000 empty objects are over the limit of events, and no list of errors."""
    body = b"[" + b"{}," * 349_999 + b"{}]"
    async with client.post(EVENTS, data=io.BytesIO(body), headers=JSON) as response:
        assert response.status == 413
        assert (await response.json(content_type=None))["code"] == "too_many_events"


async def test_no_refusal_repeats_what_was_pushed(client: aiohttp.ClientSession) -> None:
    """Not a value, not the name of an unknown field, not a type."""
    secret = "sk-ant-secret"  # noqa: S105 - made up
    bodies: list[Any] = [
        {"type": secret},
        {**COMPLETION, secret: secret, "latency_ms": secret},
        {"type": "log", "level": secret, "source": "s", "message": "m"},
        {**COMPLETION, "completed_at": secret},
        {**COMPLETION, "tokens": {secret: 1, "input": secret}},
        secret,
        {**COMPLETION, "id": secret * 20},
    ]
    for body in bodies:
        async with client.post(EVENTS, data=msgspec.json.encode(body), headers=JSON) as response:
            assert response.status == 400
            assert secret not in await response.text()
    for path in (f"/{secret}", f"/api/v1/events?level={secret}", f"/api/v1/events?limit={secret}"):
        async with client.get(path) as response:
            assert response.status in {400, 404}
            assert secret not in await response.text()


class TestCrowdedBodies:
    """What all bodies being read may hold together is bounded."""

    @pytest.fixture
    def config(self) -> Config:
        """Return a bound of two kilobytes on all bodies."""
        return Config(
            web=Web(listen_address=("127.0.0.1:0",)),
            ingest=Ingest(queue_bytes_max=2_048, body_timeout_secs=10),
            storage=Storage(path=""),
        )

    async def test_a_body_that_finds_no_room_is_told_to_come_again(
        self, exporter: Exporter, client: aiohttp.ClientSession
    ) -> None:
        """While slow senders hold the room, others get 429; then there is room again."""
        host, port = exporter.addresses[0].split(":")
        _, slow = await asyncio.open_connection(host, int(port))
        head = (
            b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        )
        slow.write(head + b"Content-Length: 4000\r\n\r\n" + b" " * 2_000)
        await slow.drain()
        body = json.dumps(COMPLETION).encode() + b" " * 200

        async def status() -> int:
            async with client.post(EVENTS, data=body, headers=JSON) as response:
                return response.status

        async with asyncio.timeout(10):
            while await status() != 429:
                pass
            slow.transport.abort()
            while await status() != 200:
                pass


async def test_a_sender_that_goes_away_is_no_fault_of_ours(
    exporter: Exporter, client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """A body that breaks off counts as the sender's mistake, and nothing is logged as an error."""
    host, port = exporter.addresses[0].split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    writer.write(head + b"Content-Length: 4000\r\n\r\n[")
    await writer.drain()
    await client.get("/-/ready")
    writer.transport.abort()
    truncated = 'agent_exporter_rejections_total{code="truncated"}'
    async with asyncio.timeout(10):
        while not (await scrape(client))[truncated]:
            pass
    samples = await scrape(client)
    assert samples['agent_exporter_push_requests_total{code="400",route="/api/v1/events"}'] == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_broken_transfer_is_refused(exporter: Exporter) -> None:
    """Chunks whose size is no number are the sender's mistake."""
    head = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    reply = await raw(exporter, head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n")
    assert b" 400 Bad Request" in reply.splitlines()[0]


@pytest.mark.parametrize("form", ["array", "ndjson", "gzip"])
async def test_a_large_batch_is_taken_too(client: aiohttp.ClientSession, form: str) -> None:
    """Decoded beside the event loop, it comes to the same."""
    events = [{**COMPLETION, "success": True, "agent": f"a{n % 7}"} for n in range(10_000)]
    body = json.dumps(events).encode()
    headers = dict(JSON)
    if form == "ndjson":
        body = "\n".join(map(json.dumps, events)).encode()
        headers = NDJSON
    elif form == "gzip":
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    async with client.post(EVENTS, data=io.BytesIO(body), headers=headers) as response:
        assert (await response.json())["accepted"] == 10_000
    model = await get(client, "/api/v1/models/m")
    assert model["successful_completions"] == 10_000


async def test_another_expectation_cannot_be_met(exporter: Exporter) -> None:
    """`Expect` knows one word."""
    head = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    reply = await raw(exporter, head + b"Expect: miracles\r\nContent-Length: 2\r\n\r\n[]")
    assert reply.startswith(b"HTTP/1.1 417 ")


async def test_a_body_of_another_type_is_not_invited(exporter: Exporter) -> None:
    """What would be refused anyway need not be sent."""
    head = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    reply = await raw(exporter, head + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 415 ")
