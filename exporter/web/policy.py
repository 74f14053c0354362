"""What is asked of a request, as the files said when they were last read."""

from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from exporter.config.error import ConfigError
from exporter.config.web_file import WebFile, read_web_file
from exporter.event.rejection import Code, Refusal
from exporter.web import basic_auth, bearer
from exporter.web.basic_auth import BasicAuth, PasswordChecks, read_credentials
from exporter.web.bearer import is_bearer, read_token
from exporter.web.tls import has_allowed_san

PUSHES = frozenset(
    {
        ("POST", "/api/v1/events"),
        ("POST", "/v1/logs"),
        ("POST", "/v1/traces"),
        ("POST", "/v1/metrics"),
        ("PUT", "/api/v1/summary"),
    }
)

READING = ("GET", "HEAD")


class Said(NamedTuple):
    """What the files say: the web configuration file, and the token file where there is one."""

    file: WebFile
    token: bytes | None

    @property
    def asks_for_nothing(self) -> bool:
        """Whether every request may come in as it is."""
        file = self.file
        return file.tls is None and not file.users and self.token is None


def read(web_file: Path | None, token_file: Path | None) -> Said:
    """Return what the files say, each `None` where there is none.

    Raises `ConfigError`, which names the file.
    """
    path = web_file
    try:
        file = read_web_file(web_file) if web_file else WebFile()
        path = token_file
        token = read_token(token_file) if token_file else None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return Said(file, token)


class Policy:
    """Decides on requests.

    Where there are users, everything needs a password, but a push may do with the token instead.
    Where there is only a token, everything but reading needs it.
    """

    def __init__(self, said: Said, checks: PasswordChecks) -> None:
        self.said = said
        self._basic = BasicAuth(said.file.users, checks) if said.file.users else None

    async def check(self, request: web.Request) -> None:
        """Raise `Refusal` where a request may not come in.

        `unauthorized` or `forbidden`, or `rate_limited` where too many passwords are being checked.
        """
        if self.said.asks_for_nothing:
            return
        self._check_connection(request)
        await self._check_credentials(request)

    def _check_connection(self, request: web.Request) -> None:
        # The handshake has seen to this, unless the connection is older than what the file says.
        tls = self.said.file.tls
        if tls is None:
            return
        if not request.secure:
            raise Refusal(Code.FORBIDDEN, "this is to be asked over TLS")
        certificate = request.get_extra_info("peercert")
        if tls.requires_client_cert and not certificate:
            raise Refusal(Code.FORBIDDEN, "a client certificate is required")
        if tls.client_allowed_sans and not has_allowed_san(certificate, tls.client_allowed_sans):
            raise Refusal(Code.FORBIDDEN, "the client certificate carries no name that is allowed")

    async def _check_credentials(self, request: web.Request) -> None:
        authorization = request.headers.get("Authorization", "")
        challenges = []
        if self._basic is not None:
            credentials = read_credentials(authorization)
            if credentials is not None and await self._basic.allows(credentials):
                return
            challenges.append(basic_auth.CHALLENGE)
        if self.said.token is not None and self._may_show_token(request):
            if is_bearer(authorization, self.said.token):
                return
            challenges.append(bearer.CHALLENGE)
        if challenges:
            raise Refusal(
                Code.UNAUTHORIZED,
                "credentials are required",
                headers={"WWW-Authenticate": ", ".join(challenges)},
            )

    def _may_show_token(self, request: web.Request) -> bool:
        if self._basic is None:
            return request.method not in READING
        return (request.method, route_of(request)) in PUSHES


def route_of(request: web.Request) -> str | None:
    """Return the path of the route that answers, `None` where none does.

    Not the path that was asked for: the router may read that in more ways than one.
    """
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else None
