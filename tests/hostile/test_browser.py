"""Pages in the user's browser: they reach the loopback port, and get nothing from it."""

import pytest

from exporter.app import Exporter
from exporter.config import Config, Ingest, Storage, Web
from tests.clock import ManualClock
from tests.hostile.raw import Answer, a_push, ask, counted, request
from tests.own_address import OUTSIDE, requires_own_address

PAGE = "Origin: https://evil.example"
REFUSED = 'agent_exporter_requests_refused_total{code="forbidden"}'
OPEN_PATHS = ["/metrics", "/health", "/-/healthy", "/-/ready"]

FROM_PAGES = {
    "text": (a_push("Content-Type: text/plain"), 415),
    "a form": (a_push("Content-Type: application/x-www-form-urlencoded"), 415),
    "a form with a file": (a_push("Content-Type: multipart/form-data; boundary=x"), 415),
    "a foreign origin": (a_push(PAGE), 403),
    "a sandboxed origin": (a_push("Origin: null"), 403),
    "an origin that is none": (a_push("Origin: http://["), 403),
    "an empty origin": (a_push("Origin:"), 403),
    "another port": (a_push("Origin: http://localhost:3000"), 403),
    "another name of this machine": (a_push("Origin: http://127.0.0.1"), 403),
    "a file": (a_push("Origin: file://localhost"), 403),
    "two origins": (a_push("Origin: http://localhost", PAGE), 403),
    "a foreign page that reads": (request("GET /api/v1/snapshot", PAGE), 403),
    "a foreign page that scrapes": (request("GET /metrics", PAGE), 403),
    "a request that the browser calls foreign": (a_push("Sec-Fetch-Site: cross-site"), 403),
    "a request from a neighbour": (a_push("Sec-Fetch-Site: same-site"), 403),
    "a foreign page that fetches without asking": (
        request("GET /api/v1/models", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"),
        403,
    ),
    "a neighbour that embeds": (
        request("GET /api/v1/stream", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"),
        403,
    ),
    "a foreign page that frames": (
        request(
            "GET /api/v1/models",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: iframe",
        ),
        403,
    ),
    "a foreign page of a browser that does not tell how": (
        request("GET /api/v1/models", "Sec-Fetch-Site: cross-site"),
        403,
    ),
    "a preflight": (
        request("OPTIONS /api/v1/events", PAGE, "Access-Control-Request-Method: POST"),
        403,
    ),
    "a preflight without an origin": (
        request("OPTIONS /api/v1/events", "Access-Control-Request-Method: POST"),
        405,
    ),
}


@pytest.fixture
def config() -> Config:
    """Return a configuration that allows a name of its own."""
    return Config(
        web=Web(listen_address=("127.0.0.1:0", "[::1]:0"), hosts_allowed=("agents.internal",)),
        ingest=Ingest(body_timeout_secs=1),
        storage=Storage(path=""),
    )


def assert_no_cors(answer: Answer) -> None:
    """Hold that no page is invited."""
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.hostile(35)
@pytest.mark.parametrize(("data", "status"), FROM_PAGES.values(), ids=FROM_PAGES)
async def test_a_page_can_neither_push_nor_read(address: str, data: bytes, status: int) -> None:
    """What a page may send is refused, no CORS header invites it, and no event counts."""
    before = await counted(address)
    answer = await ask(address, data)
    assert answer.status == status
    if status == 403:
        assert answer.code == "forbidden"
    assert_no_cors(answer)
    assert b"evil" not in answer.body
    after = await counted(address)
    after[REFUSED] -= status == 403
    if status == 415:
        rejected = 'agent_exporter_rejections_total{code="unsupported_media_type"}'
        assert after.pop(rejected) == before.pop(rejected) + 1
        after = {name: after[name] for name in after if "push" not in name}
        before = {name: before[name] for name in before if "push" not in name}
    assert after == before


@pytest.mark.hostile(35)
@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:24368", "http://localhost:24368"),
        ("LocalHost:24368", "http://localhost:24368"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("127.0.0.1:80", "http://127.0.0.1"),
        ("agents.internal", "https://agents.internal"),
        ("agents.internal", "https://agents.internal:443"),
    ],
)
async def test_the_exporters_own_page_may_ask(address: str, host: str, origin: str) -> None:
    """An origin that is the host asked for is no other page, default port or not."""
    headers = (f"Origin: {origin}", "Sec-Fetch-Site: same-origin")
    assert (await ask(address, a_push(*headers, host=host))).status == 200
    assert (await ask(address, request("GET /api/v1/snapshot", *headers, host=host))).status == 200


@pytest.mark.hostile(35)
async def test_behind_a_proxy_the_browser_tells_whose_page_it_is(address: str) -> None:
    """The proxy may put a `Host` of its own; no page can say that it is of the same origin."""
    headers = ("Origin: https://agents.example", "Sec-Fetch-Site: same-origin")
    assert (await ask(address, request("GET /api/v1/snapshot", *headers))).status == 200
    assert (await ask(address, a_push(*headers))).status == 200
    assert (await ask(address, a_push(*headers, host="evil.example"))).status == 403


@pytest.mark.hostile(35)
@pytest.mark.parametrize(
    ("path", "mode"), [("/api/v1/snapshot", "navigate"), *((path, "cors") for path in OPEN_PATHS)]
)
async def test_a_link_may_be_followed_and_probes_come_from_anywhere(
    address: str, path: str, mode: str
) -> None:
    """Nobody but the user sees where a link leads; and no answer may be embedded elsewhere."""
    headers = ("Sec-Fetch-Site: cross-site", f"Sec-Fetch-Mode: {mode}")
    answer = await ask(address, request(f"GET {path}", *headers))
    assert answer.status == 200
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:24368",
    "localhost.evil",
    "127.0.0.1.evil",
    "10.0.0.1",
]


