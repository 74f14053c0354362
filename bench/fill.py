"""Filling servers: as many series, models, slots or sessions as a measurement asks for."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product

import facts
from connection import requests, send_all

LINES_PER_KEY = 70
"""About what one (agent, provider, model) exposes; the obvious server's has some fewer."""
EVENTS_PER_PUSH = 100
CONNECTIONS = 4
WINDOW_SECS = 3600.0
SLOTS = 120
"""The exporter's own defaults."""
VARIANTS = 16
"""How many different completions of a model take turns: enough to fill its histograms."""

AGENTS = [f"{agent}-{number}" for number in range(12) for agent in facts.AGENTS]
Key = tuple[str, facts.Model]


def keys(lines: int) -> list[Key]:
    """Return as many agents with models as expose about that many lines."""
    everything = product(AGENTS, facts.models(2 * len(facts.MODELS)))
    return list(islice(everything, max(1, lines // LINES_PER_KEY)))


def one_of_each(wanted: Sequence[Key], seed: int = 1) -> Iterator[bytes]:
    """Yield pushes that change every series of these: a completion of each, ended just now."""
    source, now = facts.Facts(seed=seed), time.time()
    completions = (source.completion_of(agent, model, now) for agent, model in wanted)
    return facts.batches(completions, EVENTS_PER_PUSH)


def window_of(models: int, *, sessions: int = 50) -> list[bytes]:
    """Return pushes that give every model a completion in every slot of the last hour.

    They are to be pushed in this order, the oldest slot first. The first slot of the window is left
    out: it might leave before it is read.
    """
    source, ending_at = facts.Facts(sessions=sessions), time.time()
    known = [(AGENTS[number % 4], model) for number, model in enumerate(facts.models(models))]
    variants = [
        list(
            facts.batches([source.completion_of(*key, ending_at) for key in known], EVENTS_PER_PUSH)
        )
        for _ in range(VARIANTS)
    ]
    then = facts.instant(ending_at).encode()
    bodies: list[bytes] = []
    for age in range(SLOTS - 2, -1, -1):
        at = facts.instant(ending_at - age * WINDOW_SECS / SLOTS).encode()
        bodies.extend(body.replace(then, at) for body in variants[age % VARIANTS])
    return bodies


def push(port: int, bodies: Iterable[bytes]) -> int:
    """Push bodies over a few connections; return how many were acknowledged.

    Raises `connection.LoadError` at the first that was not.
    """
    return send_all(requests(port, bodies, "array"), port=port, connections=CONNECTIONS)
