"""Pushes that come whole: what is answered on the spot, and that it changes nothing else."""

import re
from pathlib import Path

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from exporter.app import Exporter
from exporter.config import Config, Ingest, Storage, Web
from exporter.core import Core
from exporter.web.fast_path import PushFastPath
from exporter.web.framing import names_a_host
from exporter.web.reception import LARGE_BYTES
from tests.clock import ManualClock
from tests.hostile.raw import EVENT, GZIP, JSON, NDJSON, Answer, Wire, a_push, ask, request, wire
from tests.hostile.serving import until
from tests.web import NOW
from tests.web.fast_path import Held, address, connection, held, inside, ways

__all__ = ["address", "connection", "held", "ways"]

LONG_WAY = "Content-Type: application/json; charset=utf-8"
"""Says what `JSON` says, in words that take more than a glance."""

KEY = "Idempotency-Key: k"
BAD = b'{"type":"completion","model":"m","tokens":{"input":-1}}'
HEADERS = """\
http_server_config:
  headers:
    X-Frame-Options: deny
    Strict-Transport-Security: max-age=1
"""


@pytest.mark.parametrize(
    "data",
    [
        a_push(),
        a_push(NDJSON, body=EVENT + b"\n" + EVENT),
        a_push(KEY),
        a_push("Connection: keep-alive", "User-Agent: u", "Accept: */*", "Authorization: Bearer t"),
        a_push(body=b"[]"),
        a_push(body=b""),
        a_push(body=BAD),
    ],
)
async def test_what_most_who_push_send_is_answered_on_the_spot(
    address: str, ways: list[str], data: bytes
) -> None:
    """In either form, with a key or without, whatever its events are worth."""
    await ask(address, data)
    assert ways == ["fast"]


