"""The live page as it is served: its headers, its files, and who may have it."""

import gzip
import re
from pathlib import Path
from typing import Any

import aiohttp
import bcrypt
import pytest

from exporter.app import Exporter
from exporter.config import Config, Storage, Web
from exporter.web.page import INDEX, PageRoutes, packaged
from tests.clock import ManualClock

ASSETS = sorted(set(packaged()) - {INDEX})

DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}


async def asset_paths(client: aiohttp.ClientSession) -> dict[str, str]:
    """Return where each file is that the page names."""
    async with client.get("/") as response:
        found: list[Any] = re.findall(r'"(static/[0-9a-f]{16}/([^"]+))"', await response.text())
    return {name: f"/{path}" for path, name in found}


async def test_the_page_may_do_nothing_but_ask_the_exporter(client: aiohttp.ClientSession) -> None:
    """Its policy names every directive, and lets in nothing inline and nothing from elsewhere."""
    async with client.get("/") as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        policy = response.headers["Content-Security-Policy"]
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-cache"
    parts = (part.partition(" ") for part in policy.split("; "))
    assert {name: value for name, _, value in parts} == DIRECTIVES


@pytest.mark.parametrize("name", ASSETS)
async def test_a_file_is_kept_for_ever(client: aiohttp.ClientSession, name: str) -> None:
    """It stands under the hash of all of them, which changes with any."""
    base = (await asset_paths(client))["main.js"].removesuffix("main.js")
    async with client.get(base + name) as response:
        assert response.status == 200
        assert await response.read() == packaged()[name]
        assert "immutable" in response.headers["Cache-Control"]
        types = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
        assert response.content_type == types[name.rpartition(".")[2]]


def test_a_change_in_any_file_changes_every_address() -> None:
    """So modules that import each other are always of one version."""
    files = packaged()
    versions = {PageRoutes({**files, name: files[name] + b" "}).version for name in ASSETS}
    assert len(versions | {PageRoutes(files).version}) == len(ASSETS) + 1


async def test_what_the_browser_has_is_not_sent_again(client: aiohttp.ClientSession) -> None:
    """By the tag of the content, compressed or not."""
    async with client.get("/", headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        tag = response.headers["ETag"]
    for encoding in ("gzip", "identity"):
        headers = {"If-None-Match": tag, "Accept-Encoding": encoding}
        async with client.get("/", headers=headers) as response:
            assert (response.status, await response.read()) == (304, b"")
            assert "Content-Security-Policy" in response.headers
    async with client.get("/", headers={"If-None-Match": '"another"'}) as response:
        assert response.status == 200


async def test_files_are_compressed_for_who_takes_it(exporter: Exporter) -> None:
    """And come as they are for who does not."""
    url = f"http://{exporter.addresses[0]}"
    async with aiohttp.ClientSession(url, auto_decompress=False) as client:
        answers = []
        for encoding in ("gzip", "identity", "gzip;q=0"):
            async with client.get("/", headers={"Accept-Encoding": encoding}) as response:
                assert response.headers["Vary"] == "Accept-Encoding"
                answers.append((response.headers.get("Content-Encoding"), await response.read()))
    (packed_as, packed), *plain = answers
    assert packed_as == "gzip"
    assert [(None, gzip.decompress(packed))] * 2 == plain
    assert len(packed) < len(plain[0][1]) / 2


@pytest.mark.parametrize(
    "path",
    [
        "/static/0123456789abcdef/main.js",
        "/static/main.js",
        "{base}index.html",
        "{base}nothing.js",
        "{base}..%2fpage.py",
        "{base}../../page.py",
        "/index.html",
    ],
)
async def test_nothing_else_is_served(client: aiohttp.ClientSession, path: str) -> None:
    """Not another version, not a file by another name, nothing beside them."""
    base = (await asset_paths(client))["main.js"].removesuffix("main.js")
    async with client.get(path.format(base=base)) as response:
        assert response.status == 404


async def test_the_page_is_behind_the_password_of_whoever_reads(
    tmp_path: Path, clock: ManualClock
) -> None:
    """As /metrics is, its files too."""
    file = tmp_path / "web.yml"
    hashed = bcrypt.hashpw(b"wonderland", bcrypt.gensalt(4)).decode()
    file.write_text(f"basic_auth_users: {{alice: {hashed}}}\n")
    web = Web(listen_address=("127.0.0.1:0",), config_file=str(file))
    running = Exporter(Config(web=web, storage=Storage(path="")), clock=clock)
    await running.start()
    password = {"Authorization": aiohttp.encode_basic_auth("alice", "wonderland")}
    async with aiohttp.ClientSession(f"http://{running.addresses[0]}") as client:
        for path in ("/", f"/static/{PageRoutes().version}/main.js"):
            async with client.get(path) as response:
                assert response.status == 401
            async with client.get(path, headers=password) as response:
                assert response.status == 200
    await running.stop()
