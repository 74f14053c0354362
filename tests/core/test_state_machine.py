"""Pushes, retries, crashes and restarts in any order, against plain dicts.

The machine drives everything behind the web over a real journal. A crash is a start from a copy of
the files as they are, with nothing closed.
"""

import asyncio
import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from exporter.config import Config, Storage
from exporter.core import Core
from exporter.decode.native import decode_json
from exporter.event.grouping import EVENTS_MIN
from exporter.metrics.exposition import Format, render
from exporter.metrics.process import ProcessMetrics
from exporter.pipeline.batch import Batch, Receipt
from tests.clock import ManualClock
from tests.store.histories import every_answer

NOW = 1_795_219_200.0
WINDOW_SECS = 3600
TTL_SECS = 86_400
MODELS = ("anthropic/opus", "openai/gpt", "mini")
PROCESS = ProcessMetrics()
COUNTING = ("_total", "_count", "_sum", "_bucket")

Json = dict[str, Any]

_call: dict[str, st.SearchStrategy[Any]] = {
    "type": st.just("completion"),
    "model": st.sampled_from(MODELS),
    "latency_ms": st.integers(1, 9_999).map(lambda n: n / 7),
    "cost_usd": st.integers(1, 99).map(lambda n: n / 1000),
    "tokens": st.fixed_dictionaries({"input": st.integers(0, 99), "output": st.just(1)}),
}
_optional: dict[str, st.SearchStrategy[Any]] = {
    "session_id": st.sampled_from(["s1", "s2"]),
    "error": st.just("overloaded"),
}
completions = st.fixed_dictionaries(
    _call, optional={"id": st.sampled_from(["e1", "e2", "e3"]), **_optional}
)
starts = st.fixed_dictionaries(
    {"type": st.just("request_started"), "request_id": st.sampled_from(["r1", "r2", "r3"])}
)
ends = st.fixed_dictionaries(
    {"type": st.just("request_ended"), "request_id": st.sampled_from(["r1", "r2", "r3"])}
)
totals = st.fixed_dictionaries(
    {
        "type": st.just("activity"),
        "kind": st.just("lines_added"),
        "cumulative": st.fixed_dictionaries(
            {"stream": st.sampled_from(["run 1", "run 2"]), "total": st.integers(0, 99)}
        ),
    }
)
few = st.lists(completions | starts | ends | totals, min_size=1, max_size=5)
many = st.builds(
    lambda calls, times, others: calls * times + others,
    st.lists(st.fixed_dictionaries(_call, optional=_optional), min_size=1, max_size=2),
    st.integers(EVENTS_MIN, 15),
    st.just([]) | few,
)
"""Enough completions of few models to be taken together."""

batches: st.SearchStrategy[list[Json]] = few | many
keys = st.none() | st.sampled_from(["k1", "k2", "k3"])


class Oracle:
    """What there should be, in plain dicts."""

    def __init__(self) -> None:
        self.completions: Counter[tuple[str, str]] = Counter()
        self.input_tokens: Counter[str] = Counter()
        self.window: list[tuple[float, Json]] = []
        self.requests = 0
        self.lines_added = 0
        self.totals: dict[str, int] = {}
        self.seen: dict[str, float] = {}

    def push(self, batch: list[Json], key: str | None, at: float) -> Receipt:
        """Take a batch in; return what its receipt must be."""
        if key is not None and not self._is_new(f"key {key}", at):
            return Receipt(0, len(batch))
        fresh = [event for event in batch if self._is_new(f"id {event.get('id')}", at)]
        for event in fresh:
            self._count(event, at)
        return Receipt(len(fresh), len(batch) - len(fresh))

    def _is_new(self, name: str, at: float) -> bool:
        if name == "id None":
            return True
        if name in self.seen and at - self.seen[name] < TTL_SECS:
            return False
        self.seen[name] = at
        return True

    def _count(self, event: Json, at: float) -> None:
        if event["type"] == "request_ended":
            self.requests += 1
        elif event["type"] == "activity":
            told = event["cumulative"]
            last = self.totals.get(told["stream"], 0)
            # A smaller total is that of a sender who began anew.
            self.lines_added += told["total"] - (last if told["total"] >= last else 0)
            self.totals[told["stream"]] = told["total"]
        elif event["type"] == "completion":
            outcome = "error" if "error" in event else "success"
            self.completions[event["model"], outcome] += 1
            self.input_tokens[event["model"]] += event["tokens"]["input"]
            self.window.append((at, event))