@pytest.mark.parametrize(
    "data",
    [
        a_push(LONG_WAY),
        a_push("Content-Type: text/plain"),
        a_push(GZIP),
        a_push("Content-Encoding: identity"),
        a_push("Connection: close"),
        a_push("Origin: http://localhost"),
        a_push("Origin: http://evil"),
        a_push("Sec-Fetch-Site: same-origin"),
        a_push("Sec-Fetch-Site: cross-site"),
        a_push(host="evil"),
        a_push(host="localhost:x"),
        a_push("Host: localhost"),
        a_push("Expect: 100-continue"),
        a_push("Connection: upgrade", "Upgrade: h2c"),
        a_push().replace(b"1.1", b"1.0"),
        a_push("Connection: keep-alive").replace(b"1.1", b"1.0"),
        a_push().replace(b"/api/", b"http://localhost/api/"),
        a_push().replace(b"events", b"events?x=y"),
        a_push().replace(b"events", b"event%73"),
        a_push().replace(b"POST", b"PUT"),
        a_push().replace(b"Content-Length: ", b"Content-Length: " + b"0" * 5_000),
        a_push(body=b"[%b]" % b",".join([EVENT] * 4_000)),
        request("POST /api/v1/events", JSON, "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    ],
)
async def test_what_takes_more_than_a_glance_meets_the_middlewares(
    address: str, ways: list[str], data: bytes
) -> None:
    """A page's words, a foreign host, another version or framing, much to decode: none is fast."""
    await ask(address, data)
    assert "fast" not in ways


@pytest.mark.parametrize(
    ("hosts", "named"),
    [
        (["localhost"], True),
        (["[::1]:80"], True),
        ([], False),
        ([""], False),
        (["a", "a"], False),
        (["a,b"], False),
        (["a@b"], False),
    ],
)
def test_one_host_that_can_be_meant_is_named(
    hosts: list[str],
    named: bool,  # noqa: FBT001 - a column
) -> None:
    """Neither none nor two, nor what is no name and no address."""
    headers = CIMultiDictProxy(CIMultiDict([("host", host) for host in hosts]))
    assert names_a_host(headers) is named


USERS = "basic_auth_users: {u: $2b$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde}"


@pytest.mark.parametrize(
    ("web_file", "token", "status"),
    [
        ("{}", "a-token-of-forty-characters-at-the-least", 401),
        (USERS, None, 401),
        ("rate_limit: {interval: 1h, burst: 1}", None, 200),
    ],
    ids=["token", "password", "rate limit"],
)
class TestGuarded:
    """Where anything is asked of who comes, the middlewares ask it, of every push."""

    @pytest.fixture
    def config(self, tmp_path: Path, web_file: str, token: str | None) -> Config:
        """Return the files that ask for it."""
        (tmp_path / "web.yml").write_text(web_file)
        (tmp_path / "token").write_text(token or "")
        return Config(
            web=Web(listen_address=("127.0.0.1:0",), config_file=str(tmp_path / "web.yml")),
            ingest=Ingest(token_file=str(tmp_path / "token") if token else None),
            storage=Storage(path=""),
        )

    async def test_what_may_be_refused_is_not_let_in_before(
        self, address: str, ways: list[str], status: int
    ) -> None:
        """A push without credentials gets no further, and one of a bucket takes its token."""
        assert (await ask(address, a_push())).status == status
        assert ways == ["slow"] * (status == 200)


async def test_nobody_comes_in_by_a_file_that_cannot_be_used(
    exporter: Exporter, address: str, ways: list[str]
) -> None:
    """While it is so, a push is told to come again."""
    inside(exporter)[1].access.failing = True
    assert (await ask(address, a_push())).status == 503
    assert ways == []


async def test_nobody_comes_in_before_memory_is_back(
    monkeypatch: pytest.MonkeyPatch, address: str, ways: list[str]
) -> None:
    """Until then a push is told to come again."""
    monkeypatch.setattr(Core, "recovered", False)
    assert (await ask(address, a_push())).code == "not_accepting"
    assert ways == []


async def test_pushes_in_one_packet_are_all_answered(connection: Wire, ways: list[str]) -> None:
    """Those that come together go the long way, which answers them one by one."""
    await connection.send(a_push() + a_push(body=b"[]"))
    answers = [await connection.answer() for _ in range(2)]
    assert [b'"accepted":1' in answer.body for answer in answers] == [True, False]
    assert ways == ["slow", "slow"]


async def test_what_comes_in_two_parts_goes_the_long_way(connection: Wire, ways: list[str]) -> None:
    """A body that is not here with its headers is waited for by a task, which has a deadline."""
    data = a_push()
    await connection.send(data[:-5])
    await until(lambda: bool(ways))
    await connection.send(data[-5:])
    assert (await connection.answer()).status == 200
    assert ways == ["slow"]


def undated(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return all of an answer but the date itself, which must be one."""
    date = r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"
    assert re.fullmatch(date, answer.headers["date"])
    headers = {**answer.headers, "date": "a date"}
    return answer.status, list(headers.items()), answer.body


PUSHES: dict[str, tuple[tuple[str, ...], bytes]] = {
    "taken": ((), EVENT),
    "many": ((), b"[%b,%b]" % (EVENT, EVENT)),
    "nothing": ((), b"[]"),
    "some of it": ((), b"[%b,%b]" % (EVENT, BAD)),
    "none of it": ((), BAD),
    "no JSON": ((), b"{"),
    "no key": (("Idempotency-Key: a b",), EVENT),
    "a key": ((KEY,), EVENT),
    "too many": ((), b"[%b]" % b",".join([EVENT] * 4)),
    "too large": ((), b" " * 600),
    "unknown fields": ((), b'{"type":"completion","model":"m","x":1}'),
}


@pytest.mark.parametrize("with_headers", [False, True], ids=["plain", "configured"])
class TestAlike:
    """What is answered is the same either way, in every byte but the date."""

    @pytest.fixture
    def config(self, tmp_path: Path, *, with_headers: bool) -> Config:
        """Return small limits, and headers of the user's own or none."""
        file = tmp_path / "web.yml"
        file.write_text(HEADERS)
        return Config(
            web=Web(
                listen_address=("127.0.0.1:0",),
                config_file=str(file) if with_headers else None,
            ),
            ingest=Ingest(body_bytes_max=512, events_per_batch_max=3),
            storage=Storage(path=""),
        )

    @pytest.mark.parametrize("name", PUSHES)
    async def test_both_ways_are_answered_alike(
        self, connection: Wire, exporter: Exporter, ways: list[str], name: str
    ) -> None:
        """Twice each, so that keys repeat; the same headers in the same order, the same counts."""
        headers, body = PUSHES[name]
        core, front = inside(exporter)
        tally, answered = core.tally, front.reception.answered
        told = []
        for media_type in (JSON, LONG_WAY):
            tally.events.clear()
            tally.rejections.clear()
            answered.clear()
            tally.unknown_fields = 0
            own = [header + media_type[-1] for header in headers]
            answers = []
            for _ in range(2):
                await connection.send(a_push(media_type, *own, body=body))
                answers.append(undated(await connection.answer()))
            counts = [dict(tally.events), dict(tally.rejections), dict(answered)]
            told.append((answers, counts, tally.unknown_fields))
        assert ways[:2] == ["slow" if name == "too large" else "fast"] * 2
        assert ways[2:] == ["slow"] * 2
        assert told[0] == told[1]


async def test_a_full_queue_says_later(held: Held, address: str, ways: list[str]) -> None:
    """Where much waits for a commit, another push is told to come again, on the spot."""
    held.core.intake.events_max = 1
    async with wire(address) as first:
        await first.send(a_push())
        await held.until_waiting()
        refused = await ask(address, a_push())
        assert (refused.status, refused.code) == (429, "queue_full")
        assert refused.headers["retry-after"] == "1"
        held.go_on()
        assert (await first.answer()).status == 200
    assert ways == ["fast", "fast"]


async def test_a_fault_of_ours_is_answered_without_its_text(
    address: str, monkeypatch: pytest.MonkeyPatch, exporter: Exporter
) -> None:
    """The client is told 500 and no more, it is counted, and the next push is taken."""
    core, front = inside(exporter)
    with monkeypatch.context() as broken:
        broken.setattr(core.intake, "offer", lambda batch: batch["secret"])
        answer = await ask(address, a_push())
    assert (answer.status, answer.code) == (500, "internal_error")
    assert b"secret" not in answer.body
    assert front.reception.answered["/api/v1/events", "500"] == 1
    assert (await ask(address, a_push())).status == 200


async def test_the_kept_head_is_no_older_than_a_second(
    connection: Wire, clock: ManualClock
) -> None:
    """The date of an answer is the clock's, whatever was answered before."""
    dates = []
    for _ in range(2):
        await connection.send(a_push())
        dates.append((await connection.answer()).headers["date"])
        clock.advance(1)
    assert dates == ["Sat, 21 Nov 2026 00:00:00 GMT", "Sat, 21 Nov 2026 00:00:01 GMT"]
    assert clock.now() == NOW + 2


async def test_much_that_comes_at_once_is_not_all_decoded_in_one_turn(
    address: str, ways: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past a bound on a turn's bytes pushes go the long way; those of other turns do not count."""
    body = EVENT.ljust(16 * 1024)
    pushes = LARGE_BYTES // len(body)
    for _ in range(pushes + 1):
        await ask(address, a_push(body=body))
    assert ways == ["fast"] * (pushes + 1)
    ways.clear()
    monkeypatch.setattr(PushFastPath, "_begin_turn", lambda _: None)
    for _ in range(pushes + 1):
        assert (await ask(address, a_push(body=body))).status == 200
    assert ways == ["fast"] * pushes + ["slow"]
