"""The load generator: a few keep-alive connections, each with one push outstanding.

It runs as a process of its own, on a core of its own; `busy_ratio` in its result says how near it
came to being the bottleneck. The clock starts after a warm-up and stops while the connections are
still busy, so neither connecting nor draining is part of the figures.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import facts
import process
from connection import TARGETS, Connection, LoadError, connect, new_event_loop, requests

ANSWER_TIMEOUT_SECS = 30.0


@dataclass(frozen=True)
class Result:
    """What one run saw.

    `requests` and `seconds` are of the measured stretch; `requests_total` counts every push that
    was acknowledged, warm-up and drain included. `server_cpu_seconds` is `None` where the system
    does not tell. `busy_ratio` is the generator's own processor time over the wall time.
    """

    requests: int
    requests_total: int
    seconds: float
    server_cpu_seconds: float | None
    busy_ratio: float


class Reading(NamedTuple):
    """Where everything stands at one instant."""

    answered: int
    wall_seconds: float
    own_cpu_seconds: float
    server_cpu_seconds: float | None


async def run(
    source: Iterator[bytes],
    *,
    port: int,
    connections: int,
    warm_up_secs: float,
    seconds: float,
    server_pid: int | None,
) -> Result:
    """Push from `source` for `seconds` after the warm-up and return what was seen.

    Raises `LoadError` at the first answer that is not a 200, or where the last ones do not come.
    """
    pushing = [await connect(source, port) for _ in range(connections)]
    before = await _read_after(warm_up_secs, pushing, server_pid)
    after = await _read_after(seconds, pushing, server_pid)
    await _drain(pushing)
    elapsed = after.wall_seconds - before.wall_seconds
    return Result(
        requests=after.answered - before.answered,
        requests_total=sum(connection.answered for connection in pushing),
        seconds=elapsed,
        server_cpu_seconds=_difference(before.server_cpu_seconds, after.server_cpu_seconds),
        busy_ratio=(after.own_cpu_seconds - before.own_cpu_seconds) / elapsed,
    )


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


async def _read_after(
    seconds: float, pushing: Sequence[Connection], server_pid: int | None
) -> Reading:
    """Let the connections push for a while, unless one of them fails."""
    ended = [connection.ended for connection in pushing]
    failed, _ = await asyncio.wait(ended, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    _raise_first(failed)
    return Reading(
        answered=sum(connection.answered for connection in pushing),
        wall_seconds=time.perf_counter(),
        own_cpu_seconds=time.process_time(),
        server_cpu_seconds=None if server_pid is None else process.cpu_seconds(server_pid),
    )


async def _drain(pushing: Sequence[Connection]) -> None:
    """Take the answers that are still to come, send nothing more, and close."""
    for connection in pushing:
        connection.stop()
    ended = [connection.ended for connection in pushing]
    answered, late = await asyncio.wait(ended, timeout=ANSWER_TIMEOUT_SECS)
    for connection in pushing:
        connection.transport.close()
    if late:
        raise LoadError(f"{len(late)} pushes were never answered")
    _raise_first(answered)


def _raise_first(ended: Iterable[asyncio.Future[str | None]]) -> None:
    for one in ended:
        why = one.result()
        if why is not None:
            raise LoadError(why)


def main() -> None:
    """Run one load from the command line and print its result as JSON."""
    parser = argparse.ArgumentParser(description="Push completions as fast as they are taken.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--events", type=int, default=100, help="events a request")
    parser.add_argument("--form", choices=tuple(TARGETS), default="array")
    parser.add_argument("--ids", action="store_true", help="a fresh id in every event")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--warm-up-secs", type=float, default=0.5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--server-pid", type=int, help="whose processor time to read")
    parser.add_argument("--core", type=int, help="the core to stay on")
    options = parser.parse_args()
    if options.core is not None:
        process.pin(os.getpid(), options.core)
    bodies = facts.bodies(
        events=options.events, form=options.form, ids=options.ids, now=time.time()
    )
    measured = run(
        requests(options.port, bodies, options.form),
        port=options.port,
        connections=options.connections,
        warm_up_secs=options.warm_up_secs,
        seconds=options.seconds,
        server_pid=options.server_pid,
    )
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            result = runner.run(measured)
    except (LoadError, OSError) as error:
        sys.exit(f"load: {error}")
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
