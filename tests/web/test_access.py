"""Who may come in, by files that change under a running server, over real sockets."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import bcrypt
import pytest
from aiohttp import web

from exporter.config.error import ConfigError
from exporter.event.rejection import Code
from exporter.web.access import Access
from exporter.web.server import Server
from tests.clock import ManualClock
from tests.web import NOW
from tests.web.certificates import HOST, Keys

PATIENCE_SECS = 30
POLL_SECS = 0.01

OPEN = (("GET", "/health"), ("HEAD", "/health"), ("GET", "/-/healthy"), ("GET", "/-/ready"))
READS = (("GET", "/metrics"), ("GET", "/api/v1/models"), ("GET", "/nowhere"), ("HEAD", "/metrics"))
PUSHES = (
    ("POST", "/api/v1/events"),
    ("POST", "/v1/logs"),
    ("POST", "/v1/traces"),
    ("POST", "/v1/metrics"),
    ("PUT", "/api/v1/summary"),
)
COMMANDS = (("POST", "/-/reload"), ("POST", "/health"), ("OPTIONS", "/metrics"))

PASSWORD = aiohttp.encode_basic_auth("alice", "wonderland")
TOKEN = "Bearer t0ken"  # noqa: S105 - of these tests alone
HASH = bcrypt.hashpw(b"wonderland", bcrypt.gensalt(4)).decode()
USERS = f"basic_auth_users: {{alice: {HASH}}}\n"


class Anything:
    """Routes that answer 200 to whatever comes in."""

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        for method, path in {*OPEN, *READS, *PUSHES, ("POST", "/-/reload")}:
            if path != "/nowhere" and method != "HEAD":
                app.router.add_route(method, path, self.answer)
                if method == "GET":
                    app.router.add_route("HEAD", path, self.answer)

    async def answer(self, _request: web.Request) -> web.Response:
        """Say that the request came in."""
        return web.Response(text="in")


class Guarded:
    """A server with files to guard it. The files are written before `start`, and after."""

    def __init__(self, directory: Path) -> None:
        self.web_file = directory / "web.yml"
        self.token_file = directory / "token"
        self.clock = ManualClock(NOW)
        self.poll_secs = POLL_SECS
        self.access: Access | None = None
        self.port = 0

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["Guarded"]:
        """Serve what the files say that exist now."""
        access = self.access = Access(
            self.web_file if self.web_file.exists() else None,
            self.token_file if self.token_file.exists() else None,
            clock=self.clock,
            poll_secs=self.poll_secs,
        )
        server = Server([Anything(), access], body_bytes_max=1024, middlewares=[access.middleware])
        bound = await server.start([("127.0.0.1", 0)], access.ssl_context)
        self.port = bound[0][1]
        watching = asyncio.create_task(access.watch(server.use_tls))
        try:
            yield self
        finally:
            watching.cancel()
            await asyncio.wait([watching])
            await server.stop()
            access.close()

    async def ask(
        self,
        method: str = "GET",
        path: str = "/metrics",
        *,
        authorization: str | None = None,
        client: ssl.SSLContext | None = None,
    ) -> aiohttp.ClientResponse:
        """Return the answer to one request on a connection of its own, over TLS with a `client`."""
        headers = {"Authorization": authorization} if authorization is not None else {}
        scheme = "https" if client is not None else "http"
        async with (
            aiohttp.ClientSession(f"{scheme}://{HOST}:{self.port}") as session,
            session.request(
                method, path, headers=headers, ssl=client if client is not None else True
            ) as response,
        ):
            await response.read()
            return response

    async def status(self, method: str = "GET", path: str = "/metrics", **how: Any) -> int:  # noqa: ANN401 - of `ask`
        """Return the status of the answer, 0 where there is no connection."""
        try:
            return (await self.ask(method, path, **how)).status
        except aiohttp.ClientConnectionError:
            return 0

    async def until(self, status: int, **how: Any) -> None:  # noqa: ANN401 - of `ask`
        """Ask until this is the status."""
        async with asyncio.timeout(PATIENCE_SECS):
            while True:
                if await self.status(**how) == status:
                    return
                await asyncio.sleep(POLL_SECS)

    async def reload(self, text: str) -> None:
        """Have the web configuration file say this at once."""
        assert self.access is not None
        self.web_file.write_text(text)
        await self.access.reload()


async def status_on(session: aiohttp.ClientSession, path: str) -> int:
    """Return the status of an answer on a connection that is kept."""
    async with session.get(path) as response:
        await response.read()
        return response.status


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    """Return a server that does not run yet."""
    return Guarded(tmp_path)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Return a CA and a server certificate."""
    return Keys(tmp_path)


TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
MTLS = (
    "tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt,"
    " client_auth_type: RequireAndVerifyClientCert%s}\n"
)

IN, BASIC, BEARER, EITHER = "in", "Basic", "Bearer", "Basic and Bearer"


@pytest.mark.parametrize(
    ("users", "token", "asked"),
    [
        (False, False, (IN, IN, IN, IN)),
        (True, False, (IN, BASIC, BASIC, BASIC)),
        (False, True, (IN, IN, BEARER, BEARER)),
        (True, True, (IN, BASIC, EITHER, BASIC)),
    ],
)
async def test_what_is_asked_for_on_each_route(
    guarded: Guarded, *, users: bool, token: bool, asked: tuple[str, str, str, str]
) -> None:
    """Probes are open, reads need a password, pushes one or the token, commands no push token."""
    if users:
        guarded.web_file.write_text(USERS)
    if token:
        guarded.token_file.write_text("t0ken\n")
    async with guarded.serving():
        for routes, wanted in zip((OPEN, READS, PUSHES, COMMANDS), asked, strict=True):
            for route in routes:
                came_in = {
                    credentials: await guarded.status(*route, authorization=credentials) != 401
                    for credentials in (None, PASSWORD, TOKEN, "Basic", "Bearer", "Basic Og==")
                }
                right = {
                    PASSWORD: wanted in (IN, BASIC, EITHER),
                    TOKEN: wanted in (IN, BEARER, EITHER),
                }
                assert came_in == {
                    credentials: right.get(credentials or "", wanted == IN)
                    for credentials in came_in
                }, route
    access = guarded.access
    assert access is not None
    assert (access.reads_guarded, access.pushes_guarded) == (users, users or token)


async def test_who_is_refused_is_told_how_to_come_in(guarded: Guarded) -> None:
    """A problem document, with a challenge for each way that would do, and nothing repeated."""
    guarded.web_file.write_text(USERS)
    guarded.token_file.write_text("t0ken")
    basic = 'Basic realm="agent-exporter", charset="UTF-8"'
    async with guarded.serving():
        for route, challenge in (
            (("GET", "/metrics"), basic),
            (("POST", "/v1/logs"), f'{basic}, Bearer realm="agent-exporter"'),
        ):
            secret = aiohttp.encode_basic_auth("mallory", "s3same")
            answer = await guarded.ask(*route, authorization=secret)
            assert answer.status == 401
            assert answer.content_type == "application/problem+json"
            assert answer.headers["WWW-Authenticate"] == challenge
            document = await answer.json(content_type=None)
        assert document["code"] == "unauthorized"
        assert not {"mallory", "s3same"} & set(str(document).split())
        assert guarded.access is not None
        assert guarded.access.refused == {Code.UNAUTHORIZED: 2}


