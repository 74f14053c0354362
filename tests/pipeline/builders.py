"""Batches and completions, as short as a test needs them."""

from exporter.event.types import Completion, Event
from exporter.pipeline.batch import Batch

NOW = 1_800_000_000.0


def call(event_id: str | None = None, *, model: str = "m") -> Completion:
    """Return a successful completion."""
    return Completion(id=event_id, model=model, at=NOW)


def push(*events: Event, key: str | None = None, size_bytes: int = 0) -> Batch:
    """Return a batch of events that arrives at `NOW`."""
    return Batch("native", list(events), NOW, size_bytes, key)


def calls(number: int, *, size_bytes: int = 0) -> Batch:
    """Return a batch of as many completions."""
    return push(*(call() for _ in range(number)), size_bytes=size_bytes)
