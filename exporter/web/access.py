"""Who may come in: the files that say so, and their word on every request.

The files are read again when they change, with no restart. What is in force is swapped whole, so a
request meets one policy or the next and never half of each. While a file cannot be used, everything
but the open paths is refused: the old word may have been taken back, and no word is not a yes.

What is ugly about it: files change in steps. A certificate is replaced before its key, an editor
empties a file before it fills it. So a change counts once the files have stood still from one look
to the next; until then, the old policy holds.
"""

import asyncio
import contextlib
import logging
import ssl
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler

from exporter.clock import Clock
from exporter.config.error import ConfigError
from exporter.config.web_file import WebFile
from exporter.event.rejection import Code, Refusal
from exporter.web.basic_auth import PasswordChecks
from exporter.web.policy import READING, Policy, Said, read, route_of
from exporter.web.rate_limit import TokenBucket, retry_after_secs
from exporter.web.tls import tls_context

PATHS_OPEN = ("/health", "/-/healthy", "/-/ready")

UNLIMITED = "/static/"
"""What the live page is made of does not count against the rate limit: a page is two dozen files,
and it would not work with one of them missing."""

POLL_SECS = 1.0

CLOSED_RETRY_AFTER_SECS = 5

log = logging.getLogger(__name__)

UseTLS = Callable[[ssl.SSLContext | None], None]
"""Makes listeners speak TLS by this context from now on, or none where it is `None`."""

PushAuth = Literal["none", "password", "token"]

_Stamps = dict[str, tuple[int, ...]]
"""What tells one state of a file from another, by its path."""


