"""`python -m tests.soak.memory [--events N]`: a flood of names, while resident memory is watched.

Models, sessions, tools, requests and event ids are a million different ones each. What the exporter
holds is bounded, so its memory levels off; the second half of the run may not add a tenth.
"""

import argparse
import http.client
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.processes import exporter_process, pushed

NAMES = 1_000_000
EVENTS_PER_BATCH = 1_000
BATCHES_PER_ROW = 250
GROWTH_MAX = 1.10


def main() -> int:
    """Push, and print a row now and then; returns 1 where memory goes on growing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000_000)
    options = parser.parse_args()
    batches = options.events // EVENTS_PER_BATCH
    print(
        f"{'events':>10} {'events/s':>9} {'RSS MB':>7} {'peak MB':>8} {'series':>7} {'disk MB':>8}"
    )
    resident = []
    with (
        tempfile.TemporaryDirectory() as directory,
        exporter_process(Path(directory)) as (url, pid),
    ):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
        began_at = time.monotonic()
        for number in range(batches):
            pushed(connection, _batch(number))
            if (number + 1) % BATCHES_PER_ROW == 0:
                rate = BATCHES_PER_ROW * EVENTS_PER_BATCH / (time.monotonic() - began_at)
                resident.append(_row((number + 1) * EVENTS_PER_BATCH, rate, url, pid, directory))
                began_at = time.monotonic()
    growth = resident[-1] / resident[len(resident) // 2]
    print(f"resident memory at the end over that at half: {growth:.2f}")
    return 1 if growth > GROWTH_MAX else 0


def _row(events: int, rate: float, url: str, pid: int, directory: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    resident, peak = (_megabytes(status, name) for name in ("VmRSS", "VmHWM"))
    disk = sum(file.stat().st_size for file in Path(directory).rglob("*") if file.is_file())
    series = _series(url)
    memory = f"{resident:>7.0f} {peak:>8.0f}"
    print(f"{events:>10,} {rate:>9,.0f} {memory} {series:>7,} {disk / 1e6:>8.0f}", flush=True)
    return resident


def _megabytes(status: str, name: str) -> float:
    line = next(line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1000


def _series(url: str) -> int:
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().splitlines()
    connection.close()
    return sum(not line.startswith(b"#") for line in lines)


def _batch(number: int) -> bytes:
    first = number * EVENTS_PER_BATCH
    return f"[{','.join(_events(first))}]".encode()


def _events(first: int) -> Iterator[str]:
    for number in range(first, first + EVENTS_PER_BATCH):
        name = number * 7919 % NAMES
        common = f'"id":"event-{number}","agent":"agent-{name}","session_id":"session-{name}"'
        if number % 4 == 0:
            yield f'{{"type":"tool_call","tool":"tool-{name}","duration_ms":5,{common}}}'
        elif number % 4 == 1:
            yield f'{{"type":"request_started","request_id":"request-{name}",{common}}}'
        else:
            yield (
                f'{{"type":"completion","model":"maker-{name}/model-{name}","latency_ms":{name},'
                f'"ttft_ms":9,"tokens":{{"input":{name},"output":7}},"cost_usd":0.001,{common}}}'
            )


if __name__ == "__main__":
    sys.exit(main())
