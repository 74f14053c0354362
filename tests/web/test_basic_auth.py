"""Who comes in by name and password, and what a check costs."""

import asyncio
import base64
import threading
from collections import Counter
from collections.abc import Iterator

import bcrypt
import pytest

from exporter.event.rejection import Code, Refusal
from exporter.web.basic_auth import (
    THREADS,
    WAITING_MAX,
    BasicAuth,
    Credentials,
    PasswordChecks,
    read_credentials,
)

COST = 4
PATIENCE_SECS = 10


def hashed(password: bytes, cost: int = COST) -> str:
    """Return a hash as the configuration file holds it."""
    return bcrypt.hashpw(password, bcrypt.gensalt(cost)).decode()


LONGEST = b"x" * 72
USERS = {
    "alice": hashed(b"wonderland"),
    "bj\xf6rk": hashed("h\xf6mogenic".encode()),
    "long": hashed(LONGEST),
    "empty": hashed(b""),
}


@pytest.fixture
def checks() -> Iterator[PasswordChecks]:
    """Return threads that check passwords."""
    checks = PasswordChecks()
    yield checks
    checks.close()


@pytest.fixture
def auth(checks: PasswordChecks) -> BasicAuth:
    """Return what knows USERS."""
    return BasicAuth(USERS, checks)


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """Return a count of the checks that bcrypt is asked for, by their cost."""
    counted: Counter[int] = Counter()
    check = bcrypt.checkpw

    def count(password: bytes, hashed: bytes) -> bool:
        counted[int(hashed[4:6])] += 1
        assert threading.current_thread() is not threading.main_thread()
        return check(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", count)
    return counted


def credentials(user: str, password: bytes | str) -> Credentials:
    """Return credentials in bytes."""
    return Credentials(user.encode(), password.encode() if isinstance(password, str) else password)


@pytest.mark.parametrize(
    ("user", "password", "allowed"),
    [
        ("alice", "wonderland", True),
        ("bj\xf6rk", "h\xf6mogenic", True),
        ("long", LONGEST, True),
        ("empty", "", True),
        ("alice", "Wonderland", False),
        ("alice", "", False),
        ("alice", "h\xf6mogenic", False),
        ("Alice", "wonderland", False),
        ("mallory", "wonderland", False),
        ("", "", False),
        ("long", LONGEST + b"y", False),
        ("long", b"x" * 100, False),
        ("alice", b"\xff\x00", False),
    ],
)
@pytest.mark.hostile(31)
async def test_the_password_of_a_user_lets_in(
    auth: BasicAuth, costs: Counter[int], user: str, password: bytes | str, *, allowed: bool
) -> None:
    """Each answer costs one check, whoever asks and with whatever password."""
    assert await auth.allows(credentials(user, password)) == allowed
    assert costs == {COST: 1}


async def test_no_password_of_anybody_lets_an_unknown_user_in(
    auth: BasicAuth, costs: Counter[int]
) -> None:
    """The hash that an unknown user is checked against may match; that tells nobody anything."""
    passwords = ("wonderland", "h\xf6mogenic", LONGEST, "")
    for password in passwords:
        assert not await auth.allows(credentials("mallory", password))
    assert costs == {COST: len(passwords)}


@pytest.mark.hostile(31)
async def test_a_wrong_password_costs_a_check_every_time(
    auth: BasicAuth, costs: Counter[int]
) -> None:
    """Nothing is remembered of what was wrong."""
    for _ in range(3):
        assert not await auth.allows(credentials("alice", "guess"))
        assert not await auth.allows(credentials("mallory", "guess"))
    assert costs == {COST: 6}


async def test_a_right_password_costs_one_check(auth: BasicAuth, costs: Counter[int]) -> None:
    """It is remembered for its user alone, and a wrong one in between takes nothing away."""
    for _ in range(3):
        assert await auth.allows(credentials("alice", "wonderland"))
    assert costs == {COST: 1}
    assert not await auth.allows(credentials("alice", "guess"))
    assert not await auth.allows(credentials("bj\xf6rk", "wonderland"))
    assert not await auth.allows(credentials("alicewonder", "land"))
    assert costs == {COST: 4}
    assert await auth.allows(credentials("alice", "wonderland"))
    assert costs == {COST: 4}


async def test_what_is_remembered_is_not_the_password(auth: BasicAuth) -> None:
    """Memory holds a digest under a key that no other process has."""
    await auth.allows(credentials("alice", "wonderland"))
    remembered = auth._right[b"alice"]  # noqa: SLF001 - what must not be there
    assert b"wonderland" not in remembered
    other = BasicAuth(USERS, auth._checks)  # noqa: SLF001 - as another process would
    await other.allows(credentials("alice", "wonderland"))
    assert other._right[b"alice"] != remembered  # noqa: SLF001 - as above


async def test_an_unknown_user_costs_what_some_user_does(
    checks: PasswordChecks, costs: Counter[int]
) -> None:
    """Where costs differ, a name has one of them, the same each time; names together have all."""
    auth = BasicAuth({"cheap": hashed(b"a", 4), "dear": hashed(b"b", 5)}, checks)
    for name in range(30):
        before = set(costs.elements())
        costs.clear()
        for guess in range(3):
            await auth.allows(credentials(f"name {name}", f"guess {guess}"))
        assert list(costs.values()) == [3]
        costs.update(before)
    assert set(costs) == {4, 5}


async def test_who_asks_the_same_at_once_shares_a_check(
    auth: BasicAuth, costs: Counter[int]
) -> None:
    """A crowd of scrapers at the start waits for one check, and is not told to come later."""
    crowd = [auth.allows(credentials("alice", "wonderland")) for _ in range(100)]
    assert all(await asyncio.gather(*crowd))
    assert costs == {COST: 1}


class Gate:
    """In place of bcrypt: checks that last until they are let go."""

    def __init__(self) -> None:
        self.most = 0
        self._running = 0
        self._lock = threading.Lock()
        self._full = threading.Event()
        self._open = threading.Event()

    def check(self, _password: bytes, _hashed: bytes) -> bool:
        """Say no, once the gate is open."""
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
            if self._running == THREADS:
                self._full.set()
        self._open.wait(PATIENCE_SECS)
        with self._lock:
            self._running -= 1
        return False

    async def full(self) -> None:
        """Wait until every thread is checking."""
        assert await asyncio.to_thread(self._full.wait, PATIENCE_SECS)

    def open(self) -> None:
        """Let every check end."""
        self._open.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Hold every check back."""
    gate = Gate()
    monkeypatch.setattr(bcrypt, "checkpw", gate.check)
    yield gate
    gate.open()


@pytest.mark.hostile(31)
async def test_so_many_may_wait_and_the_loop_goes_on(auth: BasicAuth, gate: Gate) -> None:
    """Past the bound one is told "later" at once; then all is as ever."""
    waiting = [
        asyncio.create_task(auth.allows(credentials("alice", f"guess {i}")))
        for i in range(WAITING_MAX)
    ]
    await gate.full()
    with pytest.raises(Refusal) as raised:
        async with asyncio.timeout(PATIENCE_SECS):
            await auth.allows(credentials("alice", "wonderland"))
    assert (raised.value.code, raised.value.retry_after_secs) == (Code.RATE_LIMITED, 1)
    gate.open()
    assert not any(await asyncio.gather(*waiting))
    assert gate.most == THREADS
    assert not await auth.allows(credentials("alice", "one more"))


async def test_who_is_remembered_comes_in_past_any_crowd(
    auth: BasicAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guessing keeps no scraper out that was let in before."""
    assert await auth.allows(credentials("alice", "wonderland"))
    gate = Gate()
    monkeypatch.setattr(bcrypt, "checkpw", gate.check)
    guesses = [
        asyncio.create_task(auth.allows(credentials("alice", f"guess {i}")))
        for i in range(WAITING_MAX)
    ]
    await gate.full()
    assert await auth.allows(credentials("alice", "wonderland"))
    gate.open()
    await asyncio.gather(*guesses)


async def test_who_goes_away_leaves_the_check_to_others(auth: BasicAuth, gate: Gate) -> None:
    """A client that is gone takes no answer from another that asked the same."""
    gone, stays, _ = tasks = [
        asyncio.create_task(auth.allows(credentials("alice", guess)))
        for guess in ("guess", "guess", "another")
    ]
    await gate.full()
    gone.cancel()
    gate.open()
    await asyncio.wait(tasks)
    assert gone.cancelled()
    assert stays.result() is False


def basic(text: bytes) -> str:
    """Return a header that carries a text in base 64."""
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (basic(b"alice:wonderland"), Credentials(b"alice", b"wonderland")),
        (basic(b"alice:a:b"), Credentials(b"alice", b"a:b")),
        (basic(b":"), Credentials(b"", b"")),
        (basic(b"\xff:\x00"), Credentials(b"\xff", b"\x00")),
        ("BASIC   YTpi ", Credentials(b"a", b"b")),
        (basic(b"alice"), None),
        ("", None),
        ("Basic", None),
        ("Basic !!!!", None),
        ("Basic YTpi\u00e9", None),
        ("Basic YTp", None),
        ("Bearer YTpi", None),
        ("YTpi", None),
    ],
)
def test_credentials_are_read_from_a_header(header: str, read: Credentials | None) -> None:
    """The first colon parts name and password; whatever is not of this kind holds none."""
    assert read_credentials(header) == read
