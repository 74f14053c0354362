"""The same completions for statsd_exporter: each fact a line with DogStatsD's tags, over TCP.

TCP, so that none is lost on the way. A usual completion is nine lines; what the agents spend on
writing them is not counted. https://github.com/prometheus/statsd_exporter
"""

import socket
import time
from collections.abc import Iterator

import facts
import server
from obvious_server import DURATION_SECONDS, TTFT_SECONDS
from section import Plan
from told import EVENTS_PER_PUSH, Told

PATIENCE_SECS = 60.0
MAPPING = f"""\
mappings:
- {{match: agent_completions, name: agent_completions_total}}
- match: agent_completion_duration
  name: agent_completion_duration_seconds
  observer_type: histogram
  histogram_options: {{buckets: {list(DURATION_SECONDS)}}}
- match: agent_completion_ttft
  name: agent_completion_ttft_seconds
  observer_type: histogram
  histogram_options: {{buckets: {list(TTFT_SECONDS)}}}
"""


def lines_of(fact: facts.Fact) -> Iterator[str]:
    """Yield a completion as lines of StatsD with tags of DogStatsD."""
    tags = f"agent:{fact['agent']},provider:{fact['provider']},model:{fact['model']}"
    outcome = "error" if "error" in fact else "success"
    yield f"agent_completions:1|c|#{tags},outcome:{outcome}\n"
    yield f"agent_completion_duration:{fact['latency_ms']}|ms|#{tags}\n"
    if "error" in fact:
        yield f"agent_completion_errors_total:1|c|#{tags},error_type:{fact['error_type']}\n"
        return
    yield f"agent_completion_ttft:{fact['ttft_ms']}|ms|#{tags}\n"
    for part, number in fact["tokens"].items():
        yield f"agent_tokens_total:{number}|c|#{tags},type:{part}\n"
    yield f"agent_cost_usd_total:{fact['cost_usd']}|c|#{tags},source:reported\n"


def tell(program: str, pushes: int, plan: Plan) -> Told:
    """Send lines over TCP until all are counted.

    Raises `server.ServerError` where they are not, in good time.
    """
    lines_port = server.free_port()

    def command(port: int) -> list[str]:
        return [
            program,
            f"--web.listen-address=127.0.0.1:{port}",
            f"--statsd.listen-tcp=127.0.0.1:{lines_port}",
            "--statsd.listen-udp=",
            "--statsd.mapping-config=config.yml",
        ]

    source, now = facts.Facts(), time.time()
    batches = [source.push(EVENTS_PER_PUSH, now) for _ in range(pushes)]
    said = [
        "".join(line for fact in batch for line in lines_of(fact)).encode() for batch in batches
    ]
    contender = server.Contender("statsd_exporter", command, "/metrics", MAPPING)
    with server.running(contender, plan.server_core, plan.storage_parent) as running:
        before, began = running.cpu_seconds(), time.perf_counter()
        with socket.create_connection(("127.0.0.1", lines_port)) as connection:
            for some in said:
                connection.sendall(some)
        events = pushes * EVENTS_PER_PUSH
        ends_at = time.monotonic() + PATIENCE_SECS
        while server.events_counted(running.port) < events and time.monotonic() < ends_at:
            time.sleep(0.02)
        seconds, cpu = time.perf_counter() - began, running.cpu_seconds() - before
        server.check_counted(contender, running.port, events)
    return Told(events, seconds, cpu)
