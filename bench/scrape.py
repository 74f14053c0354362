"""How much a scrape costs over HTTP: the exporter beside prometheus_client's own handler.

Both servers hold the series of the same completions, one (agent, provider, model) after another.
What is measured is the processor time of the server from asking to the last byte, rendering,
compressing and sending, over the lines that came. Between two scrapes every series changes, or one
key in a hundred, or nothing was scraped before at all. Ten scrapes at once say whether a crowd
costs a rendering each.
"""

import concurrent.futures
import gzip
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

import fill
import section
import server
from row import Findings, Row, compared
from section import Plan, progress

NAME = "scrapes"
ROUNDS = 3
CROWD = 10
CONTENDERS = (server.EXPORTER, server.OBVIOUS)
CONFIG = "metrics: {label_sets_max: 10000}\n"
"""Room for every key: what is measured is scraping, not folding."""
PLAIN, PACKED = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
FORMATS = {
    "text": {"Accept": "text/plain; version=0.0.4", **PLAIN},
    "OpenMetrics": {"Accept": OPENMETRICS, **PLAIN},
    "text, gzip": {"Accept": "text/plain; version=0.0.4", **PACKED},
}


class Size(NamedTuple):
    """About how many lines, and how often they are scraped in a round."""

    lines: int
    repeats: int


SIZES = (Size(1_000, 12), Size(10_000, 6), Size(100_000, 2))

Costs = dict[str, float]
"""What each piece of work cost: microseconds a line, or how many times one scrape."""


class Scraped(NamedTuple):
    """One scrape."""

    cpu_us: float
    body: bytes


def scraped(running: server.Server, headers: dict[str, str]) -> Scraped:
    """Scrape once."""
    before = running.cpu_seconds()
    body = server.get(running.port, "/metrics", headers)
    cpu_us = (running.cpu_seconds() - before) * 1e6
    return Scraped(cpu_us, gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)


def lines_of(text: bytes) -> int:
    """Return how many samples there are, comments not counted."""
    return sum(not line.startswith(b"#") for line in text.splitlines())


def costs(contender: server.Contender, size: Size, plan: Plan) -> Costs:
    """Measure a fresh server at one size.

    Raises `server.ServerError` where it does not count what it was pushed.
    """
    keys = fill.keys(size.lines)
    found: Costs = {}
    repeats = 1 if plan.quick else size.repeats
    configured = contender.with_config(CONFIG)
    with server.running(configured, plan.server_core, plan.storage_parent) as running:
        fill.push(running.port, fill.one_of_each(keys))
        first = scraped(running, FORMATS["text"])
        lines = lines_of(first.body)
        found["text, first of all"] = first.cpu_us / lines
        pushed = len(keys)
        for name, headers in FORMATS.items():
            scraped(running, headers)
            for state, changing in (("all changed", keys), ("1 % changed", keys[::100])):
                taken = []
                for repeat in range(repeats):
                    fill.push(running.port, fill.one_of_each(changing, seed=repeat))
                    pushed += len(changing)
                    one = scraped(running, headers)
                    taken.append(one.cpu_us / lines_of(one.body))
                found[f"{name}, {state}"] = median(taken)
        fill.push(running.port, fill.one_of_each(keys))
        one_cost = scraped(running, FORMATS["text"]).cpu_us
        fill.push(running.port, fill.one_of_each(keys))
        found[f"{CROWD} at once"] = _crowd(running) / one_cost
        server.check_counted(contender, running.port, pushed + 2 * len(keys))
    return found


def _crowd(running: server.Server) -> float:
    """Return the processor time of scrapes that come at once, in microseconds."""
    before = running.cpu_seconds()
    with concurrent.futures.ThreadPoolExecutor(CROWD) as crowd:
        asked = range(CROWD)
        list(crowd.map(lambda _: server.get(running.port, "/metrics", FORMATS["text"]), asked))
    return (running.cpu_seconds() - before) * 1e6


def measure(plan: Plan) -> Findings:
    """Measure both servers at every size, round by round."""
    rows: list[Row] = []
    rounds = plan.rounds(ROUNDS)
    for size in plan.some(SIZES):
        if not plan.wants(f"{size.lines:,} lines"):
            continue
        measured: dict[server.Contender, list[Costs]] = {one: [] for one in CONTENDERS}
        for turn in range(1, rounds + 1):
            for contender in CONTENDERS:
                measured[contender].append(costs(contender, size, plan))
            progress(f"{NAME} {turn}/{rounds}: {size.lines:,} lines")
        rows.extend(_rows(size, measured[server.EXPORTER], measured[server.OBVIOUS]))
    return Findings(rows=rows)


def _rows(size: Size, exporter: list[Costs], obvious: list[Costs]) -> Iterator[Row]:
    for work in exporter[0]:
        crowd = work.startswith(f"{CROWD} ")
        yield compared(
            NAME,
            f"{size.lines:,} lines, {work}",
            "x one scrape" if crowd else "CPU us/line",
            [round_[work] for round_ in exporter],
            [round_[work] for round_ in obvious],
            beside="prometheus_client",
        )


if __name__ == "__main__":
    section.alone(measure, __doc__)
