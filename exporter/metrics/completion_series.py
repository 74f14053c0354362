"""The series that one (agent, provider, model) writes when it completes.

This is the hot path: one dictionary look-up by the caller leads here, and the rest is attribute
additions. Outcome, unpriced and mismatch counters start at 0 with the first completion, so that
`rate()` sees the first failure; a histogram or token counter appears when its first value is known.
"""

from exporter.event.error_type import ErrorType
from exporter.event.tokens import PARTS, Tokens
from exporter.event.types import Completion
from exporter.metrics import catalogue
from exporter.metrics.registry import Registry
from exporter.metrics.series import Counter, Histogram


class CompletionSeries:
    """All that completions of one agent with one model of one provider are counted in."""

    def __init__(self, registry: Registry, labels: tuple[str, ...], now: float) -> None:
        completions = registry.counters(catalogue.COMPLETIONS)
        self.labels = labels
        self._registry = registry
        self._success = completions.get((*labels, "success"), now)
        self._error = completions.get((*labels, "error"), now)
        self._unpriced = registry.counters(catalogue.UNPRICED_COMPLETIONS).get(labels, now)
        self._mismatches = registry.counters(catalogue.TOKEN_MISMATCHES).get(labels, now)
        self._error_types: dict[str, Counter] = {}
        self._duration: Histogram | None = None
        self._ttft: Histogram | None = None
        self._prompt: Histogram | None = None
        self._generated: Histogram | None = None
        self._cost: Counter | None = None
        self._parts: dict[str, Counter] = {}

    def record(self, event: Completion, now: float) -> None:
        """Count one completion. A series that it is the first of begins at `now`."""
        if event.success:
            self._success.value += 1.0
        else:
            self._error.value += 1.0
            self._error_type(event.error_type or ErrorType.OTHER, now).value += 1.0
        if event.latency_ms is not None:
            if self._duration is None:
                self._duration = self._histogram(catalogue.COMPLETION_DURATION, now)
            if event.trace_id is None:
                self._duration.observe(event.latency_ms / 1000)
            else:
                self._duration.observe_traced(event.latency_ms / 1000, event.trace_id, event.at)
        if event.ttft_ms is not None:
            if self._ttft is None:
                self._ttft = self._histogram(catalogue.COMPLETION_TTFT, now)
            self._ttft.observe(event.ttft_ms / 1000)
        if event.tokens is not None:
            self._record_tokens(event.tokens, now)
        if event.cost_usd is None:
            self._unpriced.value += 1.0
        else:
            if self._cost is None:
                self._cost = self._counter(catalogue.COST, "reported", now)
            self._cost.value += event.cost_usd

    def _record_tokens(self, tokens: Tokens, now: float) -> None:
        prompt, generated = tokens.prompt, tokens.generated
        if prompt is not None:
            if self._prompt is None:
                self._prompt = self._histogram(catalogue.COMPLETION_INPUT_TOKENS, now)
            self._prompt.observe(prompt)
        if generated is not None:
            if self._generated is None:
                self._generated = self._histogram(catalogue.COMPLETION_OUTPUT_TOKENS, now)
            self._generated.observe(generated)
        if tokens.mismatched:
            self._mismatches.value += 1.0
        parts = self._parts
        for part in PARTS:
            count = getattr(tokens, part)
            if count is not None:
                counter = parts.get(part)
                if counter is None:
                    counter = parts[part] = self._counter(catalogue.TOKENS, part, now)
                counter.value += count

    def _error_type(self, error_type: str, now: float) -> Counter:
        counter = self._error_types.get(error_type)
        if counter is None:
            counter = self._counter(catalogue.COMPLETION_ERRORS, error_type, now)
            self._error_types[error_type] = counter
        return counter

    def _counter(self, family: catalogue.Family, value: str, now: float) -> Counter:
        return self._registry.counters(family).get((*self.labels, value), now)

    def _histogram(self, family: catalogue.Family, now: float) -> Histogram:
        return self._registry.histograms(family).get(self.labels, now)
