"""Cores over a journal of the test's own, pushes to them, and what they expose."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from exporter.config import Config, LabelValues, Metrics, Storage
from exporter.core import Core
from exporter.decode.native import decode_json
from exporter.journal.files import Failpoint, go_on
from exporter.metrics.exposition import Format, render
from exporter.metrics.process import ProcessMetrics
from exporter.pipeline.batch import Batch, Receipt
from tests.clock import ManualClock

NOW = 1_795_219_200.0
PROCESS = ProcessMetrics()

Json = dict[str, Any]


def config(path: Path, **budgets: int) -> Config:
    """Return a configuration that keeps state in a directory; a keyword sets a label's budget."""
    return Config(
        storage=Storage(path=str(path), snapshot_secs=3600),
        metrics=Metrics(label_values_max=LabelValues(**budgets)),
    )


@contextlib.asynccontextmanager
async def running(
    config: Config, *, clock: ManualClock | None = None, failpoint: Failpoint = go_on
) -> AsyncIterator[Core]:
    """Start a core, and stop it at the end."""
    core = Core(config, clock=clock or ManualClock(NOW), failpoint=failpoint)
    try:
        await core.start()
        yield core
    finally:
        await core.stop()


async def push(core: Core, *events: Json, key: str | None = None, now: float = NOW) -> Receipt:
    """Push a batch and return its receipt."""
    body = json.dumps(events).encode()
    decoded = decode_json(body, received_at=now, events_max=1_000)
    assert not decoded.rejections
    return await asyncio.wait_for(
        core.intake.offer(Batch("native", decoded.events, now, 0, key)), timeout=10
    )


def exposed(core: Core, now: float = NOW) -> dict[str, float]:
    """Return every sample of the agents' families."""
    text = "".join(render(core.registry, PROCESS, Format.OPENMETRICS_1_0_0, now))
    parts = (line.partition(" # ")[0].rpartition(" ") for line in text.splitlines())
    return {
        name: float(value)
        for name, _, value in parts
        if name.startswith("agent_") and not name.startswith("agent_exporter_")
    }


def crashed(path: Path, elsewhere: Path) -> Path:
    """Return a copy of the files as a killed process would leave them."""
    shutil.copytree(path, elsewhere)
    return elsewhere