@pytest.mark.parametrize(
    "path", ["/metrics/../health", "//health", "/health/", "/%68ealth/x", "/-/healthy%2f..%2fx"]
)
async def test_no_other_spelling_of_a_path_is_open(guarded: Guarded, path: str) -> None:
    """What counts is the route that answers, and these lead to none that is open."""
    guarded.web_file.write_text(USERS)
    async with guarded.serving():
        reader, writer = await asyncio.open_connection("127.0.0.1", guarded.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        line = await reader.readline()
        writer.close()
        assert line.split()[1] == b"401"


async def test_headers_are_on_every_answer(guarded: Guarded) -> None:
    """Also on those that refuse, and on those of no route."""
    guarded.web_file.write_text(
        USERS + "http_server_config: {headers: {X-Frame-Options: deny,"
        ' Strict-Transport-Security: "max-age=60"}}\n'
    )
    async with guarded.serving():
        for path, authorization in (("/metrics", None), ("/metrics", PASSWORD), ("/no", PASSWORD)):
            answer = await guarded.ask(path=path, authorization=authorization)
            assert answer.headers["X-Frame-Options"] == "deny"
            assert answer.headers["Strict-Transport-Security"] == "max-age=60"


async def test_a_rate_limit_holds_for_all_but_probes(guarded: Guarded) -> None:
    """Past the burst everything is told when to come again, before any password is checked."""
    guarded.web_file.write_text(USERS + "rate_limit: {interval: 90s, burst: 3}\n")
    async with guarded.serving():
        for authorization in (None, PASSWORD, PASSWORD):
            assert await guarded.status(authorization=authorization) in (200, 401)
        answer = await guarded.ask(authorization=PASSWORD)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "90")
        assert [await guarded.status(*route) for route in OPEN] == [200] * len(OPEN)
        guarded.clock.advance(90)
        assert await guarded.status(authorization=PASSWORD) == 200
        assert await guarded.status(authorization=PASSWORD) == 429
        # A change of something else gives no new burst, a change of the limit does.
        await guarded.reload("rate_limit: {interval: 90s, burst: 3}")
        assert await guarded.status() == 429
        await guarded.reload("rate_limit: {interval: 90s, burst: 2}")
        assert [await guarded.status() for _ in range(3)] == [200, 200, 429]


async def test_users_and_token_change_without_a_restart(guarded: Guarded) -> None:
    """Who was taken out is out, also with a password that was remembered."""
    guarded.web_file.write_text(USERS)
    guarded.token_file.write_text("t0ken")
    push = {"method": "POST", "path": "/v1/logs"}
    async with guarded.serving():
        assert await guarded.status(authorization=PASSWORD) == 200
        guarded.web_file.write_text(f"basic_auth_users: {{bob: {HASH}}}")
        await guarded.until(401, authorization=PASSWORD)
        bob = aiohttp.encode_basic_auth("bob", "wonderland")
        assert await guarded.status(authorization=bob) == 200
        assert await guarded.status(**push, authorization=TOKEN) == 200
        guarded.token_file.write_text("another")
        await guarded.until(401, **push, authorization=TOKEN)
        assert await guarded.status(**push, authorization="Bearer another") == 200


def is_failing(access: Access) -> bool:
    """Return whether the doors are closed now."""
    return access.failing


def remove(file: Path) -> None:
    """Take a file away."""
    file.unlink()


def empty(file: Path) -> None:
    """Leave nothing in a file."""
    file.write_text("")


def spoil(file: Path) -> None:
    """Leave in a file what it must not hold."""
    file.write_text("basic_auth_users: {alice: hunter2}")