@pytest.mark.hostile(36)
@pytest.mark.parametrize("host", FOREIGN_HOSTS)
async def test_a_rebound_name_gets_nothing_but_probes(address: str, host: str) -> None:
    """On a loopback address a foreign `Host` may scrape and probe, and nothing else."""
    before = await counted(address)
    refused = ("/", "/api/v1/snapshot", "/api/v1/models/m", "/-/reload", "/metrics/", "/nowhere")
    for path in refused:
        answer = await ask(address, request(f"GET {path}", host=host))
        assert (answer.status, answer.code) == (403, "forbidden")
        assert_no_cors(answer)
    assert (await ask(address, a_push(host=host))).status == 403
    assert (await ask(address, request("POST /health", host=host, body=b""))).status == 403
    for path in OPEN_PATHS:
        assert (await ask(address, request(f"GET {path}", host=host))).status == 200
    assert await counted(address) == {**before, REFUSED: before[REFUSED] + len(refused) + 2}


@pytest.mark.hostile(36)
async def test_a_rebound_name_that_calls_itself_its_own_origin_is_refused(address: str) -> None:
    """Of a page whose name resolves here, the origin is the host: only the name tells."""
    answer = await ask(address, a_push("Origin: http://evil.example", host="evil.example"))
    assert (answer.status, answer.code) == (403, "forbidden")


@pytest.mark.hostile(36)
@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:1",
        "LOCALHOST.",
        "exporter.localhost",
        "127.0.0.1:24368",
        "127.9.9.9",
        "[::1]:24368",
        "[::ffff:127.0.0.1]",
        "agents.internal:80",
        "Agents.Internal",
    ],
)
async def test_loopback_names_and_configured_ones_are_ours(address: str, host: str) -> None:
    """They may push, on any port, in any case."""
    assert (await ask(address, a_push(host=host))).status == 200


@pytest.mark.hostile(36)
@requires_own_address
@pytest.mark.parametrize(("hosts_allowed", "status"), [((), 200), (("agents.internal",), 403)])
async def test_elsewhere_names_are_checked_once_they_are_told(
    clock: ManualClock, hosts_allowed: tuple[str, ...], status: int
) -> None:
    """Behind a published port a rebound page is told by its name, and an IP address is no name."""
    web = Web(listen_address=(f"{OUTSIDE}:0",), hosts_allowed=hosts_allowed)
    exporter = Exporter(Config(web=web, storage=Storage(path="")), clock=clock)
    await exporter.start()
    try:
        (address,) = exporter.addresses
        for host in ("evil.example", "evil.example:24368", "127.0.0.1.evil", "10.0.0.1.evil"):
            assert (await ask(address, a_push(host=host))).status == status
            assert (await ask(address, request("GET /health", host=host))).status == 200
        for host in ("agents.internal:80", "localhost:24368", "10.0.0.1", "[fe80::1]:24368"):
            assert (await ask(address, a_push(host=host))).status == 200
    finally:
        await exporter.stop()


@pytest.mark.hostile(36)
async def test_ipv6_is_loopback_too(exporter: Exporter) -> None:
    """The address of the connection decides, whichever of the listeners it came to."""
    _, six = exporter.addresses
    assert (await ask(six, a_push(host="evil.example"))).status == 403
    assert (await ask(six, a_push(host="[::1]"))).status == 200


@pytest.mark.hostile(36)
async def test_http_1_0_without_a_host_gets_probes_only(address: str) -> None:
    """It need not name a host, so nothing says that it is not a rebound page."""
    assert (await ask(address, b"GET /health HTTP/1.0\r\n\r\n")).status == 200
    assert (await ask(address, b"GET /api/v1/snapshot HTTP/1.0\r\n\r\n")).status == 403
