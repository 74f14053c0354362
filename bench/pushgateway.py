"""The same completions for the pushgateway: a session's whole exposition, anew with every batch.

Each session is a group of its own; what the agents spend on their expositions is not counted.
https://github.com/prometheus/pushgateway
"""

import time
from collections.abc import Iterable, Iterator
from itertools import islice

import connection
import facts
import prometheus_client
import server
from obvious_server import Metrics
from section import Plan
from told import EVENTS_PER_PUSH, Told

CONNECTIONS = 8


def tell(program: str, pushes: int, plan: Plan) -> Told:
    """Push every session's exposition again and again, as its events come.

    Raises `LoadError` where one is refused, `server.ServerError` where the end is another.
    """
    contender = server.Contender(
        "pushgateway",
        lambda port: [program, f"--web.listen-address=127.0.0.1:{port}"],
        "/-/ready",
    )
    prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # not typed there
    expositions = list(islice(_expositions(), pushes))
    with server.running(contender, plan.server_core, plan.storage_parent) as running:
        before, began = running.cpu_seconds(), time.perf_counter()
        _put(running.port, expositions, connections=CONNECTIONS)
        seconds, cpu = time.perf_counter() - began, running.cpu_seconds() - before
        # Two pushes of a session may have overtaken each other: the last of each is what holds.
        _put(running.port, dict(expositions).items(), connections=1)
        events = pushes * EVENTS_PER_PUSH
        server.check_counted(contender, running.port, events)
    return Told(events, seconds, cpu)


def _expositions() -> Iterator[tuple[str, bytes]]:
    """Yield sessions with all they have counted, in turn, each after so many more events."""
    source, now = facts.Facts(), time.time()
    sessions: dict[str, tuple[prometheus_client.CollectorRegistry, Metrics]] = {}
    while True:
        batch = source.push(EVENTS_PER_PUSH, now)
        session = batch[0]["session_id"]
        if session not in sessions:
            registry = prometheus_client.CollectorRegistry()
            sessions[session] = registry, Metrics(registry)
        registry, metrics = sessions[session]
        for fact in batch:
            metrics.record(fact)
        yield session, prometheus_client.generate_latest(registry)


def _put(port: int, expositions: Iterable[tuple[str, bytes]], *, connections: int) -> None:
    def requests() -> Iterator[bytes]:
        for session, text in expositions:
            head = (
                f"PUT /metrics/job/agents/instance/{session} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Content-Type: text/plain; version=0.0.4\r\nContent-Length: {len(text)}\r\n\r\n"
            )
            yield head.encode() + text

    connection.send_all(requests(), port=port, connections=connections)
