"""`GET /`: the live page, and the files it is made of.

The files are read once, when the exporter starts, and kept in memory as they are and compressed.
All but the page itself stand under the hash of them all, so a browser may keep them for ever: what
has changed has another address, and modules that name each other relatively always fit together.
The page itself is asked for again each time, by its own hash.

What a browser may do with the page is said as narrowly as it can be. No script but these files,
nothing from elsewhere, nothing made of text: whatever agents push, it stays text.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from importlib import resources

from aiohttp import ETag, web

from exporter.metrics.negotiation import accepts_gzip

INDEX = "index.html"
ASSETS = "static/"

_DIRECTIVES: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    # Assigning text where a browser would make HTML or script of it raises.
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _DIRECTIVES.items()),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}

REVALIDATE = "no-cache"
KEEP = "private, max-age=31536000, immutable"
"""A year; `private`, since whoever may read may have had to say who they are."""

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class File:
    """One file as it is sent."""

    def __init__(self, name: str, content: bytes, *, cache_control: str) -> None:
        suffix = name[name.rindex(".") :]
        self.content_type = _TYPES.get(suffix) or mimetypes.types_map[suffix]
        self.cache_control = cache_control
        self.content = content
        self.packed = gzip.compress(content, mtime=0)
        self.etag = hash_of(content)

    def answer(self, request: web.Request) -> web.Response:
        """Return the answer, without the content where the browser has it."""
        known = request.if_none_match or ()
        if any(tag.value in (self.etag, "*") for tag in known):
            response = web.Response(status=304)
        else:
            response = self._whole(request)
        response.headers.update(HEADERS)
        response.headers["Cache-Control"] = self.cache_control
        # Weak, since it is of the content, and not of how that is encoded.
        response.etag = ETag(self.etag, is_weak=True)
        return response

    def _whole(self, request: web.Request) -> web.Response:
        packed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        return web.Response(
            body=self.packed if packed else self.content,
            headers={"Content-Encoding": "gzip"} if packed else None,
            content_type=self.content_type,
            charset="utf-8",
        )


class PageRoutes:
    """Serves `index.html` of `contents` at `/`, and all else under `/static/` and its hash.

    `contents` are files by their name; by default those that come with the package.
    """

    def __init__(self, contents: Mapping[str, bytes] | None = None) -> None:
        contents = packaged() if contents is None else contents
        assets = {name: content for name, content in contents.items() if name != INDEX}
        self.version = hash_of(*(part for name in sorted(assets) for part in (name, assets[name])))
        self._assets = {
            name: File(name, content, cache_control=KEEP) for name, content in assets.items()
        }
        index = contents[INDEX].replace(f'"{ASSETS}'.encode(), f'"{ASSETS}{self.version}/'.encode())
        self._index = File(INDEX, index, cache_control=REVALIDATE)

    def add_to(self, app: web.Application) -> None:
        """Serve the routes from this application."""
        app.router.add_get("/", self.page)
        app.router.add_get(r"/static/{version:[0-9a-f]+}/{name:[a-z_]+\.[a-z]+}", self.asset)

    async def page(self, request: web.Request) -> web.Response:
        """Answer the page."""
        return self._index.answer(request)

    async def asset(self, request: web.Request) -> web.Response:
        """Answer a file the page is made of; one of another version is not found."""
        file = self._assets.get(request.match_info["name"])
        if file is None or request.match_info["version"] != self.version:
            raise web.HTTPNotFound
        return file.answer(request)


def packaged() -> dict[str, bytes]:
    """Return the files that come with the package, by name."""
    folder = resources.files("exporter.web") / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def hash_of(*parts: bytes | str) -> str:
    """Return a hash of some parts, short enough for an address."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:%b" % (len(content), content))
    return digest.hexdigest()[:16]