@pytest.mark.parametrize("harm", [remove, empty, spoil])
@pytest.mark.parametrize("which", ["web_file", "token_file"])
async def test_a_file_that_cannot_be_used_closes_the_doors(
    guarded: Guarded,
    harm: Callable[[Path], None],
    which: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody comes in but probes, until the file is good again; a line each tells of it."""
    caplog.set_level(logging.INFO, "exporter.web.access")
    guarded.web_file.write_text(USERS)
    guarded.token_file.write_text("t0ken")
    file: Path = getattr(guarded, which)
    async with guarded.serving():
        access = guarded.access
        assert access is not None
        harm(file)
        await guarded.until(503, authorization=PASSWORD)
        answer = await guarded.ask("POST", "/v1/logs", authorization=TOKEN)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert [await guarded.status(*route) for route in OPEN] == [200] * len(OPEN)
        assert is_failing(access)
        with pytest.raises(ConfigError):
            await access.reload()
        assert await guarded.status() == 503
        guarded.web_file.write_text(USERS)
        guarded.token_file.write_text("t0ken")
        await guarded.until(200, authorization=PASSWORD)
        assert await guarded.status() == 401
        assert not is_failing(access)
    levels = [record.levelname for record in caplog.records]
    assert levels == ["ERROR", "INFO"]
    assert "hunter2" not in str(vars(caplog.records[0]))


async def test_a_change_counts_once_the_file_stands_still(guarded: Guarded) -> None:
    """A file that is being written, and is no good meanwhile, closes no doors."""
    guarded.web_file.write_text(USERS)
    guarded.poll_secs = 0.1
    async with guarded.serving():
        assert guarded.access is not None
        for i in range(50):
            guarded.web_file.write_text("" if i % 2 else "basic_auth_users: {" + "\n" * i)
            await asyncio.sleep(POLL_SECS)
            assert not guarded.access.failing
        guarded.web_file.write_text(f"basic_auth_users: {{bob: {HASH}}}")
        await guarded.until(401, authorization=PASSWORD)
        assert not is_failing(guarded.access)


@pytest.mark.parametrize("text", ["", "basic_auth_users: {alice: hunter2}", TLS])
def test_no_server_starts_with_files_that_cannot_be_used(guarded: Guarded, text: str) -> None:
    """Not with an empty file, a wrong hash, or a certificate that is not there."""
    guarded.web_file.write_text(text)
    with pytest.raises(ConfigError):
        Access(guarded.web_file, None, clock=guarded.clock)
    with pytest.raises(ConfigError, match="No such file"):
        Access(None, guarded.token_file, clock=guarded.clock)


async def test_tls_goes_on_and_off_without_a_restart(guarded: Guarded, keys: Keys) -> None:
    """New connections are as the file says, on the same port."""
    guarded.web_file.write_text("{}")
    async with guarded.serving():
        assert await guarded.status() == 200
        guarded.web_file.write_text(TLS)
        await guarded.until(200, client=keys.client())
        assert await guarded.status() == 0
        guarded.web_file.write_text("{}")
        await guarded.until(200)
        assert await guarded.status(client=keys.client()) == 0


async def test_a_connection_older_than_tls_is_asked_to_come_again(
    guarded: Guarded, keys: Keys
) -> None:
    """What was agreed on in clear gives nothing any more once TLS is asked for."""
    guarded.web_file.write_text("{}")
    async with (
        guarded.serving(),
        aiohttp.ClientSession(f"http://{HOST}:{guarded.port}") as session,
    ):
        assert await status_on(session, "/metrics") == 200
        await guarded.reload(TLS)
        assert await status_on(session, "/metrics") == 403
        assert await status_on(session, "/health") == 200


async def test_a_new_certificate_is_shown_to_new_connections(guarded: Guarded, keys: Keys) -> None:
    """Certificate and key are replaced one after the other, and nobody notices."""
    guarded.web_file.write_text(TLS)

    async def shown() -> bytes:
        _, writer = await asyncio.open_connection(HOST, guarded.port, ssl=keys.client())
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        assert isinstance(certificate, bytes)
        return certificate

    async with guarded.serving():
        before = await shown()
        assert await shown() == before
        assert guarded.access is not None
        keys.issue()
        async with asyncio.timeout(PATIENCE_SECS):
            while await shown() == before:
                assert not guarded.access.failing
                await asyncio.sleep(POLL_SECS)


async def test_a_key_that_does_not_fit_closes_the_doors(guarded: Guarded, keys: Keys) -> None:
    """Connections come about by the certificate there was, and lead to a refusal."""
    guarded.web_file.write_text(TLS)
    good = keys.key_file.read_bytes()
    async with guarded.serving():
        keys.key_file.write_text("garbage")
        await guarded.until(503, client=keys.client())
        keys.key_file.write_bytes(good)
        await guarded.until(200, client=keys.client())


async def test_only_clients_with_an_allowed_name_come_in(guarded: Guarded, keys: Keys) -> None:
    """Without a certificate there is no connection; with another name there is a refusal."""
    guarded.web_file.write_text(MTLS % ", client_allowed_sans: [prometheus.example]")
    known, other = keys.client("prometheus.example"), keys.client("other.example")
    async with guarded.serving():
        assert guarded.access is not None
        assert guarded.access.pushes_guarded
        assert await guarded.status(client=known) == 200
        assert await guarded.status(client=other) == 403
        assert await guarded.status(path="/health", client=other) == 200
        assert await guarded.status(client=keys.client()) == 0
        guarded.web_file.write_text(MTLS % ", client_allowed_sans: [other.example]")
        await guarded.until(200, client=other)
        assert await guarded.status(client=known) == 403


async def test_a_connection_older_than_client_certificates_is_refused(
    guarded: Guarded, keys: Keys
) -> None:
    """It showed none when none was asked for, so it gives nothing any more."""
    guarded.web_file.write_text(TLS)
    async with (
        guarded.serving(),
        aiohttp.ClientSession(
            f"https://{HOST}:{guarded.port}", connector=aiohttp.TCPConnector(ssl=keys.client())
        ) as session,
    ):
        assert await status_on(session, "/metrics") == 200
        await guarded.reload(MTLS % "")
        assert await status_on(session, "/metrics") == 403
        assert await guarded.status(client=keys.client()) == 0
        assert await guarded.status(client=keys.client("a.example")) == 200


async def test_files_that_stand_still_are_not_read_again(guarded: Guarded, keys: Keys) -> None:
    """Neither are listeners changed that speak TLS by the same certificate."""
    guarded.web_file.write_text(TLS + USERS)
    access = Access(guarded.web_file, None, clock=guarded.clock, poll_secs=POLL_SECS)
    changes: list[ssl.SSLContext | None] = []
    watching = asyncio.create_task(access.watch(changes.append))
    context, policy = access.ssl_context, access._policy  # noqa: SLF001 - that it stays
    await asyncio.sleep(POLL_SECS * 10)
    assert access._policy is policy  # noqa: SLF001 - as above
    guarded.web_file.write_text(TLS)
    await access.reload()
    assert access.ssl_context is context
    assert not changes
    watching.cancel()
    await asyncio.wait([watching])
    access.close()


@pytest.fixture(autouse=True)
def no_fault_goes_unseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No test here makes the server log a fault of its own."""
    yield
    faults = [record for record in caplog.records if record.name == "exporter.web.problem"]
    assert not faults


NOBODY = "basic_auth_users: {}\n"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (USERS, USERS.replace("alice", "bob"), 1),
        (USERS, NOBODY, 1),
        (USERS, "wrong", 1),
        (USERS, USERS + "# the same\n", 0),
        (USERS, USERS + "rate_limit: {interval: 1s, burst: 5}\n", 0),
    ],
    ids=["another user", "nobody", "what cannot be used", "a comment", "a limit"],
)
async def test_what_takes_somebody_s_word_back_is_told(
    tmp_path: Path, before: str, after: str, told: int
) -> None:
    """Once for each change of who may come in, so that what is open can be ended."""
    guarded = Guarded(tmp_path)
    guarded.poll_secs = PATIENCE_SECS
    guarded.web_file.write_text(before)
    calls: list[None] = []
    async with guarded.serving():
        assert guarded.access is not None
        guarded.access.on_change = lambda: calls.append(None)
        guarded.web_file.write_text(after)
        for _ in range(2):
            with contextlib.suppress(ConfigError):
                await guarded.access.reload()
    assert len(calls) == told


