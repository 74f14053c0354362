"""Registries and recorders with the limits of the defaults, or smaller ones."""

from exporter.metrics.budget import LabelBudgets
from exporter.metrics.recorder import Recorder
from exporter.metrics.registry import Registry
from tests.metrics.oracle import NOW

BUDGETS = {
    "model": 200,
    "tool": 500,
    "source": 200,
    "agent": 100,
    "provider": 100,
    "channel": 100,
    "queue": 100,
    "window": 20,
}


def make_registry(
    *, label_sets_max: int = 2_000, gauge_ttl_secs: float = 900.0, **budgets: int
) -> Registry:
    """Return an empty registry; a keyword sets the budget of the label of that name."""
    return Registry(
        LabelBudgets({**BUDGETS, **budgets}),
        label_sets_max=label_sets_max,
        gauge_ttl_secs=gauge_ttl_secs,
        started_at=NOW,
    )


def make_recorder(**settings: int) -> tuple[Registry, Recorder]:
    """Return a registry and what records into it."""
    registry = make_registry(**settings)
    return registry, Recorder(registry)
