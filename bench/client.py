"""What the push client costs the program that uses it: microseconds a call, on the calling thread.

The baseline is what any such client has to do at the least, `queue.Queue.put_nowait` of one object.
The calling thread's processor time is what is measured, while the client's own thread sends what
was told to a process that takes every push. Wall time is beside it: both threads share one
interpreter, and in a loop that does nothing else the caller may have to wait for the other one.
Rounds are short, so that nothing is dropped, and the best of many is taken.
"""

import http.server
import multiprocessing
import queue
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import NamedTuple

import section
from row import Findings, Target, compared
from section import Plan

from exporter.client import Telemetry

CALLS_PER_ROUND = 2_000
ROUNDS = 30
BASELINE = "queue.Queue.put_nowait"
NOTHING = "a function that does nothing"
FREE = (NOTHING, "null: ")
"""What costs next to nothing anyway: nobody asks for less."""
NAME = "the client, on the caller's thread"
CHEAP = Target(value_max=5.0)

EVENT = {"type": "tool_call", "tool": "bash", "duration_ms": 12.5, "session_id": "s"}


class Cost(NamedTuple):
    """Microseconds a call: processor time of the calling thread, and wall time."""

    cpu_us: float
    wall_us: float


class Sink(http.server.BaseHTTPRequestHandler):
    """Takes every push."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer 200."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def serve(ports: Connection) -> None:
    """Run a sink on a free port, and tell which."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        ports.send(server.server_port)
        server.serve_forever()


def cost(call: Callable[[], object], rounds: int, settle: Callable[[], object]) -> Cost:
    """Return the least that a call costs; `settle` is called between rounds."""
    cpu, wall = [], []
    for _ in range(rounds):
        settle()
        cpu_began, began = time.thread_time(), time.perf_counter()
        for _ in range(CALLS_PER_ROUND):
            call()
        cpu.append(time.thread_time() - cpu_began)
        wall.append(time.perf_counter() - began)
    return Cost(min(cpu) / CALLS_PER_ROUND * 1e6, min(wall) / CALLS_PER_ROUND * 1e6)


def calls(telemetry: Telemetry) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what a program does, by name."""

    def completion() -> None:
        with telemetry.completion("gpt-6", provider="openai"):
            pass

    def completion_with_facts() -> None:
        with telemetry.completion("gpt-6", provider="openai") as call:
            call.first_token()
            call.tokens(input=900, output=400, cache_read=30_000)
            call.cost(0.02)

    def request() -> None:
        with telemetry.request("cli"):
            pass

    @telemetry.tool("bash")
    def tool() -> None:
        pass

    yield "event", lambda: telemetry.event(EVENT)
    yield "log", lambda: telemetry.log("info", "db", "slow", rows=3)
    yield "queue_depth", lambda: telemetry.queue_depth("jobs", 3)
    yield "with completion", completion
    yield "with completion, facts", completion_with_facts
    yield "with request (2 events)", request
    yield "@tool", tool


def baselines() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what the calls are compared with."""
    waiting: queue.Queue[dict[str, object]] = queue.Queue()
    yield BASELINE, lambda: waiting.put_nowait(EVENT)
    yield NOTHING, lambda: None


def rows(url: str, rounds: int) -> Iterator[tuple[str, Cost]]:
    """Measure everything."""
    for name, call in baselines():
        yield name, cost(call, rounds, lambda: None)
    with Telemetry(url, queue_events_max=2 * CALLS_PER_ROUND + 1, session_id="s") as telemetry:
        for name, call in calls(telemetry):
            yield name, cost(call, rounds, lambda: telemetry.flush(60.0))
        telemetry.flush(60.0)
        if telemetry.dropped:
            raise SystemExit(f"{telemetry.dropped} events were dropped: the figures are worthless")
    for name, call in calls(Telemetry("")):
        yield f"null: {name}", cost(call, rounds, lambda: None)


def measure(plan: Plan) -> Findings:
    """Measure all calls, about ten seconds; what is asked for is shown."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    sink = multiprocessing.Process(target=serve, args=[sender], daemon=True)
    sink.start()
    measured = dict(rows(f"http://127.0.0.1:{receiver.recv()}", ROUNDS // (6 if plan.quick else 1)))
    sink.terminate()
    baseline = measured.pop(BASELINE)
    found = [
        compared(
            NAME,
            name,
            "CPU us/call",
            [one.cpu_us],
            [baseline.cpu_us],
            beside=BASELINE,
            target=None if name.startswith(FREE) else CHEAP,
            note=f"{one.wall_us:.2f} us of wall time",
        )
        for name, one in measured.items()
        if plan.wants(name)
    ]
    return Findings(rows=found)


if __name__ == "__main__":
    section.alone(measure, __doc__)
