"""The web configuration file: TLS, passwords, headers and a rate limit.

The format is that of Prometheus's exporter-toolkit, so that a file which secures a node_exporter
secures this one too. Unlike there, a file that says nothing at all is an error: it is what is seen
of a file that is just being written, and must not mean that everybody may come in.
"""

import difflib
import re
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from exporter.config.document import KEY_LENGTH_MAX, Document, key_name, parse, read_file
from exporter.config.error import ConfigFileError
from exporter.config.sections import Section
from exporter.config.web_tls import TLSServer, checked

SECTIONS = ("tls_server_config", "http_server_config", "basic_auth_users", "rate_limit")

HEADERS: Mapping[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
"""The headers that may be set, and the values that each may have where not any."""

USER_BYTES_MAX = 255

# A higher cost takes seconds a check: that would stop who may come in more than who may not.
_BCRYPT = re.compile(r"\$2[aby]\$(?:0[4-9]|1[0-5])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")

_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{0,9})?(?:ns|us|µs|ms|s|m|h))+")
_PART = re.compile(r"([0-9.]+)(ns|us|µs|ms|s|m|h)")
_UNIT_SECS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class RateLimit(Struct, frozen=True):
    """One request every so many seconds, above 0, and up to `burst` at once."""

    interval_secs: float
    burst: int


class WebFile(Struct, frozen=True, kw_only=True):
    """What the file asks for.

    - `tls`: how connections are secured; `None` where they are not.
    - `headers`: what every answer carries beside its own.
    - `users`: bcrypt hashes by the name of the user; empty where nobody needs a password.
    - `rate_limit`: of all requests together; `None` where there is none.
    - `warnings`: what is known to have no effect, a line each.
    """

    tls: TLSServer | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    rate_limit: RateLimit | None = None
    warnings: tuple[str, ...] = ()

    @property
    def tls_files(self) -> tuple[str, ...]:
        """The certificates and keys that are read besides the file itself."""
        return self.tls.files if self.tls is not None else ()


def read_web_file(path: Path) -> WebFile:
    """Return what a file asks for; raises `ConfigFileError` where it cannot be used.

    The certificates it names are not read.
    """
    return parse_web_file(read_file(path), directory=path.parent)


def parse_web_file(text: str, *, directory: Path) -> WebFile:
    """Return what a text asks for, its relative paths taken from `directory`.

    Raises `ConfigFileError`, with the key and its line and never the value.
    """
    document = parse(text)
    if not document.lines:
        raise ConfigFileError("empty; write {} where nothing is asked for")
    _check_known(document, "", SECTIONS)
    http = _section(document, "http_server_config", _HTTPServer)
    return WebFile(
        tls=_tls(document, directory),
        headers=_headers(document),
        users=_users(document),
        rate_limit=_rate_limit(document),
        warnings=_warnings(http),
    )


class _HTTPServer(Section, frozen=True, kw_only=True):
    http2: bool | None = None
    headers: dict[str, object] | None = None


class _RateLimit(Section, frozen=True, kw_only=True):
    interval: str | int = 0
    burst: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


_S = TypeVar("_S", bound=Section)


def _section(document: Document, name: str, section: type[_S]) -> _S:
    """Return a section as its Struct; one whose keys are all commented out is its defaults."""
    values = _mapping(document, name)
    _check_known(document, name, typing.get_type_hints(section))
    try:
        return msgspec.convert(values, section)
    except msgspec.ValidationError as invalid:
        what, _, at = str(invalid).partition(" - at `$")
        words = {"`": "", "array": "list", "object": "mapping", "Expected": "expected"}
        for theirs, ours in words.items():
            what = what.replace(theirs, ours)
        raise document.error(name + at.removesuffix("`"), what) from None


def _mapping(document: Document, name: str) -> dict[str, object]:
    """Return the values of a section, which may hold none."""
    values: object = document.values
    for key in name.split("."):
        values = values.get(key) if isinstance(values, dict) else None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise document.error(name, "expected a mapping")
    return values


def _check_known(document: Document, name: str, known: Iterable[str]) -> None:
    names = list(known)
    values = _mapping(document, name) if name else document.values
    for key in values:
        if key not in names:
            close = difflib.get_close_matches(key[:KEY_LENGTH_MAX], names, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            path = ".".join(filter(None, (name, key_name(key))))
            raise document.error(path, "unknown key" + hint)


def _tls(document: Document, directory: Path) -> TLSServer | None:
    name = "tls_server_config"
    tls = _section(document, name, TLSServer)
    if not _mapping(document, name):
        return None

    def blame(key: str, reason: str) -> ConfigFileError:
        return document.error(f"{name}.{key}" if key else name, reason)

    return checked(tls, directory, blame)


def _headers(document: Document) -> Mapping[str, str]:
    name = "http_server_config.headers"
    _check_known(document, name, HEADERS)
    headers: dict[str, str] = {}
    for key, value in _mapping(document, name).items():
        path, choices = f"{name}.{key}", HEADERS[key]
        if not isinstance(value, str):
            raise document.error(path, "expected str")
        if value and choices and value not in choices:
            raise document.error(path, "expected " + " or ".join(choices))
        if not (value.isascii() and (value.isprintable() or not value)):
            raise document.error(path, "expected one line of ASCII characters")
        if value:
            headers[key] = value
    return headers


def _users(document: Document) -> Mapping[str, str]:
    name = "basic_auth_users"
    users: dict[str, str] = {}
    for user, value in _mapping(document, name).items():
        path = f"{name}.{key_name(user)}"
        # The first colon of the credentials ends the name.
        if ":" in user or len(user.encode()) > USER_BYTES_MAX:
            raise document.error(path, f"expected a name of {USER_BYTES_MAX} bytes, without colons")
        if not isinstance(value, str) or not _BCRYPT.fullmatch(value):
            raise document.error(path, "expected a bcrypt hash of cost 4 to 15")
        users[user] = value
    return users


def _rate_limit(document: Document) -> RateLimit | None:
    name = "rate_limit"
    limit = _section(document, name, _RateLimit)
    interval_secs = _interval_secs(document, f"{name}.interval", limit.interval)
    if not interval_secs:
        return None
    if limit.burst is None:
        raise document.error(name, "expected burst beside interval")
    return RateLimit(interval_secs, limit.burst)


def _interval_secs(document: Document, path: str, interval: str | int) -> float:
    if interval in (0, "0"):
        return 0.0
    if not isinstance(interval, str) or not _DURATION.fullmatch(interval):
        raise document.error(path, "expected a duration such as 100ms, 1s or 1m30s")
    return sum(float(count) * _UNIT_SECS[unit] for count, unit in _PART.findall(interval))


def _warnings(http: _HTTPServer) -> tuple[str, ...]:
    if http.http2:
        return ("http_server_config.http2: HTTP/2 is not spoken here, HTTP/1.1 is",)
    return ()