class Machine(RuleBasedStateMachine):
    """One exporter's life, and what it should amount to."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.path = self.directory / "0"
        self.copies = 0
        self.clock = ManualClock(NOW)
        self.runner = asyncio.Runner()
        self.oracle = Oracle()
        self.last: dict[str, float] = {}
        self.pushed: list[tuple[list[Json], str | None]] = []
        self.core = self._started()

    def teardown(self) -> None:
        """End it."""
        self.runner.run(self.core.stop())
        self.runner.close()
        shutil.rmtree(self.directory)

    @rule(batch=batches, key=keys)
    def push(self, batch: list[Json], key: str | None) -> None:
        """Push a batch."""
        self.pushed.append((batch, key))
        expected = self.oracle.push(batch, key, self.clock.now())
        assert self.runner.run(self._push([(batch, key)])) == [expected]

    @precondition(lambda self: self.pushed)
    @rule(data=st.data())
    def push_again(self, data: st.DataObject) -> None:
        """Push a batch that was pushed before, the same in every way."""
        batch, key = data.draw(st.sampled_from(self.pushed))
        expected = self.oracle.push(batch, key, self.clock.now())
        assert self.runner.run(self._push([(batch, key)])) == [expected]

    @rule(batch=batches, key=keys)
    def push_twice_at_once(self, batch: list[Json], key: str | None) -> None:
        """Push a batch over two connections at the same instant."""
        expected = [self.oracle.push(batch, key, self.clock.now()) for _ in range(2)]
        assert self.runner.run(self._push([(batch, key), (batch, key)])) == expected

    @rule(secs=st.sampled_from([0.5, 29.0, 1801.0, 50_000.0]))
    def advance(self, secs: float) -> None:
        """Let time pass."""
        self.clock.advance(secs)

    @rule()
    def take_a_snapshot(self) -> None:
        """Take a snapshot now."""
        self.runner.run(self.core.durability.snapshot())

    @rule()
    def restart(self) -> None:
        """Stop in peace, and start again."""
        before = self._scraped()
        self.runner.run(self.core.stop())
        self.core = self._started()
        assert self._scraped() == before

    @rule()
    def crash(self) -> None:
        """Start from the files as they are."""
        before, answers = self._scraped(), every_answer(self.core.store, self.clock.now())
        self.copies += 1
        copy = self.directory / str(self.copies)
        shutil.copytree(self.path, copy)
        self.runner.run(self.core.stop())
        self.path = copy
        self.core = self._started()
        assert self._scraped() == before
        for what, answer in every_answer(self.core.store, self.clock.now()).items():
            assert answer == answers[what], what

    @invariant()
    def every_counter_is_right_and_none_stepped_back(self) -> None:
        """Scrape."""
        found = self._scraped()
        for name, before in self.last.items():
            if name.partition("{")[0].endswith(COUNTING):
                assert found[name] >= before, name
        self.last = found
        for (model, outcome), count in self.oracle.completions.items():
            labels = f'agent="unknown",model="{model}",outcome="{outcome}",{_provider(model)}'
            assert found[f"agent_completions_total{{{labels}}}"] == count
        for model, count in self.oracle.input_tokens.items():
            labels = f'agent="unknown",model="{model}",{_provider(model)},type="input"'
            assert found[f"agent_tokens_total{{{labels}}}"] == count
        ended = 'agent_requests_total{agent="unknown",channel="unknown",outcome="success"}'
        assert found.get(ended, 0.0) == self.oracle.requests
        added = 'agent_lines_of_code_total{agent="unknown",type="added"}'
        assert found.get(added, 0.0) == self.oracle.lines_added

    @invariant()
    def the_window_is_right(self) -> None:
        """Ask the store, which moves on by slots: what is near its edge may be there or not."""
        now, store = self.clock.now(), self.core.store
        slot_secs = WINDOW_SECS / 120
        for model in MODELS:
            events = [(now - at, event) for at, event in self.oracle.window]
            inside = [e for age, e in events if age < WINDOW_SECS - slot_secs]
            edge = [e for age, e in events if WINDOW_SECS - slot_secs <= age <= WINDOW_SECS]
            answer = store.model_performance(model, now=now)
            count = answer.successful_completions + answer.failed_completions
            least = sum(event["model"] == model for event in inside)
            assert least <= count <= least + sum(event["model"] == model for event in edge)

    def _started(self) -> Core:
        storage = Storage(path=str(self.path), snapshot_secs=3600)
        core = Core(Config(storage=storage), clock=self.clock)
        self.runner.run(core.start())
        assert core.ready
        return core

    async def _push(self, pushes: list[tuple[list[Json], str | None]]) -> list[Receipt]:
        now = self.clock.now()
        receipts = []
        for batch, key in pushes:
            decoded = decode_json(json.dumps(batch).encode(), received_at=now, events_max=100)
            assert not decoded.rejections
            receipts.append(self.core.intake.offer(Batch("native", decoded.events, now, 0, key)))
        return list(await asyncio.gather(*receipts))

    def _scraped(self) -> dict[str, float]:
        """Return every sample of the agents' families."""
        text = "".join(
            render(self.core.registry, PROCESS, Format.OPENMETRICS_1_0_0, self.clock.now())
        )
        parts = (line.partition(" # ")[0].rpartition(" ") for line in text.splitlines())
        return {
            name: float(value)
            for name, _, value in parts
            if name.startswith("agent_") and not name.startswith("agent_exporter_")
        }


def _provider(model: str) -> str:
    prefix, slash, _ = model.partition("/")
    return f'provider="{prefix if slash else "unknown"}"'


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
