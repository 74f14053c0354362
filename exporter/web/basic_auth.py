"""HTTP basic authentication against bcrypt hashes.

A check takes tenths of a second by design, so it runs in a thread, two at a time, and only so many
may wait. What tells nobody anything: a user who is not known is checked against somebody's hash,
and a password too long for bcrypt is checked cut, each refused whatever comes out. A right
password is remembered by a digest under a key of this process, so that a scrape pays once.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import bcrypt

from exporter.event.rejection import Code, Refusal

CHALLENGE = 'Basic realm="agent-exporter", charset="UTF-8"'

THREADS = 2

WAITING_MAX = 16
"""Checks that may run or wait; past that one is told "later"."""

RETRY_AFTER_SECS = 1

PASSWORD_BYTES_MAX = 72
"""What bcrypt looks at; it refuses longer ones."""


class Credentials(NamedTuple):
    """What a client says it is."""

    user: bytes
    password: bytes


def read_credentials(authorization: str) -> Credentials | None:
    """Return the credentials of an `Authorization` header; `None` where it is of another kind."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    user, colon, password = decoded.partition(b":")
    return Credentials(user, password) if colon else None


class PasswordChecks:
    """Threads that check passwords, away from the event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
        self._waiting = 0

    async def matches(self, password: bytes, hashed: bytes) -> bool:
        """Return whether the password has this hash.

        Raises `Refusal` (`rate_limited`) where too many wait already.
        """
        if self._waiting >= WAITING_MAX:
            raise Refusal(
                Code.RATE_LIMITED,
                "too many passwords are being checked",
                retry_after_secs=RETRY_AFTER_SECS,
            )
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, _matches, password, hashed)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Check no more; what runs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _matches(password: bytes, hashed: bytes) -> bool:
    try:
        matches = bcrypt.checkpw(password[:PASSWORD_BYTES_MAX], hashed)
    except ValueError:
        return False
    return matches and len(password) <= PASSWORD_BYTES_MAX


class BasicAuth:
    """Who may come in by name and password; `users` holds bcrypt hashes by name, one at least."""

    def __init__(self, users: Mapping[str, str], checks: PasswordChecks) -> None:
        self._hashes = {user.encode(): hashed.encode() for user, hashed in users.items()}
        self._somebodys = list(self._hashes.values())
        self._checks = checks
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, bytes] = {}
        self._under_way: dict[bytes, asyncio.Task[bool]] = {}

    async def allows(self, credentials: Credentials) -> bool:
        """Return whether the password is the user's.

        Raises `Refusal` (`rate_limited`) where too many are being checked.
        """
        user, password = credentials
        digest = self._digest(len(user).to_bytes(4, "big") + user + password)
        right = self._right.get(user)
        if right is not None and hmac.compare_digest(right, digest):
            return True
        task = self._under_way.get(digest)
        if task is None:
            task = asyncio.create_task(self._check(credentials))
            self._under_way[digest] = task
            task.add_done_callback(lambda done: self._ended(digest, done))
        allowed = await asyncio.shield(task)
        if allowed:
            self._right[user] = digest
        return allowed

    def _ended(self, digest: bytes, task: asyncio.Task[bool]) -> None:
        del self._under_way[digest]
        # Whoever asked may have gone; a refusal that nobody reads is no fault.
        if not task.cancelled():
            task.exception()

    async def _check(self, credentials: Credentials) -> bool:
        user, password = credentials
        # Always the same hash for the same name: costs may differ, and would tell who exists.
        choice = int.from_bytes(self._digest(user)[:8], "big") % len(self._somebodys)
        hashed = self._hashes.get(user, self._somebodys[choice])
        matches = await self._checks.matches(password, hashed)
        return matches and user in self._hashes

    def _digest(self, content: bytes) -> bytes:
        return hashlib.blake2b(content, key=self._key, digest_size=32).digest()