@pytest.mark.parametrize("changed", [True, False])
async def test_a_changed_token_is_told(tmp_path: Path, changed: bool) -> None:  # noqa: FBT001 - a case
    """And the same token, written anew, is not."""
    guarded = Guarded(tmp_path)
    guarded.token_file.write_text("t0ken")
    calls: list[None] = []
    async with guarded.serving():
        assert guarded.access is not None
        guarded.access.on_change = lambda: calls.append(None)
        guarded.token_file.write_text("an0ther" if changed else "t0ken\n")
        await guarded.access.reload()
    assert bool(calls) is changed


@pytest.mark.parametrize("name", ["web.yml", "token"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    """There may be two of them, and more in the configuration."""
    path = tmp_path / name
    files = (path, None) if name == "web.yml" else (None, path)
    with pytest.raises(ConfigError) as error:
        Access(*files, clock=ManualClock(NOW))
    assert str(error.value).startswith(f"{path}: ")
    assert str(error.value).endswith("No such file or directory")


def test_a_certificate_is_blamed_on_the_file_that_names_it(tmp_path: Path) -> None:
    """And on its key there."""
    path = tmp_path / "web.yml"
    path.write_text("tls_server_config: {cert_file: c, key_file: k}")
    with pytest.raises(ConfigError, match=f"^{path}: tls_server_config.cert_file: "):
        Access(path, None, clock=ManualClock(NOW))
