"""The baseline: the exporter most people would write in an afternoon.

aiohttp, `json.loads`, prometheus_client's `labels(...).inc()` for each fact of a completion, and
its handler for scrapes, which knows both formats and gzip. It keeps nothing across a restart,
recognises no duplicates, bounds no labels and answers no questions besides `/metrics`; it is here
to be the other side of a ratio.
"""

import argparse
import json
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.aiohttp import make_aiohttp_handler

LABELS = ("agent", "provider", "model")
DURATION_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600)
TTFT_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60)
TOKENS = (64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)


class Metrics:
    """The completion families, each updated through its labels as the client's manual shows it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, (*LABELS, *labels), registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, text, LABELS, buckets=buckets, registry=registry)

        self.completions = counter("agent_completions", "Model calls that ended.", "outcome")
        self.errors = counter("agent_completion_errors", "Failed calls.", "error_type")
        self.tokens = counter("agent_tokens", "Tokens used.", "type")
        self.cost = counter("agent_cost_usd", "Cost in US dollars.", "source")
        self.duration = histogram(
            "agent_completion_duration_seconds", "Wall time of a call.", DURATION_SECONDS
        )
        self.ttft = histogram(
            "agent_completion_ttft_seconds", "Time to the first token.", TTFT_SECONDS
        )
        self.input = histogram("agent_completion_input_tokens", "Tokens in.", TOKENS)
        self.output = histogram("agent_completion_output_tokens", "Tokens out.", TOKENS)

    def record(self, event: dict[str, Any]) -> None:
        """Count one completion, decoded from the wire."""
        labels = (event["agent"], event["provider"], event["model"])
        failed = "error" in event
        self.completions.labels(*labels, "error" if failed else "success").inc()
        if failed:
            self.errors.labels(*labels, event.get("error_type", "other")).inc()
        if "latency_ms" in event:
            self.duration.labels(*labels).observe(event["latency_ms"] / 1000)
        if "ttft_ms" in event:
            self.ttft.labels(*labels).observe(event["ttft_ms"] / 1000)
        if "tokens" in event:
            self.record_tokens(labels, event["tokens"])
        if event.get("cost_usd") is not None:
            self.cost.labels(*labels, "reported").inc(event["cost_usd"])

    def record_tokens(self, labels: tuple[str, ...], tokens: dict[str, int]) -> None:
        """Count the five parts and observe what went in and what came out."""
        for part, number in tokens.items():
            self.tokens.labels(*labels, part).inc(number)
        cached = tokens["cache_read"] + tokens["cache_write"]
        self.input.labels(*labels).observe(tokens["input"] + cached)
        self.output.labels(*labels).observe(tokens["output"] + tokens["reasoning"])


def build_app(registry: CollectorRegistry) -> web.Application:
    """Return the two routes over one registry."""
    metrics = Metrics(registry)

    async def push(request: web.Request) -> web.Response:
        body = await request.read()
        if request.content_type == "application/x-ndjson":
            events = [json.loads(line) for line in body.splitlines()]
        else:
            decoded = json.loads(body)
            events = decoded if isinstance(decoded, list) else [decoded]
        for event in events:
            metrics.record(event)
        return web.json_response({"accepted": len(events)})

    scrape = make_aiohttp_handler(registry)
    app = web.Application()
    app.add_routes([web.post("/api/v1/events", push), web.get("/metrics", scrape)])
    return app


def main() -> None:
    """Serve on loopback until terminated; print `ready` once connections are taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    # They would triple its lines, and say nothing that the exporter's do not.
    disable_created_metrics()  # type: ignore[no-untyped-call] # not typed there
    web.run_app(
        build_app(CollectorRegistry()),
        host="127.0.0.1",
        port=port,
        access_log=None,
        print=lambda _banner: print("ready", flush=True),
    )


if __name__ == "__main__":
    main()
