"""JSON that is none, that goes too deep, or of which a part is wrong."""

import asyncio
import json
from pathlib import Path

import pytest

from exporter.config import Config, Storage, Web
from tests.hostile.raw import EVENT, NDJSON, a_push, ask, counted, request, samples
from tests.web import NOW

COMPLETED = (
    'agent_completions_total{agent="unknown",model="m",outcome="success",provider="unknown"}'
)

NO_JSON = {
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "a number past every float": b"1e999",
    "invalid UTF-8": b'"\xff\xfe"',
    "UTF-8 that is too long": b'"\xc0\xaf"',
    "a lone surrogate": b'"\\ud800"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
}


def with_value(value: bytes) -> bytes:
    """Return a completion in which a value is this JSON, or what is none."""
    return b'{"type":"completion","model":"m","ttft_ms":1,"session_id":' + value + b"}"


@pytest.mark.hostile(11)
@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000], ids=["arrays", "objects"])
async def test_json_nested_without_end_is_refused(address: str, body: bytes) -> None:
    """A hundred thousand levels are answered 400, closed or not, and the next push is taken."""
    closing = b"]" if body.startswith(b"[") else b"1" + b"}"
    for whole in (body, body + closing * 100_000):
        answer = await ask(address, a_push(body=whole))
        assert (answer.status, answer.code) == (400, "too_deep")
    assert (await ask(address, a_push())).status == 200


@pytest.mark.hostile(12)
@pytest.mark.parametrize("value", NO_JSON.values(), ids=NO_JSON)
async def test_what_json_does_not_have_is_refused_with_its_body(address: str, value: bytes) -> None:
    """Nothing of the body counts, as nobody can tell what it was to say."""
    answer = await ask(address, a_push(body=b"[" + EVENT + b"," + with_value(value) + b"]"))
    assert (answer.status, answer.code) == (400, "malformed")
    assert COMPLETED not in await counted(address)


@pytest.mark.hostile(12)
@pytest.mark.parametrize("value", NO_JSON.values(), ids=NO_JSON)
async def test_what_json_does_not_have_costs_only_its_line(address: str, value: bytes) -> None:
    """The lines around it count, and it is named by its index."""
    body = EVENT + b"\n" + with_value(value) + b"\n" + EVENT
    answer = await ask(address, a_push(NDJSON, body=body))
    assert answer.status == 200
    reply = answer.json()
    assert (reply["accepted"], reply["rejected"]) == (2, 1)
    assert reply["errors"] == [{"index": 1, "code": "malformed", "path": "$"}]
    assert (await counted(address))[COMPLETED] == 2


@pytest.mark.hostile(13)
@pytest.mark.parametrize(
    ("count", "code"),
    [
        ("-1", "out_of_range"),
        ("true", "wrong_type"),
        ("1.5", "wrong_type"),
        ('"7"', "wrong_type"),
        (str(2**53 + 1), "out_of_range"),
        (str(2**64), "out_of_range"),
        ("1" * 400, "out_of_range"),
    ],
)
async def test_a_token_count_that_is_none_is_an_error_of_its_event(
    address: str, count: str, code: str
) -> None:
    """The event beside it counts; the error names the place and never the value."""
    body = b"[%s,{%s}]" % (
        EVENT,
        f'"type":"completion","model":"m","tokens":{{"input":{count}}}'.encode(),
    )
    answer = await ask(address, a_push(body=body))
    assert answer.status == 200
    assert answer.json() == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": 1,
        "errors": [{"index": 1, "code": code, "path": "$.tokens.input"}],
    }


@pytest.mark.hostile(15)
async def test_one_bad_line_costs_none_of_the_others(address: str) -> None:
    """Of a hundred lines 99 count, and the answer is 200 with one error."""
    lines = [EVENT] * 100
    lines[41] = b'{"type":"completion"'
    answer = await ask(address, a_push(NDJSON, body=b"\n".join(lines)))
    assert (answer.status, answer.json()["accepted"]) == (200, 99)
    assert answer.json()["errors"] == [{"index": 41, "code": "malformed", "path": "$"}]
    assert (await counted(address))[COMPLETED] == 99


@pytest.mark.hostile(16)
async def test_a_time_in_the_future_is_an_error_of_its_event(address: str) -> None:
    """More than ten minutes ahead is too new; ten are not."""
    events = [
        {"type": "completion", "model": "m", "completed_at": NOW + ahead_secs}
        for ahead_secs in (600, 601)
    ]
    answer = await ask(address, a_push(body=json.dumps(events).encode()))
    assert (answer.status, answer.json()["accepted"]) == (200, 1)
    assert answer.json()["errors"] == [{"index": 1, "code": "too_new", "path": "$.completed_at"}]


@pytest.mark.hostile(16)
async def test_a_time_before_the_window_counts_but_is_not_in_it(address: str) -> None:
    """The counters know the event, the window does not, and it is counted as late."""
    event = {"type": "completion", "model": "m", "completed_at": NOW - 7_200}
    assert (await ask(address, a_push(body=json.dumps(event).encode()))).status == 200
    after = await samples(address)
    assert after[COMPLETED] == 1
    assert after["agent_exporter_late_events_total"] == 1
    model = await ask(address, b"GET /api/v1/models/m HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert model.json()["successful_completions"] == 0


class TestOnDisk:
    """What the journal has to hold."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        """Return a configuration with a journal."""
        web = Web(listen_address=("127.0.0.1:0",))
        return Config(web=web, storage=Storage(path=str(tmp_path)))

    @pytest.mark.parametrize("number", [b"18446744073709551616", b"-9223372036854775809", b"1e308"])
    async def test_a_number_of_any_length_costs_nobody_anything(
        self, address: str, number: bytes
    ) -> None:
        """In a context it may stand; it is committed, and so are the pushes beside it."""
        context = b'{"a":' + number + b"}"
        log = b'{"type":"log","level":"info","source":"s","message":"m","context":' + context + b"}"
        pushes = [a_push(body=body) for body in (EVENT, log, EVENT, log)]
        answers = await asyncio.gather(*(ask(address, data) for data in pushes))
        assert [answer.status for answer in answers] == [200] * 4
        health = (await ask(address, request("GET /health"))).json()
        assert health["status"] == "ok"
