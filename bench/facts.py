"""Made-up but believable completions: what a small fleet of coding agents would push.

Seeded, so that every run and every server gets the same traffic. About 340 bytes an event, as
agents send it: 20 models of 4 providers, 4 agents, 50 sessions, and one call in fifty failing. A
session is one agent at work with a main model and, one call in five, a small one; a push comes from
one agent process, so its events are of one session.
"""

import json
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count, cycle, islice
from typing import Any, Literal, NamedTuple

import telemetry

Fact = dict[str, Any]
Model = tuple[str, str]
"""A provider, and the name of a model."""
Form = Literal["array", "ndjson", "otlp-json", "otlp-protobuf"]


class Failure(NamedTuple):
    """How one kind of failed call is reported."""

    error_type: str
    status_code: int
    error: str


class Session(NamedTuple):
    """One agent at work, with two (provider, model) pairs."""

    id: str
    agent: str
    main_model: Model
    small_model: Model


AGENTS = ("claude-code", "codex", "gemini-cli", "opencode")
MODEL_NAMES = {
    "anthropic": ("claude-opus-5", "claude-sonnet-5", "claude-haiku-5", "claude-opus-4-8"),
    "openai": ("gpt-6", "gpt-6-mini", "gpt-6-nano", "gpt-6-codex", "o5", "o5-mini"),
    "google": ("gemini-4-pro", "gemini-4-flash", "gemini-4-lite", "gemini-3-pro", "gemini-3-flash"),
    "mistral": ("mistral-large", "mistral-medium", "mistral-small", "codestral", "devstral"),
}
MODELS = [(provider, name) for provider, names in MODEL_NAMES.items() for name in names]
SESSION_COUNT = 50
SMALL_MODEL_RATIO = 0.2
FAILED_RATIO = 0.02
FAILURES = (
    Failure("overloaded", 529, "the provider is overloaded"),
    Failure("timeout", 504, "no answer in time"),
    Failure("server_error", 500, "internal server error"),
)
DISTINCT_EVENT_COUNT = 10_000
"""Enough that no server can live off its processor's caches, few enough to build in no time."""

ID_FORMAT = "%020d"


class Facts:
    """An endless supply of completions, the same ones for the same seed.

    `models` are the (provider, model) pairs and `agents` the names to choose from; `sessions` is
    how many there are.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        agents: Sequence[str] = AGENTS,
        models: Sequence[Model] = MODELS,
        sessions: int = SESSION_COUNT,
    ) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable traffic, not secrets
        self._agents = agents
        self._models = models
        self._sessions = [self._session() for _ in range(sessions)]

    def push(self, events: int, now: float) -> list[Fact]:
        """Return completions of one session that ended at `now` (Unix seconds), as on the wire."""
        session = self._random.choice(self._sessions)
        return [self._of_session(session, now) for _ in range(events)]

    def push_of_each(self, events: int, now: float) -> Iterator[list[Fact]]:
        """Yield a push of every session in turn: completions that ended at `now` (Unix seconds)."""
        for session in self._sessions:
            yield [self._of_session(session, now) for _ in range(events)]

    def _of_session(self, session: Session, now: float) -> Fact:
        small = self._random.random() < SMALL_MODEL_RATIO
        model = session.small_model if small else session.main_model
        return {**self.completion_of(session.agent, model, now), "session_id": session.id}

    def completion_of(self, agent: str, model: Model, now: float) -> Fact:
        """Return a completion of this agent and (provider, model), of any session."""
        latency_ms = self._around(4000.0)
        fact: Fact = {
            "type": "completion",
            "agent": agent,
            "session_id": self._random.choice(self._sessions).id,
            "provider": model[0],
            "model": model[1],
            "completed_at": instant(now),
            "latency_ms": round(latency_ms, 1),
        }
        if self._random.random() < FAILED_RATIO:
            return fact | self._random.choice(FAILURES)._asdict()
        return fact | {
            "ttft_ms": round(latency_ms * self._random.uniform(0.1, 0.4), 1),
            "tokens": {
                "input": int(self._around(900.0)),
                "output": int(self._around(400.0)),
                "reasoning": int(self._around(150.0)),
                "cache_read": int(self._around(30_000.0)),
                "cache_write": int(self._around(1500.0)),
            },
            "cost_usd": round(self._around(0.02), 6),
        }

    def _around(self, middle: float) -> float:
        return self._random.lognormvariate(math.log(middle), 0.8)

    def _session(self) -> Session:
        digits = f"{self._random.getrandbits(128):032x}"
        return Session(
            "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])),
            self._random.choice(self._agents),
            self._random.choice(self._models),
            self._random.choice(self._models),
        )


def instant(at: float) -> str:
    """Write Unix seconds as the wire has it: RFC 3339, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def models(count: int) -> list[Model]:
    """Return so many (provider, model) pairs: the known ones, then more of their kind."""
    versions = -(-count // len(MODELS))
    more = [(maker, f"{name}-{number}") for number in range(versions) for maker, name in MODELS]
    return (MODELS if count <= len(MODELS) else more)[:count]


def bodies(*, events: int, form: Form, ids: bool, now: float) -> Iterator[bytes]:
    """Yield push bodies of `events` completions each, for ever.

    The content repeats after `DISTINCT_EVENT_COUNT` events. With `ids` every event carries one that
    was never sent before, so that a server which remembers ids has to work for it; telemetry always
    names its requests so.
    """
    source = Facts()
    distinct = max(1, DISTINCT_EVENT_COUNT // events)
    batches = [source.push(events, now) for _ in range(distinct)]
    if form in {"otlp-json", "otlp-protobuf"}:
        return _numbered([telemetry.template(batch, form, now) for batch in batches], events)
    if not ids:
        return cycle([_encode(batch, form) for batch in batches])
    marked = [[{"id": ID_FORMAT, **fact} for fact in batch] for batch in batches]
    return _numbered([_encode(batch, form) for batch in marked], events)


def encoded(batch: Iterable[Fact]) -> bytes:
    """Return facts as the body of a push: a JSON array."""
    return _encode(batch, "array")


def batches(facts: Iterable[Fact], events: int) -> Iterator[bytes]:
    """Yield bodies of so many facts each, the last with what is left."""
    left = iter(facts)
    while batch := list(islice(left, events)):
        yield encoded(batch)


def _numbered(templates: Sequence[bytes], events: int) -> Iterator[bytes]:
    for template, first in zip(cycle(templates), count(step=events), strict=False):
        yield template % tuple(range(first, first + events))


def _encode(batch: Iterable[Fact], form: Form) -> bytes:
    lines = [json.dumps(fact, separators=(",", ":")) for fact in batch]
    if form == "ndjson":
        return "".join(f"{line}\n" for line in lines).encode()
    return f"[{','.join(lines)}]".encode()