class Access:
    """Keeps watch on the web configuration file and the token file; either may be `None`.

    `ssl_context` is what the listeners start with; `failing` is whether a file cannot be used now;
    `refused` counts the requests refused; `on_change` is called when somebody who could come in may
    not be able to any more. Raises `ConfigError` where a file cannot be used.
    """

    def __init__(
        self,
        web_file: Path | None,
        token_file: Path | None,
        *,
        clock: Clock,
        paths_open: Collection[str] = PATHS_OPEN,
        poll_secs: float = POLL_SECS,
    ) -> None:
        self._web_file = web_file
        self._token_file = token_file
        self._clock = clock
        self._paths_open = frozenset(paths_open)
        self._poll_secs = poll_secs
        self._checks = PasswordChecks()
        self._one_at_a_time = asyncio.Lock()
        self._use_tls: UseTLS | None = None
        self._policy = Policy(Said(WebFile(), None), self._checks)
        self._bucket: TokenBucket | None = None
        self._stamps: _Stamps = {}
        self.ssl_context: ssl.SSLContext | None = None
        self.failing = False
        self.refused: Counter[Code] = Counter()
        self.on_change: Callable[[], None] = _nothing
        stamps = _stamps(self._files())
        said = read(web_file, token_file)
        stamps |= _stamps(said.file.tls_files)
        self._adopt(said, stamps, self._context(said))

    @property
    def reads_guarded(self) -> bool:
        """Whether whoever reads must show who they are."""
        file = self._policy.said.file
        return bool(file.users) or (file.tls is not None and file.tls.requires_client_cert)

    @property
    def pushes_guarded(self) -> bool:
        """Whether whoever pushes must show who they are."""
        return self.reads_guarded or self._policy.said.token is not None

    @property
    def lets_anybody_in(self) -> bool:
        """Whether every request may come in as it is, and as often as it likes."""
        return not self.failing and self._bucket is None and self._policy.said.asks_for_nothing

    @property
    def headers(self) -> Mapping[str, str]:
        """What every answer is to carry; another object where that has changed."""
        return self._policy.said.file.headers

    @property
    def push_auth(self) -> PushAuth:
        """What whoever pushes must show, in the easiest way."""
        said = self._policy.said
        if said.token is not None:
            return "token"
        return "password" if said.file.users else "none"

    def add_to(self, app: web.Application) -> None:
        """Give the answers of this application the headers that are configured, refusals too."""
        app.on_response_prepare.append(self._add_headers)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request that may come in; raises `Refusal` where it may not."""
        is_open = request.method in READING and route_of(request) in self._paths_open
        if not is_open:
            try:
                await self._check(request)
            except Refusal as refusal:
                self.refused[refusal.code] += 1
                raise
        return await handler(request)

    async def watch(self, use_tls: UseTLS) -> None:
        """Read the files again whenever they change, until cancelled."""
        self._use_tls = use_tls
        before = self._stamps
        while True:
            await asyncio.sleep(self._poll_secs)
            stamps = _stamps([*self._files(), *self._policy.said.file.tls_files])
            stands_still, before = stamps == before, stamps
            if stands_still and (self.failing or stamps != self._stamps):
                # A failure is told when it begins, and by `failing`.
                with contextlib.suppress(ConfigError):
                    await self.reload()

    async def reload(self) -> None:
        """Read the files again at once.

        Raises `ConfigError` where one cannot be used; then nobody comes in until it can.
        """
        async with self._one_at_a_time:
            try:
                await self._reload()
            except ConfigError as error:
                self._fail(str(error))
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody comes in by it
                self._fail(f"{type(error).__name__} as the listeners were changed")
                raise ConfigError("the listeners could not be changed") from None
            if self.failing:
                self.failing = False
                log.info("the files that say who may come in can be used again")

    def close(self) -> None:
        """Check no more passwords."""
        self._checks.close()

    async def _reload(self) -> None:
        # Looked at before they are read: what changes in between is then seen as a change.
        stamps = _stamps(self._files())
        said = await asyncio.to_thread(read, self._web_file, self._token_file)
        stamps |= _stamps(said.file.tls_files)
        context = self.ssl_context
        if self._tls_changed(said, stamps):
            context = await asyncio.to_thread(self._context, said)
            if self._use_tls is not None:
                self._use_tls(context)
        self._adopt(said, stamps, context)

    def _context(self, said: Said) -> ssl.SSLContext | None:
        if said.file.tls is None:
            return None
        try:
            return tls_context(said.file.tls)
        except ConfigError as error:
            raise ConfigError(f"{self._web_file}: {error}") from None

    def _tls_changed(self, said: Said, stamps: _Stamps) -> bool:
        if said.file.tls != self._policy.said.file.tls:
            return True
        return any(stamps[file] != self._stamps[file] for file in said.file.tls_files)

    def _adopt(self, said: Said, stamps: _Stamps, context: ssl.SSLContext | None) -> None:
        before = self._policy.said
        changed = (
            said.file.users != before.file.users
            or said.token != before.token
            or self._tls_changed(said, stamps)
        )
        self._policy = Policy(said, self._checks)
        self._stamps = stamps
        self.ssl_context = context
        if changed:
            self.on_change()
        limit = said.file.rate_limit
        if limit is None or self._bucket is None or self._bucket.limit != limit:
            self._bucket = TokenBucket(limit) if limit is not None else None
        for warning in said.file.warnings:
            log.warning("the web configuration file", extra={"fields": {"warning": warning}})

    def _fail(self, reason: str) -> None:
        if not self.failing:
            self.failing = True
            log.error(
                "a file that says who may come in cannot be used: requests are refused",
                extra={"fields": {"reason": reason}},
            )
            self.on_change()

    def _files(self) -> list[str]:
        return [str(path) for path in (self._web_file, self._token_file) if path is not None]

    async def _check(self, request: web.Request) -> None:
        bucket = None if request.path.startswith(UNLIMITED) else self._bucket
        wait_secs = bucket.take(self._clock.monotonic()) if bucket is not None else 0
        if wait_secs:
            raise Refusal(
                Code.RATE_LIMITED, "too many requests", retry_after_secs=retry_after_secs(wait_secs)
            )
        policy = None
        while policy is not self._policy or self.failing:
            # Again where the word was taken back while a password was being checked.
            policy = self._policy
            if self.failing:
                raise Refusal(
                    Code.NOT_ACCEPTING,
                    "a file that says who may come in cannot be used",
                    retry_after_secs=CLOSED_RETRY_AFTER_SECS,
                )
            await policy.check(request)

    async def _add_headers(self, _request: web.Request, response: web.StreamResponse) -> None:
        if headers := self.headers:
            response.headers.update(headers)


def _nothing() -> None:
    """Do nothing."""


def _stamps(files: Iterable[str]) -> _Stamps:
    """Return what tells the files from what they were or will be; nothing of one not there."""
    stamps: _Stamps = {}
    for file in files:
        try:
            found = Path(file).stat()
        except OSError:
            stamps[file] = ()
        else:
            times = (found.st_mtime_ns, found.st_ctime_ns)
            stamps[file] = (found.st_dev, found.st_ino, found.st_size, *times)
    return stamps
