"""A scraper that polls throughout and notices every counter that steps back."""

import threading
import urllib.request
from collections.abc import Callable, Iterable
from http.client import HTTPException

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.kill.ledger import Sample

_parse: Callable[[str], Iterable[Metric]] = text_string_to_metric_families

OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


def samples(url: str) -> dict[Sample, float]:
    """Return every sample of the agents' families. Raises `OSError` where nothing answers."""
    request = urllib.request.Request(f"{url}/metrics", headers=OPENMETRICS)  # noqa: S310 - http, ours
    with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 - as above
        text = response.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in _parse(text)
        if not family.name.startswith(("agent_exporter_", "process_", "python_"))
        for sample in family.samples
    }


def counting(found: dict[Sample, float]) -> Iterable[tuple[Sample, float]]:
    """Yield the samples that may only grow, and the times of creation, which may not change."""
    suffixes = ("_total", "_count", "_sum", "_bucket", "_created")
    return ((sample, value) for sample, value in found.items() if sample[0].endswith(suffixes))


class Scraper(threading.Thread):
    """Polls `url`, which changes with every start of the exporter, until `stop` is set."""

    def __init__(self) -> None:
        super().__init__(name="scraper")
        self.url: str | None = None
        self.stop = threading.Event()
        self.scrapes = 0
        self.steps_back: list[str] = []
        self._last: dict[Sample, float] = {}
        self._one_at_a_time = threading.Lock()

    def run(self) -> None:
        """Poll."""
        while not self.stop.wait(0.02):
            if self.url is not None:
                try:
                    self.poll(self.url)
                except (OSError, HTTPException, ValueError):
                    continue  # It was killed in the middle of its answer.

    def poll(self, url: str) -> None:
        """Scrape, and compare. Raises `OSError` where nothing answers.

        Both at once: a scrape that is compared after a later one looks like a step back.
        """
        with self._one_at_a_time:
            self._look(samples(url))

    def _look(self, found: dict[Sample, float]) -> None:
        """Compare a scrape with the one before it."""
        self.scrapes += 1
        now = dict(counting(found))
        for sample, before in self._last.items():
            after = now.get(sample)
            stays = after == before if sample[0].endswith("_created") else after is not None
            if not stays or (after is not None and after < before):
                self.steps_back.append(f"{sample}: {before} -> {after}")
        self._last = now
